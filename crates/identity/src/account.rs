use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, AccountNumber, Dialect, Email, Uid};

/// A person or a program that can log in.
#[derive(Clone)]
pub struct Account {
    /// The id every dialect's longer id comes from.
    pub id: AccountId,
    /// Pluto's `sub`: given by the store in order.
    pub number: AccountNumber,
    /// Barong's uid.
    pub uid: Uid,
    /// What the account may do.
    pub state: AccountState,
    /// How people call it; not unique, not an identity. Empty when never given.
    pub display_name: String,
    /// An address to show when there is no log-in address; not unique, proves nothing.
    pub contact: Option<Email>,
    /// An absolute URL, or a path below the public URL.
    pub avatar: Option<String>,
    /// Free attributes that a dialect lets its clients set at registration.
    pub attributes: Attributes,
    /// The dialect that made it.
    pub created_through: Dialect,
    /// Tokens issued before this moment are worth nothing.
    pub valid_after: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When anything a client sees last changed.
    pub updated_at: DateTime<Utc>,
    /// The last successful log-in.
    pub last_login_at: Option<DateTime<Utc>>,
    /// When it first became active; stays when it is locked later.
    pub activated_at: Option<DateTime<Utc>>,
    /// The given name, where a dialect asks for one.
    pub first_name: Option<String>,
    /// The family name, where a dialect asks for one.
    pub last_name: Option<String>,
}

/// Attributes by name, each a JSON text. The domain never looks into them.
pub type Attributes = BTreeMap<String, String>;

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// An account about to be made: everything but what the store gives.
#[derive(Clone)]
pub struct NewAccount {
    /// See [`Account::id`].
    pub id: AccountId,
    /// See [`Account::uid`].
    pub uid: Uid,
    /// See [`Account::state`].
    pub state: AccountState,
    /// See [`Account::display_name`].
    pub display_name: String,
    /// See [`Account::contact`].
    pub contact: Option<Email>,
    /// See [`Account::avatar`].
    pub avatar: Option<String>,
    /// See [`Account::attributes`].
    pub attributes: Attributes,
    /// See [`Account::created_through`].
    pub created_through: Dialect,
    /// See [`Account::created_at`].
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What a profile update sets; `None` leaves a part as it is.
#[derive(Clone, Default)]
pub struct ProfileChange {
    /// A new display name.
    pub display_name: Option<String>,
    /// A new avatar.
    pub avatar: Option<String>,
    /// A new contact address.
    pub contact: Option<Email>,
    /// Attributes to set; the others stay.
    pub attributes: Attributes,
}

/// How the person behind an account is called; `None` when that was never told.
#[derive(Clone, Default)]
pub struct PersonNames {
    /// The given name.
    pub first: Option<String>,
    /// The family name.
    pub last: Option<String>,
}

/// Whether an account may be used. Being active says nothing about whether an address was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// Registered; an activation is awaited.
    Pending,
    /// In use.
    Active,
    /// Frozen by an operator, to be freed by one.
    Locked,
    /// Shut out by an operator.
    Banned,
    /// Removed; a tombstone.
    Deleted,
    /// Left on its own wish; a tombstone.
    Withdrawn,
}

impl AccountState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Active,
        Self::Locked,
        Self::Banned,
        Self::Deleted,
        Self::Withdrawn,
    ];

    /// The name in the store, on the command line and in Barong.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Banned => "banned",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether an account in this state may be given tokens and use those it has.
    pub const fn may_hold_tokens(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether only a tombstone is left. Nothing leads out of it.
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Withdrawn)
    }

    /// Whether an operator may set `next`: anything, but nothing raises the dead.
    pub const fn may_become(self, next: Self) -> bool {
        !self.is_gone()
            || matches!(
                (self, next),
                (Self::Deleted, Self::Deleted) | (Self::Withdrawn, Self::Withdrawn)
            )
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a state is one of pending, active, locked, banned, deleted, withdrawn")]
pub struct UnknownState;

impl FromStr for AccountState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(UnknownState)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_active_account_holds_tokens() {
        let holders: Vec<_> = AccountState::ALL
            .into_iter()
            .filter(|state| state.may_hold_tokens())
            .collect();
        assert_eq!(holders, [AccountState::Active]);
    }

    #[test]
    fn a_tombstone_stays_one() {
        for next in AccountState::ALL {
            assert_eq!(
                AccountState::Deleted.may_become(next),
                next == AccountState::Deleted
            );
            assert!(AccountState::Banned.may_become(next));
        }
    }

    #[test]
    fn a_state_reads_back() {
        for state in AccountState::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
    }
}
