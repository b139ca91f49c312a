//! Durable transactions alone: what rotating a refresh token is to a database, and nothing else. Each of the
//! waiting threads follows a chain: it looks its row up, marks it spent if it was not, and adds the next.

mod postgres;
mod sqlite;

use std::time::Duration;

use anyhow::Result;

use crate::database::Place;

/// Rows there are before the first: a table that is not empty.
const ROWS: u32 = 20_000;

diesel::table! {
    chain (digest) {
        digest -> Binary,
        session_id -> Binary,
        issued_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

/// Transactions with so many threads waiting for theirs.
pub(crate) fn per_second(place: &Place, clients: usize, duration: Duration) -> Result<f64> {
    match place.postgres_url() {
        Some(url) => postgres::per_second(&url, clients, duration),
        None => sqlite::per_second(&place.sqlite_file(), clients, duration),
    }
}

/// One link of a chain: rows are found by a digest, as tokens are.
#[derive(Debug, Clone, Copy)]
struct Link {
    chain: usize,
    number: u64,
}

impl Link {
    fn digest(self) -> [u8; 32] {
        openssl::sha::sha256(format!("{}/{}", self.chain, self.number).as_bytes())
    }

    fn next(self) -> Self {
        Self {
            number: self.number + 1,
            ..self
        }
    }
}

/// The three statements, on a connection to either database.
macro_rules! spend_and_add {
    ($connection:expr, $link:expr) => {{
        use diesel::prelude::*;
        use $crate::ceilings::commits::chain::{self, dsl};

        let (connection, link) = ($connection, $link);
        let digest = link.digest();
        let session: Option<Vec<u8>> = chain::table
            .find(digest.as_slice())
            .select(dsl::session_id)
            .get_result(connection)
            .optional()?;
        let unspent = chain::table
            .find(digest.as_slice())
            .filter(dsl::spent_at.is_null());
        diesel::update(unspent)
            .set(dsl::spent_at.eq(1))
            .execute(connection)?;
        let next = link.next().digest();
        diesel::insert_into(chain::table)
            .values((
                dsl::digest.eq(next.as_slice()),
                dsl::session_id.eq(session.unwrap_or_else(|| vec![7; 16])),
                dsl::issued_at.eq(1),
            ))
            .execute(connection)?;
    }};
}
use spend_and_add;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_do_not_touch() {
        let first = Link { chain: 1, number: 1 };
        assert_ne!(first.digest(), first.next().digest());
        assert_ne!(first.digest(), Link { chain: 2, number: 1 }.digest());
        assert_eq!(first.next().digest(), Link { chain: 1, number: 2 }.digest());
    }

    #[test]
    fn each_transaction_adds_a_row_and_spends_the_one_before() {
        use diesel::prelude::*;

        let folder = tempfile::tempdir().unwrap();
        let place = Place::fresh(folder.path(), None).unwrap();
        assert!(per_second(&place, 3, Duration::from_millis(200)).unwrap() > 0.0);
        let file = place.sqlite_file().display().to_string();
        let mut connection = SqliteConnection::establish(&file).unwrap();
        let spent = chain::table.filter(chain::spent_at.is_not_null()).count();
        let spent: i64 = spent.get_result(&mut connection).unwrap();
        let rows: i64 = chain::table.count().get_result(&mut connection).unwrap();
        // The first row of each chain was not there to be spent.
        assert_eq!(rows - i64::from(ROWS), spent + 3);
    }
}
