use chrono::{DateTime, Utc};
use clavis_identity::{Accounts, Identities, LoginFailures, PasswordCredentials, Sessions, Tickets};
use clavis_kernel::{AccountId, MailId, StoreError};
use clavis_rbac::{Applications, Assignments};
use clavis_tokens::{RefreshTokens, SigningKeys};

use crate::{AuditEntry, Avatar, AvatarName, QueuedMail};

/// The trail of changes: who, what, through which dialect, from where, with which result.
pub trait AuditLog {
    /// Adds an entry. Entries are never changed.
    fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// The newest entries of an account, newest first, at most `limit`.
    fn latest(&self, account: AccountId, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Mails that wait to be sent: written by the transaction that caused them, sent by a worker.
pub trait Outbox {
    /// Queues a mail.
    fn enqueue(&self, mail: &QueuedMail) -> Result<(), StoreError>;
    /// Takes up to `limit` mails that are due, oldest first, and postpones them to `until`, so that no other
    /// worker takes them meanwhile and a worker that dies loses nothing.
    fn claim_due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError>;
    /// Forgets a mail that was sent. Idempotent.
    fn sent(&self, id: MailId) -> Result<(), StoreError>;
    /// Notes a failed attempt; the next is due at `next`, or there is none and the mail is kept as dead.
    fn failed(&self, id: MailId, attempts: u32, next: Option<DateTime<Utc>>) -> Result<(), StoreError>;
    /// How many mails wait.
    fn depth(&self) -> Result<u64, StoreError>;
}

/// Pictures that clients uploaded, small and re-encoded.
pub trait Avatars {
    /// Keeps a picture; one with the same name is replaced.
    fn put(&self, avatar: &Avatar) -> Result<(), StoreError>;
    /// The picture of this name.
    fn find(&self, name: &AvatarName) -> Result<Option<Avatar>, StoreError>;
    /// Forgets the pictures of an account.
    fn remove_all(&self, account: AccountId) -> Result<(), StoreError>;
}

/// What keeps the store from growing without end.
pub trait Housekeeping {
    /// Deletes up to `limit` rows of each kind whose time is over: sessions and their refresh tokens, tickets,
    /// dead mails, failure counts. Returns how many it deleted.
    fn sweep(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError>;
}

/// Every port over one open transaction. Which are served is the same for the fake and both databases.
pub trait Ports:
    Accounts
    + Identities
    + PasswordCredentials
    + LoginFailures
    + Tickets
    + Sessions
    + RefreshTokens
    + SigningKeys
    + Applications
    + Assignments
    + AuditLog
    + Outbox
    + Avatars
    + Housekeeping
{
}

impl<T> Ports for T where
    T: Accounts
        + Identities
        + PasswordCredentials
        + LoginFailures
        + Tickets
        + Sessions
        + RefreshTokens
        + SigningKeys
        + Applications
        + Assignments
        + AuditLog
        + Outbox
        + Avatars
        + Housekeeping
{
}
