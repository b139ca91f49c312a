use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Caller};

/// One line of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose account it was about; `None` when about none.
    pub account: Option<AccountId>,
    /// What was done.
    pub action: AuditAction,
    /// How it ended.
    pub result: AuditResult,
    /// Who called, through which door, from where.
    pub caller: Caller,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What can be done to an account or an installation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[$doc])* $variant,)* }

        impl AuditAction {
            /// The name in the store and in logs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl FromStr for AuditAction {
            type Err = UnknownAction;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownAction) }
            }
        }
    };
}

actions! {
    /// An account was made.
    SignUp = "account.sign_up",
    /// An account became active, its address proven.
    Activate = "account.activate",
    /// Somebody logged in, or tried.
    LogIn = "session.log_in",
    /// An operator's secret opened a session in place of a password.
    Impersonate = "session.impersonate",
    /// A refresh token was exchanged.
    Refresh = "session.refresh",
    /// A session was ended by its holder.
    LogOut = "session.log_out",
    /// Every session of an account was ended.
    RevokeAll = "session.revoke_all",
    /// A mail with an activation was asked for.
    RequestActivation = "account.request_activation",
    /// A mail with a password reset was asked for.
    RequestPasswordReset = "password.request_reset",
    /// A password was set by a mailed ticket.
    ResetPassword = "password.reset",
    /// A password was changed by somebody who knew the old one.
    ChangePassword = "password.change",
    /// A mail to a new address was asked for.
    RequestEmailChange = "email.request_change",
    /// The log-in address was replaced.
    ChangeEmail = "email.change",
    /// Name, avatar or attributes were changed.
    UpdateProfile = "account.update_profile",
    /// An account was removed by its owner.
    Delete = "account.delete",
    /// An operator set an account's state.
    SetState = "account.set_state",
    /// An application was made.
    CreateApplication = "application.create",
    /// A signing key was made.
    CreateKey = "key.create",
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such action")]
pub struct UnknownAction;

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How what was tried ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditResult {
    /// It was done.
    Succeeded,
    /// It was refused, for this reason.
    Refused(String),
}
