use std::fmt;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Dialect, TokenDigest};

/// A log-in of which everything was shown but the second factor. Whoever holds its ticket may still show that. Only the
/// ticket's digest is kept.
#[derive(Clone)]
pub struct PendingLogIn {
    /// SHA-256 of the ticket.
    pub digest: TokenDigest,
    /// Whose.
    pub account: AccountId,
    /// The door it began at, which is the only one it ends at.
    pub through: Dialect,
    /// The version of the password that the account had; `None` when it had none. With another the ticket is worthless.
    pub password_version: Option<i64>,
    /// The wrong codes that were shown with it.
    pub wrong_codes: u32,
    /// When it began.
    pub issued_at: DateTime<Utc>,
    /// When its ticket ends unused.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for PendingLogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogIn")
            .field("account", &self.account)
            .field("through", &self.through)
            .finish_non_exhaustive()
    }
}
