use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, PhoneId, StoreError, TokenDigest};
use clavis_kyc::{NewPhone, Phone, PhoneCode, PhoneKey, Phones};

use super::FakePorts;

impl Phones for FakePorts {
    fn insert(&self, new: &NewPhone, at: DateTime<Utc>) -> Result<Option<Phone>, StoreError> {
        let mut state = self.change("Phones::insert")?;
        let mut phones = state.phones.rows.values();
        if phones.any(|phone| phone.account == new.account && phone.key == new.key) {
            return Ok(None);
        }
        Ok(Some(state.phones.add(|id| Phone {
            id: PhoneId(id),
            account: new.account,
            key: new.key,
            sealed_number: new.sealed_number.clone(),
            country: new.country.clone(),
            code: new.code.clone(),
            validated_at: None,
            created_at: at,
            updated_at: at,
        })))
    }

    fn find(&self, account: AccountId, key: &PhoneKey) -> Result<Option<Phone>, StoreError> {
        let state = self.state();
        let mut phones = state.phones.rows.values();
        Ok(phones
            .find(|phone| phone.account == account && phone.key == *key)
            .cloned())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Phone>, StoreError> {
        Phones::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Phone>, StoreError> {
        let state = self.state();
        let phones = state.phones.rows.values();
        Ok(phones
            .filter(|phone| accounts.contains(&phone.account))
            .cloned()
            .collect())
    }

    fn verified_holder(&self, key: &PhoneKey) -> Result<Option<AccountId>, StoreError> {
        let state = self.state();
        let phone = state.phone_holders.get(key);
        Ok(phone.and_then(|id| Some(state.phones.rows.get(&id.0)?.account)))
    }

    fn put_code(&self, id: PhoneId, code: &PhoneCode, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Phones::put_code")?;
        let unverified = state
            .phones
            .rows
            .get_mut(&id.0)
            .filter(|phone| phone.validated_at.is_none());
        Ok(unverified
            .map(|phone| {
                phone.code = Some(code.clone());
                phone.updated_at = at;
            })
            .is_some())
    }

    fn count_wrong_try(&self, id: PhoneId) -> Result<(), StoreError> {
        let mut state = self.change("Phones::count_wrong_try")?;
        let phone = state.phones.rows.get_mut(&id.0);
        if let Some(code) = phone.and_then(|phone| phone.code.as_mut()) {
            code.wrong_tries = code.wrong_tries.saturating_add(1);
        }
        Ok(())
    }

    fn spend_code(
        &self,
        id: PhoneId,
        digest: &TokenDigest,
        sent_after: DateTime<Utc>,
        tries: u32,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("Phones::spend_code")?;
        let Some(phone) = state.phones.rows.get_mut(&id.0) else {
            return Ok(false);
        };
        let spent = phone
            .code
            .take_if(|code| code.digest == *digest && code.sent_at > sent_after && code.wrong_tries < tries);
        Ok(spent.is_some())
    }

    fn verify(&self, id: PhoneId, key: &PhoneKey, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Phones::verify")?;
        if state.phones.rows.get(&id.0).is_none_or(|phone| phone.key != *key)
            || *state.phone_holders.entry(*key).or_insert(id) != id
        {
            return Ok(false);
        }
        if let Some(phone) = state.phones.rows.get_mut(&id.0) {
            phone.validated_at = Some(at);
            phone.updated_at = at;
        }
        Ok(true)
    }

    fn remove(&self, id: PhoneId) -> Result<bool, StoreError> {
        let mut state = self.change("Phones::remove")?;
        state.phone_holders.retain(|_, holder| *holder != id);
        Ok(state.phones.rows.remove(&id.0).is_some())
    }
}
