use chrono::{DateTime, Utc};
use clavis_identity::{FailureCount, SecondFactor, SecondFactors};
use clavis_kernel::{AccountId, StoreError, TokenDigest};

use super::{FakePorts, State, StoredSecondFactor};

impl State {
    /// Forgets an account's recovery codes and returns how many there were.
    fn drop_recovery_codes(&mut self, account: AccountId) -> usize {
        let before = self.recovery_codes.len();
        self.recovery_codes.retain(|(owner, _), _| *owner != account);
        before - self.recovery_codes.len()
    }
}

impl SecondFactors for FakePorts {
    fn find(&self, account: AccountId) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self
            .state()
            .second_factors
            .get(&account)
            .map(|stored| stored.factor.clone()))
    }

    fn enabled_among(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
        let state = self.state();
        let is_enabled = |account: &&AccountId| {
            state
                .second_factors
                .get(account)
                .is_some_and(|stored| stored.factor.is_enabled())
        };
        Ok(accounts.iter().filter(is_enabled).copied().collect())
    }

    fn put_pending(&self, account: AccountId, sealed: &[u8]) -> Result<(), StoreError> {
        let mut state = self.change("SecondFactors::put_pending")?;
        let stored = state
            .second_factors
            .entry(account)
            .or_insert_with(|| StoredSecondFactor {
                factor: SecondFactor {
                    account,
                    secret: None,
                    pending: None,
                    last_step: None,
                    enabled_at: None,
                },
                failures: None,
            });
        stored.factor.pending = Some(sealed.to_vec());
        Ok(())
    }

    fn enable(&self, account: AccountId, step: i64, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("SecondFactors::enable")?;
        let Some(stored) = state.second_factors.get_mut(&account) else {
            return Ok(false);
        };
        if stored.factor.secret.is_some() || stored.factor.pending.is_none() {
            return Ok(false);
        }
        stored.factor.secret = stored.factor.pending.take();
        stored.factor.last_step = Some(step);
        stored.factor.enabled_at = Some(at);
        self.revoking();
        Ok(true)
    }

    fn spend_step(&self, account: AccountId, step: i64) -> Result<bool, StoreError> {
        let mut state = self.change("SecondFactors::spend_step")?;
        let older = state.second_factors.get_mut(&account).filter(|stored| {
            stored.factor.is_enabled() && stored.factor.last_step.is_none_or(|last| last < step)
        });
        Ok(older.map(|stored| stored.factor.last_step = Some(step)).is_some())
    }

    fn failures(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError> {
        Ok(self
            .state()
            .second_factors
            .get(&account)
            .and_then(|stored| stored.failures))
    }

    fn put_failures(&self, account: AccountId, count: Option<FailureCount>) -> Result<(), StoreError> {
        let mut state = self.change("SecondFactors::put_failures")?;
        if let Some(stored) = state.second_factors.get_mut(&account) {
            stored.failures = count;
        }
        Ok(())
    }

    fn remove(&self, account: AccountId) -> Result<bool, StoreError> {
        let mut state = self.change("SecondFactors::remove")?;
        let removed = state.second_factors.remove(&account);
        if state.drop_recovery_codes(account) > 0 || removed.is_some() {
            self.revoking();
        }
        Ok(removed.is_some_and(|stored| stored.factor.is_enabled()))
    }

    fn put_recovery_codes(&self, account: AccountId, digests: &[TokenDigest]) -> Result<(), StoreError> {
        let mut state = self.change("SecondFactors::put_recovery_codes")?;
        state.drop_recovery_codes(account);
        state
            .recovery_codes
            .extend(digests.iter().map(|digest| ((account, *digest), None)));
        self.revoking();
        Ok(())
    }

    fn spend_recovery_code(
        &self,
        account: AccountId,
        digest: &TokenDigest,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("SecondFactors::spend_recovery_code")?;
        let unspent = state
            .recovery_codes
            .get_mut(&(account, *digest))
            .filter(|spent_at| spent_at.is_none());
        Ok(unspent.map(|spent_at| *spent_at = Some(at)).is_some())
    }

    fn count_recovery_codes(&self, account: AccountId) -> Result<u64, StoreError> {
        let state = self.state();
        let unspent = state
            .recovery_codes
            .iter()
            .filter(|((owner, _), spent_at)| *owner == account && spent_at.is_none());
        Ok(unspent.count() as u64)
    }
}
