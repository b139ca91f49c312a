use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, DataStorageId, StoreError};
use clavis_kyc::LabelKey;

use super::FakePorts;
use crate::{DataStorage, DataStorages, NewDataStorage};

impl DataStorages for FakePorts {
    fn insert(&self, new: &NewDataStorage, at: DateTime<Utc>) -> Result<Option<DataStorage>, StoreError> {
        let mut state = self.change("DataStorages::insert")?;
        let mut known = state.data_storages.rows.values();
        if known.any(|one| one.account == new.account && one.title == new.title) {
            return Ok(None);
        }
        Ok(Some(state.data_storages.add(|id| DataStorage {
            id: DataStorageId(id),
            account: new.account,
            title: new.title.clone(),
            sealed: new.sealed.clone(),
            created_at: at,
            updated_at: at,
        })))
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<DataStorage>, StoreError> {
        let state = self.state();
        let all = state.data_storages.rows.values();
        Ok(all
            .filter(|one| accounts.contains(&one.account))
            .cloned()
            .collect())
    }

    fn remove(&self, account: AccountId, title: &LabelKey) -> Result<bool, StoreError> {
        let mut state = self.change("DataStorages::remove")?;
        let removed = state
            .data_storages
            .remove_if(|one| one.account == account && one.title == *title);
        Ok(removed > 0)
    }
}
