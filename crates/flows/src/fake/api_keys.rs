use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, StoreError};
use clavis_tokens::{ApiKey, ApiKeyHolder, ApiKeyId, ApiKeyScopes, ApiKeyState, ApiKeys, NewApiKey};

use super::FakePorts;

impl ApiKeys for FakePorts {
    fn insert(&self, key: &NewApiKey) -> Result<Option<ApiKey>, StoreError> {
        let mut state = self.change("ApiKeys::insert")?;
        if state.api_keys.rows.values().any(|other| other.kid == key.kid) {
            return Ok(None);
        }
        Ok(Some(state.api_keys.add(|position| ApiKey {
            position,
            kid: key.kid.clone(),
            holder: key.holder,
            algorithm: key.algorithm,
            scopes: key.scopes.clone(),
            state: key.state.clone(),
            sealed_secret: key.sealed_secret.clone(),
            created_at: key.created_at,
            updated_at: key.created_at,
        })))
    }

    fn find(&self, kid: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self
            .state()
            .api_keys
            .rows
            .values()
            .find(|key| key.kid == *kid)
            .cloned())
    }

    fn of_holder(&self, holder: ApiKeyHolder, skipped: u64, limit: u32) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.state();
        let keys = state.api_keys.rows.values().filter(|key| key.holder == holder);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        Ok(keys.skip(skipped).take(limit as usize).cloned().collect())
    }

    fn count_of_holder(&self, holder: ApiKeyHolder) -> Result<u64, StoreError> {
        let state = self.state();
        let keys = state.api_keys.rows.values().filter(|key| key.holder == holder);
        Ok(keys.count() as u64)
    }

    fn update(
        &self,
        kid: &ApiKeyId,
        scopes: &ApiKeyScopes,
        to: Option<&ApiKeyState>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("ApiKeys::update")?;
        let Some(key) = state.api_keys.rows.values_mut().find(|key| key.kid == *kid) else {
            return Ok(false);
        };
        key.scopes = scopes.clone();
        if let Some(to) = to {
            key.state = to.clone();
        }
        key.updated_at = at;
        self.revoking();
        Ok(true)
    }

    fn remove(&self, kid: &ApiKeyId, holder: ApiKeyHolder) -> Result<bool, StoreError> {
        let mut state = self.change("ApiKeys::remove")?;
        let removed = state
            .api_keys
            .remove_if(|key| key.kid == *kid && key.holder == holder);
        if removed > 0 {
            self.revoking();
        }
        Ok(removed > 0)
    }

    fn deactivate_all(&self, holder: ApiKeyHolder, at: DateTime<Utc>) -> Result<usize, StoreError> {
        self.deactivate("ApiKeys::deactivate_all", at, |key| key.holder == holder)
    }

    fn deactivate_all_answered_for(
        &self,
        account: AccountId,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let operation = "ApiKeys::deactivate_all_answered_for";
        self.deactivate(operation, at, |key| key.holder.account == account)
    }
}

impl FakePorts {
    fn deactivate(
        &self,
        operation: &'static str,
        at: DateTime<Utc>,
        is_meant: impl Fn(&ApiKey) -> bool,
    ) -> Result<usize, StoreError> {
        let mut state = self.change(operation)?;
        let keys = state.api_keys.rows.values_mut();
        let deactivated = keys
            .filter(|key| key.state.is_active() && is_meant(key))
            .map(|key| {
                key.state = ApiKeyState::inactive();
                key.updated_at = at;
            })
            .count();
        if deactivated > 0 {
            self.revoking();
        }
        Ok(deactivated)
    }
}
