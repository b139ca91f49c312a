use chrono::{DateTime, Utc};
use clavis_identity::{
    Accounts, Identities, LoginFailures, PasswordCredentials, PendingLogIns, ProviderJourneys, SecondFactors,
    ServiceAccounts, Sessions, Tickets,
};
use clavis_kernel::{AccountId, AuditId, CommentId, Dialect, MailId, StoreError, TellerId, TokenDigest};
use clavis_kyc::{Documents, LabelKey, Labels, Levels, Phones, Profiles};
use clavis_oauth::{AuthorizationCodes, OAuthClients};
use clavis_rbac::{AccessRules, Applications, Assignments, Restrictions, Whitelinks};
use clavis_tokens::{ApiKeys, RefreshTokens, SigningKeys};

use crate::{
    AccountFilter, AccountOrder, AccountPage, AdminToken, AttributeName, AuditEntry, AuditFilter, Avatar,
    AvatarName, ClientName, Comment, DataStorage, Direction, DoorFilter, DoorOrder, EventCursor, NewComment,
    NewDataStorage, OptIn, OptInKey, Page, QueuedMail, RecordedEntry, Slice, UserAttribute, UserFilter,
    UserOrder,
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
    /// Entries behind this one in the order they were written, at most `limit`: up to the first that is not older than
    /// `settled`.
    fn after(
        &self,
        entry: AuditId,
        settled: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<RecordedEntry>, StoreError>;
    /// When the oldest transaction began that may still add entries; `None` where none can. Transactions that run at the
    /// same time end in any order: before an entry that is younger than this, another may appear.
    fn unfinished_since(&self) -> Result<Option<DateTime<Utc>>, StoreError>;
}

/// How far in the trail events were told, and whose turn it is to tell: one place for each dialect.
pub trait EventCursors {
    /// Where telling stands; `None` where it never began.
    fn find(&self, dialect: Dialect) -> Result<Option<EventCursor>, StoreError>;
    /// Begins at the end of the trail, unless it began before.
    fn begin(&self, dialect: Dialect) -> Result<(), StoreError>;
    /// Gives the turn to a teller until a moment, if telling stands where it thinks, and nobody else has the turn now:
    /// one conditional write, `true` when it did.
    fn take_turn(
        &self,
        dialect: Dialect,
        teller: TellerId,
        at: AuditId,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Moves on from one entry to another, if it stands there and the teller was the last to have the turn, which it
    /// keeps until a moment: one conditional write, `true` when it did.
    fn move_on(
        &self,
        dialect: Dialect,
        teller: TellerId,
        from: AuditId,
        to: AuditId,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
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

/// Looking for accounts that were made through one door.
pub trait DoorDirectory {
    /// Accounts in order, the first order having the first word; and how many there are.
    fn page(
        &self,
        filter: &DoorFilter,
        orders: &[(DoorOrder, Direction)],
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

/// What clients leave with accounts, sealed.
pub trait DataStorages {
    /// Keeps a new text; `None` when the account has one under this title.
    fn insert(&self, storage: &NewDataStorage, at: DateTime<Utc>) -> Result<Option<DataStorage>, StoreError>;
    /// The texts of each of these accounts, in the order they were left.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<DataStorage>, StoreError>;
    /// Takes a text away; `false` when there was none under this title.
    fn remove(&self, account: AccountId, title: &LabelKey) -> Result<bool, StoreError>;
}

/// The accounts that are not gone, as programs list them.
pub trait Roster {
    /// Accounts in order, what is missing first, equal ones by id; and how many there are.
    fn page(
        &self,
        filter: &UserFilter,
        order: UserOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError>;
}

/// The tokens of back ends. Only SHA-256 digests cross this port.
pub trait AdminTokens {
    /// Keeps a new token; `false` when its name or its digest is there already.
    fn insert(&self, token: &AdminToken) -> Result<bool, StoreError>;
    /// The token with this digest, whether or not it is in force.
    fn find(&self, digest: &TokenDigest) -> Result<Option<AdminToken>, StoreError>;
    /// Every token by name, at most 1000.
    fn all(&self) -> Result<Vec<AdminToken>, StoreError>;
    /// Takes a token back; `false` when there is none of this name, or it was taken back before.
    fn revoke(&self, name: &ClientName, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Notes that a token was shown.
    fn note_use(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<(), StoreError>;
}

/// What programs keep about users under names of their own.
pub trait UserAttributes {
    /// Keeps an attribute, in place of one of the same name.
    fn put(&self, attribute: &UserAttribute, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// The attributes of an account by name.
    fn of_account(&self, account: AccountId) -> Result<Vec<UserAttribute>, StoreError>;
    /// Everybody's attributes by account and name; and how many there are.
    fn page(&self, slice: Slice) -> Result<Page<UserAttribute>, StoreError>;
    /// Takes one away; `false` when there was none of this name.
    fn remove(&self, account: AccountId, name: &AttributeName) -> Result<bool, StoreError>;
    /// Takes all away from an account.
    fn remove_all(&self, account: AccountId) -> Result<(), StoreError>;
}

/// What users agreed to.
pub trait OptIns {
    /// Keeps an agreement, in place of one of the same key.
    fn put(&self, opt_in: &OptIn) -> Result<(), StoreError>;
    /// The agreements of an account by key.
    fn of_account(&self, account: AccountId) -> Result<Vec<OptIn>, StoreError>;
    /// Takes one away; `false` when there was none of this key.
    fn remove(&self, account: AccountId, key: &OptInKey) -> Result<bool, StoreError>;
    /// Takes all away from an account.
    fn remove_all(&self, account: AccountId) -> Result<(), StoreError>;
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
    /// pending log-ins, authorization codes, dead mails, failure counts, whitelinks and what they let in. Returns how many it deleted.
    fn sweep(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError>;
}

/// Every port over one open transaction. Which are served is the same for the fake and both databases.
pub trait Ports:
    Accounts
    + Identities
    + PasswordCredentials
    + LoginFailures
    + Tickets
    + PendingLogIns
    + ProviderJourneys
    + SecondFactors
    + Sessions
    + RefreshTokens
    + SigningKeys
    + ApiKeys
    + ServiceAccounts
    + OAuthClients
    + AuthorizationCodes
    + Applications
    + Assignments
    + AccessRules
    + Restrictions
    + Whitelinks
    + Labels
    + Levels
    + Profiles
    + Phones
    + Documents
    + Directory
    + DoorDirectory
    + Roster
    + AdminTokens
    + UserAttributes
    + OptIns
    + Comments
    + DataStorages
    + AuditLog
    + EventCursors
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
        + PendingLogIns
        + ProviderJourneys
        + SecondFactors
        + Sessions
        + RefreshTokens
        + SigningKeys
        + ApiKeys
        + ServiceAccounts
        + OAuthClients
        + AuthorizationCodes
        + Applications
        + Assignments
        + AccessRules
        + Restrictions
        + Whitelinks
        + Labels
        + Levels
        + Profiles
        + Phones
        + Documents
        + Directory
        + DoorDirectory
        + Roster
        + AdminTokens
        + UserAttributes
        + OptIns
        + Comments
        + DataStorages
        + AuditLog
        + EventCursors
        + Outbox
        + Avatars
        + Housekeeping
{
}
