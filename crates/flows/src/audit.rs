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
    /// Who did it, where it was not the account itself: an administrator, a reviewer.
    pub actor: Option<AccountId>,
    /// What exactly: a label and its value, a level, a key's id. Never personal data, never a secret.
    pub detail: Option<String>,
    /// Who called, through which door, from where.
    pub caller: Caller,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What can be done to an account or an installation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[$doc])* $variant,)* }

        impl AuditAction {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

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
    /// A provider's word opened an account that was made otherwise, and does from now on.
    LinkProvider = "account.link_provider",
    /// An account that nobody could log in to was given ways to.
    Upgrade = "account.upgrade",
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
    /// A link that opens a session was asked for.
    RequestLink = "session.request_link",
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
    /// A role was made.
    CreateRole = "role.create",
    /// A scope was made.
    CreateScope = "scope.create",
    /// The scopes of a role were replaced.
    SetRoleScopes = "role.set_scopes",
    /// The scope that a log-in with a role grants was set.
    SetDefaultScope = "role.set_default_scope",
    /// The role of whoever has no other in an application was set.
    SetDefaultRole = "application.set_default_role",
    /// What people call an application was set.
    NameApplication = "application.set_names",
    /// A provider's word no longer opens an account.
    UnlinkProvider = "account.unlink_provider",
    /// A log-in address was given up.
    RemoveAddress = "email.remove",
    /// A signing key was made.
    CreateKey = "key.create",
    /// Somebody logged in with their second factor, or tried.
    LogInWithSecondFactor = "session.log_in_second_factor",
    /// Everything was shown for a log-in but the second factor.
    AwaitSecondFactor = "session.await_second_factor",
    /// A secret for a second factor was shown.
    BeginSecondFactor = "second_factor.begin",
    /// A second factor was put in force.
    EnableSecondFactor = "second_factor.enable",
    /// A code was shown outside a log-in.
    VerifySecondFactor = "second_factor.verify",
    /// A code was shown again that was accepted before.
    ReplaySecondFactor = "second_factor.replay",
    /// A second factor was taken away.
    DisableSecondFactor = "second_factor.disable",
    /// A new set of recovery codes was made.
    CreateRecoveryCodes = "second_factor.create_recovery_codes",
    /// A recovery code was used in place of a code.
    UseRecoveryCode = "second_factor.use_recovery_code",
    /// Somebody asked to see the keys for signing requests.
    ReadApiKeys = "api_key.read",
    /// A key for signing requests was made.
    CreateApiKey = "api_key.create",
    /// The scope or state of a key for signing requests was set.
    UpdateApiKey = "api_key.update",
    /// A key for signing requests was removed.
    RemoveApiKey = "api_key.remove",
    /// A service account was made.
    CreateServiceAccount = "service_account.create",
    /// Owner, role or state of a service account was set.
    UpdateServiceAccount = "service_account.update",
    /// A label was set.
    SetLabel = "label.set",
    /// A label was removed.
    RemoveLabel = "label.remove",
    /// The level changed that follows from the labels.
    ChangeLevel = "level.change",
    /// A profile was handed in or changed.
    SubmitProfile = "profile.submit",
    /// A reviewer decided on a profile.
    ReviewProfile = "profile.review",
    /// A phone was added, or a new code sent to it.
    AddPhone = "phone.add",
    /// A phone's holder showed the code, or tried.
    VerifyPhone = "phone.verify",
    /// A phone was removed.
    RemovePhone = "phone.remove",
    /// A document was handed in.
    SubmitDocument = "document.submit",
    /// A document's contents were looked at.
    ViewDocument = "document.view",
    /// A reviewer decided on a document.
    ReviewDocument = "document.review",
    /// A role was given or taken.
    SetRole = "role.set",
    /// Somebody in authority looked for accounts or read one.
    ReadAccounts = "account.read",
    /// Somebody in authority read what was done.
    ReadActivities = "activity.read",
    /// Something was noted about an account, or the note changed.
    Comment = "comment.set",
    /// A note about an account was removed.
    RemoveComment = "comment.remove",
    /// A rule about what a role may do behind a gateway was made or changed.
    SetAccessRule = "access_rule.set",
    /// A rule about what a role may do behind a gateway was removed.
    RemoveAccessRule = "access_rule.remove",
    /// A rule about from where requests may come was made or changed.
    SetRestriction = "restriction.set",
    /// A rule about from where requests may come was removed.
    RemoveRestriction = "restriction.remove",
    /// A link was made that lets in who is kept out because of where they are.
    MakeWhitelink = "whitelink.make",
    /// Somebody showed such a link and was let in.
    RedeemWhitelink = "whitelink.redeem",
    /// A client left a text with an account.
    RecordData = "data_storage.record",
    /// A text that a client left was removed.
    RemoveData = "data_storage.remove",
    /// The gateway was asked about something that a rule wants noted.
    AskGateway = "gateway.ask",
    /// A server that the operator trusts asked for what was noted just before; the detail names who signed.
    ObeyServer = "server.obey",
    /// A back end that the operator gave a token asked for what was noted just before; the detail names it.
    ObeyClient = "client.obey",
    /// A token for a back end was made or taken over.
    CreateAdminToken = "admin_token.create",
    /// A back end's token was taken back.
    RevokeAdminToken = "admin_token.revoke",
    /// A password was set without the old one being shown: by a back end, or by who was logged in.
    SetPassword = "password.set",
    /// What a back end keeps about a user was set or removed.
    SetAttribute = "attribute.set",
    /// What a user agreed to was noted, or the agreement taken back.
    SetOptIn = "opt_in.set",
    /// A client was registered that may be let act in people's place.
    RegisterClient = "oauth_client.register",
    /// An administrator decided whether a client may be used.
    DecideClient = "oauth_client.decide",
    /// A client showed a wrong secret.
    AuthenticateClient = "oauth_client.authenticate",
    /// Somebody let a client act in their place.
    Consent = "oauth.consent",
    /// A client was given a session of somebody's, or tried to get one.
    Delegate = "session.delegate",
    /// Somebody asked for authority they do not have.
    Denied = "authority.denied",
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
