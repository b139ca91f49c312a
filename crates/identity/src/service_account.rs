//! Accounts for programs: each belongs to somebody, in whose name its keys sign, and nobody logs in to it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Email, ServiceAccountId, Uid};

/// The longest name of a role, in bytes.
const MAX_ROLE_BYTES: usize = 64;

/// An account for programs. What it may do behind a gateway is its own role's affair; how far its owner has come, and
/// whether they may do anything at all, is the owner's.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its id.
    pub id: ServiceAccountId,
    /// By what it is known behind the gateway: no account has the same.
    pub uid: Uid,
    /// Whose it is.
    pub owner: AccountId,
    /// The address that tokens of its keys show. Nothing is sent to it.
    pub address: Email,
    /// What it may do behind the gateway.
    pub role: ServiceRole,
    /// Whether its keys sign.
    pub state: ServiceState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("id", &self.id)
            .field("uid", &self.uid)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// An account for programs about to be kept, in use from then on.
#[derive(Clone)]
pub struct NewServiceAccount {
    /// See [`ServiceAccount::uid`].
    pub uid: Uid,
    /// See [`ServiceAccount::owner`].
    pub owner: AccountId,
    /// See [`ServiceAccount::address`].
    pub address: Email,
    /// See [`ServiceAccount::role`].
    pub role: ServiceRole,
}

impl fmt::Debug for NewServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewServiceAccount")
            .field("uid", &self.uid)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// The name of a service account's role: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRole(String);

/// The text is no name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is written with 1 to {MAX_ROLE_BYTES} of a-z, 0-9, _ and -")]
pub struct ServiceRoleError;

impl ServiceRole {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceRole {
    type Err = ServiceRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let fits = (1..=MAX_ROLE_BYTES).contains(&text.len()) && text.bytes().all(is_letter);
        fits.then(|| Self(text.to_owned())).ok_or(ServiceRoleError)
    }
}

/// Whether the keys of a service account sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceState {
    /// They do, if their owner is in order.
    Active,
    /// They do not.
    Disabled,
}

/// The text names no state of a service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a service account is active or disabled")]
pub struct UnknownServiceState;

impl ServiceState {
    /// The name in requests and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl FromStr for ServiceState {
    type Err = UnknownServiceState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            _ => Err(UnknownServiceState),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_plain_word() {
        for word in ["service_account", "sa_maker", "a-1"] {
            assert_eq!(word.parse::<ServiceRole>().unwrap().as_str(), word);
        }
        let long = "a".repeat(MAX_ROLE_BYTES + 1);
        for text in ["", "Maker", "sa maker", "sa\0", "é", &long] {
            assert_eq!(text.parse::<ServiceRole>(), Err(ServiceRoleError), "{text}");
        }
    }

    #[test]
    fn a_state_reads_back() {
        for state in [ServiceState::Active, ServiceState::Disabled] {
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert_eq!("pending".parse::<ServiceState>(), Err(UnknownServiceState));
    }
}
