use chrono::{DateTime, Utc};
use clavis_identity::{FailureCount, SecondFactor, SecondFactors};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::recovery_codes;
use crate::schema::second_factors::{self, dsl};
use crate::types::{Id, count, guids, micros, moment, some_moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = second_factors, check_for_backend(Db))]
struct FactorRow {
    account_id: Id,
    secret: Option<Vec<u8>>,
    pending: Option<Vec<u8>>,
    last_step: Option<i64>,
    enabled_at: Option<i64>,
}

impl TryFrom<FactorRow> for SecondFactor {
    type Error = StoreError;

    fn try_from(row: FactorRow) -> Result<Self, StoreError> {
        Ok(Self {
            account: AccountId(row.account_id.0),
            secret: row.secret,
            pending: row.pending,
            last_step: row.last_step,
            enabled_at: some_moment("SecondFactors (a row)", row.enabled_at)?,
        })
    }
}

impl Tx<'_> {
    fn drop_recovery_codes(&self, operation: &'static str, account: AccountId) -> Result<usize, StoreError> {
        let codes = recovery_codes::table.filter(recovery_codes::account_id.eq(Id(account.0)));
        diesel::delete(codes)
            .execute(*self.conn.borrow_mut())
            .map_err(failed(operation))
    }
}

impl SecondFactors for Tx<'_> {
    fn find(&self, account: AccountId) -> Result<Option<SecondFactor>, StoreError> {
        second_factors::table
            .find(Id(account.0))
            .select(FactorRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("SecondFactors::find"))?
            .map(SecondFactor::try_from)
            .transpose()
    }

    fn enabled_among(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
        let ids: Vec<Id> = second_factors::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .filter(dsl::secret.is_not_null())
            .select(dsl::account_id)
            .load(*self.conn.borrow_mut())
            .map_err(failed("SecondFactors::enabled_among"))?;
        Ok(ids.into_iter().map(|id| AccountId(id.0)).collect())
    }

    fn put_pending(&self, account: AccountId, sealed: &[u8]) -> Result<(), StoreError> {
        const PUT: &str = "SecondFactors::put_pending";
        self.hold(PUT, account)?;
        diesel::insert_into(second_factors::table)
            .values((
                dsl::account_id.eq(Id(account.0)),
                dsl::pending.eq(sealed),
                dsl::failures.eq(0),
            ))
            .on_conflict(dsl::account_id)
            .do_update()
            .set(dsl::pending.eq(excluded(dsl::pending)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(PUT))?;
        Ok(())
    }

    fn enable(&self, account: AccountId, step: i64, at: DateTime<Utc>) -> Result<bool, StoreError> {
        const ENABLE: &str = "SecondFactors::enable";
        self.hold(ENABLE, account)?;
        let begun = second_factors::table
            .find(Id(account.0))
            .filter(dsl::pending.is_not_null())
            .filter(dsl::secret.is_null());
        let rows = diesel::update(begun)
            .set((
                dsl::secret.eq(dsl::pending),
                dsl::pending.eq(None::<Vec<u8>>),
                dsl::last_step.eq(step),
                dsl::enabled_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(ENABLE))?;
        Ok(self.revoking(rows) > 0)
    }

    fn spend_step(&self, account: AccountId, step: i64) -> Result<bool, StoreError> {
        let older = second_factors::table
            .find(Id(account.0))
            .filter(dsl::secret.is_not_null())
            .filter(dsl::last_step.is_null().or(dsl::last_step.lt(step)));
        let rows = diesel::update(older)
            .set(dsl::last_step.eq(step))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("SecondFactors::spend_step"))?;
        Ok(rows > 0)
    }

    fn failures(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError> {
        const FAILURES: &str = "SecondFactors::failures";
        let row: Option<(i64, Option<i64>)> = second_factors::table
            .find(Id(account.0))
            .select((dsl::failures, dsl::window_started_at))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FAILURES))?;
        let Some((failures, Some(started))) = row else {
            return Ok(None);
        };
        Ok(Some(FailureCount {
            account,
            failures: count(FAILURES, failures)?,
            window_started_at: moment(FAILURES, started)?,
        }))
    }

    fn put_failures(&self, account: AccountId, counted: Option<FailureCount>) -> Result<(), StoreError> {
        const PUT: &str = "SecondFactors::put_failures";
        self.hold(PUT, account)?;
        diesel::update(second_factors::table.find(Id(account.0)))
            .set((
                dsl::failures.eq(counted.map_or(0, |counted| i64::from(counted.failures))),
                dsl::window_started_at.eq(counted.map(|counted| micros(counted.window_started_at))),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(PUT))?;
        Ok(())
    }

    fn remove(&self, account: AccountId) -> Result<bool, StoreError> {
        const REMOVE: &str = "SecondFactors::remove";
        self.hold(REMOVE, account)?;
        let was_in_force: Option<bool> = diesel::delete(second_factors::table.find(Id(account.0)))
            .returning(dsl::secret.is_not_null())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(REMOVE))?;
        let codes = self.drop_recovery_codes(REMOVE, account)?;
        self.revoking(codes + usize::from(was_in_force.is_some()));
        Ok(was_in_force.unwrap_or(false))
    }

    fn put_recovery_codes(&self, account: AccountId, digests: &[TokenDigest]) -> Result<(), StoreError> {
        const PUT: &str = "SecondFactors::put_recovery_codes";
        self.hold(PUT, account)?;
        self.drop_recovery_codes(PUT, account)?;
        let rows: Vec<_> = digests
            .iter()
            .map(|digest| {
                (
                    recovery_codes::account_id.eq(Id(account.0)),
                    recovery_codes::digest.eq(digest.as_bytes().as_slice()),
                )
            })
            .collect();
        let rows = diesel::insert_into(recovery_codes::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(*self.conn.borrow_mut())
            .map_err(failed(PUT))?;
        self.revoking(rows);
        Ok(())
    }

    fn spend_recovery_code(
        &self,
        account: AccountId,
        digest: &TokenDigest,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let unspent = recovery_codes::table
            .find((Id(account.0), digest.as_bytes().as_slice()))
            .filter(recovery_codes::spent_at.is_null());
        let rows = diesel::update(unspent)
            .set(recovery_codes::spent_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("SecondFactors::spend_recovery_code"))?;
        Ok(rows > 0)
    }

    fn count_recovery_codes(&self, account: AccountId) -> Result<u64, StoreError> {
        const COUNT: &str = "SecondFactors::count_recovery_codes";
        let number: i64 = recovery_codes::table
            .filter(recovery_codes::account_id.eq(Id(account.0)))
            .filter(recovery_codes::spent_at.is_null())
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }
}
