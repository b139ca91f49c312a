use chrono::{DateTime, Utc};
use clavis_identity::{Account, IdentityKey};
use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::LabelScope;

use super::{FakePorts, State};
use crate::{AccountFilter, AccountOrder, AccountPage, Direction, Directory, Page, Slice};

impl Directory for FakePorts {
    fn page(
        &self,
        filter: &AccountFilter,
        order: AccountOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let state = self.state();
        let mut accounts: Vec<_> = state
            .accounts
            .values()
            .filter(|account| state.fits(filter, account))
            .cloned()
            .collect();
        accounts.sort_by_key(|account| account.number);
        match order {
            AccountOrder::Number => {}
            AccountOrder::Uid => accounts.sort_by_key(|account| account.uid.clone()),
            AccountOrder::State => accounts.sort_by_key(|account| account.state.name()),
            AccountOrder::Level => accounts.sort_by_key(|account| state.level(account.id)),
            AccountOrder::CreatedAt => accounts.sort_by_key(|account| account.created_at),
            AccountOrder::UpdatedAt => accounts.sort_by_key(|account| account.updated_at),
        }
        Ok(page(accounts, direction, slice))
    }
}

impl State {
    fn level(&self, account: AccountId) -> u8 {
        self.levels.get(&account).map_or(0, |kept| kept.level)
    }

    fn fits(&self, filter: &AccountFilter, account: &Account) -> bool {
        let holds = |key: &IdentityKey| {
            self.identity(key)
                .is_some_and(|identity| identity.account == account.id)
        };
        let plays = |(application, role): &(String, String)| {
            self.roles_of(account.id).iter().any(|assigned| {
                let named = self.applications.get(&assigned.role.application);
                assigned.role.name == *role && named.is_some_and(|named| named.name == *application)
            })
        };
        let plays_no_other = |(application, role): &(String, String)| {
            self.roles_of(account.id).iter().all(|assigned| {
                let named = self.applications.get(&assigned.role.application);
                assigned.role.name == *role || named.is_none_or(|named| named.name != *application)
            })
        };
        let lives_in = |spellings: &Vec<String>| {
            self.profiles.rows.values().any(|profile| {
                let content = &profile.content;
                content.account == account.id
                    && content
                        .country
                        .as_ref()
                        .is_some_and(|country| spellings.contains(country))
            })
        };
        let is_labelled = |(key, values): &(String, Vec<String>)| {
            self.labels.rows.values().any(|label| {
                label.account == account.id
                    && label.scope == LabelScope::Private
                    && label.key.as_str() == key
                    && values.iter().any(|value| value == label.value.as_str())
            })
        };
        filter.uid.as_ref().is_none_or(|uid| account.uid == *uid)
            && filter
                .address
                .as_ref()
                .is_none_or(|address| holds(&IdentityKey::address(address)))
            && filter.state.is_none_or(|state| account.state == state)
            && filter.level.is_none_or(|level| self.level(account.id) == level)
            && filter.country.as_ref().is_none_or(lives_in)
            && filter.role.as_ref().is_none_or(plays)
            && filter.no_role_but.as_ref().is_none_or(plays_no_other)
            && filter.label.as_ref().is_none_or(is_labelled)
            && is_within(account.created_at, filter.created_from, filter.created_to)
            && is_within(account.updated_at, filter.updated_from, filter.updated_to)
    }
}

/// Whether a moment is at or after one and before another.
pub(super) fn is_within(at: DateTime<Utc>, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> bool {
    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
}

/// A part of what is there, which comes in ascending order.
pub(super) fn page<T>(mut all: Vec<T>, direction: Direction, slice: Slice) -> Page<T> {
    let total = all.len() as u64;
    if direction == Direction::Descending {
        all.reverse();
    }
    let offset = usize::try_from(slice.offset).unwrap_or(usize::MAX);
    let items = all.into_iter().skip(offset).take(slice.limit as usize).collect();
    Page { items, total }
}
