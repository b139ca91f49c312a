use std::collections::HashMap;

use clavis_identity::{Account, Accounts, Identities};
use clavis_kernel::{AccountId, Dialect, StoreError, Uid};
use clavis_kyc::{Label, Labels, LevelTable};
use clavis_rbac::Assignments;

use crate::authority::application_of;
use crate::labels::level_by;
use crate::{AccountView, Flows, MEMBER_ROLE, Ports};

/// An account with what Barong shows of it everywhere.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account and its identities.
    pub view: AccountView,
    /// Its role in the application `barong`.
    pub role: String,
    /// Its labels, in the order they were made.
    pub labels: Vec<Label>,
    /// The level that follows from them.
    pub level: u8,
    /// Whether log-ins need a second factor.
    pub has_second_factor: bool,
}

impl Person {
    /// The account.
    pub const fn account(&self) -> &Account {
        &self.view.account
    }

    /// The address to show: the log-in address, else the contact address; empty when there is neither.
    pub fn address(&self) -> String {
        self.view
            .address()
            .map(|address| address.as_str().to_owned())
            .unwrap_or_default()
    }
}

impl Flows<'_> {
    /// The account with this id, tombstones included.
    pub fn person(&self, account: AccountId) -> Result<Option<Person>, StoreError> {
        let Some(account) = Accounts::find(self.ports, account)? else {
            return Ok(None);
        };
        self.person_of(account).map(Some)
    }

    /// The account with this uid, tombstones included.
    pub fn person_by_uid(&self, uid: &Uid) -> Result<Option<Person>, StoreError> {
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        self.person_of(account).map(Some)
    }

    /// What Barong shows of an account.
    pub fn person_of(&self, account: Account) -> Result<Person, StoreError> {
        let role = self.role_name(account.id, Dialect::Barong.name())?;
        let labels = Labels::of_account(self.ports, account.id)?;
        Ok(Person {
            role: role.unwrap_or_else(|| MEMBER_ROLE.to_owned()),
            level: self.level_by(&labels),
            has_second_factor: self.has_second_factor(account.id)?,
            view: self.view(account)?,
            labels,
        })
    }

    /// What Barong shows of each of these accounts, in the same order: as many queries for many as for one.
    pub fn people(&self, accounts: Vec<Account>) -> Result<Vec<Person>, StoreError> {
        people(self.ports, &self.limits.kyc.levels, accounts)
    }
}

/// As [`Flows::people`], for who has no caller.
pub(crate) fn people(
    ports: &dyn Ports,
    levels: &LevelTable,
    accounts: Vec<Account>,
) -> Result<Vec<Person>, StoreError> {
    let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
    let mut labels: HashMap<AccountId, Vec<Label>> = HashMap::new();
    for label in Labels::of_accounts(ports, &ids)? {
        labels.entry(label.account).or_default().push(label);
    }
    let mut identities: HashMap<AccountId, Vec<_>> = HashMap::new();
    for identity in Identities::of_accounts(ports, &ids)? {
        identities.entry(identity.account).or_default().push(identity);
    }
    let barong = application_of(ports, Dialect::Barong)?;
    let default = match barong.default_role {
        Some(role) => ports.role_scopes(role)?.map(|role| role.role.name),
        None => None,
    };
    let mut roles: HashMap<AccountId, String> = HashMap::new();
    for (account, assigned) in Assignments::of_accounts(ports, &ids)? {
        if assigned.role.application == barong.id {
            roles.entry(account).or_insert(assigned.role.name);
        }
    }
    let with_factor = ports.enabled_among(&ids)?;
    let people = accounts.into_iter().map(|account| {
        let id = account.id;
        let labels = labels.remove(&id).unwrap_or_default();
        Person {
            role: roles
                .remove(&id)
                .or_else(|| default.clone())
                .unwrap_or_else(|| MEMBER_ROLE.to_owned()),
            level: level_by(levels, &labels),
            has_second_factor: with_factor.contains(&id),
            view: AccountView {
                account,
                identities: identities.remove(&id).unwrap_or_default(),
            },
            labels,
        }
    });
    Ok(people.collect())
}
