//! What back ends keep about users: attributes under names of their own, and what users agreed to.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_identity::{Account, Accounts};
use clavis_kernel::{AccountId, Answer, StoreError};

use crate::{ApiClient, AuditAction, Flows, OptIns, Page, Slice, UserAttributes};

/// How many attributes, and how many agreements, one user may have.
pub const MAX_KEPT: usize = 100;

/// The text is empty, too long, or has characters that it must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text of at most {most} characters, without control characters")]
pub struct UnfitText {
    most: usize,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($least:literal..=$most:literal, $control:expr),)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = UnfitText;

            fn from_str(text: &str) -> Result<Self, UnfitText> {
                let is_control: fn(char) -> bool = $control;
                let fits = ($least..=$most).contains(&text.chars().count()) && !text.chars().any(is_control);
                fits.then(|| Self(text.to_owned())).ok_or(UnfitText { most: $most })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

texts! {
    /// By what name a back end keeps an attribute.
    AttributeName(1..=100, char::is_control),
    /// What an attribute says: text of any length up to a limit, of several lines if need be.
    AttributeValue(0..=4096, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')),
    /// What a user agreed to.
    OptInKey(1..=100, char::is_control),
    /// Where a user agreed.
    OptInSource(0..=255, char::is_control),
}

/// What a back end keeps about a user under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAttribute {
    /// About whom.
    pub account: AccountId,
    /// By which name.
    pub name: AttributeName,
    /// What.
    pub value: AttributeValue,
}

/// How a user agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Agreement {
    /// By a choice of their own.
    #[default]
    Default,
    /// Along with something else.
    Auto,
}

impl Agreement {
    /// The name in the store and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Auto => "auto",
        }
    }
}

impl FromStr for Agreement {
    type Err = UnfitText;

    fn from_str(text: &str) -> Result<Self, UnfitText> {
        match text {
            "default" => Ok(Self::Default),
            "auto" => Ok(Self::Auto),
            _ => Err(UnfitText { most: 7 }),
        }
    }
}

/// What a user agreed to, how, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptIn {
    /// Who.
    pub account: AccountId,
    /// To what.
    pub key: OptInKey,
    /// How.
    pub agreement: Agreement,
    /// Where.
    pub source: OptInSource,
    /// Whether it was given with the registration, so that it counts from the activation on.
    pub awaits_activation: bool,
    /// When it was noted.
    pub created_at: DateTime<Utc>,
}

impl OptIn {
    /// Since when it counts for this account; `None` as long as it does not.
    pub fn counts_since(&self, account: &Account) -> Option<DateTime<Utc>> {
        if self.awaits_activation {
            account.activated_at.map(|at| at.max(self.created_at))
        } else {
            Some(self.created_at)
        }
    }
}

/// What a user agreed to, and since when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountingOptIn {
    /// What.
    pub opt_in: OptIn,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Why something about a user was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// No such user.
    #[error("no such user")]
    UnknownAccount,
    /// There are as many as there may be.
    #[error("there are too many already")]
    TooMany,
}

impl Flows<'_> {
    /// Everybody's attributes by user and name, and how many there are.
    pub fn attributes_for_client(
        &self,
        _client: &ApiClient,
        slice: Slice,
    ) -> Result<Page<UserAttribute>, StoreError> {
        UserAttributes::page(self.ports, slice)
    }

    /// A user's attributes by name; `None` when there is no such user.
    pub fn attributes_of_user(
        &self,
        _client: &ApiClient,
        id: AccountId,
    ) -> Result<Option<Vec<UserAttribute>>, StoreError> {
        match Accounts::find(self.ports, id)?.filter(|account| !account.state.is_gone()) {
            Some(account) => UserAttributes::of_account(self.ports, account.id).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps an attribute, in place of one of the same name.
    pub fn put_attribute(&self, client: &ApiClient, attribute: &UserAttribute) -> Answer<(), KeepError> {
        let Some(account) = self.kept_about(attribute.account)? else {
            return Ok(Err(KeepError::UnknownAccount));
        };
        let held = UserAttributes::of_account(self.ports, account.id)?;
        let is_new = !held.iter().any(|one| one.name == attribute.name);
        if is_new && held.len() >= MAX_KEPT {
            return Ok(Err(KeepError::TooMany));
        }
        UserAttributes::put(self.ports, attribute, self.now())?;
        self.audit(Some(account.id), AuditAction::SetAttribute)?;
        self.note_client(client, account.id)?;
        Ok(Ok(()))
    }

    /// Takes an attribute away; `false` when there is no such user or attribute.
    pub fn remove_attribute(
        &self,
        client: &ApiClient,
        id: AccountId,
        name: &AttributeName,
    ) -> Result<bool, StoreError> {
        let Some(account) = self.kept_about(id)? else {
            return Ok(false);
        };
        if !UserAttributes::remove(self.ports, account.id, name)? {
            return Ok(false);
        }
        self.audit(Some(account.id), AuditAction::SetAttribute)?;
        self.note_client(client, account.id)?;
        Ok(true)
    }

    /// What a user agreed to, by key, since when it counts; `None` when there is no such user.
    pub fn opt_ins_of_user(
        &self,
        _client: &ApiClient,
        id: AccountId,
    ) -> Result<Option<Vec<CountingOptIn>>, StoreError> {
        let Some(account) = Accounts::find(self.ports, id)?.filter(|account| !account.state.is_gone()) else {
            return Ok(None);
        };
        let all = OptIns::of_account(self.ports, account.id)?;
        let counting = all.into_iter().filter_map(|opt_in| {
            let since = opt_in.counts_since(&account)?;
            Some(CountingOptIn { opt_in, since })
        });
        Ok(Some(counting.collect()))
    }

    /// Notes that a user agreed.
    pub fn put_opt_in(
        &self,
        client: &ApiClient,
        id: AccountId,
        key: &OptInKey,
        agreement: Agreement,
        source: &OptInSource,
    ) -> Answer<(), KeepError> {
        let Some(account) = self.kept_about(id)? else {
            return Ok(Err(KeepError::UnknownAccount));
        };
        let held = OptIns::of_account(self.ports, account.id)?;
        let is_new = !held.iter().any(|one| one.key == *key);
        if is_new && held.len() >= MAX_KEPT {
            return Ok(Err(KeepError::TooMany));
        }
        self.keep_opt_in(&OptIn {
            account: account.id,
            key: key.clone(),
            agreement,
            source: source.clone(),
            awaits_activation: false,
            created_at: self.now(),
        })?;
        self.note_client(client, account.id)?;
        Ok(Ok(()))
    }

    /// Takes an agreement back; `false` when there is no such user or agreement.
    pub fn remove_opt_in(
        &self,
        client: &ApiClient,
        id: AccountId,
        key: &OptInKey,
    ) -> Result<bool, StoreError> {
        let Some(account) = self.kept_about(id)? else {
            return Ok(false);
        };
        if !OptIns::remove(self.ports, account.id, key)? {
            return Ok(false);
        }
        self.audit(Some(account.id), AuditAction::SetOptIn)?;
        self.note_client(client, account.id)?;
        Ok(true)
    }

    pub(crate) fn keep_opt_in(&self, opt_in: &OptIn) -> Result<(), StoreError> {
        OptIns::put(self.ports, opt_in)?;
        self.audit(Some(opt_in.account), AuditAction::SetOptIn)
    }

    /// What is kept about users has no meaning once they are gone.
    pub(crate) fn forget_what_clients_kept(&self, account: AccountId) -> Result<(), StoreError> {
        UserAttributes::remove_all(self.ports, account)?;
        OptIns::remove_all(self.ports, account)
    }

    /// The account, locked, unless it is gone.
    fn kept_about(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let account = Accounts::find_for_update(self.ports, id)?;
        Ok(account.filter(|account| !account.state.is_gone()))
    }
}
