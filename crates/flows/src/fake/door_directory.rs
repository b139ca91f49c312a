use std::cmp::Ordering;

use clavis_identity::{Account, IdentityKind};
use clavis_kernel::StoreError;

use super::directory::{is_within, page};
use super::{FakePorts, State};
use crate::{AccountPage, AttributePart, Direction, DoorDirectory, DoorFilter, DoorOrder, LogInBy, Slice};

impl DoorDirectory for FakePorts {
    fn page(
        &self,
        filter: &DoorFilter,
        orders: &[(DoorOrder, Direction)],
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let state = self.state();
        let fitting = state
            .accounts
            .values()
            .filter(|account| state.fits_door(filter, account));
        let mut accounts: Vec<_> = fitting.cloned().collect();
        accounts.sort_by(|one, other| {
            let by = orders.iter().map(|(order, direction)| {
                let by = match order {
                    DoorOrder::Id => one.id.cmp(&other.id),
                    DoorOrder::Address => state.shown_address(one).cmp(&state.shown_address(other)),
                    DoorOrder::CreatedAt => one.created_at.cmp(&other.created_at),
                    DoorOrder::UpdatedAt => one.updated_at.cmp(&other.updated_at),
                };
                if *direction == Direction::Descending {
                    by.reverse()
                } else {
                    by
                }
            });
            by.fold(Ordering::Equal, Ordering::then)
                .then(one.id.cmp(&other.id))
        });
        Ok(page(accounts, Direction::Ascending, slice))
    }
}

impl State {
    fn fits_door(&self, filter: &DoorFilter, account: &Account) -> bool {
        let address = self.shown_address(account);
        account.created_through == filter.door
            && (filter.states.is_empty() || filter.states.contains(&account.state))
            && (filter.addresses.is_empty()
                || filter
                    .addresses
                    .iter()
                    .any(|wanted| Some(wanted.key()) == address))
            && (filter.log_ins.is_empty()
                || filter
                    .log_ins
                    .iter()
                    .any(|by| self.logs_in_by(filter, account, by)))
            && filter.parts.iter().all(|part| has_part(account, part))
            && is_within(account.created_at, filter.created_from, filter.created_to)
            && is_within(account.updated_at, filter.updated_from, filter.updated_to)
    }

    fn logs_in_by(&self, filter: &DoorFilter, account: &Account, by: &LogInBy) -> bool {
        let mut own = self
            .identities
            .iter()
            .filter(|identity| identity.account == account.id);
        let by_password = self.passwords.contains_key(&account.id)
            || own.clone().any(|identity| {
                identity.key.kind() == IdentityKind::Name && identity.claimed_through == filter.door
            });
        match by {
            LogInBy::Password => by_password,
            LogInBy::Provider(provider) => {
                !by_password
                    && own.any(|identity| {
                        identity
                            .as_subject()
                            .is_some_and(|subject| subject.provider() == provider)
                    })
            }
            LogInBy::NoneOf(providers) => {
                !by_password
                    && !own.any(|identity| {
                        identity
                            .as_subject()
                            .is_some_and(|subject| providers.contains(subject.provider()))
                    })
            }
        }
    }
}

fn has_part(account: &Account, part: &AttributePart) -> bool {
    let object = account.attributes.get(part.attribute);
    let Ok(wanted) = serde_json::from_str::<serde_json::Value>(&part.value) else {
        return false;
    };
    let object = object.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    object
        .as_ref()
        .and_then(|object| object.get(&part.key))
        .is_some_and(|value| *value == wanted)
}
