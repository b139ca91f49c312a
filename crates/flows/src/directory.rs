//! How administrators look for accounts and for what was done to them.

use chrono::{DateTime, Utc};
use clavis_identity::{Account, AccountState};
use clavis_kernel::{AccountId, AuditId, Email, Uid};

use crate::{AuditAction, AuditEntry};

/// Which accounts are looked for: those for which everything holds that is given. Tombstones are accounts too.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Of this uid.
    pub uid: Option<Uid>,
    /// With this log-in address, ignoring case.
    pub address: Option<Email>,
    /// In this state.
    pub state: Option<AccountState>,
    /// On this kept level.
    pub level: Option<u8>,
    /// With a profile whose country was given in one of these spellings.
    pub country: Option<Vec<String>>,
    /// Holding this role of an application, by the names of both.
    pub role: Option<(String, String)>,
    /// Holding no role of an application but this one: for the role of who holds none.
    pub no_role_but: Option<(String, String)>,
    /// With a private label of this key and one of these values.
    pub label: Option<(String, Vec<String>)>,
    /// Made at or after this moment.
    pub created_from: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub created_to: Option<DateTime<Utc>>,
    /// Changed at or after this moment.
    pub updated_from: Option<DateTime<Utc>>,
    /// Changed before this moment.
    pub updated_to: Option<DateTime<Utc>>,
}

/// By what accounts are ordered; accounts that are equal in it are ordered by number, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountOrder {
    /// The order in which they were made.
    #[default]
    Number,
    /// The uid.
    Uid,
    /// The state's name.
    State,
    /// The kept level.
    Level,
    /// When it was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The smallest or oldest first.
    #[default]
    Ascending,
    /// The greatest or newest first.
    Descending,
}

/// A part of an ordered list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many to pass over.
    pub offset: u64,
    /// How many at most.
    pub limit: u32,
}

/// A part of an ordered list, and how long the whole list is.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// The length of the whole.
    pub total: u64,
}

/// Accounts of a page.
pub type AccountPage = Page<Account>;

/// An entry of the audit trail and its place in it.
#[derive(Debug, Clone)]
pub struct RecordedEntry {
    /// Its number.
    pub id: AuditId,
    /// What it says.
    pub entry: AuditEntry,
}

/// Which entries of the audit trail are looked for: those for which everything holds that is given.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About this account.
    pub account: Option<AccountId>,
    /// Done by this account, to another or to itself.
    pub actor: Option<AccountId>,
    /// Done by somebody in authority, to another account or none.
    pub by_authority: Option<bool>,
    /// One of these; empty means any.
    pub actions: Vec<AuditAction>,
    /// Refused, or done.
    pub refused: Option<bool>,
    /// At or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Whether only entries count whose caller named its user agent.
    pub with_user_agent: bool,
}
