use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clavis_flows::Store;
use clavis_kernel::Secret;

use crate::postgres::PostgresStore;
use crate::sqlite::SqliteStore;

/// Where the database is.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the whole URL, which may hold a password.
    Postgres(Secret),
}

/// The text names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("database.url: expected sqlite://<path> or postgres://user@host/database")]
pub struct DatabaseUrlError;

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return if path.is_empty() {
                Err(DatabaseUrlError)
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_postgres && url::Url::parse(text).is_ok() {
            return Ok(Self::Postgres(Secret::new(text)));
        }
        Err(DatabaseUrlError)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// Why a database does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder; it is never made here.
    #[error("{path}: there is no such folder", path = .0.display())]
    NoFolder(PathBuf),
    /// The file, or the folder it is in, may not be written.
    #[error("{path}: it, or the folder it is in, cannot be written: {reason}", path = path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The disk is full.
    #[error("{path}: the disk is full", path = .0.display())]
    DiskFull(PathBuf),
    /// The file cannot be used: no database, damaged, locked by another process.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The server does not answer or does not let us in.
    #[error("the PostgreSQL server cannot be used: {0}")]
    Server(String),
    /// A newer version of Clavis has migrated this database.
    #[error(
        "the database is from a newer version of Clavis (it has the migration {migration}); start that version"
    )]
    Newer {
        /// The newest migration that this version does not know.
        migration: String,
    },
    /// A migration failed; the database is as it was before it.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// The writer's thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// Opens a database, migrated to this version's schema. Blocks: a first start makes the tables.
pub fn open(url: &DatabaseUrl) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match url {
        DatabaseUrl::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
        DatabaseUrl::Postgres(url) => Arc::new(PostgresStore::open(url)?),
    })
}

/// Migrates a database to this version's schema and returns the versions that were missing. Blocks.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => crate::sqlite::migrate(path),
        DatabaseUrl::Postgres(url) => crate::postgres::migrate(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_or_a_server_and_shows_no_password() {
        assert!(
            matches!("sqlite:///var/lib/clavis.db".parse(), Ok(DatabaseUrl::Sqlite(path)) if path.is_absolute())
        );
        let url: DatabaseUrl = "postgres://clavis:hunter2@db/clavis".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
        for bad in [
            "",
            "mysql://x",
            "sqlite://",
            "host=db dbname=clavis",
            "postgres://[",
        ] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }
}
