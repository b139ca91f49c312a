//! Barong's mails, and the tokens they carry.

mod token;

use actix_web::web;
use askama::Template;
use chrono::{DateTime, Duration, Utc};
use clavis_flows::{Correspondence, Letter, LetterKind, LinkAction, MailBody, OutgoingMail};
use clavis_identity::{Account, TicketPurpose};
use clavis_kernel::{Email, Entropy, EntropyExt as _, Secret};

use super::settings::Settings;
use crate::App;
use crate::lifetime::in_words;

/// How Barong writes to people. Nothing that the account's owner chose stands in a mail: whoever registers somebody
/// else's address must not be able to write to them. The links lead to our own pages: upstream's lead to a front end
/// that this server knows nothing of.
pub(super) struct Letters {
    app: web::Data<App>,
    app_name: String,
    lifetime: Duration,
}

#[derive(Template)]
#[template(path = "barong/letter.txt")]
struct TextLetter<'a> {
    letter: &'a Wording,
}

#[derive(Template)]
#[template(path = "barong/letter.html")]
struct HtmlLetter<'a> {
    letter: &'a Wording,
}

/// What a mail says.
struct Wording {
    subject: String,
    lead: String,
    /// What following the link does, and the link.
    action: Option<(&'static str, String)>,
    /// How long the link works.
    works_for: Option<String>,
    closing: &'static str,
}

impl Letters {
    pub(super) fn new(app: web::Data<App>, settings: &Settings, lifetime: Duration) -> Self {
        Self {
            app,
            app_name: settings.app_name.clone(),
            lifetime,
        }
    }

    fn wording(&self, letter: &Letter<'_>) -> Wording {
        let name = &self.app_name;
        let link = |page: &str| {
            let token = letter.ticket?;
            Some(self.app.public_url.join(page) + "?token=" + token.expose())
        };
        let works_for = letter.ticket.map(|_| in_words(self.lifetime));
        match letter.kind {
            LetterKind::Activation => Wording {
                subject: format!("[{name}] Confirm your email address"),
                lead: format!(
                    "An account at {name} was registered with this email address. Confirm that the address is yours to use the account."
                ),
                action: link("/mail/activate").map(|link| ("Confirm my email address", link)),
                works_for,
                closing: "If you did not register, ignore this mail: nothing happens.",
            },
            LetterKind::PasswordReset => Wording {
                subject: format!("[{name}] Reset your password"),
                lead: format!(
                    "Somebody asked to reset the password of the account at {name} with this email address."
                ),
                action: link("/mail/reset").map(|link| ("Choose a new password", link)),
                works_for,
                closing: "If it was not you, ignore this mail: your password stays as it is.",
            },
            LetterKind::EmailChange => Wording {
                subject: format!("[{name}] Confirm your new email address"),
                lead: format!("Somebody asked to make this the email address of an account at {name}."),
                action: link("/mail/email").map(|link| ("Use this email address", link)),
                works_for,
                closing: "If it was not you, ignore this mail: nothing happens.",
            },
            LetterKind::MagicLink(action) => Wording {
                subject: format!("[{name}] Log in"),
                lead: format!("Somebody asked to log in to the account at {name} with this email address."),
                action: link(match action {
                    LinkAction::LogIn => "/mail/log-in",
                    LinkAction::Register => "/mail/register",
                })
                .map(|link| ("Log in", link)),
                works_for,
                closing: "If it was not you, ignore this mail: nothing happens.",
            },
            LetterKind::EmailChanged => Wording {
                subject: format!("[{name}] Your email address was changed"),
                lead: format!(
                    "This is no longer the email address of your account at {name}: it was replaced by another."
                ),
                action: None,
                works_for: None,
                closing: "If it was not you, ask the administrator for help.",
            },
        }
    }
}

impl Correspondence for Letters {
    /// A JWT, whose text as a whole is the ticket.
    fn ticket(
        &self,
        purpose: TicketPurpose,
        account: &Account,
        address: &Email,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Secret {
        let (ring, times) = (self.app.ring.get(), (issued_at, expires_at));
        match token::sign(purpose, account, address, times, &ring, entropy) {
            Ok(token) => token,
            Err(error) => {
                // Without a key no token can be made; the mail then carries one that is good all the same, and that
                // clients cannot read.
                tracing::error!(%error, "a mailed token could not be signed");
                Secret::new(entropy.uuid_v4().to_string())
            }
        }
    }

    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        let wording = self.wording(letter);
        let rendered = |template: Result<String, askama::Error>| {
            template.expect("rendering texts into a string does not fail")
        };
        OutgoingMail {
            to: letter.to.clone(),
            body: MailBody {
                text: rendered(TextLetter { letter: &wording }.render()),
                html: rendered(HtmlLetter { letter: &wording }.render()),
            },
            subject: wording.subject,
            headers: Vec::new(),
        }
    }
}
