use chrono::{DateTime, Utc};
use clavis_identity::{
    Accounts, Identities, LoginFailures, PasswordCredentials, SecondFactors, Sessions, Tickets,
};
use clavis_kernel::{AccountId, CommentId, MailId, StoreError};
use clavis_kyc::{Documents, Labels, Levels, Phones, Profiles};
use clavis_rbac::{AccessRules, Applications, Assignments};
use clavis_tokens::{ApiKeys, RefreshTokens, SigningKeys};

use crate::{
    AccountFilter, AccountOrder, AccountPage, AuditEntry, AuditFilter, Avatar, AvatarName, Comment,
    Direction, NewComment, Page, QueuedMail, RecordedEntry, Slice,
};

/// The trail of changes: who, what, through which dialect, from where, with which result.
pub trait AuditLog {
    /// Adds an entry. Entries are never changed.
    fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// The newest entries of an account, newest first, at most `limit`.
    fn latest(&self, account: AccountId, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// Entries in the order they were written, or the newest first; and how many there are.
    fn page(
        &self,
        filter: &AuditFilter,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<RecordedEntry>, StoreError>;
}

/// Looking for accounts.
pub trait Directory {
    /// Accounts in order; and how many there are.
    fn page(
        &self,
        filter: &AccountFilter,
        order: AccountOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError>;
}

/// What administrators note about accounts.
pub trait Comments {
    /// Keeps a new comment.
    fn insert(&self, comment: &NewComment, at: DateTime<Utc>) -> Result<Comment, StoreError>;
    /// The comment with this id.
    fn find(&self, id: CommentId) -> Result<Option<Comment>, StoreError>;
    /// The comments on an account, in the order they were made, at most 1000.
    fn of_account(&self, account: AccountId) -> Result<Vec<Comment>, StoreError>;
    /// Sets what a comment says; `false` when there is none with this id.
    fn update(&self, id: CommentId, sealed: &[u8], at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Takes a comment away; `false` when there was none.
    fn remove(&self, id: CommentId) -> Result<bool, StoreError>;
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
    + SecondFactors
    + Sessions
    + RefreshTokens
    + SigningKeys
    + ApiKeys
    + Applications
    + Assignments
    + AccessRules
    + Labels
    + Levels
    + Profiles
    + Phones
    + Documents
    + Directory
    + Comments
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
        + SecondFactors
        + Sessions
        + RefreshTokens
        + SigningKeys
        + ApiKeys
        + Applications
        + Assignments
        + AccessRules
        + Labels
        + Levels
        + Profiles
        + Phones
        + Documents
        + Directory
        + Comments
        + AuditLog
        + Outbox
        + Avatars
        + Housekeeping
{
}
