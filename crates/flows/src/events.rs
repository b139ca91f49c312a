//! Telling other programs what happened to accounts: in order, at least once, and only what was committed.
//!
//! Events are not written anywhere: they follow from the audit trail, and a cursor in the store says up to which entry
//! they were told. It moves once the broker answers for everything before it, so a broker that is away loses nothing.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clavis_identity::Accounts;
use clavis_kernel::{AccountId, AuditId, Dialect, StoreError, TellerId};
use clavis_kyc::LevelTable;
use clavis_tokens::KeyError;

use crate::happenings::{Happened, happenings};
use crate::person::people;
use crate::{AuditLog, EventCursors, Person, Ports};

/// An event in a dialect's words.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is called, the same each time it is told: by it a reader knows one that comes twice.
    pub id: String,
    /// The exchange that it goes to.
    pub exchange: &'static str,
    /// By what the exchange tells readers apart.
    pub routing_key: &'static str,
    /// What is said.
    pub body: String,
}

impl fmt::Debug for Event {
    /// Without the body: it has people's addresses in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("routing_key", &self.routing_key)
            .finish_non_exhaustive()
    }
}

/// How a dialect puts what happened into words. Pure: it sends nothing.
pub trait EventVoice: Send + Sync {
    /// The event, to be told at this moment.
    fn tell(&self, happened: &Happened, now: DateTime<Utc>) -> Result<Event, KeyError>;
}

/// Where other programs read events.
#[async_trait]
pub trait EventBroker: Send + Sync {
    /// Hands events over in this order, and returns once the broker answers for all of them. After a failure some may
    /// have been handed over.
    async fn publish(&self, events: &[Event]) -> Result<(), BrokerError>;
}

/// Why events were not handed over. Says nothing of what is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// No connection, or it broke.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
    /// The broker does not answer for an event.
    #[error("the broker did not take an event")]
    NotTaken,
    /// It took too long.
    #[error("the broker did not answer in time")]
    TimedOut,
}

/// How far events were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCursor {
    /// The last entry that was told.
    pub at: AuditId,
    /// Who has the turn, and until when.
    pub turn: Option<(TellerId, DateTime<Utc>)>,
}

/// What is to be told next.
#[derive(Debug)]
pub struct Untold {
    /// Where telling stands.
    pub cursor: EventCursor,
    /// Where it will stand when this is told.
    pub to: AuditId,
    /// What happened, in order.
    pub happened: Vec<Happened>,
    /// Whether there may be more behind it.
    pub is_full: bool,
}

impl Untold {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.cursor.at == self.to
    }
}

/// What is to be told next, of at most `limit` entries that are older than `settled`; `None` where telling never began.
/// As many queries for many accounts as for one.
pub fn untold(
    ports: &dyn Ports,
    levels: &LevelTable,
    dialect: Dialect,
    settled: DateTime<Utc>,
    limit: u32,
) -> Result<Option<Untold>, StoreError> {
    let Some(cursor) = EventCursors::find(ports, dialect)? else {
        return Ok(None);
    };
    let entries = AuditLog::after(ports, cursor.at, settled, limit)?;
    let is_full = entries.len() >= limit as usize;
    let to = entries.last().map_or(cursor.at, |recorded| recorded.id);
    let told: Vec<_> = entries
        .into_iter()
        .flat_map(|recorded| {
            let happenings = happenings(&recorded.entry).into_iter().enumerate();
            happenings
                .map(|(nth, what)| (recorded.clone(), nth, what))
                .collect::<Vec<_>>()
        })
        .collect();
    let accounts: BTreeSet<_> = told
        .iter()
        .filter_map(|(recorded, ..)| recorded.entry.account)
        .collect();
    let people = people_by_id(ports, levels, &Vec::from_iter(accounts))?;
    let happened = told.into_iter().filter_map(|(recorded, nth, what)| {
        Some(Happened {
            entry: recorded.id,
            nth,
            at: recorded.entry.at,
            what,
            person: Arc::clone(people.get(&recorded.entry.account?)?),
            caller: recorded.entry.caller,
        })
    });
    Ok(Some(Untold {
        cursor,
        to,
        happened: happened.collect(),
        is_full,
    }))
}

fn people_by_id(
    ports: &dyn Ports,
    levels: &LevelTable,
    accounts: &[AccountId],
) -> Result<HashMap<AccountId, Arc<Person>>, StoreError> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let accounts = Accounts::find_all(ports, accounts)?;
    let people = people(ports, levels, accounts)?.into_iter();
    Ok(people
        .map(|person| (person.account().id, Arc::new(person)))
        .collect())
}
