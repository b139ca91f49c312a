use chrono::{DateTime, Utc};
use clavis_identity::{NewServiceAccount, ServiceAccount, ServiceAccounts, ServiceState};
use clavis_kernel::{AccountId, Email, ServiceAccountId, StoreError, Uid};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::api_keys;
use crate::schema::service_accounts::{self, dsl};
use crate::types::{Id, count, micros, moment, offset, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_accounts, check_for_backend(Db))]
struct ServiceAccountRow {
    id: i64,
    uid: String,
    owner_id: Id,
    address: String,
    role: String,
    state: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ServiceAccountRow> for ServiceAccount {
    type Error = StoreError;

    fn try_from(row: ServiceAccountRow) -> Result<Self, StoreError> {
        const READING: &str = "ServiceAccounts (a row)";
        Ok(Self {
            id: ServiceAccountId(row.id),
            uid: parsed(READING, &row.uid)?,
            owner: AccountId(row.owner_id.0),
            address: parsed(READING, &row.address)?,
            role: parsed(READING, &row.role)?,
            state: parsed(READING, &row.state)?,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl ServiceAccounts for Tx<'_> {
    fn insert(
        &self,
        service: &NewServiceAccount,
        at: DateTime<Utc>,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        diesel::insert_into(service_accounts::table)
            .values((
                dsl::uid.eq(service.uid.as_str()),
                dsl::owner_id.eq(Id(service.owner.0)),
                dsl::address.eq(service.address.as_str()),
                dsl::address_key.eq(service.address.key()),
                dsl::role.eq(service.role.as_str()),
                dsl::state.eq(ServiceState::Active.name()),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(ServiceAccountRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ServiceAccounts::insert"))?
            .map(ServiceAccount::try_from)
            .transpose()
    }

    fn find(&self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
        service_accounts::table
            .find(id.0)
            .select(ServiceAccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ServiceAccounts::find"))?
            .map(ServiceAccount::try_from)
            .transpose()
    }

    fn named(&self, uid: &Uid) -> Result<Option<ServiceAccount>, StoreError> {
        service_accounts::table
            .filter(dsl::uid.eq(uid.as_str()))
            .select(ServiceAccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ServiceAccounts::named"))?
            .map(ServiceAccount::try_from)
            .transpose()
    }

    fn addressed(&self, address: &Email) -> Result<Option<ServiceAccount>, StoreError> {
        service_accounts::table
            .filter(dsl::address_key.eq(address.key()))
            .select(ServiceAccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("ServiceAccounts::addressed"))?
            .map(ServiceAccount::try_from)
            .transpose()
    }

    fn page(
        &self,
        owner: Option<AccountId>,
        skipped: u64,
        limit: u32,
    ) -> Result<(Vec<ServiceAccount>, u64), StoreError> {
        const PAGE: &str = "ServiceAccounts::page";
        let mut rows = service_accounts::table
            .select(ServiceAccountRow::as_select())
            .order(dsl::id.asc())
            .limit(limit.into())
            .offset(offset(skipped))
            .into_boxed();
        let mut all = service_accounts::table.count().into_boxed();
        if let Some(owner) = owner {
            rows = rows.filter(dsl::owner_id.eq(Id(owner.0)));
            all = all.filter(dsl::owner_id.eq(Id(owner.0)));
        }
        let total: i64 = all.get_result(*self.conn.borrow_mut()).map_err(failed(PAGE))?;
        let rows: Vec<ServiceAccountRow> = rows.load(*self.conn.borrow_mut()).map_err(failed(PAGE))?;
        let services = rows.into_iter().map(ServiceAccount::try_from);
        Ok((services.collect::<Result<_, _>>()?, count(PAGE, total)?))
    }

    fn update(&self, service: &ServiceAccount, at: DateTime<Utc>) -> Result<bool, StoreError> {
        const UPDATE: &str = "ServiceAccounts::update";
        let rows = diesel::update(service_accounts::table.find(service.id.0))
            .set((
                dsl::owner_id.eq(Id(service.owner.0)),
                dsl::role.eq(service.role.as_str()),
                dsl::state.eq(service.state.name()),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(UPDATE))?;
        diesel::update(api_keys::table.filter(api_keys::service_account_id.eq(service.id.0)))
            .set(api_keys::account_id.eq(Id(service.owner.0)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(UPDATE))?;
        Ok(self.revoking(rows) > 0)
    }
}
