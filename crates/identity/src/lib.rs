//! Accounts and everything that proves who somebody is: identities, passwords, tickets, sessions, lockout.
//!
//! An account is reached through its identities; its state says whether it may hold tokens; its credentials are
//! kept apart from it. What joins these into sign-up or log-in lives in `clavis-flows`.

mod account;
mod identity;
mod lockout;
mod name;
mod password;
mod ports;
mod session;
mod ticket;

pub use account::{Account, AccountState, Attributes, NewAccount, ProfileChange, UnknownState};
pub use identity::{Identity, IdentityKey, IdentityKind, UnknownKind};
pub use lockout::{FailureCount, LockoutPolicy};
pub use name::{Name, NameError};
pub use password::{Argon2Params, Argon2ParamsError, PasswordHash, PasswordHashError, Verdict};
pub use ports::{
    Accounts, Identities, LoginFailures, PasswordCredential, PasswordCredentials, Sessions, Tickets,
};
pub use session::Session;
pub use ticket::{Ticket, TicketPurpose, UnknownPurpose};

#[cfg(any(test, feature = "mock"))]
pub use ports::{
    MockAccounts, MockIdentities, MockLoginFailures, MockPasswordCredentials, MockSessions, MockTickets,
};
