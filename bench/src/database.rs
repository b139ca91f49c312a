//! Where a server keeps its state: a folder of its own and, on PostgreSQL, a schema of its own. Both go with it.

mod accounts;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use tempfile::TempDir;

pub(crate) use accounts::PASSWORD;

/// The data folder's name.
const DATA: &str = "data";

/// The place of one server, or of one ceiling.
pub(crate) struct Place {
    folder: TempDir,
    schema: Option<Schema>,
}

impl Place {
    /// An empty one in this folder, or on this PostgreSQL server.
    pub(crate) fn fresh(parent: &Path, postgres: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("clavis-bench-")
            .tempdir_in(parent)
            .with_context(|| format!("cannot make a folder in {}", parent.display()))?;
        std::fs::create_dir(folder.path().join(DATA)).context("cannot make a data folder")?;
        let schema = postgres.map(Schema::fresh).transpose()?;
        Ok(Self { folder, schema })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server's `data.dir` is to be.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join(DATA)
    }

    /// The database's file, without PostgreSQL.
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.data().join("clavis.db")
    }

    /// What `database.url` is to be, on PostgreSQL.
    pub(crate) fn postgres_url(&self) -> Option<String> {
        self.schema.as_ref().map(Schema::url)
    }

    /// Adds accounts `user1@…` to `user<count>@…`, all with [`PASSWORD`], past the server, which must not run.
    pub(crate) fn fill(&self, count: u32) -> Result<()> {
        if let Some(url) = self.postgres_url() {
            return accounts::fill_postgres(&mut PgConnection::establish(&url)?, count);
        }
        let file = self.sqlite_file().display().to_string();
        accounts::fill_sqlite(&mut SqliteConnection::establish(&file)?, count)
    }
}

/// A schema on a PostgreSQL server, dropped at the end.
struct Schema {
    server: String,
    name: String,
}

impl Schema {
    fn fresh(server: &str) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = Self {
            server: server.to_owned(),
            name: format!("clavis_bench_{}_{count}", std::process::id()),
        };
        // A process of the same id may have died here before.
        let (name, mut connection) = (&schema.name, PgConnection::establish(server)?);
        connection.batch_execute(&format!(
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"
        ))?;
        Ok(schema)
    }

    fn url(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-csearch_path%3D{}", self.server, self.name)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let dropped = PgConnection::establish(&self.server).map(|mut connection| {
            connection.batch_execute(&format!(
                "SET client_min_messages = warning; DROP SCHEMA {} CASCADE",
                self.name
            ))
        });
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("the schema {} could not be dropped", self.name);
        }
    }
}
