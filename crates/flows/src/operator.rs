use chrono::{DateTime, Utc};
use clavis_identity::{Account, AccountState, Identities, IdentityKey, Name, PasswordHash};
use clavis_kernel::{AccountId, Answer, Dialect, Email, StoreError};
use clavis_rbac::{Application, ApplicationName, Applications, Authority as _};
use clavis_tokens::{FreshKey, KeyOwner, KeyPolicy, SigningKeyRecord, SigningKeys};

use crate::authority::BARONG_ROLES;
use crate::refresh::ADMIN_APPLICATION;
use crate::sign_up::{Activation, SignUp, SignUpError};
use crate::{AuditAction, Flows, PlutoAdministration};

/// The role that administers, at every door.
pub const ADMIN_ROLE: &str = "admin";

/// An account that an operator makes.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The log-in address.
    pub address: Email,
    /// The log-in name.
    pub name: Option<Name>,
    /// The password's hash.
    pub password: PasswordHash,
    /// Active at once, its address vouched for; else it awaits activation.
    pub active: bool,
    /// A role; `admin` administers at every door.
    pub role: Option<String>,
}

/// How an operator names an account.
#[derive(Debug, Clone)]
pub enum AccountSelector {
    /// By its log-in address.
    Address(Email),
    /// By a log-in name.
    Name(Name),
    /// By its id.
    Id(AccountId),
}

/// Why an account's state was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetStateError {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// It is a tombstone, and stays one.
    #[error("a deleted or withdrawn account stays so")]
    Gone,
}

/// Why an application was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateApplicationError {
    /// There is one of this name.
    #[error("an application of this name exists")]
    NameTaken,
    /// The name is that of a dialect.
    #[error("the name is reserved: every dialect is an application of its own")]
    Reserved,
}

/// Which signing keys to replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChoice {
    /// Every owner's.
    All,
    /// One owner's.
    Of(KeyOwner),
}

impl Flows<'_> {
    /// Makes what every installation has: the dialects' applications, and Pluto's administration. Idempotent.
    pub fn ensure_foundations(&self) -> Result<(), StoreError> {
        for dialect in Dialect::ALL
            .into_iter()
            .filter(|dialect| *dialect != Dialect::Operator)
        {
            self.ensure_application(dialect.name())?;
        }
        let application = self.ensure_application(ADMIN_APPLICATION)?;
        let role = self.ports.ensure_role(application.id, ADMIN_ROLE)?;
        if role.default_scope.is_none() {
            let scope = self
                .ports
                .ensure_scope(application.id, PlutoAdministration::SCOPE)?;
            self.ports.attach_scope(role.id, scope.id)?;
            self.ports.set_default_scope(role.id, scope.id)?;
        }
        let barong = self.application_of(Dialect::Barong)?;
        self.ensure_barong_roles(&barong)
    }

    fn ensure_application(&self, name: &str) -> Result<Application, StoreError> {
        if let Some(application) = self.ports.find_by_name(name)? {
            return Ok(application);
        }
        let parsed: ApplicationName = name
            .parse()
            .map_err(|error| StoreError::new("Applications::insert", error))?;
        match Applications::insert(self.ports, &parsed, self.now())? {
            Some(application) => Ok(application),
            // Another process was faster.
            None => self
                .ports
                .find_by_name(name)?
                .ok_or_else(|| StoreError::conflict("Applications::insert", "neither made nor there")),
        }
    }

    /// Makes an account on an operator's word.
    pub fn create_user(&self, user: &NewUser) -> Answer<Account, SignUpError> {
        let display_name = user
            .name
            .as_ref()
            .map_or_else(|| user.address.as_str(), Name::as_str)
            .to_owned();
        let command = SignUp {
            address: user.address.clone(),
            name: user.name.clone(),
            display_name,
            attributes: clavis_identity::Attributes::new(),
            avatar: None,
            password: Some(user.password.clone()),
            activation: if user.active {
                Activation::AtOnce
            } else {
                Activation::ByOperator
            },
            roles: user
                .role
                .clone()
                .map(|role| (ADMIN_APPLICATION.to_owned(), vec![role])),
        };
        let account = match self.sign_up(&command)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // Who administers does so at every door; Barong's roles are its own.
        let of_barong = |role: &&String| BARONG_ROLES.iter().any(|(known, _)| known == role);
        if let Some(role) = user.role.as_ref().filter(of_barong) {
            let roles = [role.clone()];
            self.assign_roles(account.id, Dialect::Barong.name(), &roles)?;
        }
        if user.active {
            self.prove_address_of(account.id, &user.address)?;
        }
        Ok(Ok(account))
    }

    /// Sets an account's state. One that may hold no tokens loses those it has.
    pub fn set_state(&self, who: &AccountSelector, state: AccountState) -> Answer<Account, SetStateError> {
        let key = match who {
            AccountSelector::Address(address) => Some(IdentityKey::address(address)),
            AccountSelector::Name(name) => Some(IdentityKey::name(name)),
            AccountSelector::Id(_) => None,
        };
        let id = match (who, key) {
            (AccountSelector::Id(id), _) => Some(*id),
            (_, Some(key)) => Identities::find(self.ports, &key)?.map(|identity| identity.account),
            (_, None) => None,
        };
        let Some(account) = id.map(|id| self.ports.find_for_update(id)).transpose()?.flatten() else {
            return Ok(Err(SetStateError::UnknownAccount));
        };
        if !account.state.may_become(state) {
            return Ok(Err(SetStateError::Gone));
        }
        self.change_state(&account, state, None)?;
        Ok(Ok(Account { state, ..account }))
    }

    /// Makes an application that clients can name in a log-in.
    pub fn create_application(&self, name: &ApplicationName) -> Answer<Application, CreateApplicationError> {
        self.make_application(None, name)
    }

    /// As [`Flows::create_application`], by an administrator or, where there is none, the operator.
    pub(crate) fn make_application(
        &self,
        by: Option<AccountId>,
        name: &ApplicationName,
    ) -> Answer<Application, CreateApplicationError> {
        let reserved = Dialect::RESERVED_NAMES
            .iter()
            .any(|reserved| reserved.eq_ignore_ascii_case(name.as_str()));
        if reserved {
            return Ok(Err(CreateApplicationError::Reserved));
        }
        let Some(application) = Applications::insert(self.ports, name, self.now())? else {
            return Ok(Err(CreateApplicationError::NameTaken));
        };
        self.audit_by(by, None, AuditAction::CreateApplication, &application.name)?;
        Ok(Ok(application))
    }

    /// The standard keys that are missing among the stored ones.
    pub fn missing_keys(stored: &[SigningKeyRecord]) -> Vec<(KeyOwner, clavis_tokens::Algorithm)> {
        let there = |owner, algorithm| {
            stored
                .iter()
                .any(|key| key.owner == owner && key.algorithm == algorithm && key.retired_at.is_none())
        };
        KeyOwner::STANDARD_KEYS
            .into_iter()
            .filter(|&(owner, algorithm)| !there(owner, algorithm))
            .collect()
    }

    /// Keeps keys that were generated outside the transaction, as far as they are still missing, and returns
    /// every key there is.
    pub fn keep_missing_keys(&self, fresh: &[FreshKey]) -> Result<Vec<SigningKeyRecord>, StoreError> {
        self.ports.lock()?;
        let missing = Self::missing_keys(&SigningKeys::all(self.ports)?);
        let now = self.now();
        for key in fresh {
            let record = key.seal(&self.keys.master, self.entropy, now, now);
            if missing.contains(&(record.owner, record.algorithm)) {
                self.keep_key(&record)?;
            }
        }
        SigningKeys::all(self.ports)
    }

    /// Puts fresh keys in the place of those in force: the old ones sign until `signs_from` and verify for a
    /// while longer.
    pub fn replace_keys(
        &self,
        fresh: &[FreshKey],
        signs_from: DateTime<Utc>,
    ) -> Result<Vec<SigningKeyRecord>, StoreError> {
        self.ports.lock()?;
        let stored = SigningKeys::all(self.ports)?;
        let now = self.now();
        for key in fresh {
            let record = key.seal(&self.keys.master, self.entropy, now, signs_from.max(now));
            let replaced = stored.iter().filter(|old| {
                old.owner == record.owner && old.algorithm == record.algorithm && old.retired_at.is_none()
            });
            for old in replaced {
                self.ports.retire(&old.kid, record.signs_from)?;
            }
            self.keep_key(&record)?;
        }
        SigningKeys::all(self.ports)
    }

    /// The provider's keys that have come of age. The dialects' keys never do: their clients pin them.
    pub fn aged_keys(
        stored: &[SigningKeyRecord],
        policy: &KeyPolicy,
        now: DateTime<Utc>,
    ) -> Vec<(KeyOwner, clavis_tokens::Algorithm)> {
        stored
            .iter()
            .filter(|key| key.owner == KeyOwner::OpenId && key.retired_at.is_none())
            .filter(|key| key.signs_from + policy.rotate_after - policy.publish_ahead <= now)
            .map(|key| (key.owner, key.algorithm))
            .collect()
    }

    fn keep_key(&self, record: &SigningKeyRecord) -> Result<(), StoreError> {
        SigningKeys::insert(self.ports, record)?;
        self.audit(None, AuditAction::CreateKey)
    }
}
