//! What an entry of the audit trail means to programs that want to know what happened to accounts.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clavis_kernel::{AuditId, Caller, DocumentId, ProfileId};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, ReviewState};

use crate::{AuditAction, AuditEntry, AuditResult, Person};

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// It was made.
    UserCreated,
    /// Something that is shown of it was changed.
    UserUpdated,
    /// Its address was proven.
    EmailConfirmed,
    /// A new password was set by a mailed ticket.
    PasswordReset,
    /// The password was replaced in another way.
    PasswordChanged,
    /// It is gone.
    AccountDeleted,
    /// Somebody logged in.
    SessionCreated,
    /// Its documents were found right.
    DocumentVerified,
    /// Its documents were found wrong.
    DocumentRejected,
    /// A label says something new.
    LabelSet(LabelSaid),
    /// A profile was handed in, changed or decided on.
    ProfileChanged {
        /// Which.
        id: ProfileId,
        /// How far its review had come then; `None` where the trail does not say.
        state: Option<ReviewState>,
    },
    /// A document was handed in.
    DocumentSubmitted(DocumentId),
}

/// What happened, to whom, and who called.
#[derive(Debug, Clone)]
pub struct Happened {
    /// The entry of the trail that tells of it.
    pub entry: AuditId,
    /// Which of the happenings that the entry tells of.
    pub nth: usize,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: Happening,
    /// The account as it is by now, and not as it was then.
    pub person: Arc<Person>,
    /// Who called.
    pub caller: Caller,
}

/// What a label was set to, as the trail notes it: `document:verified (private)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSaid {
    /// The key.
    pub key: LabelKey,
    /// The value.
    pub value: LabelValue,
    /// The scope.
    pub scope: LabelScope,
}

/// The text is not what the trail notes of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a label's key, value and scope")]
pub struct NotSaid;

impl fmt::Display for LabelSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({})", self.key, self.value, self.scope.name())
    }
}

impl FromStr for LabelSaid {
    type Err = NotSaid;

    fn from_str(text: &str) -> Result<Self, NotSaid> {
        let (said, scope) = text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once(" ("))
            .ok_or(NotSaid)?;
        let (key, value) = said.split_once(':').ok_or(NotSaid)?;
        Ok(Self {
            key: key.parse().map_err(|_| NotSaid)?,
            value: value.parse().map_err(|_| NotSaid)?,
            scope: scope.parse().map_err(|_| NotSaid)?,
        })
    }
}

/// What an entry tells of, in the order in which it is told. What was refused did not happen.
pub fn happenings(entry: &AuditEntry) -> Vec<Happening> {
    use AuditAction as Action;
    if entry.result != AuditResult::Succeeded || entry.account.is_none() {
        return Vec::new();
    }
    let detail = entry.detail.as_deref().unwrap_or_default();
    match entry.action {
        Action::SignUp => vec![Happening::UserCreated],
        Action::Activate => vec![Happening::EmailConfirmed, Happening::UserUpdated],
        Action::ResetPassword => vec![Happening::PasswordReset],
        Action::ChangePassword | Action::SetPassword => vec![Happening::PasswordChanged],
        Action::Delete => vec![Happening::AccountDeleted],
        Action::LogIn | Action::LogInWithSecondFactor | Action::Impersonate => {
            vec![Happening::SessionCreated]
        }
        Action::Upgrade
        | Action::ChangeEmail
        | Action::RemoveAddress
        | Action::UpdateProfile
        | Action::SetState
        | Action::SetRole
        | Action::ChangeLevel
        | Action::EnableSecondFactor
        | Action::DisableSecondFactor => vec![Happening::UserUpdated],
        Action::SetLabel => label_set(detail),
        Action::SubmitProfile | Action::ReviewProfile => profile_changed(detail).into_iter().collect(),
        Action::SubmitDocument => {
            let id = detail.parse().map(DocumentId);
            id.map(Happening::DocumentSubmitted).into_iter().collect()
        }
        // Of a decision on a document its label tells, which can also be set without one. The rest is asked for, looked
        // at or kept in confidence, or about no account.
        Action::ReviewDocument
        | Action::LinkProvider
        | Action::UnlinkProvider
        | Action::Refresh
        | Action::LogOut
        | Action::RevokeAll
        | Action::RequestActivation
        | Action::RequestPasswordReset
        | Action::RequestEmailChange
        | Action::RequestLink
        | Action::AwaitSecondFactor
        | Action::BeginSecondFactor
        | Action::VerifySecondFactor
        | Action::ReplaySecondFactor
        | Action::CreateRecoveryCodes
        | Action::UseRecoveryCode
        | Action::ReadApiKeys
        | Action::CreateApiKey
        | Action::UpdateApiKey
        | Action::RemoveApiKey
        | Action::CreateServiceAccount
        | Action::UpdateServiceAccount
        | Action::RemoveLabel
        | Action::AddPhone
        | Action::VerifyPhone
        | Action::RemovePhone
        | Action::ViewDocument
        | Action::ReadAccounts
        | Action::ReadActivities
        | Action::Comment
        | Action::RemoveComment
        | Action::RecordData
        | Action::RemoveData
        | Action::SetAttribute
        | Action::SetOptIn
        | Action::AskGateway
        | Action::ObeyServer
        | Action::ObeyClient
        | Action::Consent
        | Action::Delegate
        | Action::Denied
        | Action::CreateApplication
        | Action::CreateRole
        | Action::CreateScope
        | Action::SetRoleScopes
        | Action::SetDefaultScope
        | Action::SetDefaultRole
        | Action::NameApplication
        | Action::CreateKey
        | Action::SetAccessRule
        | Action::RemoveAccessRule
        | Action::SetRestriction
        | Action::RemoveRestriction
        | Action::MakeWhitelink
        | Action::RedeemWhitelink
        | Action::CreateAdminToken
        | Action::RevokeAdminToken
        | Action::RegisterClient
        | Action::DecideClient
        | Action::AuthenticateClient => Vec::new(),
    }
}

/// A private label about documents is a verdict on them, whoever set it.
fn label_set(detail: &str) -> Vec<Happening> {
    let Ok(said) = detail.parse::<LabelSaid>() else {
        return Vec::new();
    };
    let is_verdict = said.scope == LabelScope::Private && said.key == LabelKey::DOCUMENT;
    let verdict = if is_verdict && said.value == LabelValue::VERIFIED {
        Some(Happening::DocumentVerified)
    } else if is_verdict && said.value == LabelValue::REJECTED {
        Some(Happening::DocumentRejected)
    } else {
        None
    };
    [Some(Happening::LabelSet(said)), verdict]
        .into_iter()
        .flatten()
        .collect()
}

/// The trail notes a profile's id and, in most entries, its state.
fn profile_changed(detail: &str) -> Option<Happening> {
    let (id, state) = detail.split_once(' ').unwrap_or((detail, ""));
    Some(Happening::ProfileChanged {
        id: id.parse().map(ProfileId).ok()?,
        state: state.parse().ok(),
    })
}
