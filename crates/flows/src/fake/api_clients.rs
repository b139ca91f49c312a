use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use clavis_identity::{Account, AccountState, Identity};
use clavis_kernel::{AccountId, StoreError, TokenDigest};

use super::directory::page;
use super::{FakePorts, State};
use crate::{
    AccountPage, AdminToken, AdminTokens, AttributeName, ClientName, Direction, OptIn, OptInKey, OptIns,
    Page, Roster, Slice, UserAttribute, UserAttributes, UserFilter, UserOrder,
};

impl State {
    /// The folded address that is shown of an account.
    pub(super) fn shown_address(&self, account: &Account) -> Option<String> {
        let mut identities = self.identities.iter();
        let log_in = identities
            .find(|identity| identity.account == account.id && identity.as_address().is_some())
            .and_then(Identity::as_address);
        log_in
            .or_else(|| account.contact.clone())
            .map(|address| address.key())
    }

    fn is_listed(&self, filter: &UserFilter, account: &Account) -> bool {
        let same = |wanted: &Option<String>, name: &Option<String>| wanted.is_none() || wanted == name;
        !account.state.is_gone()
            && filter.id.is_none_or(|id| account.id == id)
            && filter
                .address
                .as_ref()
                .is_none_or(|address| self.shown_address(account) == Some(address.key()))
            && same(&filter.first_name, &account.first_name)
            && same(&filter.last_name, &account.last_name)
            && filter
                .active
                .is_none_or(|active| (account.state == AccountState::Active) == active)
    }

    fn compare(&self, order: UserOrder, one: &Account, other: &Account) -> Ordering {
        let by = match order {
            UserOrder::CreatedAt => one.created_at.cmp(&other.created_at),
            UserOrder::Address => self.shown_address(one).cmp(&self.shown_address(other)),
            UserOrder::FirstName => one.first_name.cmp(&other.first_name),
            UserOrder::LastName => one.last_name.cmp(&other.last_name),
            UserOrder::LastLoginAt => one.last_login_at.cmp(&other.last_login_at),
            UserOrder::ActivatedAt => one.activated_at.cmp(&other.activated_at),
        };
        by.then(one.id.cmp(&other.id))
    }
}

impl Roster for FakePorts {
    fn page(
        &self,
        filter: &UserFilter,
        order: UserOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let state = self.state();
        let listed = state
            .accounts
            .values()
            .filter(|account| state.is_listed(filter, account));
        let mut accounts: Vec<_> = listed.cloned().collect();
        accounts.sort_by(|one, other| state.compare(order, one, other));
        Ok(page(accounts, direction, slice))
    }
}

impl AdminTokens for FakePorts {
    fn insert(&self, token: &AdminToken) -> Result<bool, StoreError> {
        let mut state = self.change("AdminTokens::insert")?;
        let known = state.admin_tokens.get(&token.name);
        if known.is_some() || state.admin_tokens.values().any(|one| one.digest == token.digest) {
            return Ok(false);
        }
        state.admin_tokens.insert(token.name.clone(), token.clone());
        Ok(true)
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<AdminToken>, StoreError> {
        let state = self.state();
        let mut tokens = state.admin_tokens.values();
        Ok(tokens.find(|token| token.digest == *digest).cloned())
    }

    fn all(&self) -> Result<Vec<AdminToken>, StoreError> {
        Ok(self.state().admin_tokens.values().cloned().collect())
    }

    fn revoke(&self, name: &ClientName, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("AdminTokens::revoke")?;
        match state.admin_tokens.get_mut(name) {
            Some(token) if token.revoked_at.is_none() => token.revoked_at = Some(at),
            _ => return Ok(false),
        }
        drop(state);
        self.revoking();
        Ok(true)
    }

    fn note_use(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut state = self.change("AdminTokens::note_use")?;
        let mut tokens = state.admin_tokens.values_mut();
        if let Some(token) = tokens.find(|token| token.digest == *digest) {
            token.last_used_at = Some(at);
        }
        Ok(())
    }
}

impl UserAttributes for FakePorts {
    fn put(&self, attribute: &UserAttribute, _at: DateTime<Utc>) -> Result<(), StoreError> {
        let key = (attribute.account, attribute.name.clone());
        self.change("UserAttributes::put")?
            .user_attributes
            .insert(key, attribute.clone());
        Ok(())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<UserAttribute>, StoreError> {
        let state = self.state();
        let all = state.user_attributes.values();
        Ok(all.filter(|one| one.account == account).cloned().collect())
    }

    fn page(&self, slice: Slice) -> Result<Page<UserAttribute>, StoreError> {
        let all: Vec<_> = self.state().user_attributes.values().cloned().collect();
        Ok(page(all, Direction::Ascending, slice))
    }

    fn remove(&self, account: AccountId, name: &AttributeName) -> Result<bool, StoreError> {
        let mut state = self.change("UserAttributes::remove")?;
        Ok(state.user_attributes.remove(&(account, name.clone())).is_some())
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        self.change("UserAttributes::remove_all")?
            .user_attributes
            .retain(|(holder, _), _| *holder != account);
        Ok(())
    }
}

impl OptIns for FakePorts {
    fn put(&self, opt_in: &OptIn) -> Result<(), StoreError> {
        let key = (opt_in.account, opt_in.key.clone());
        self.change("OptIns::put")?.opt_ins.insert(key, opt_in.clone());
        Ok(())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<OptIn>, StoreError> {
        let state = self.state();
        let all = state.opt_ins.values();
        Ok(all.filter(|one| one.account == account).cloned().collect())
    }

    fn remove(&self, account: AccountId, key: &OptInKey) -> Result<bool, StoreError> {
        let mut state = self.change("OptIns::remove")?;
        Ok(state.opt_ins.remove(&(account, key.clone())).is_some())
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        self.change("OptIns::remove_all")?
            .opt_ins
            .retain(|(holder, _), _| *holder != account);
        Ok(())
    }
}
