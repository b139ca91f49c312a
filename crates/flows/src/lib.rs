//! Use cases that join domains, each a plain function of ports, a command, the time and entropy.
//!
//! A use case runs inside one transaction that the caller opened: everything it changes (the account, the
//! ticket, the role, the outgoing mail, the audit row) lands together or not at all. Where dialects differ in
//! behaviour the difference is a policy value; where they differ in shape it is the dialect's affair.

mod account_info;
mod activation;
mod audit;
mod avatar;
mod context;
mod email_change;
mod leave;
mod log_in;
mod mail;
mod operator;
mod password_change;
mod ports;
mod refresh;
mod sign_up;
mod standing;
mod store;

pub use account_info::{
    AccountCounts, AccountView, ApplicationRoles, FoundAccount, ProfileError, ProfileUpdate,
};
pub use activation::{ActivationError, ResendError};
pub use audit::{AuditAction, AuditEntry, AuditResult, UnknownAction};
pub use avatar::{Avatar, AvatarName, AvatarNameError};
pub use context::{Door, Flows, Keys, Limits};
pub use email_change::{EmailChangeError, EmailChangeRequestError, OldAddress};
pub use leave::LeaveError;
pub use log_in::{Candidate, Checked, LogInError, LoginName, SessionRequest};
pub use mail::{Correspondence, Letter, LetterKind, MailBody, OutgoingMail, QueuedMail, UnsealError};
pub use operator::{
    ADMIN_ROLE, ADMIN_SCOPE, AccountSelector, CreateApplicationError, KeyChoice, NewUser, SetStateError,
};
pub use password_change::{PasswordChangeError, PasswordResetError, PendingAccounts, ResetRequestError};
pub use ports::{AuditLog, Avatars, Housekeeping, Outbox, Ports};
pub use refresh::{ADMIN_APPLICATION, Grant, RefreshFlowError};
pub use sign_up::{Activation, SignUp, SignUpError};
pub use standing::{Standing, StandingError, standing};
pub use store::{Job, Store, read, write};

#[cfg(any(test, feature = "fake"))]
pub mod fake;

#[cfg(test)]
mod tests;
