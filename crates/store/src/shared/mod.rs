//! Every port over one open transaction, compiled once for each database. What differs between them is in
//! `dialect`.

mod access_rules;
mod accounts;
mod api_clients;
mod api_keys;
mod applications;
mod assignments;
mod audit_log;
mod authorization_codes;
mod avatars;
mod comments;
mod credentials;
mod data_storages;
mod directory;
mod documents;
mod door_directory;
mod event_cursors;
mod housekeeping;
mod identities;
mod labels;
mod levels;
mod oauth_clients;
mod outbox;
mod pending_log_ins;
mod phones;
mod profiles;
mod provider_journeys;
mod refresh_tokens;
mod restrictions;
mod reviews;
mod roster;
mod second_factors;
mod service_accounts;
mod sessions;
mod signing_keys;
mod tickets;
mod whitelinks;

use std::cell::{Cell, RefCell};

use super::{Conn, Db, dialect};

/// One open transaction on one thread: every port, lent to as many services as there are.
pub(super) struct Tx<'c> {
    conn: RefCell<&'c mut Conn>,
    /// Whether something was changed that takes worth from tokens given out.
    revoked: Cell<bool>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c mut Conn) -> Self {
        Self {
            conn: RefCell::new(conn),
            revoked: Cell::new(false),
        }
    }

    pub(super) fn revoked(&self) -> bool {
        self.revoked.get()
    }

    /// Notes that rows were changed that tokens depend on, and passes their number on.
    fn revoking(&self, rows: usize) -> usize {
        if rows > 0 {
            self.revoked.set(true);
        }
        rows
    }
}
