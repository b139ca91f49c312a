use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::{COMMON_PRAGMAS, Conn, MIGRATIONS, WRITER_PRAGMAS};
use crate::OpenError;
use crate::migrating::{is_current, migrate};

/// The database's file.
pub(super) struct File {
    path: PathBuf,
    /// The path as SQLite takes it.
    pub(super) name: String,
}

impl File {
    pub(super) fn named(path: &Path) -> Result<Self, OpenError> {
        let name = path.to_str().ok_or_else(|| OpenError::File {
            path: path.to_owned(),
            reason: "a path of other than Unicode characters".to_owned(),
        })?;
        // Each connection would have a database of its own.
        if name == ":memory:" {
            return Err(OpenError::File {
                path: path.to_owned(),
                reason: "a database in memory cannot be shared".to_owned(),
            });
        }
        // A relative path that begins like a URI is none.
        let name = if path.is_absolute() {
            name.to_owned()
        } else {
            format!("./{name}")
        };
        Ok(Self {
            path: path.to_owned(),
            name,
        })
    }

    /// Makes the file, if it is not there, so that nobody else can read it. SQLite gives its log the same mode.
    fn make_private(&self) -> Result<(), OpenError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = std::fs::OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&self.path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                Err(OpenError::DiskFull(self.path.clone()))
            }
            Err(error) => Err(OpenError::NotWritable {
                path: self.path.clone(),
                reason: error.to_string(),
            }),
        }
    }

    /// Opens the file, made if it is not there, for writing.
    pub(super) fn connect(&self) -> Result<Conn, OpenError> {
        if let Some(folder) = Path::new(&self.name).parent()
            && !folder.is_dir()
        {
            return Err(OpenError::NoFolder(folder.to_owned()));
        }
        self.make_private()?;
        let mut conn = Conn::establish(&self.name).map_err(|error| self.refused(&error))?;
        conn.batch_execute(COMMON_PRAGMAS)
            .and_then(|()| conn.batch_execute(WRITER_PRAGMAS))
            // A file that only looks writable is found out now, not at the first registration.
            .and_then(|()| conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK;"))
            .map_err(|error| self.refused(&error))?;
        Ok(conn)
    }

    /// All that is missing, or nothing. Whoever starts at the same time waits.
    pub(super) fn migrate(&self, conn: &mut Conn) -> Result<Vec<String>, OpenError> {
        if is_current(conn, &MIGRATIONS).map_err(|error| self.full(error))? {
            return Ok(Vec::new());
        }
        conn.immediate_transaction(|conn| migrate(conn, MIGRATIONS).map_err(Failed::Migrating))
            .map_err(|failed| match failed {
                Failed::Migrating(error) => self.full(error),
                Failed::Transaction(error) => self.refused(&error),
            })
    }

    fn refused(&self, error: &impl std::fmt::Display) -> OpenError {
        let (path, reason) = (self.path.clone(), error.to_string());
        let says = |what: &str| reason.to_lowercase().contains(what);
        if says("disk is full") {
            OpenError::DiskFull(path)
        } else if says("readonly database") || says("unable to open") {
            OpenError::NotWritable { path, reason }
        } else {
            OpenError::File { path, reason }
        }
    }

    fn full(&self, error: OpenError) -> OpenError {
        match error {
            OpenError::Migration(reason) if reason.contains("disk is full") => {
                OpenError::DiskFull(self.path.clone())
            }
            error => error,
        }
    }
}

enum Failed {
    Migrating(OpenError),
    Transaction(diesel::result::Error),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Transaction(error)
    }
}
