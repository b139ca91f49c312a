use chrono::{DateTime, Utc};
use clavis_identity::{NewServiceAccount, ServiceAccount, ServiceAccounts, ServiceState};
use clavis_kernel::{AccountId, Email, ServiceAccountId, StoreError, Uid};

use super::FakePorts;

impl ServiceAccounts for FakePorts {
    fn insert(
        &self,
        new: &NewServiceAccount,
        at: DateTime<Utc>,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        let mut state = self.change("ServiceAccounts::insert")?;
        let is_taken =
            |other: &ServiceAccount| other.uid == new.uid || other.address.key() == new.address.key();
        if state.service_accounts.rows.values().any(is_taken) {
            return Ok(None);
        }
        Ok(Some(state.service_accounts.add(|id| ServiceAccount {
            id: ServiceAccountId(id),
            uid: new.uid.clone(),
            owner: new.owner,
            address: new.address.clone(),
            role: new.role.clone(),
            state: ServiceState::Active,
            created_at: at,
            updated_at: at,
        })))
    }

    fn find(&self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
        Ok(self.state().service_accounts.rows.get(&id.0).cloned())
    }

    fn named(&self, uid: &Uid) -> Result<Option<ServiceAccount>, StoreError> {
        let state = self.state();
        let mut services = state.service_accounts.rows.values();
        Ok(services.find(|service| service.uid == *uid).cloned())
    }

    fn addressed(&self, address: &Email) -> Result<Option<ServiceAccount>, StoreError> {
        let state = self.state();
        let mut services = state.service_accounts.rows.values();
        Ok(services
            .find(|service| service.address.key() == address.key())
            .cloned())
    }

    fn page(
        &self,
        owner: Option<AccountId>,
        skipped: u64,
        limit: u32,
    ) -> Result<(Vec<ServiceAccount>, u64), StoreError> {
        let state = self.state();
        let services = state.service_accounts.rows.values();
        let meant: Vec<_> = services
            .filter(|service| owner.is_none_or(|owner| service.owner == owner))
            .collect();
        let total = meant.len() as u64;
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let page = meant.into_iter().skip(skipped).take(limit as usize);
        Ok((page.cloned().collect(), total))
    }

    fn update(&self, service: &ServiceAccount, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("ServiceAccounts::update")?;
        let Some(kept) = state.service_accounts.rows.get_mut(&service.id.0) else {
            return Ok(false);
        };
        kept.owner = service.owner;
        kept.role = service.role.clone();
        kept.state = service.state;
        kept.updated_at = at;
        for key in state.api_keys.rows.values_mut() {
            if key.holder.service == Some(service.id) {
                key.holder.account = service.owner;
            }
        }
        self.revoking();
        Ok(true)
    }
}
