//! The in-memory store that tests decide against: outcomes, not calls. The contract suite that both databases
//! pass keeps it honest.

mod accounts;
mod administration;
mod api_clients;
mod api_keys;
mod applications;
mod blobs;
mod breached;
mod data_storages;
mod directory;
mod door_directory;
mod event_cursors;
mod labels;
mod oauth;
mod objects;
mod outbox;
mod pending_log_ins;
mod phones;
mod providers;
mod restrictions;
mod reviewed;
mod second_factors;
mod service_accounts;
mod sessions;
mod texts;
mod trail;

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clavis_identity::{
    Account, FailureCount, Identity, IdentityKey, PasswordCredential, PendingLogIn, SecondFactor,
    ServiceAccount, Session, Ticket,
};
use clavis_kernel::{
    AccountId, ApplicationId, Dialect, MailId, PhoneId, RoleId, ScopeId, SessionId, StoreError, TokenDigest,
};
use clavis_kyc::{Document, KeptLevel, Label, Phone, PhoneKey, Profile};
use clavis_oauth::{AuthorizationCode, OAuthClient};
use clavis_rbac::{AccessRule, Application, DisplayName, Restriction, Role, Scope, Whitelink};
use clavis_tokens::{ApiKey, SigningKeyRecord};

pub use self::blobs::FakeBlobs;
pub use self::breached::FakeBreaches;
pub use self::objects::FakeObjects;
pub use self::providers::FakeProviders;
pub use self::texts::FakeTexts;
use crate::{AdminToken, AttributeName, ClientName, OptIn, OptInKey, UserAttribute};
use crate::{AuditEntry, Avatar, AvatarName, Comment, DataStorage, EventCursor, Job, QueuedMail, Store};

/// Transactions over maps, one after the other. A transaction is a copy that is kept or dropped.
#[derive(Default)]
pub struct FakeStore {
    state: Mutex<State>,
    revocations: AtomicU64,
    commits: AtomicU64,
}

#[async_trait]
impl Store for FakeStore {
    async fn write(&self, mut job: Job) -> Result<(), StoreError> {
        let mut committed = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ports = FakePorts::over(committed.clone(), Access::ReadWrite);
        job(&ports)?;
        if ports.revoked.get() {
            self.revocations.fetch_add(1, Ordering::SeqCst);
        }
        self.commits.fetch_add(1, Ordering::SeqCst);
        *committed = ports.state.into_inner();
        Ok(())
    }

    async fn read(&self, mut job: Job) -> Result<(), StoreError> {
        let snapshot = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ports = FakePorts::over(snapshot, Access::ReadOnly);
        job(&ports)?;
        ports
            .refused
            .get()
            .map_or(Ok(()), |operation| Err(wrote_in_a_read(operation)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::SeqCst)
    }

    fn commits(&self) -> Option<u64> {
        Some(self.commits.load(Ordering::SeqCst))
    }
}

impl FakeStore {
    /// Looks at what was committed, without being asynchronous. What `look` changes is dropped.
    pub fn look<T>(&self, look: impl FnOnce(&FakePorts) -> T) -> T {
        let snapshot = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        look(&FakePorts::over(snapshot, Access::ReadWrite))
    }
}

/// Every port over one transaction that stays open: what a use case is tested with, and what [`FakeStore`] lends
/// to its jobs.
#[derive(Default)]
pub struct FakePorts {
    state: RefCell<State>,
    access: Access,
    revoked: Cell<bool>,
    refused: Cell<Option<&'static str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Access {
    #[default]
    ReadWrite,
    ReadOnly,
}

impl FakePorts {
    fn over(state: State, access: Access) -> Self {
        Self {
            state: RefCell::new(state),
            access,
            revoked: Cell::default(),
            refused: Cell::default(),
        }
    }

    /// The state, to be looked at.
    fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// The state, to be changed: a fault in a transaction that only reads.
    fn change(&self, operation: &'static str) -> Result<RefMut<'_, State>, StoreError> {
        if self.access == Access::ReadOnly {
            self.refused.set(Some(operation));
            return Err(wrote_in_a_read(operation));
        }
        Ok(self.state.borrow_mut())
    }

    /// Notes that tokens given out may have lost their worth.
    fn revoking(&self) {
        self.revoked.set(true);
    }

    /// As [`Self::revoking`], if the account was given anything that says what has changed.
    fn changed_what_tokens_say(&self, state: &State, account: AccountId) {
        let has_session = state.sessions.values().any(|session| session.account == account);
        if has_session
            || state
                .api_keys
                .rows
                .values()
                .any(|key| key.holder.account == account)
        {
            self.revoking();
        }
    }
}

fn wrote_in_a_read(operation: &'static str) -> StoreError {
    StoreError::new(operation, "a write in a transaction that only reads")
}

fn taken(operation: &'static str) -> StoreError {
    StoreError::new(operation, "there is one with this key")
}

/// What is kept. What has an order of its own is a list in that order.
#[derive(Clone, Default)]
struct State {
    accounts: BTreeMap<AccountId, Account>,
    last_account_number: i64,
    identities: Vec<Identity>,
    passwords: HashMap<AccountId, PasswordCredential>,
    failures: HashMap<AccountId, FailureCount>,
    tickets: HashMap<TokenDigest, Ticket>,
    pending_log_ins: HashMap<TokenDigest, PendingLogIn>,
    provider_journeys: HashMap<TokenDigest, DateTime<Utc>>,
    sessions: HashMap<SessionId, Session>,
    second_factors: HashMap<AccountId, StoredSecondFactor>,
    /// When they were spent, by whose and which.
    recovery_codes: BTreeMap<(AccountId, TokenDigest), Option<DateTime<Utc>>>,
    refresh_tokens: HashMap<TokenDigest, StoredRefreshToken>,
    oauth_clients: Numbered<OAuthClient>,
    authorization_codes: HashMap<TokenDigest, AuthorizationCode>,
    api_keys: Numbered<ApiKey>,
    service_accounts: Numbered<ServiceAccount>,
    signing_keys: Vec<SigningKeyRecord>,
    applications: BTreeMap<ApplicationId, Application>,
    /// By the application and the folded tag.
    application_names: BTreeMap<(ApplicationId, String), DisplayName>,
    roles: BTreeMap<RoleId, Role>,
    scopes: BTreeMap<ScopeId, Scope>,
    attached: BTreeSet<(RoleId, ScopeId)>,
    assigned: Vec<Assignment>,
    labels: Numbered<Label>,
    levels: BTreeMap<AccountId, KeptLevel>,
    profiles: Numbered<Profile>,
    phones: Numbered<Phone>,
    phone_holders: BTreeMap<PhoneKey, PhoneId>,
    documents: Numbered<Document>,
    comments: Numbered<Comment>,
    access_rules: Numbered<AccessRule>,
    restrictions: Numbered<Restriction>,
    whitelinks: HashMap<TokenDigest, Whitelink>,
    data_storages: Numbered<DataStorage>,
    admin_tokens: BTreeMap<ClientName, AdminToken>,
    user_attributes: BTreeMap<(AccountId, AttributeName), UserAttribute>,
    opt_ins: BTreeMap<(AccountId, OptInKey), OptIn>,
    audit: Vec<AuditEntry>,
    event_cursors: HashMap<Dialect, EventCursor>,
    outbox: HashMap<MailId, StoredMail>,
    avatars: HashMap<AvatarName, Avatar>,
}

impl State {
    fn identity(&self, key: &IdentityKey) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.key == *key)
    }

    fn is_gone(&self, account: AccountId) -> bool {
        self.accounts
            .get(&account)
            .is_none_or(|account| account.state.is_gone())
    }

    /// Ends a session unless it was ended.
    fn revoke(&mut self, id: SessionId, at: DateTime<Utc>) -> bool {
        match self.sessions.get_mut(&id) {
            Some(session) if session.revoked_at.is_none() => {
                session.revoked_at = Some(at);
                true
            }
            _ => false,
        }
    }
}

/// Rows by a number that is given in order and never used again.
#[derive(Clone)]
struct Numbered<T> {
    last: i64,
    rows: BTreeMap<i64, T>,
}

impl<T: Clone> Numbered<T> {
    /// Adds a row, which is told its number.
    fn add(&mut self, row: impl FnOnce(i64) -> T) -> T {
        self.last += 1;
        let row = row(self.last);
        self.rows.insert(self.last, row.clone());
        row
    }

    /// Removes rows and returns how many.
    fn remove_if(&mut self, is_it: impl Fn(&T) -> bool) -> usize {
        let before = self.rows.len();
        self.rows.retain(|_, row| !is_it(row));
        before - self.rows.len()
    }
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            last: 0,
            rows: BTreeMap::new(),
        }
    }
}

#[derive(Clone)]
struct StoredSecondFactor {
    factor: SecondFactor,
    failures: Option<FailureCount>,
}

#[derive(Clone)]
struct StoredRefreshToken {
    family: SessionId,
    scopes: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    spent_at: Option<DateTime<Utc>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Assignment {
    account: AccountId,
    role: RoleId,
    is_default: bool,
}

#[derive(Clone)]
struct StoredMail {
    mail: QueuedMail,
    /// When it is tried next; `None` when it is dead.
    due_at: Option<DateTime<Utc>>,
}
