use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use clavis_rbac::{Whitelink, Whitelinks};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::whitelinks::{self, dsl};
use crate::types::{Id, count, digest, micros, moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = whitelinks, check_for_backend(Db))]
struct WhitelinkRow {
    digest: Vec<u8>,
    issued_by: Id,
    issued_at: i64,
    expires_at: i64,
}

impl TryFrom<WhitelinkRow> for Whitelink {
    type Error = StoreError;

    fn try_from(row: WhitelinkRow) -> Result<Self, StoreError> {
        const READING: &str = "Whitelinks (a row)";
        Ok(Self {
            digest: digest(READING, &row.digest)?,
            issued_by: AccountId(row.issued_by.0),
            issued_at: moment(READING, row.issued_at)?,
            expires_at: moment(READING, row.expires_at)?,
        })
    }
}

impl Whitelinks for Tx<'_> {
    fn insert(&self, link: &Whitelink) -> Result<(), StoreError> {
        diesel::insert_into(whitelinks::table)
            .values((
                dsl::digest.eq(link.digest.as_bytes().as_slice()),
                dsl::issued_by.eq(Id(link.issued_by.0)),
                dsl::issued_at.eq(micros(link.issued_at)),
                dsl::expires_at.eq(micros(link.expires_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Whitelinks::insert"))?;
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<Whitelink>, StoreError> {
        whitelinks::table
            .find(digest.as_bytes().as_slice())
            .select(WhitelinkRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Whitelinks::find"))?
            .map(Whitelink::try_from)
            .transpose()
    }

    fn count_live(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        const COUNT: &str = "Whitelinks::count_live";
        let number: i64 = whitelinks::table
            .filter(dsl::expires_at.gt(micros(now)))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }
}
