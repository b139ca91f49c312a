//! What the domain asks of a store. All calls made through one value run in one transaction, which the caller
//! opened and will close. "Not found" is `None`, "already taken" is a value; the only error is that the store
//! could not answer.

use chrono::{DateTime, Utc};
use clavis_kernel::{
    AccountId, AccountNumber, Email, OAuthClientId, ServiceAccountId, SessionId, StoreError, TokenDigest, Uid,
};

use crate::{
    Account, AccountState, FailureCount, Identity, IdentityKey, IdentityKind, NewAccount, NewServiceAccount,
    PasswordHash, PendingLogIn, PersonNames, ProfileChange, Provider, SecondFactor, ServiceAccount, Session,
    Ticket, TicketPurpose,
};

/// The accounts, tombstones included.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Accounts {
    /// Keeps a new account and gives it the next number; `None` when its uid is taken.
    fn insert(&self, account: &NewAccount) -> Result<Option<Account>, StoreError>;
    /// The account with this id, whatever its state.
    fn find(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// As [`Accounts::find`], and no other transaction changes its state, credential or failure count before
    /// this one ends.
    fn find_for_update(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// The account with this number.
    fn find_by_number(&self, number: AccountNumber) -> Result<Option<Account>, StoreError>;
    /// Sets the state if it was `from`: one conditional write, `true` when it did. The first time an account becomes
    /// active is kept with it.
    fn set_state(
        &self,
        id: AccountId,
        from: AccountState,
        to: AccountState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Sets what the change names, and `updated_at`.
    fn set_profile(&self, id: AccountId, change: &ProfileChange, at: DateTime<Utc>)
    -> Result<(), StoreError>;
    /// Sets both names of the person, and `updated_at`.
    fn set_person_names(
        &self,
        id: AccountId,
        names: &PersonNames,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Moves `updated_at` only: something a client sees, kept elsewhere, has changed.
    fn touch(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Forgets display name, the person's names, contact address, avatar and attributes: what a tombstone has no need for.
    fn erase(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Makes tokens issued before this moment worthless.
    fn set_valid_after(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Notes a log-in.
    fn set_last_login(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// The account with this uid.
    fn find_by_uid(&self, uid: &Uid) -> Result<Option<Account>, StoreError>;
    /// The accounts with these ids, in the order of their numbers: one query for all.
    fn find_all(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError>;
    /// The accounts with these numbers, in the order of their numbers: one query for all.
    fn find_numbered(&self, numbers: &[AccountNumber]) -> Result<Vec<Account>, StoreError>;
    /// The first accounts that are not gone with this contact address, ignoring the case of ASCII letters, in the order
    /// of their numbers.
    fn find_by_contact(&self, contact: &Email, limit: u32) -> Result<Vec<Account>, StoreError>;
    /// How many accounts are not gone.
    fn count(&self) -> Result<u64, StoreError>;
}

/// The ways to reach accounts: each key belongs to one account at most.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Identities {
    /// Who holds this key.
    fn find(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError>;
    /// Gives the key to an account; `false` when somebody holds it.
    fn claim(&self, identity: &Identity) -> Result<bool, StoreError>;
    /// Every identity of an account, addresses first, in the order they were claimed.
    fn of_account(&self, account: AccountId) -> Result<Vec<Identity>, StoreError>;
    /// Every identity of each of these accounts, as [`Identities::of_account`] orders them: one query for all.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Identity>, StoreError>;
    /// Notes that the account was shown to hold the key; `false` when it does not hold it.
    fn prove(&self, key: &IdentityKey, account: AccountId, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Takes one key from an account; `false` when it did not hold it.
    fn release(&self, key: &IdentityKey, account: AccountId) -> Result<bool, StoreError>;
    /// Takes every key from an account and returns how many.
    fn release_all(&self, account: AccountId) -> Result<usize, StoreError>;
    /// How many accounts that are not gone hold a key of this kind.
    fn count_holders(&self, kind: IdentityKind) -> Result<u64, StoreError>;
    /// How many accounts that are not gone are somebody at this provider.
    fn count_known_at(&self, provider: &Provider) -> Result<u64, StoreError>;
}

/// A password's hash, apart from the account it opens.
#[derive(Debug, Clone)]
pub struct PasswordCredential {
    /// Whose.
    pub account: AccountId,
    /// The hash, of ours or of an older server.
    pub hash: PasswordHash,
    /// Counts the passwords the account has had: a check made against one version says nothing about another.
    pub version: i64,
    /// When this password was set.
    pub changed_at: DateTime<Utc>,
}

/// The password credentials: at most one for each account.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait PasswordCredentials {
    /// The credential of an account; `None` when it has no password.
    fn find(&self, account: AccountId) -> Result<Option<PasswordCredential>, StoreError>;
    /// Those of these accounts that have a password.
    fn with_password(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError>;
    /// Sets a new password: the version goes up by one, or begins with 1.
    fn set(&self, account: AccountId, hash: &PasswordHash, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Replaces the hash by a better one of the same password, if the version is still the same.
    fn rehash(&self, account: AccountId, version: i64, hash: &PasswordHash) -> Result<bool, StoreError>;
    /// Takes the password away. Idempotent.
    fn remove(&self, account: AccountId) -> Result<(), StoreError>;
}

/// The failed log-ins of accounts, over all dialects.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait LoginFailures {
    /// The count of an account; `None` when nothing failed lately.
    fn find(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError>;
    /// Keeps a count in place of the one before.
    fn put(&self, count: &FailureCount) -> Result<(), StoreError>;
    /// Forgets the count. Idempotent.
    fn clear(&self, account: AccountId) -> Result<(), StoreError>;
}

/// The tickets that were mailed.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Tickets {
    /// Keeps a new ticket.
    fn insert(&self, ticket: &Ticket) -> Result<(), StoreError>;
    /// The ticket with this digest and purpose, spent and expired ones included.
    fn find(&self, digest: &TokenDigest, purpose: TicketPurpose) -> Result<Option<Ticket>, StoreError>;
    /// Spends the ticket if it is unspent and unexpired at this moment: one conditional write, the ticket for
    /// the one call that did it.
    fn spend(
        &self,
        digest: &TokenDigest,
        purpose: TicketPurpose,
        at: DateTime<Utc>,
    ) -> Result<Option<Ticket>, StoreError>;
    /// Makes the unspent tickets of an account for one purpose worthless and returns how many.
    fn discard(&self, account: AccountId, purpose: TicketPurpose) -> Result<usize, StoreError>;
    /// How many tickets were issued to the account since this moment.
    fn count_issued(&self, account: AccountId, since: DateTime<Utc>) -> Result<u64, StoreError>;
}

/// The sessions, ended ones included until they expire.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Sessions {
    /// Keeps a new session.
    fn insert(&self, session: &Session) -> Result<(), StoreError>;
    /// The session and its account, in one look-up.
    fn find_with_account(&self, id: SessionId) -> Result<Option<(Session, Account)>, StoreError>;
    /// The session whose bearer holds the secret of this digest, and its account, in one look-up.
    fn find_by_secret(&self, digest: &TokenDigest) -> Result<Option<(Session, Account)>, StoreError>;
    /// Moves the end of a session that was not ended; `true` when it did.
    fn extend(&self, id: SessionId, expires_at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Ends a session; `true` for the one call that did it.
    fn revoke(&self, id: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Ends every session that is in a client's hands and returns how many.
    fn revoke_all_of_client(&self, client: OAuthClientId, at: DateTime<Utc>) -> Result<usize, StoreError>;
    /// Ends every session of an account but one and returns how many.
    fn revoke_all(
        &self,
        account: AccountId,
        but: Option<SessionId>,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError>;
}

/// The second factors: at most one for each account.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait SecondFactors {
    /// The second factor of an account, enabled or only begun.
    fn find(&self, account: AccountId) -> Result<Option<SecondFactor>, StoreError>;
    /// Which of these accounts have a second factor in force: one query for all.
    fn enabled_among(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, StoreError>;
    /// Keeps a sealed secret that waits to be confirmed, in place of the one that waited before. What is in force stays.
    fn put_pending(&self, account: AccountId, sealed: &[u8]) -> Result<(), StoreError>;
    /// Puts the waiting secret in force and remembers the step of the code that confirmed it, if one waits and none is
    /// in force: one conditional write, `true` when it did.
    fn enable(&self, account: AccountId, step: i64, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Remembers that a code of this step was accepted, if a second factor is in force and no code of this step or a
    /// newer one was accepted: one conditional write, `true` for the one call that did it.
    fn spend_step(&self, account: AccountId, step: i64) -> Result<bool, StoreError>;
    /// The wrong codes of late; `None` when there were none.
    fn failures(&self, account: AccountId) -> Result<Option<FailureCount>, StoreError>;
    /// Keeps a count of wrong codes; `None` forgets it. Does nothing for an account that has no second factor.
    fn put_failures(&self, account: AccountId, count: Option<FailureCount>) -> Result<(), StoreError>;
    /// Forgets the second factor, its recovery codes with it; `true` when one was in force.
    fn remove(&self, account: AccountId) -> Result<bool, StoreError>;
    /// Keeps recovery codes in place of those from before.
    fn put_recovery_codes(&self, account: AccountId, digests: &[TokenDigest]) -> Result<(), StoreError>;
    /// Spends a recovery code: one conditional write, `true` for the one call that did it.
    fn spend_recovery_code(
        &self,
        account: AccountId,
        digest: &TokenDigest,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// How many recovery codes are left.
    fn count_recovery_codes(&self, account: AccountId) -> Result<u64, StoreError>;
}

/// The log-ins that await a second factor: at most one of an account at each door.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait PendingLogIns {
    /// Keeps a new one, in place of the one that the account had at the same door.
    fn put(&self, pending: &PendingLogIn) -> Result<(), StoreError>;
    /// The one with this digest, whether or not its time is over.
    fn find(&self, digest: &TokenDigest) -> Result<Option<PendingLogIn>, StoreError>;
    /// Counts a wrong code. Does nothing when there is none with this digest.
    fn count_wrong_code(&self, digest: &TokenDigest) -> Result<(), StoreError>;
    /// Forgets it: one conditional write, `true` for the one call that did it.
    fn end(&self, digest: &TokenDigest) -> Result<bool, StoreError>;
    /// Forgets those of an account and returns how many.
    fn end_all(&self, account: AccountId) -> Result<usize, StoreError>;
}

/// The journeys of browsers to providers that came to an end, until their time is over: each is good once.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ProviderJourneys {
    /// Ends one that is good until then: one conditional write, `true` for the one call that did it.
    fn end(&self, journey: &TokenDigest, expires_at: DateTime<Utc>) -> Result<bool, StoreError>;
}

/// The accounts for programs. Uids and addresses are unique among them; whether an account has one, the domain looks.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ServiceAccounts {
    /// Keeps a new one behind all others; `None` when another has its uid or its address.
    fn insert(
        &self,
        service: &NewServiceAccount,
        at: DateTime<Utc>,
    ) -> Result<Option<ServiceAccount>, StoreError>;
    /// The one with this id, in whatever state.
    fn find(&self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError>;
    /// The one with this uid, in whatever state.
    fn named(&self, uid: &Uid) -> Result<Option<ServiceAccount>, StoreError>;
    /// The one with this address, in whatever state.
    fn addressed(&self, address: &Email) -> Result<Option<ServiceAccount>, StoreError>;
    /// At most `limit` of an account, or of all, in the order they were made, after leaving out the first `skipped`;
    /// and how many there are.
    fn page(
        &self,
        owner: Option<AccountId>,
        skipped: u64,
        limit: u32,
    ) -> Result<(Vec<ServiceAccount>, u64), StoreError>;
    /// Sets owner, role and state as the record has them, and notes the moment; its keys go with it to the new owner.
    /// `false` when there is no such service account.
    fn update(&self, service: &ServiceAccount, at: DateTime<Utc>) -> Result<bool, StoreError>;
}
