use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

use super::unique;

#[derive(QueryableByName)]
struct Dump {
    #[diesel(sql_type = Text)]
    text: String,
}

/// A schema of one server's own, dropped with it.
pub(crate) struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// A fresh one when the tests run on PostgreSQL; `None` when they run on SQLite.
    pub(crate) fn fresh() -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the harness is configured by its environment"
        )]
        let server = std::env::var("CLAVIS_TEST_DATABASE").ok()?;
        let schema = Self {
            server,
            name: format!("clavis_test_{}_{}", std::process::id(), unique()),
        };
        // A process of the same id may have died here before.
        schema.execute(&format!(
            "DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}",
            schema.name
        ));
        Some(schema)
    }

    /// What `CLAVIS_DATABASE__URL` is to be.
    pub(crate) fn url(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-csearch_path%3D{}", self.server, self.name)
    }

    /// Executes in this schema.
    pub(crate) fn execute_within(&self, sql: &str) {
        self.execute(&format!("SET search_path TO {}; {sql}", self.name));
    }

    /// Every row of every table.
    pub(crate) fn dump(&self) -> String {
        let mut connection = self.connect();
        connection
            .batch_execute("SET xmlbinary TO hex")
            .expect("it is a setting of PostgreSQL");
        let query = format!(
            "SELECT schema_to_xml('{}', false, false, '')::text AS text",
            self.name
        );
        let dumped: Dump = sql_query(query)
            .get_result(&mut connection)
            .expect("it can be read");
        dumped.text
    }

    fn connect(&self) -> PgConnection {
        let connected = PgConnection::establish(&self.server);
        connected.unwrap_or_else(|error| panic!("CLAVIS_TEST_DATABASE: {error}"))
    }

    fn execute(&self, sql: &str) {
        let mut connection = self.connect();
        connection
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("CLAVIS_TEST_DATABASE: {sql}: {error}"));
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        } else if let Ok(mut connection) = PgConnection::establish(&self.server) {
            let _ = connection.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
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
