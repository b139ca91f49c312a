use chrono::{DateTime, Utc};
use clavis_flows::{DataStorage, DataStorages, NewDataStorage};
use clavis_kernel::{AccountId, DataStorageId, StoreError};
use clavis_kyc::LabelKey;
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::data_storages::{self, dsl};
use crate::types::{Id, guids, micros, moment, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = data_storages, check_for_backend(Db))]
struct DataStorageRow {
    id: i64,
    account_id: Id,
    title: String,
    sealed: Vec<u8>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<DataStorageRow> for DataStorage {
    type Error = StoreError;

    fn try_from(row: DataStorageRow) -> Result<Self, StoreError> {
        const READING: &str = "DataStorages (a row)";
        Ok(Self {
            id: DataStorageId(row.id),
            account: AccountId(row.account_id.0),
            title: parsed(READING, &row.title)?,
            sealed: row.sealed,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl DataStorages for Tx<'_> {
    fn insert(&self, storage: &NewDataStorage, at: DateTime<Utc>) -> Result<Option<DataStorage>, StoreError> {
        let row: Option<DataStorageRow> = diesel::insert_into(data_storages::table)
            .values((
                dsl::account_id.eq(Id(storage.account.0)),
                dsl::title.eq(storage.title.as_str()),
                dsl::sealed.eq(&storage.sealed),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(DataStorageRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("DataStorages::insert"))?;
        row.map(DataStorage::try_from).transpose()
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<DataStorage>, StoreError> {
        let rows: Vec<DataStorageRow> = data_storages::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .order(dsl::id.asc())
            .select(DataStorageRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("DataStorages::of_accounts"))?;
        rows.into_iter().map(DataStorage::try_from).collect()
    }

    fn remove(&self, account: AccountId, title: &LabelKey) -> Result<bool, StoreError> {
        let known = data_storages::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::title.eq(title.as_str()));
        let rows = diesel::delete(known)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("DataStorages::remove"))?;
        Ok(rows > 0)
    }
}
