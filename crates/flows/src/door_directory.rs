//! How the servers behind a door look for the accounts that were made through it.

use chrono::{DateTime, Utc};
use clavis_identity::{AccountState, PasswordCredentials, Provider};
use clavis_kernel::{AccountId, Dialect, Email, StoreError};

use crate::{AccountCard, Direction, DoorDirectory, Flows, Page, Slice};

/// Which accounts of a door are looked for: those for which everything holds that is given.
#[derive(Debug, Clone)]
pub struct DoorFilter {
    /// The door they were made through.
    pub door: Dialect,
    /// In one of these states; empty means any.
    pub states: Vec<AccountState>,
    /// With one of these addresses to show, ignoring case; empty means any.
    pub addresses: Vec<Email>,
    /// Logging in by one of these; empty means any.
    pub log_ins: Vec<LogInBy>,
    /// With all of these parts of what the door keeps with them.
    pub parts: Vec<AttributePart>,
    /// Made at or after this moment.
    pub created_from: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub created_to: Option<DateTime<Utc>>,
    /// Changed at or after this moment.
    pub updated_from: Option<DateTime<Utc>>,
    /// Changed before this moment.
    pub updated_to: Option<DateTime<Utc>>,
}

impl DoorFilter {
    /// Every account that was made through a door.
    pub const fn all(door: Dialect) -> Self {
        Self {
            door,
            states: Vec::new(),
            addresses: Vec::new(),
            log_ins: Vec::new(),
            parts: Vec::new(),
            created_from: None,
            created_to: None,
            updated_from: None,
            updated_to: None,
        }
    }
}

/// By what somebody logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogInBy {
    /// A password, or a name that was claimed at the door for one.
    Password,
    /// A provider's word, and no password.
    Provider(Provider),
    /// Neither a password nor the word of any of these providers.
    NoneOf(Vec<Provider>),
}

/// A key and its value in an object that is an account's attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePart {
    /// The attribute, which is a JSON object.
    pub attribute: &'static str,
    /// The key in it.
    pub key: String,
    /// Its value, as JSON without white space between its tokens.
    pub value: String,
}

/// By what accounts are ordered; the last word has the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorOrder {
    /// The id.
    Id,
    /// The address that is shown, folded. Who has none comes first.
    Address,
    /// When it was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

impl Flows<'_> {
    /// Accounts of a door in order, and how many there are.
    pub fn accounts_of_door(
        &self,
        filter: &DoorFilter,
        orders: &[(DoorOrder, Direction)],
        slice: Slice,
    ) -> Result<Page<AccountCard>, StoreError> {
        let page = DoorDirectory::page(self.ports, filter, orders, slice)?;
        let ids: Vec<AccountId> = page.items.iter().map(|account| account.id).collect();
        let holders = PasswordCredentials::with_password(self.ports, &ids)?;
        let cards = self.views(page.items)?.into_iter().map(|view| AccountCard {
            has_password: holders.contains(&view.account.id),
            view,
        });
        Ok(Page {
            items: cards.collect(),
            total: page.total,
        })
    }
}
