use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, ServiceAccountId, StoreError};
use clavis_tokens::{ApiKey, ApiKeyHolder, ApiKeyId, ApiKeyScopes, ApiKeyState, ApiKeys, NewApiKey};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::api_keys::{self, dsl};
use crate::types::{Id, count, micros, moment, offset, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys, check_for_backend(Db))]
struct ApiKeyRow {
    id: i64,
    kid: String,
    account_id: Id,
    service_account_id: Option<i64>,
    algorithm: String,
    scope: String,
    state: String,
    sealed_secret: Vec<u8>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: ApiKeyRow) -> Result<Self, StoreError> {
        const READING: &str = "ApiKeys (a row)";
        Ok(Self {
            position: row.id,
            kid: parsed(READING, &row.kid)?,
            holder: ApiKeyHolder {
                account: AccountId(row.account_id.0),
                service: row.service_account_id.map(ServiceAccountId),
            },
            algorithm: parsed(READING, &row.algorithm)?,
            scopes: parsed(READING, &row.scope)?,
            state: parsed(READING, &row.state)?,
            sealed_secret: row.sealed_secret,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

/// A condition on keys.
type Condition = Box<dyn BoxableExpression<api_keys::table, Db, SqlType = Bool>>;

/// The keys of a holder.
fn of(holder: ApiKeyHolder) -> Condition {
    let account = dsl::account_id.eq(Id(holder.account.0));
    match holder.service {
        None => Box::new(account.and(dsl::service_account_id.is_null())),
        Some(service) => {
            let service = dsl::service_account_id.eq(service.0);
            Box::new(account.and(service.assume_not_null()))
        }
    }
}

impl ApiKeys for Tx<'_> {
    fn insert(&self, key: &NewApiKey) -> Result<Option<ApiKey>, StoreError> {
        diesel::insert_into(api_keys::table)
            .values((
                dsl::kid.eq(key.kid.as_str()),
                dsl::account_id.eq(Id(key.holder.account.0)),
                dsl::service_account_id.eq(key.holder.service.map(|service| service.0)),
                dsl::algorithm.eq(key.algorithm.name()),
                dsl::scope.eq(key.scopes.to_text()),
                dsl::state.eq(key.state.as_str()),
                dsl::sealed_secret.eq(&key.sealed_secret),
                dsl::created_at.eq(micros(key.created_at)),
                dsl::updated_at.eq(micros(key.created_at)),
            ))
            .on_conflict_do_nothing()
            .returning(ApiKeyRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ApiKeys::insert"))?
            .map(ApiKey::try_from)
            .transpose()
    }

    fn find(&self, kid: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        api_keys::table
            .filter(dsl::kid.eq(kid.as_str()))
            .select(ApiKeyRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ApiKeys::find"))?
            .map(ApiKey::try_from)
            .transpose()
    }

    fn of_holder(&self, holder: ApiKeyHolder, skipped: u64, limit: u32) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<ApiKeyRow> = api_keys::table
            .filter(of(holder))
            .order(dsl::id.asc())
            .limit(limit.into())
            .offset(offset(skipped))
            .select(ApiKeyRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("ApiKeys::of_holder"))?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    fn count_of_holder(&self, holder: ApiKeyHolder) -> Result<u64, StoreError> {
        const COUNT: &str = "ApiKeys::count_of_holder";
        let number: i64 = api_keys::table
            .filter(of(holder))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }

    fn update(
        &self,
        kid: &ApiKeyId,
        scopes: &ApiKeyScopes,
        state: Option<&ApiKeyState>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(api_keys::table.filter(dsl::kid.eq(kid.as_str())))
            .set((
                dsl::scope.eq(scopes.to_text()),
                state.map(|state| dsl::state.eq(state.as_str())),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("ApiKeys::update"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn remove(&self, kid: &ApiKeyId, holder: ApiKeyHolder) -> Result<bool, StoreError> {
        let key = api_keys::table
            .filter(dsl::kid.eq(kid.as_str()))
            .filter(of(holder));
        let rows = diesel::delete(key)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("ApiKeys::remove"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn deactivate_all(&self, holder: ApiKeyHolder, at: DateTime<Utc>) -> Result<usize, StoreError> {
        let active = api_keys::table
            .filter(of(holder))
            .filter(dsl::state.eq(ApiKeyState::active().as_str().to_owned()));
        let rows = diesel::update(active)
            .set((
                dsl::state.eq(ApiKeyState::inactive().as_str()),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("ApiKeys::deactivate_all"))?;
        Ok(self.revoking(rows))
    }

    fn deactivate_all_answered_for(
        &self,
        account: AccountId,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let active = api_keys::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::state.eq(ApiKeyState::active().as_str().to_owned()));
        let rows = diesel::update(active)
            .set((
                dsl::state.eq(ApiKeyState::inactive().as_str()),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("ApiKeys::deactivate_all_answered_for"))?;
        Ok(self.revoking(rows))
    }
}
