use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clavis_identity::{
    Account, AccountState, Accounts, FailureCount, Identities, Identity, IdentityKey, IdentityKind,
    LoginFailures, NewAccount, PasswordCredential, PasswordCredentials, PasswordHash, PersonNames,
    ProfileChange, Provider,
};
use clavis_kernel::{AccountId, AccountNumber, Email, StoreError, Uid};

use super::{Access, FakePorts, taken};

impl FakePorts {
    /// Changes an account; `false` when there is none.
    fn update(
        &self,
        operation: &'static str,
        id: AccountId,
        update: impl FnOnce(&mut Account),
    ) -> Result<bool, StoreError> {
        Ok(self
            .change(operation)?
            .accounts
            .get_mut(&id)
            .map(update)
            .is_some())
    }
}

impl Accounts for FakePorts {
    fn insert(&self, account: &NewAccount) -> Result<Option<Account>, StoreError> {
        let mut state = self.change("Accounts::insert")?;
        if state.accounts.values().any(|other| other.uid == account.uid) {
            return Ok(None);
        }
        if state.accounts.contains_key(&account.id) {
            return Err(taken("Accounts::insert"));
        }
        state.last_account_number += 1;
        let account = Account {
            id: account.id,
            number: AccountNumber(state.last_account_number),
            uid: account.uid.clone(),
            state: account.state,
            display_name: account.display_name.clone(),
            contact: account.contact.clone(),
            avatar: account.avatar.clone(),
            attributes: account.attributes.clone(),
            created_through: account.created_through,
            valid_after: None,
            created_at: account.created_at,
            updated_at: account.created_at,
            last_login_at: None,
            activated_at: (account.state == AccountState::Active).then_some(account.created_at),
            first_name: None,
            last_name: None,
        };
        state.accounts.insert(account.id, account.clone());
        Ok(Some(account))
    }

    fn find(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.state().accounts.get(&id).cloned())
    }

    fn find_for_update(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        // A lock is a write, as it is for PostgreSQL.
        if self.access == Access::ReadOnly {
            self.change("Accounts::find_for_update")?;
        }
        Accounts::find(self, id)
    }

    fn find_by_number(&self, number: AccountNumber) -> Result<Option<Account>, StoreError> {
        Ok(self
            .state()
            .accounts
            .values()
            .find(|account| account.number == number)
            .cloned())
    }

    fn set_state(
        &self,
        id: AccountId,
        from: AccountState,
        to: AccountState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut done = false;
        self.update("Accounts::set_state", id, |account| {
            if account.state == from {
                account.state = to;
                account.updated_at = at;
                if to == AccountState::Active {
                    account.activated_at = account.activated_at.or(Some(at));
                }
                done = true;
            }
        })?;
        if done {
            self.revoking();
        }
        Ok(done)
    }

    fn set_profile(
        &self,
        id: AccountId,
        change: &ProfileChange,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.update("Accounts::set_profile", id, |account| {
            if let Some(name) = &change.display_name {
                account.display_name.clone_from(name);
            }
            if let Some(avatar) = &change.avatar {
                account.avatar = Some(avatar.clone());
            }
            if let Some(contact) = &change.contact {
                account.contact = Some(contact.clone());
            }
            account.attributes.extend(change.attributes.clone());
            account.updated_at = at;
        })
        .map(drop)
    }

    fn set_person_names(
        &self,
        id: AccountId,
        names: &PersonNames,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.update("Accounts::set_person_names", id, |account| {
            account.first_name.clone_from(&names.first);
            account.last_name.clone_from(&names.last);
            account.updated_at = at;
        })
        .map(drop)
    }

    fn touch(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.update("Accounts::touch", id, |account| account.updated_at = at)
            .map(drop)
    }

    fn erase(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let erased = self.update("Accounts::erase", id, |account| {
            account.display_name.clear();
            account.first_name = None;
            account.last_name = None;
            account.contact = None;
            account.avatar = None;
            account.attributes.clear();
            account.updated_at = at;
        })?;
        if erased {
            self.revoking();
        }
        Ok(())
    }

    fn set_valid_after(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        if self.update("Accounts::set_valid_after", id, |account| {
            account.valid_after = Some(at);
        })? {
            self.revoking();
        }
        Ok(())
    }

    fn set_last_login(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.update("Accounts::set_last_login", id, |account| {
            account.last_login_at = Some(at);
        })
        .map(drop)
    }

    fn find_by_uid(&self, uid: &Uid) -> Result<Option<Account>, StoreError> {
        Ok(self
            .state()
            .accounts
            .values()
            .find(|account| account.uid == *uid)
            .cloned())
    }

    fn find_all(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let state = self.state();
        let accounts = state
            .accounts
            .values()
            .filter(|account| ids.contains(&account.id));
        let mut accounts: Vec<_> = accounts.cloned().collect();
        accounts.sort_by_key(|account| account.number);
        Ok(accounts)
    }

    fn find_numbered(&self, numbers: &[AccountNumber]) -> Result<Vec<Account>, StoreError> {
        let state = self.state();
        let accounts = state
            .accounts
            .values()
            .filter(|account| numbers.contains(&account.number));
        let mut accounts: Vec<_> = accounts.cloned().collect();
        accounts.sort_by_key(|account| account.number);
        Ok(accounts)
    }

    fn find_by_contact(&self, contact: &Email, limit: u32) -> Result<Vec<Account>, StoreError> {
        let state = self.state();
        let is_it = |account: &&Account| {
            let other = account.contact.as_ref();
            !account.state.is_gone() && other.is_some_and(|other| other.key() == contact.key())
        };
        let mut accounts: Vec<_> = state.accounts.values().filter(is_it).cloned().collect();
        accounts.sort_by_key(|account| account.number);
        accounts.truncate(limit as usize);
        Ok(accounts)
    }

    fn count(&self) -> Result<u64, StoreError> {
        Ok(self
            .state()
            .accounts
            .values()
            .filter(|account| !account.state.is_gone())
            .count() as u64)
    }
}

impl Identities for FakePorts {
    fn find(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
        Ok(self.state().identity(key).cloned())
    }

    fn claim(&self, identity: &Identity) -> Result<bool, StoreError> {
        let mut state = self.change("Identities::claim")?;
        if state.identity(&identity.key).is_some() {
            return Ok(false);
        }
        state.identities.push(identity.clone());
        Ok(true)
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Identity>, StoreError> {
        Identities::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Identity>, StoreError> {
        let state = self.state();
        let mut identities: Vec<_> = state
            .identities
            .iter()
            .filter(|identity| accounts.contains(&identity.account))
            .cloned()
            .collect();
        // A stable sort: each kind stays in the order of its claims.
        identities.sort_by_key(|identity| (identity.account, identity.key.kind()));
        Ok(identities)
    }

    fn prove(&self, key: &IdentityKey, account: AccountId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Identities::prove")?;
        let held = state
            .identities
            .iter_mut()
            .find(|identity| identity.key == *key && identity.account == account);
        Ok(held.map(|identity| identity.proven_at = Some(at)).is_some())
    }

    fn release(&self, key: &IdentityKey, account: AccountId) -> Result<bool, StoreError> {
        let mut state = self.change("Identities::release")?;
        let before = state.identities.len();
        state
            .identities
            .retain(|identity| identity.key != *key || identity.account != account);
        Ok(state.identities.len() < before)
    }

    fn release_all(&self, account: AccountId) -> Result<usize, StoreError> {
        let mut state = self.change("Identities::release_all")?;
        let before = state.identities.len();
        state.identities.retain(|identity| identity.account != account);
        Ok(before - state.identities.len())
    }

    fn count_holders(&self, kind: IdentityKind) -> Result<u64, StoreError> {
        let state = self.state();
        let of_kind = state
            .identities
            .iter()
            .filter(|identity| identity.key.kind() == kind);
        let holders: BTreeSet<_> = of_kind
            .map(|identity| identity.account)
            .filter(|account| !state.is_gone(*account))
            .collect();
        Ok(holders.len() as u64)
    }

    fn count_known_at(&self, provider: &Provider) -> Result<u64, StoreError> {
        let state = self.state();
        let known = state.identities.iter().filter(|identity| {
            let subject = identity.as_subject();
            subject.is_some_and(|subject| subject.provider() == provider)
        });
        let holders: BTreeSet<_> = known
            .map(|identity| identity.account)
            .filter(|account| !state.is_gone(*account))
            .collect();
        Ok(holders.len() as u64)
    }
}

impl PasswordCredentials for FakePorts {
    fn find(&self, account: AccountId) -> Result<Option<PasswordCredential>, StoreError> {
        Ok(self.state().passwords.get(&account).cloned())
    }

    fn with_password(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
        let state = self.state();
        let has_one = |account: &&AccountId| state.passwords.contains_key(account);
        Ok(accounts.iter().filter(has_one).copied().collect())
    }

    fn set(&self, account: AccountId, hash: &PasswordHash, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut state = self.change("PasswordCredentials::set")?;
        let version = state.passwords.get(&account).map_or(0, |before| before.version) + 1;
        let credential = PasswordCredential {
            account,
            hash: hash.clone(),
            version,
            changed_at: at,
        };
        state.passwords.insert(account, credential);
        // A first password takes the place of none.
        if version > 1 {
            self.revoking();
        }
        Ok(())
    }

    fn rehash(&self, account: AccountId, version: i64, hash: &PasswordHash) -> Result<bool, StoreError> {
        let mut state = self.change("PasswordCredentials::rehash")?;
        let same = state
            .passwords
            .get_mut(&account)
            .filter(|credential| credential.version == version);
        Ok(same.map(|credential| credential.hash = hash.clone()).is_some())
    }

    fn remove(&self, account: AccountId) -> Result<(), StoreError> {
        if self
            .change("PasswordCredentials::remove")?
            .passwords
            .remove(&account)
            .is_some()
        {
            self.revoking();
        }
        Ok(())
    }
}

impl LoginFailures for FakePorts {
    fn find(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError> {
        Ok(self.state().failures.get(&account).copied())
    }

    fn put(&self, count: &FailureCount) -> Result<(), StoreError> {
        self.change("LoginFailures::put")?
            .failures
            .insert(count.account, *count);
        Ok(())
    }

    fn clear(&self, account: AccountId) -> Result<(), StoreError> {
        self.change("LoginFailures::clear")?.failures.remove(&account);
        Ok(())
    }
}
