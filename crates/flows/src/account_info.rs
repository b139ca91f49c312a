use crate::Avatars;
use std::collections::HashMap;

use clavis_identity::{
    Account, Accounts, Attributes, Identities, Identity, IdentityKey, IdentityKind, Name, ProfileChange,
    Provider,
};
use clavis_kernel::{AccountId, AccountNumber, Answer, Dialect, Email, StoreError};
use clavis_rbac::{Application, Applications, Assignments, Permission, Role};

use crate::log_in::LoginName;
use crate::{AuditAction, Avatar, Flows, PlutoAdministration};

/// Most accounts that a search finds: many people may be written to at one address.
const MOST_FOUND: u32 = 100;

/// An account with the ways to reach it.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// Its identities, addresses first.
    pub identities: Vec<Identity>,
}

impl AccountView {
    /// The log-in address.
    pub fn log_in_address(&self) -> Option<Email> {
        self.identities.iter().find_map(Identity::as_address)
    }

    /// The address to show: the log-in address, else the contact address.
    pub fn address(&self) -> Option<Email> {
        self.log_in_address().or_else(|| self.account.contact.clone())
    }

    /// The log-in name claimed through a dialect, as it was typed.
    pub fn name(&self, through: Dialect) -> Option<&str> {
        self.identities
            .iter()
            .find(|identity| identity.key.kind() == IdentityKind::Name && identity.claimed_through == through)
            .map(|identity| identity.value.as_str())
    }
}

/// What a profile update sets; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileUpdate {
    /// A new log-in name, in place of the one claimed through this dialect.
    pub name: Option<Name>,
    /// A new picture: where it is to be had.
    pub avatar: Option<String>,
    /// The picture itself, when it is kept here.
    pub picture: Option<Avatar>,
    /// Attributes to set; the others stay.
    pub attributes: Attributes,
}

/// Why a profile was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// Somebody has the name.
    #[error("the name is taken")]
    NameTaken,
}

/// An account found by an administrator, with its role in every application.
#[derive(Debug, Clone)]
pub struct FoundAccount {
    /// The account.
    pub view: AccountView,
    /// Every application there is, with the roles assigned to the account.
    pub applications: Vec<ApplicationRoles>,
}

/// The roles assigned to one account in one application.
#[derive(Debug, Clone)]
pub struct ApplicationRoles {
    /// The application.
    pub application: Application,
    /// The roles; none where none is assigned.
    pub roles: Vec<Role>,
}

/// How many accounts there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCounts {
    /// All that are not gone.
    pub total: u64,
    /// Those with a log-in address.
    pub with_address: u64,
    /// Those that a provider's word opens, for each provider asked about.
    pub known_at: Vec<u64>,
}

impl Flows<'_> {
    /// An account that is not gone, by its number.
    pub fn account_by_number(&self, number: AccountNumber) -> Result<Option<AccountView>, StoreError> {
        let account = self
            .ports
            .find_by_number(number)?
            .filter(|account| !account.state.is_gone());
        account.map(|account| self.view(account)).transpose()
    }

    /// An account that is not gone, by its id.
    pub fn account_by_id(&self, id: AccountId) -> Result<Option<AccountView>, StoreError> {
        let account = Accounts::find(self.ports, id)?.filter(|account| !account.state.is_gone());
        account.map(|account| self.view(account)).transpose()
    }

    /// The role that counts for an account in an application: assigned, else the default. `None` also when
    /// there is no such application.
    pub fn role_name(&self, account: AccountId, application: &str) -> Result<Option<String>, StoreError> {
        let Some(application) = self.ports.find_by_name(application)? else {
            return Ok(None);
        };
        let held = Assignments::of_account(self.ports, account, application.id)?;
        Ok(self
            .effective_role(&application, &held)?
            .map(|role| role.role.name))
    }

    /// The names of the roles an account holds in an application, its first choice first.
    pub fn role_names(&self, account: AccountId, application: &str) -> Result<Vec<String>, StoreError> {
        let Some(application) = self.ports.find_by_name(application)? else {
            return Ok(Vec::new());
        };
        let held = Assignments::of_account(self.ports, account, application.id)?;
        Ok(held.into_iter().map(|assigned| assigned.role.name).collect())
    }

    /// Changes what an account shows of itself.
    pub fn update_profile(&self, account: AccountId, update: &ProfileUpdate) -> Answer<(), ProfileError> {
        let now = self.now();
        let account = self.ports.find_for_update(account)?;
        let Some(account) = account.filter(|account| account.state.may_hold_tokens()) else {
            return Ok(Err(ProfileError::AccountNotActive));
        };
        if let Some(name) = &update.name
            && let Err(refusal) = self.rename(&account, name)?
        {
            return Ok(Err(refusal));
        }
        if let Some(picture) = &update.picture {
            Avatars::remove_all(self.ports, account.id)?;
            Avatars::put(self.ports, picture)?;
        }
        let change = ProfileChange {
            display_name: update.name.as_ref().map(|name| name.as_str().to_owned()),
            avatar: update.avatar.clone(),
            contact: None,
            attributes: update.attributes.clone(),
        };
        self.ports.set_profile(account.id, &change, now)?;
        self.audit(Some(account.id), AuditAction::UpdateProfile)?;
        Ok(Ok(()))
    }

    /// Accounts with exactly this name, or exactly this address to show, for an administrator.
    pub fn search(
        &self,
        _permission: &Permission<PlutoAdministration>,
        login: &LoginName,
    ) -> Result<Vec<FoundAccount>, StoreError> {
        let views = self.named(login)?;
        let ids: Vec<_> = views.iter().map(|view| view.account.id).collect();
        let mut held: HashMap<_, Vec<Role>> = HashMap::new();
        for (account, assigned) in Assignments::of_accounts(self.ports, &ids)? {
            held.entry((account, assigned.role.application))
                .or_default()
                .push(assigned.role);
        }
        let mut applications = Applications::all(self.ports)?;
        applications.retain(|application| !self.is_another_dialects(&application.name));
        let found = views.into_iter().map(|view| {
            let of_account = applications.iter().map(|application| ApplicationRoles {
                roles: held
                    .remove(&(view.account.id, application.id))
                    .unwrap_or_default(),
                application: application.clone(),
            });
            FoundAccount {
                applications: of_account.collect(),
                view,
            }
        });
        Ok(found.collect())
    }

    /// Who has a name, or is shown with an address.
    fn named(&self, login: &LoginName) -> Result<Vec<AccountView>, StoreError> {
        let (key, with_contact) = match login {
            LoginName::Name(name) => (IdentityKey::name(name), Vec::new()),
            LoginName::Address(address) => (
                IdentityKey::address(address),
                self.ports.find_by_contact(address, MOST_FOUND)?,
            ),
        };
        let holder = match Identities::find(self.ports, &key)? {
            Some(identity) => self.account_by_id(identity.account)?,
            None => None,
        };
        let mut found: Vec<_> = holder.into_iter().collect();
        // Whoever has a log-in address is shown with that.
        let others = self.views(with_contact)?;
        found.extend(others.into_iter().filter(|view| view.log_in_address().is_none()));
        found.sort_by_key(|view| view.account.number);
        Ok(found)
    }

    /// Accounts that anybody may know of: those made through this door, of these numbers.
    pub fn public_accounts(&self, numbers: &[AccountNumber]) -> Result<Vec<AccountView>, StoreError> {
        let mut accounts = self.ports.find_numbered(numbers)?;
        accounts.retain(|account| !account.state.is_gone() && account.created_through == self.caller.dialect);
        self.views(accounts)
    }

    /// How many accounts there are, and how many of them these providers know, for an administrator.
    pub fn count_accounts(
        &self,
        _permission: &Permission<PlutoAdministration>,
        providers: &[Provider],
    ) -> Result<AccountCounts, StoreError> {
        let known_at: Result<_, _> = providers
            .iter()
            .map(|provider| self.ports.count_known_at(provider))
            .collect();
        Ok(AccountCounts {
            total: self.ports.count()?,
            with_address: self.ports.count_holders(IdentityKind::Address)?,
            known_at: known_at?,
        })
    }

    /// Accounts with the ways to reach them: one query for all.
    pub(crate) fn views(&self, accounts: Vec<Account>) -> Result<Vec<AccountView>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
        let mut identities: HashMap<AccountId, Vec<Identity>> = HashMap::new();
        for identity in Identities::of_accounts(self.ports, &ids)? {
            identities.entry(identity.account).or_default().push(identity);
        }
        let views = accounts.into_iter().map(|account| AccountView {
            identities: identities.remove(&account.id).unwrap_or_default(),
            account,
        });
        Ok(views.collect())
    }

    pub(crate) fn view(&self, account: Account) -> Result<AccountView, StoreError> {
        let identities = Identities::of_account(self.ports, account.id)?;
        Ok(AccountView { account, identities })
    }

    /// Whether the account could take this name just now: to refuse before slower checks.
    /// [`Flows::update_profile`] decides.
    pub fn may_rename(&self, account: AccountId, name: &Name) -> Answer<(), ProfileError> {
        let holder = Identities::find(self.ports, &IdentityKey::name(name))?;
        let another =
            |holder: &Identity| holder.account != account || holder.claimed_through != self.caller.dialect;
        let taken = holder.is_some_and(|holder| another(&holder))
            || self.is_strange_address(name, Some(account), None)?;
        Ok(if taken {
            Err(ProfileError::NameTaken)
        } else {
            Ok(())
        })
    }

    fn rename(&self, account: &Account, name: &Name) -> Answer<(), ProfileError> {
        if let Err(refusal) = self.may_rename(account.id, name)? {
            return Ok(Err(refusal));
        }
        let through = self.caller.dialect;
        let view = self.view(account.clone())?;
        let old = view.name(through).and_then(|old| old.parse::<Name>().ok());
        if let Some(old) = old {
            self.ports.release(&IdentityKey::name(&old), account.id)?;
        }
        let claimed = self.ports.claim(&Identity::name(name, account.id, through))?;
        if claimed {
            return Ok(Ok(()));
        }
        // Somebody was faster: the transaction must not end with the old name released.
        Err(StoreError::conflict(
            "Identities::claim",
            "the name was claimed by a concurrent transaction",
        ))
    }
}
