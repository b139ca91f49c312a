//! As many connections as the server's pool has, a transaction each.

use std::time::Duration;

use anyhow::Result;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::super::repeated;
use super::{Link, ROWS, spend_and_add};

/// The server's pool.
const CONNECTIONS: usize = 16;

pub(super) fn per_second(url: &str, clients: usize, duration: Duration) -> Result<f64> {
    PgConnection::establish(url)?.batch_execute(&format!(
        "CREATE TABLE chain (digest BYTEA PRIMARY KEY NOT NULL, session_id BYTEA NOT NULL, \
             issued_at BIGINT NOT NULL, spent_at BIGINT); \
         INSERT INTO chain SELECT sha256(i::text::bytea), sha256(i::text::bytea), i, NULL \
             FROM generate_series(1, {ROWS}) AS i;"
    ))?;
    repeated(clients.min(CONNECTIONS), duration, |chain| {
        let mut connection = PgConnection::establish(url)?;
        let mut link = Link { chain, number: 0 };
        Ok(move || {
            connection.batch_execute("BEGIN")?;
            spend_and_add!(&mut connection, link);
            connection.batch_execute("COMMIT")?;
            link = link.next();
            Ok(())
        })
    })
}
