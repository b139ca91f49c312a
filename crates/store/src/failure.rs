//! What a database's errors mean to a caller.

use clavis_kernel::StoreError;
use diesel::result::{DatabaseErrorKind, Error};

/// Turns an error of a query into one of the port it was made for.
pub(crate) fn failed(operation: &'static str) -> impl FnOnce(Error) -> StoreError {
    move |error| match &error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
            StoreError::conflict(operation, error)
        }
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => StoreError::busy(operation, error),
        Error::DatabaseError(_, info) if is_conflict(info.message()) => {
            StoreError::conflict(operation, error)
        }
        Error::DatabaseError(_, info) if is_passing(info.message()) => StoreError::busy(operation, error),
        _ => StoreError::new(operation, error),
    }
}

/// PostgreSQL's deadlock has no kind of its own.
fn is_conflict(message: &str) -> bool {
    message.contains("deadlock detected") || message.contains("could not serialize access")
}

/// What passes by itself, or when an operator makes room.
fn is_passing(message: &str) -> bool {
    [
        "database is locked",
        "database table is locked",
        "database or disk is full",
        "disk I/O error",
        "canceling statement due to",
        "server closed the connection",
        "terminating connection",
        "connection to server",
        "no connection to the server",
        "could not extend file",
        "No space left on device",
        "the database system is",
    ]
    .iter()
    .any(|passing| message.contains(passing))
}
