use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, LabelId, StoreError};
use clavis_kyc::{Label, LabelKey, LabelScope, LabelValue, Labels, NewLabel};
use diesel::dsl::{self as sql, count_star};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::accounts;
use crate::schema::labels::{self, dsl};
use crate::types::{Id, count, guids, micros, moment, offset, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = labels, check_for_backend(Db))]
struct LabelRow {
    id: i64,
    account_id: Id,
    key: String,
    value: String,
    scope: String,
    description: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<LabelRow> for Label {
    type Error = StoreError;

    fn try_from(row: LabelRow) -> Result<Self, StoreError> {
        const READING: &str = "Labels (a row)";
        Ok(Self {
            id: LabelId(row.id),
            account: AccountId(row.account_id.0),
            key: parsed(READING, &row.key)?,
            value: parsed(READING, &row.value)?,
            scope: parsed(READING, &row.scope)?,
            description: row.description,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

/// The label of an account, key and scope: there is one at most.
#[diesel::dsl::auto_type(no_type_alias)]
fn the_one<'a>(account: Id, key: &'a str, scope: &'static str) -> _ {
    dsl::account_id
        .eq(account)
        .and(dsl::key.eq(key))
        .and(dsl::scope.eq(scope))
}

/// The labels that somebody looks for.
fn matching<'a>(
    key: &'a LabelKey,
    value: Option<&'a LabelValue>,
    scope: Option<LabelScope>,
) -> labels::BoxedQuery<'a, Db> {
    let mut query = labels::table.filter(dsl::key.eq(key.as_str())).into_boxed();
    if let Some(value) = value {
        query = query.filter(dsl::value.eq(value.as_str()));
    }
    if let Some(scope) = scope {
        query = query.filter(dsl::scope.eq(scope.name()));
    }
    query
}

impl Labels for Tx<'_> {
    fn insert(&self, label: &NewLabel, at: DateTime<Utc>) -> Result<Option<Label>, StoreError> {
        let row: Option<LabelRow> = diesel::insert_into(labels::table)
            .values((
                dsl::account_id.eq(Id(label.account.0)),
                dsl::key.eq(label.key.as_str()),
                dsl::value.eq(label.value.as_str()),
                dsl::scope.eq(label.scope.name()),
                dsl::description.eq(&label.description),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(LabelRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Labels::insert"))?;
        self.changing_tokens_of(label.account, usize::from(row.is_some()))?;
        row.map(Label::try_from).transpose()
    }

    fn find(
        &self,
        account: AccountId,
        key: &LabelKey,
        scope: LabelScope,
    ) -> Result<Option<Label>, StoreError> {
        labels::table
            .filter(the_one(Id(account.0), key.as_str(), scope.name()))
            .select(LabelRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Labels::find"))?
            .map(Label::try_from)
            .transpose()
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Label>, StoreError> {
        Labels::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Label>, StoreError> {
        let rows: Vec<LabelRow> = labels::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .order(dsl::id.asc())
            .select(LabelRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Labels::of_accounts"))?;
        rows.into_iter().map(Label::try_from).collect()
    }

    fn update(&self, label: &NewLabel, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let known = the_one(Id(label.account.0), label.key.as_str(), label.scope.name());
        let rows = diesel::update(labels::table.filter(known))
            .set((
                dsl::value.eq(label.value.as_str()),
                dsl::description.eq(&label.description),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Labels::update"))?;
        Ok(self.changing_tokens_of(label.account, rows)? > 0)
    }

    fn remove(&self, account: AccountId, key: &LabelKey, scope: LabelScope) -> Result<bool, StoreError> {
        let known = the_one(Id(account.0), key.as_str(), scope.name());
        let rows = diesel::delete(labels::table.filter(known))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Labels::remove"))?;
        Ok(self.changing_tokens_of(account, rows)? > 0)
    }

    fn holders(
        &self,
        key: &LabelKey,
        value: Option<&LabelValue>,
        scope: Option<LabelScope>,
        skipped: u64,
        limit: u32,
    ) -> Result<(Vec<AccountId>, u64), StoreError> {
        const HOLDERS: &str = "Labels::holders";
        let mut conn = self.conn.borrow_mut();
        let total: i64 = matching(key, value, scope)
            .select(sql::count(dsl::account_id).aggregate_distinct())
            .get_result(*conn)
            .map_err(failed(HOLDERS))?;
        let ids: Vec<Id> = accounts::table
            .filter(accounts::id.eq_any(matching(key, value, scope).select(dsl::account_id)))
            .order(accounts::number.asc())
            .limit(limit.into())
            .offset(offset(skipped))
            .select(accounts::id)
            .load(*conn)
            .map_err(failed(HOLDERS))?;
        let holders = ids.into_iter().map(|id| AccountId(id.0)).collect();
        Ok((holders, count(HOLDERS, total)?))
    }

    /// Goes through the index of labels once: for an administrator's page, which somebody may have to wait for.
    fn count_by_value(&self, limit: u32) -> Result<Vec<(LabelKey, LabelValue, u64)>, StoreError> {
        const COUNT: &str = "Labels::count_by_value";
        let rows: Vec<(String, String, i64)> = labels::table
            .filter(dsl::scope.eq(LabelScope::Private.name()))
            .group_by((dsl::key, dsl::value))
            .order((count_star().desc(), dsl::key.asc(), dsl::value.asc()))
            .limit(limit.into())
            .select((dsl::key, dsl::value, count_star()))
            .load(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        rows.into_iter()
            .map(|(key, value, number)| {
                Ok((
                    parsed(COUNT, &key)?,
                    parsed(COUNT, &value)?,
                    count(COUNT, number)?,
                ))
            })
            .collect()
    }
}
