//! Every persistence port, over diesel, on SQLite and PostgreSQL.
//!
//! One file of queries for each port is compiled twice, once for each database (`shared/`), so that both have
//! concrete types and every feature; what differs between them is in a small `dialect` module. The contract suite
//! says what both, and the in-memory fake, must do.

#[cfg(test)]
mod contract;
mod failure;
mod migrating;
mod open;
mod postgres;
mod schema;
mod sqlite;
mod types;

pub use open::{DatabaseUrl, DatabaseUrlError, OpenError, migrate, open};
