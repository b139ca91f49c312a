use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use url::Url;

use super::unique;

#[derive(QueryableByName)]
struct Dump {
    #[diesel(sql_type = Text)]
    text: String,
}

/// A PostgreSQL database of one server's own, dropped with it.
pub(crate) struct Database {
    server: Url,
    name: String,
}

impl Database {
    /// A new one when the tests run on PostgreSQL, with what `template` holds; `None` when they run on SQLite.
    pub(crate) fn fresh(template: Option<&Self>) -> Option<Self> {
        Self::called(
            &format!("clavis_test_{}_{}", std::process::id(), unique()),
            template,
        )
    }

    /// As [`Database::fresh`], one to make others of.
    pub(crate) fn template() -> Option<Self> {
        Self::called(&format!("clavis_test_{}_template", std::process::id()), None)
    }

    fn called(name: &str, template: Option<&Self>) -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the harness is configured by its environment"
        )]
        let server = std::env::var("CLAVIS_TEST_DATABASE").ok()?;
        let database = Self {
            server: server
                .parse()
                .unwrap_or_else(|error| panic!("CLAVIS_TEST_DATABASE: {error}")),
            name: name.to_owned(),
        };
        // A process of the same id may have died here before.
        database.drop_it(&mut database.connect_to_server());
        let template = template.map_or("template1", |template| &template.name);
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        execute(&mut database.connect_to_server(), &create);
        Some(database)
    }

    /// What `CLAVIS_DATABASE__URL` is to be.
    pub(crate) fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }

    /// Executes in this database.
    pub(crate) fn execute(&self, sql: &str) {
        execute(&mut connect(&self.url()), sql);
    }

    /// Every row of every table.
    pub(crate) fn dump(&self) -> String {
        let mut connection = connect(&self.url());
        connection
            .batch_execute("SET xmlbinary TO hex")
            .expect("it is a setting of PostgreSQL");
        let query = "SELECT schema_to_xml('public', false, false, '')::text AS text";
        let dumped: Dump = sql_query(query)
            .get_result(&mut connection)
            .expect("it can be read");
        dumped.text
    }

    fn connect_to_server(&self) -> PgConnection {
        connect(self.server.as_str())
    }

    fn drop_it(&self, connection: &mut PgConnection) {
        execute(
            connection,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.drop_it(&mut self.connect_to_server());
        } else if let Ok(mut connection) = PgConnection::establish(self.server.as_str()) {
            let _ = connection.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn connect(url: &str) -> PgConnection {
    let connected = PgConnection::establish(url);
    connected.unwrap_or_else(|error| panic!("CLAVIS_TEST_DATABASE: {error}"))
}

fn execute(connection: &mut PgConnection, sql: &str) {
    connection
        .batch_execute(sql)
        .unwrap_or_else(|error| panic!("CLAVIS_TEST_DATABASE: {sql}: {error}"));
}

/// Executes in an SQLite database.
pub(crate) fn execute_in_file(file: &Path, sql: &str) {
    let connected = SqliteConnection::establish(&file.display().to_string());
    let mut connection = connected.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    // The server may be writing just now.
    connection
        .batch_execute("PRAGMA busy_timeout=10000;")
        .and_then(|()| connection.batch_execute(sql))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
