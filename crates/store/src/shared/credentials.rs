use chrono::{DateTime, Utc};
use clavis_identity::{FailureCount, LoginFailures, PasswordCredential, PasswordCredentials, PasswordHash};
use clavis_kernel::{AccountId, StoreError};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{Tx, dialect};
use crate::failure::failed;
use crate::schema::{login_failures, password_credentials};
use crate::types::{Id, count, guids, micros, moment, parsed};

impl Tx<'_> {
    /// Waits for whoever took the account with `find_for_update`: nobody else changes its credential or its
    /// failure count meanwhile.
    pub(super) fn hold(&self, operation: &'static str, account: AccountId) -> Result<(), StoreError> {
        dialect::lock_account(*self.conn.borrow_mut(), Id(account.0)).map_err(failed(operation))
    }
}

impl PasswordCredentials for Tx<'_> {
    fn find(&self, account: AccountId) -> Result<Option<PasswordCredential>, StoreError> {
        const FIND: &str = "PasswordCredentials::find";
        use password_credentials::dsl;
        let row: Option<(String, i64, i64)> = password_credentials::table
            .find(Id(account.0))
            .select((dsl::hash, dsl::version, dsl::changed_at))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        let Some((hash, version, changed_at)) = row else {
            return Ok(None);
        };
        let hash: PasswordHash = parsed(FIND, &hash)?;
        Ok(Some(PasswordCredential {
            account,
            hash,
            version,
            changed_at: moment(FIND, changed_at)?,
        }))
    }

    fn with_password(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
        use password_credentials::dsl;
        let holders: Vec<Id> = password_credentials::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .select(dsl::account_id)
            .load(*self.conn.borrow_mut())
            .map_err(failed("PasswordCredentials::with_password"))?;
        Ok(holders.into_iter().map(|id| AccountId(id.0)).collect())
    }

    fn set(&self, account: AccountId, hash: &PasswordHash, at: DateTime<Utc>) -> Result<(), StoreError> {
        const SET: &str = "PasswordCredentials::set";
        use password_credentials::dsl;
        self.hold(SET, account)?;
        let version: i64 = diesel::insert_into(password_credentials::table)
            .values((
                dsl::account_id.eq(Id(account.0)),
                dsl::hash.eq(hash.as_str()),
                dsl::version.eq(1),
                dsl::changed_at.eq(micros(at)),
            ))
            .on_conflict(dsl::account_id)
            .do_update()
            .set((
                dsl::hash.eq(excluded(dsl::hash)),
                dsl::version.eq(dsl::version + 1),
                dsl::changed_at.eq(excluded(dsl::changed_at)),
            ))
            .returning(dsl::version)
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(SET))?;
        // A first password takes the place of none.
        self.revoking(usize::from(version > 1));
        Ok(())
    }

    fn rehash(&self, account: AccountId, version: i64, hash: &PasswordHash) -> Result<bool, StoreError> {
        const REHASH: &str = "PasswordCredentials::rehash";
        use password_credentials::dsl;
        self.hold(REHASH, account)?;
        let same = password_credentials::table
            .find(Id(account.0))
            .filter(dsl::version.eq(version));
        let rows = diesel::update(same)
            .set(dsl::hash.eq(hash.as_str()))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(REHASH))?;
        Ok(rows > 0)
    }

    fn remove(&self, account: AccountId) -> Result<(), StoreError> {
        const REMOVE: &str = "PasswordCredentials::remove";
        self.hold(REMOVE, account)?;
        let rows = diesel::delete(password_credentials::table.find(Id(account.0)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(REMOVE))?;
        self.revoking(rows);
        Ok(())
    }
}

impl LoginFailures for Tx<'_> {
    fn find(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError> {
        const FIND: &str = "LoginFailures::find";
        use login_failures::dsl;
        let row: Option<(i64, i64)> = login_failures::table
            .find(Id(account.0))
            .select((dsl::failures, dsl::window_started_at))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        let Some((failures, started)) = row else {
            return Ok(None);
        };
        let window_started_at = moment(FIND, started)?;
        Ok(Some(FailureCount {
            account,
            failures: count(FIND, failures)?,
            window_started_at,
        }))
    }

    fn put(&self, counted: &FailureCount) -> Result<(), StoreError> {
        const PUT: &str = "LoginFailures::put";
        use login_failures::dsl;
        self.hold(PUT, counted.account)?;
        diesel::insert_into(login_failures::table)
            .values((
                dsl::account_id.eq(Id(counted.account.0)),
                dsl::failures.eq(i64::from(counted.failures)),
                dsl::window_started_at.eq(micros(counted.window_started_at)),
            ))
            .on_conflict(dsl::account_id)
            .do_update()
            .set((
                dsl::failures.eq(excluded(dsl::failures)),
                dsl::window_started_at.eq(excluded(dsl::window_started_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(PUT))?;
        Ok(())
    }

    fn clear(&self, account: AccountId) -> Result<(), StoreError> {
        const CLEAR: &str = "LoginFailures::clear";
        self.hold(CLEAR, account)?;
        diesel::delete(login_failures::table.find(Id(account.0)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(CLEAR))?;
        Ok(())
    }
}
