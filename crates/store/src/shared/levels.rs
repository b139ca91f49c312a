use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::{KeptLevel, Levels};
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::accounts::{self, dsl};
use crate::types::{Id, count};

/// Levels are columns of the accounts, so that an index orders and finds accounts by them.
impl Levels for Tx<'_> {
    fn find(&self, account: AccountId) -> Result<Option<KeptLevel>, StoreError> {
        const FIND: &str = "Levels::find";
        let row: Option<(i64, Option<i64>)> = accounts::table
            .filter(dsl::id.eq(Id(account.0)))
            .select((dsl::level, dsl::level_table))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        let Some((level, Some(table))) = row else {
            return Ok(None);
        };
        Ok(Some(KeptLevel {
            account,
            level: count(FIND, level)?,
            table,
        }))
    }

    fn put(&self, kept: &KeptLevel) -> Result<(), StoreError> {
        let rows = diesel::update(accounts::table.filter(dsl::id.eq(Id(kept.account.0))))
            .set((
                dsl::level.eq(i64::from(kept.level)),
                dsl::level_table.eq(kept.table),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Levels::put"))?;
        self.changing_tokens_of(kept.account, rows).map(drop)
    }

    fn outdated(&self, table: i64, limit: u32) -> Result<Vec<AccountId>, StoreError> {
        // Two ranges of an index; "not equal" would go through all of it.
        let ids: Vec<Id> = accounts::table
            .filter(dsl::level_table.lt(table).or(dsl::level_table.gt(table)))
            .limit(limit.into())
            .select(dsl::id)
            .load(*self.conn.borrow_mut())
            .map_err(failed("Levels::outdated"))?;
        Ok(ids.into_iter().map(|id| AccountId(id.0)).collect())
    }
}
