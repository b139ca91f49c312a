use clavis_identity::{PendingLogIn, PendingLogIns};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::pending_log_ins::{self, dsl};
use crate::types::{Id, count, digest, micros, moment, parsed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = pending_log_ins, check_for_backend(Db))]
struct PendingLogInRow {
    digest: Vec<u8>,
    account_id: Id,
    through: String,
    password_version: Option<i64>,
    wrong_codes: i64,
    issued_at: i64,
    expires_at: i64,
}

impl From<&PendingLogIn> for PendingLogInRow {
    fn from(pending: &PendingLogIn) -> Self {
        Self {
            digest: pending.digest.as_bytes().to_vec(),
            account_id: Id(pending.account.0),
            through: pending.through.name().to_owned(),
            password_version: pending.password_version,
            wrong_codes: pending.wrong_codes.into(),
            issued_at: micros(pending.issued_at),
            expires_at: micros(pending.expires_at),
        }
    }
}

impl TryFrom<PendingLogInRow> for PendingLogIn {
    type Error = StoreError;

    fn try_from(row: PendingLogInRow) -> Result<Self, StoreError> {
        const READING: &str = "PendingLogIns (a row)";
        Ok(Self {
            digest: digest(READING, &row.digest)?,
            account: AccountId(row.account_id.0),
            through: parsed(READING, &row.through)?,
            password_version: row.password_version,
            wrong_codes: count(READING, row.wrong_codes)?,
            issued_at: moment(READING, row.issued_at)?,
            expires_at: moment(READING, row.expires_at)?,
        })
    }
}

impl PendingLogIns for Tx<'_> {
    fn put(&self, pending: &PendingLogIn) -> Result<(), StoreError> {
        diesel::insert_into(pending_log_ins::table)
            .values(PendingLogInRow::from(pending))
            .on_conflict((dsl::account_id, dsl::through))
            .do_update()
            .set((
                dsl::digest.eq(excluded(dsl::digest)),
                dsl::password_version.eq(excluded(dsl::password_version)),
                dsl::wrong_codes.eq(excluded(dsl::wrong_codes)),
                dsl::issued_at.eq(excluded(dsl::issued_at)),
                dsl::expires_at.eq(excluded(dsl::expires_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("PendingLogIns::put"))?;
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<PendingLogIn>, StoreError> {
        pending_log_ins::table
            .find(digest.as_bytes().as_slice())
            .select(PendingLogInRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("PendingLogIns::find"))?
            .map(PendingLogIn::try_from)
            .transpose()
    }

    fn count_wrong_code(&self, digest: &TokenDigest) -> Result<(), StoreError> {
        diesel::update(pending_log_ins::table.find(digest.as_bytes().as_slice()))
            .set(dsl::wrong_codes.eq(dsl::wrong_codes + 1))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("PendingLogIns::count_wrong_code"))?;
        Ok(())
    }

    fn end(&self, digest: &TokenDigest) -> Result<bool, StoreError> {
        let rows = diesel::delete(pending_log_ins::table.find(digest.as_bytes().as_slice()))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("PendingLogIns::end"))?;
        Ok(rows > 0)
    }

    fn end_all(&self, account: AccountId) -> Result<usize, StoreError> {
        diesel::delete(pending_log_ins::table.filter(dsl::account_id.eq(Id(account.0))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("PendingLogIns::end_all"))
    }
}
