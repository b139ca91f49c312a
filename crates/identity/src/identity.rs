use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Dialect, Email};

use crate::{Name, ProviderSubject};

/// What sort of identity: each sort is a namespace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentityKind {
    /// A log-in address.
    Address,
    /// A log-in name.
    Name,
    /// Whom a provider says somebody is.
    Subject,
}

impl IdentityKind {
    const ALL: [Self; 3] = [Self::Address, Self::Name, Self::Subject];

    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Name => "name",
            Self::Subject => "subject",
        }
    }
}

/// The text names no kind of identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of identity")]
pub struct UnknownKind;

impl FromStr for IdentityKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(UnknownKind)
    }
}

/// A kind and a folded value: belongs to one account at most.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey {
    kind: IdentityKind,
    folded: String,
}

impl IdentityKey {
    /// The key of a log-in address.
    pub fn address(email: &Email) -> Self {
        Self {
            kind: IdentityKind::Address,
            folded: email.key(),
        }
    }

    /// The key of a log-in name.
    pub fn name(name: &Name) -> Self {
        Self {
            kind: IdentityKind::Name,
            folded: name.key(),
        }
    }

    /// The key of somebody at a provider. Providers tell subjects apart to the letter, and so does the key.
    pub fn subject(subject: &ProviderSubject) -> Self {
        Self {
            kind: IdentityKind::Subject,
            folded: subject.to_string(),
        }
    }

    /// A key read back from the store, folded already.
    pub fn from_stored(kind: IdentityKind, folded: String) -> Self {
        Self { kind, folded }
    }

    /// Its namespace.
    pub fn kind(&self) -> IdentityKind {
        self.kind
    }

    /// The folded value.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({}, ..)", self.kind.name())
    }
}

/// One way to reach an account.
#[derive(Clone)]
pub struct Identity {
    /// Kind and folded value.
    pub key: IdentityKey,
    /// The value as it was typed.
    pub value: String,
    /// Whose it is.
    pub account: AccountId,
    /// When its owner was shown to hold it; only a consumed mail ticket, an operator or a provider sets it.
    pub proven_at: Option<DateTime<Utc>>,
    /// The dialect through which it was claimed.
    pub claimed_through: Dialect,
}

impl Identity {
    /// A log-in address, not proven yet.
    pub fn address(email: &Email, account: AccountId, through: Dialect) -> Self {
        Self {
            key: IdentityKey::address(email),
            value: email.as_str().to_owned(),
            account,
            proven_at: None,
            claimed_through: through,
        }
    }

    /// A log-in name.
    pub fn name(name: &Name, account: AccountId, through: Dialect) -> Self {
        Self {
            key: IdentityKey::name(name),
            value: name.as_str().to_owned(),
            account,
            proven_at: None,
            claimed_through: through,
        }
    }

    /// Somebody at a provider.
    pub fn subject(subject: &ProviderSubject, account: AccountId, through: Dialect) -> Self {
        Self {
            key: IdentityKey::subject(subject),
            value: subject.to_string(),
            account,
            proven_at: None,
            claimed_through: through,
        }
    }

    /// The provider and its subject, when it is one.
    pub fn as_subject(&self) -> Option<ProviderSubject> {
        (self.key.kind == IdentityKind::Subject)
            .then(|| self.value.parse().ok())
            .flatten()
    }

    /// The address, when it is one.
    pub fn as_address(&self) -> Option<Email> {
        (self.key.kind == IdentityKind::Address)
            .then(|| self.value.parse().ok())
            .flatten()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
