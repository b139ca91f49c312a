//! Pluto's mails, and the tokens they carry.

use actix_web::web;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_flows::{Correspondence, Letter, LetterKind, LinkAction, MailBody, OutgoingMail};
use clavis_identity::{Account, TicketPurpose};
use clavis_kernel::{Email, Entropy, EntropyExt as _, Secret};

use super::claims::{MailClaims, MailToken};
use crate::lifetime::in_words;
use crate::{App, MailLinks};

/// How Pluto writes to people. Nothing that the account's owner chose stands in a mail: whoever registers
/// somebody else's address must not be able to write to them.
pub(super) struct Letters {
    pub(super) app: web::Data<App>,
    pub(super) links: MailLinks,
    /// How long the link of a verification mail works.
    pub(super) verification: Duration,
    /// How long the link of a reset mail works.
    pub(super) reset: Duration,
}

#[derive(Template)]
#[template(path = "pluto/letter.txt")]
struct TextLetter<'a> {
    letter: &'a Wording,
}

#[derive(Template)]
#[template(path = "pluto/letter.html")]
struct HtmlLetter<'a> {
    letter: &'a Wording,
}

/// What a mail says.
struct Wording {
    subject: &'static str,
    lead: &'static str,
    /// What following the link does, and the link.
    action: Option<(&'static str, String)>,
    /// How long the link works.
    works_for: Option<String>,
    closing: &'static str,
}

impl Letters {
    fn wording(&self, letter: &Letter<'_>) -> Wording {
        let link = |path: &str| {
            letter
                .ticket
                .map(|token| self.app.public_url.join(path) + token.expose())
        };
        let (page, contract) = match letter.kind {
            LetterKind::Activation => ("/mail/verify?token=", "/web/mail/verify/"),
            LetterKind::PasswordReset => ("/mail/reset?token=", "/web/password/reset/"),
            LetterKind::EmailChange | LetterKind::EmailChanged => {
                ("/mail/email?token=", "/mail/email?token=")
            }
            LetterKind::MagicLink(LinkAction::LogIn) => ("/mail/log-in?token=", "/mail/log-in?token="),
            LetterKind::MagicLink(LinkAction::Register) => ("/mail/register?token=", "/mail/register?token="),
        };
        let link = link(match self.links {
            MailLinks::Pages => page,
            MailLinks::Contract => contract,
        });
        let works_for = |lifetime: Duration| link.as_ref().map(|_| in_words(lifetime));
        match letter.kind {
            LetterKind::Activation => Wording {
                subject: "[Pluto]Mail Verification",
                lead: "An account was registered with this mail address. Verify that the address is yours to use the account.",
                works_for: works_for(self.verification),
                action: link.map(|link| ("Verify my mail address", link)),
                closing: "If you did not register, ignore this mail: nothing happens.",
            },
            LetterKind::PasswordReset => Wording {
                subject: "[Pluto]Password Reset",
                lead: "Somebody asked to reset the password of the account with this mail address.",
                works_for: works_for(self.reset),
                action: link.map(|link| ("Choose a new password", link)),
                closing: "If it was not you, ignore this mail: your password stays as it is.",
            },
            LetterKind::EmailChange => Wording {
                subject: "[Pluto]Mail Change",
                lead: "Somebody asked to make this the mail address of an account.",
                works_for: works_for(self.verification),
                action: link.map(|link| ("Use this mail address", link)),
                closing: "If it was not you, ignore this mail: nothing happens.",
            },
            LetterKind::MagicLink(_) => Wording {
                subject: "[Pluto]Log In",
                lead: "Somebody asked to log in to the account with this mail address.",
                works_for: None,
                action: link.map(|link| ("Log in", link)),
                closing: "If it was not you, ignore this mail: nothing happens.",
            },
            LetterKind::EmailChanged => Wording {
                subject: "[Pluto]Mail Changed",
                lead: "This is no longer the mail address of your account: it was removed or replaced.",
                works_for: None,
                action: None,
                closing: "If it was not you, ask the administrator for help.",
            },
        }
    }
}

impl Correspondence for Letters {
    /// Pluto's token: base64url of a JWT, whose text as a whole is the ticket.
    fn ticket(
        &self,
        purpose: TicketPurpose,
        account: &Account,
        address: &Email,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Secret {
        let (kind, names_account) = match purpose {
            TicketPurpose::Activate | TicketPurpose::ActivateByClient => (MailToken::Verification, true),
            TicketPurpose::ResetPassword => (MailToken::PasswordReset, false),
            TicketPurpose::ChangeEmail | TicketPurpose::LogInByLink | TicketPurpose::RegisterByLink => {
                (MailToken::MailChange, false)
            }
        };
        let claims = MailClaims {
            kind: kind.name(),
            iat: issued_at.timestamp(),
            exp: expires_at.timestamp(),
            sub: names_account.then_some(account.number.0),
            mail: (!names_account).then(|| address.as_str()),
            jti: hex::encode(entropy.bytes::<16>()),
        };
        match claims.sign(&self.app.ring.get(), issued_at) {
            Ok(token) => Secret::new(URL_SAFE_NO_PAD.encode(token)),
            Err(error) => {
                // Without a key no token of Pluto's can be made; the mail then carries one that our own pages
                // know and the contract's do not.
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
            subject: wording.subject.to_owned(),
            body: MailBody {
                text: rendered(TextLetter { letter: &wording }.render()),
                html: rendered(HtmlLetter { letter: &wording }.render()),
            },
            headers: Vec::new(),
        }
    }
}
