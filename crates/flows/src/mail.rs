use std::fmt;

use chrono::{DateTime, Utc};
use clavis_identity::{Account, TicketPurpose};
use clavis_kernel::{Email, Entropy, EntropyExt as _, MailId, MasterKey, Purpose, SealError, Secret};

use crate::ReviewNotice;

/// Why a mail is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// To a new account's address: follow the link to activate it.
    Activation,
    /// To a log-in address: follow the link to set a new password.
    PasswordReset,
    /// To a new address: follow the link to make it the log-in address.
    EmailChange,
    /// To the old address: it was replaced.
    EmailChanged,
    /// To an account's address: follow the link to be logged in.
    MagicLink(LinkAction),
}

/// What a link is for that opens a session in place of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkAction {
    /// To log in.
    LogIn,
    /// To log in for the first time to an account that was made without a password, and to activate it.
    Register,
}

impl LinkAction {
    /// What the ticket of such a link is good for.
    pub const fn purpose(self) -> TicketPurpose {
        match self {
            Self::LogIn => TicketPurpose::LogInByLink,
            Self::Register => TicketPurpose::RegisterByLink,
        }
    }
}

/// A mail to be written.
pub struct Letter<'a> {
    /// Why.
    pub kind: LetterKind,
    /// To whom.
    pub to: &'a Email,
    /// About whom.
    pub account: &'a Account,
    /// The ticket its reader will use, in kinds that have one.
    pub ticket: Option<&'a Secret>,
}

/// How a dialect writes to people. Pure: it sends nothing.
pub trait Correspondence: Send + Sync {
    /// A new ticket in the dialect's spelling; a random version-4 UUID unless it has one of its own.
    fn ticket(
        &self,
        _purpose: TicketPurpose,
        _account: &Account,
        _address: &Email,
        _issued_at: DateTime<Utc>,
        _expires_at: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Secret {
        Secret::new(entropy.uuid_v4().to_string())
    }

    /// The mail in the dialect's words.
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail;

    /// The mail about a reviewer's decision.
    fn review(&self, notice: &ReviewNotice<'_>) -> OutgoingMail {
        notice.plain()
    }
}

/// A mail ready to be sent. Its body may carry a ticket, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// To whom.
    pub to: Email,
    /// The subject, one line.
    pub subject: String,
    /// The body.
    pub body: MailBody,
    /// Headers beyond the usual: name and value, one line each.
    pub headers: Vec<(String, String)>,
}

/// A mail's body in two forms that say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct MailBody {
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutgoingMail(..)")
    }
}

/// A mail in the outbox: sealed, since it may carry a ticket that is stored as a digest everywhere else.
#[derive(Debug, Clone)]
pub struct QueuedMail {
    /// Its id.
    pub id: MailId,
    /// The mail, sealed for [`Purpose::Outbox`] and bound to its id.
    pub sealed: Vec<u8>,
    /// How often sending it failed.
    pub attempts: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A sealed mail that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// It does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It opens, and holds something else.
    #[error("the sealed mail is not readable: {0}")]
    Unreadable(&'static str),
}

impl QueuedMail {
    /// Seals a mail for the outbox.
    pub fn seal(mail: &OutgoingMail, master: &MasterKey, entropy: &dyn Entropy, now: DateTime<Utc>) -> Self {
        let id = MailId(entropy.uuid_v7(now));
        let headers: Vec<_> = mail
            .headers
            .iter()
            .map(|(name, value)| serde_json::json!([name, value]))
            .collect();
        let json = serde_json::json!({
            "to": mail.to.as_str(),
            "subject": mail.subject,
            "text": mail.body.text,
            "html": mail.body.html,
            "headers": headers,
        });
        let sealed = master.seal(
            Purpose::Outbox,
            id.0.as_bytes(),
            json.to_string().as_bytes(),
            entropy,
        );
        Self {
            id,
            sealed,
            attempts: 0,
            created_at: now,
        }
    }

    /// Opens the mail.
    pub fn open(&self, master: &MasterKey) -> Result<OutgoingMail, UnsealError> {
        let plain = master.open(Purpose::Outbox, self.id.0.as_bytes(), &self.sealed)?;
        let json: serde_json::Value =
            serde_json::from_slice(&plain).map_err(|_| UnsealError::Unreadable("not JSON"))?;
        let text = |name: &'static str| {
            json.get(name)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
                .ok_or(UnsealError::Unreadable(name))
        };
        let headers = json
            .get("headers")
            .and_then(|value| value.as_array())
            .into_iter()
            .flatten();
        Ok(OutgoingMail {
            to: text("to")?.parse().map_err(|_| UnsealError::Unreadable("to"))?,
            subject: text("subject")?,
            body: MailBody {
                text: text("text")?,
                html: text("html")?,
            },
            headers: headers
                .filter_map(|pair| {
                    Some((
                        pair.get(0)?.as_str()?.to_owned(),
                        pair.get(1)?.as_str()?.to_owned(),
                    ))
                })
                .collect(),
        })
    }
}
