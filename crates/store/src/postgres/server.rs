use clavis_kernel::Secret;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{CustomizeConnection, Error as PoolError};
use diesel_migrations::EmbeddedMigrations;

use super::Conn;
use crate::OpenError;
use crate::migrating::migrate;

/// What the URL does not say itself: a server that does not answer is given up after seconds, one that went away
/// without a word is noticed, and the server's own views say who we are.
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("tcp_user_timeout", "15000"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("fallback_application_name", "clavis"),
];

/// One statement does not hold a connection for ever, nor does a process that stopped in a transaction.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;";

/// Of all who start at the same time one migrates, and the others wait. Two schemas are two databases.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('clavis migrations'), hashtext(current_schema()))";

/// The server and the database on it.
pub(super) struct Server {
    pub(super) url: Secret,
}

impl Server {
    pub(super) fn at(url: &Secret) -> Self {
        let mut text = url.expose().to_owned();
        for (name, value) in DEFAULTS {
            if !text.contains(&format!("{name}=")) {
                let separator = if text.contains('?') { '&' } else { '?' };
                text = format!("{text}{separator}{name}={value}");
            }
        }
        Self {
            url: Secret::new(text),
        }
    }

    /// All versions that are missing, in a connection of its own, which takes the lock with it.
    pub(super) fn migrate(&self, migrations: EmbeddedMigrations) -> Result<Vec<String>, OpenError> {
        let refused = |error: &dyn std::fmt::Display| OpenError::Server(one_line(&error));
        let mut conn = Conn::establish(self.url.expose()).map_err(|error| refused(&error))?;
        conn.batch_execute(LOCK).map_err(|error| refused(&error))?;
        migrate(&mut conn, migrations)
    }
}

/// Sets the limits of every connection of the pool.
#[derive(Debug)]
pub(super) struct Bounded;

impl CustomizeConnection<Conn, PoolError> for Bounded {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), PoolError> {
        conn.batch_execute(SESSION).map_err(PoolError::QueryError)
    }
}

/// libpq's messages have several lines, and never the password.
pub(super) fn one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
