use actix_web::web;
use clavis_flows::{Correspondence, Letter, LetterKind, LinkAction, MailBody, OutgoingMail};

use crate::App;

/// Mails of a dialect whose contract has none: in English, with links that lead to our own pages. Nothing that the
/// account's owner chose stands in them.
pub(crate) struct PlainLetters {
    pub(crate) app: web::Data<App>,
}

impl Correspondence for PlainLetters {
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        let (subject, lead, page) = match letter.kind {
            LetterKind::Activation => (
                "Activate your account",
                "An account was registered with this address. Follow the link to activate it:",
                "/mail/activate",
            ),
            LetterKind::PasswordReset => (
                "Reset your password",
                "Somebody asked to reset the password of the account with this address. If it was you, follow the link:",
                "/mail/reset",
            ),
            LetterKind::EmailChange => (
                "Confirm your new address",
                "Somebody asked to make this the address of an account. If it was you, follow the link:",
                "/mail/email",
            ),
            LetterKind::EmailChanged => (
                "Your address was changed",
                "This is no longer the address of your account: it was replaced by another. If it was not you, ask the administrator for help.",
                "",
            ),
            LetterKind::MagicLink(LinkAction::LogIn) => (
                "Log in",
                "Somebody asked to log in to the account with this address. If it was you, follow the link:",
                "/mail/log-in",
            ),
            LetterKind::MagicLink(LinkAction::Register) => (
                "Log in for the first time",
                "An account was registered with this address. Follow the link to log in to it:",
                "/mail/register",
            ),
        };
        let link = letter
            .ticket
            .map(|ticket| self.app.public_url.join(page) + "?ticket=" + ticket.expose());
        let text = match &link {
            Some(link) => {
                format!("{lead}\n\n{link}\n\nIf it was not you, ignore this mail: nothing happens.\n")
            }
            None => format!("{lead}\n"),
        };
        let html = match &link {
            // The link is the operator's URL and a ticket of ours: nothing in it means anything in HTML.
            Some(link) => format!(
                "<p>{lead}</p><p><a href=\"{link}\">{link}</a></p><p>If it was not you, ignore this mail: nothing happens.</p>"
            ),
            None => format!("<p>{lead}</p>"),
        };
        OutgoingMail {
            to: letter.to.clone(),
            subject: subject.to_owned(),
            body: MailBody { text, html },
            headers: Vec::new(),
        }
    }
}
