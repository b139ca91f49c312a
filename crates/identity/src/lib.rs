//! Accounts and everything that proves who somebody is: identities, passwords, tickets, sessions, lockout.
//!
//! An account is reached through its identities; its state says whether it may hold tokens; its credentials are
//! kept apart from it. What joins these into sign-up or log-in lives in `clavis-flows`.

mod account;
mod identity;
mod lockout;
mod name;
mod password;
mod password_strength;
mod pending_log_in;
mod ports;
mod provider;
mod second_factor;
mod service_account;
mod session;
mod ticket;
mod totp;

pub use account::{Account, AccountState, Attributes, NewAccount, PersonNames, ProfileChange, UnknownState};
pub use identity::{Identity, IdentityKey, IdentityKind, UnknownKind};
pub use lockout::{FailureCount, LockoutPolicy};
pub use name::{Name, NameError};
pub use password::{Argon2Params, Argon2ParamsError, PasswordHash, PasswordHashError, Verdict};
pub use password_strength::{PasswordProblem, PasswordRules};
pub use pending_log_in::PendingLogIn;
pub use ports::{
    Accounts, Identities, LoginFailures, PasswordCredential, PasswordCredentials, PendingLogIns,
    ProviderJourneys, SecondFactors, ServiceAccounts, Sessions, Tickets,
};
pub use provider::{Provider, ProviderError, ProviderSubject, SubjectError};
pub use second_factor::{Assurance, RecoveryCode, SecondFactor, UnknownAssurance};
pub use service_account::{
    NewServiceAccount, ServiceAccount, ServiceRole, ServiceRoleError, ServiceState, UnknownServiceState,
};
pub use session::{Delegation, Session};
pub use ticket::{Ticket, TicketPurpose, UnknownPurpose};
pub use totp::{TotpSecret, TotpWindow};

#[cfg(any(test, feature = "mock"))]
pub use ports::{
    MockAccounts, MockIdentities, MockLoginFailures, MockPasswordCredentials, MockPendingLogIns,
    MockProviderJourneys, MockSecondFactors, MockServiceAccounts, MockSessions, MockTickets,
};
