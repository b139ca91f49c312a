use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Dialect, Email, TokenDigest};

/// The one thing a ticket is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TicketPurpose {
    /// Makes a pending account active and proves its address.
    Activate,
    /// Makes a pending account active on the word of the program it was given to, and proves nothing.
    ActivateByClient,
    /// Sets a new password.
    ResetPassword,
    /// Replaces the log-in address by the one the ticket was mailed to.
    ChangeEmail,
    /// Opens a session, in place of a password.
    LogInByLink,
    /// Opens the first session of an account that was made without a password.
    RegisterByLink,
}

impl TicketPurpose {
    /// Every purpose.
    pub const ALL: [Self; 6] = [
        Self::Activate,
        Self::ActivateByClient,
        Self::ResetPassword,
        Self::ChangeEmail,
        Self::LogInByLink,
        Self::RegisterByLink,
    ];

    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::ActivateByClient => "activate_by_client",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::LogInByLink => "log_in_by_link",
            Self::RegisterByLink => "register_by_link",
        }
    }
}

/// The text names no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such purpose of a ticket")]
pub struct UnknownPurpose;

impl FromStr for TicketPurpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.name() == text)
            .ok_or(UnknownPurpose)
    }
}

/// A one-time permission that was mailed to somebody. Only its digest is kept.
#[derive(Clone)]
pub struct Ticket {
    /// SHA-256 of the ticket as mailed.
    pub digest: TokenDigest,
    /// Whose.
    pub account: AccountId,
    /// For what.
    pub purpose: TicketPurpose,
    /// The address it was mailed to: what its holder has proven to receive.
    pub address: Email,
    /// Through which dialect it was asked for.
    pub through: Dialect,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub spent_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("account", &self.account)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}
