use std::collections::HashMap;

use askama::Template;
use clavis_flows::{Correspondence, Letter, LetterKind, LinkAction, MailBody, OutgoingMail};
use clavis_kernel::Secret;

use super::magic_link;
use super::own_templates::{OwnTemplate, Variables};
use crate::{MailLinks, PublicUrl};

/// The header that test suites and some deployments collect a ticket from.
const TICKET_HEADER: &str = "X-Ticket";
/// The same, of a link that logs in.
const TOKEN_HEADER: &str = "X-Token";

/// How the dialect writes.
#[derive(Debug)]
pub(super) struct Letters {
    pub(super) public_url: PublicUrl,
    pub(super) links: MailLinks,
    pub(super) ticket_header: TicketHeader,
    /// The operator's own templates, by the name of the letter.
    pub(super) own: HashMap<&'static str, OwnTemplate>,
}

/// Whether mails carry their ticket in a header too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TicketHeader {
    Sent,
    Left,
}

/// The names of the templates.
pub(super) const NAMES: [&str; 5] = [
    "activate-account",
    "lost-password",
    "change-email",
    "notify-email-change",
    "magic-link",
];

const fn name(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Activation => "activate-account",
        LetterKind::PasswordReset => "lost-password",
        LetterKind::EmailChange => "change-email",
        LetterKind::EmailChanged => "notify-email-change",
        LetterKind::MagicLink(_) => "magic-link",
    }
}

const fn subject(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Activation => "Confirm your email address",
        LetterKind::PasswordReset => "Reset your password",
        LetterKind::EmailChange => "Change your email address",
        LetterKind::EmailChanged => "The email attached to your account has been changed",
        LetterKind::MagicLink(LinkAction::LogIn) => "Secure log in link",
        LetterKind::MagicLink(LinkAction::Register) => "Secure register link",
    }
}

/// The header that a letter's ticket travels in.
const fn header(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Activation
        | LetterKind::PasswordReset
        | LetterKind::EmailChange
        | LetterKind::EmailChanged => TICKET_HEADER,
        LetterKind::MagicLink(_) => TOKEN_HEADER,
    }
}

/// What a letter's link that logs in is for.
const fn link_action(kind: LetterKind) -> Option<LinkAction> {
    match kind {
        LetterKind::Activation
        | LetterKind::PasswordReset
        | LetterKind::EmailChange
        | LetterKind::EmailChanged => None,
        LetterKind::MagicLink(action) => Some(action),
    }
}

/// Our own words, as text and as HTML.
macro_rules! templates {
    ($($text:ident, $text_file:literal, $html:ident, $html_file:literal;)*) => { $(
        #[derive(Template)]
        #[template(path = $text_file)]
        struct $text<'a> {
            variables: &'a Variables<'a>,
        }

        #[derive(Template)]
        #[template(path = $html_file)]
        struct $html<'a> {
            variables: &'a Variables<'a>,
        }
    )* };
}

templates! {
    ActivationText, "backend_plus/activate-account.txt", ActivationHtml, "backend_plus/activate-account.html";
    ResetText, "backend_plus/lost-password.txt", ResetHtml, "backend_plus/lost-password.html";
    ChangeText, "backend_plus/change-email.txt", ChangeHtml, "backend_plus/change-email.html";
    ChangedText, "backend_plus/notify-email-change.txt", ChangedHtml, "backend_plus/notify-email-change.html";
    LinkText, "backend_plus/magic-link.txt", LinkHtml, "backend_plus/magic-link.html";
}

fn body(kind: LetterKind, variables: &Variables<'_>) -> MailBody {
    let (text, html) = match kind {
        LetterKind::Activation => (
            ActivationText { variables }.render(),
            ActivationHtml { variables }.render(),
        ),
        LetterKind::PasswordReset => (ResetText { variables }.render(), ResetHtml { variables }.render()),
        LetterKind::EmailChange => (
            ChangeText { variables }.render(),
            ChangeHtml { variables }.render(),
        ),
        LetterKind::EmailChanged => (
            ChangedText { variables }.render(),
            ChangedHtml { variables }.render(),
        ),
        LetterKind::MagicLink(_) => (LinkText { variables }.render(), LinkHtml { variables }.render()),
    };
    let rendered = "a template of texts renders into memory";
    MailBody {
        text: text.expect(rendered),
        html: html.expect(rendered),
    }
}

impl Correspondence for Letters {
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        let display_name = match letter.account.display_name.as_str() {
            "" => letter.to.as_str(),
            name => name,
        };
        let ticket = letter.ticket.map(Secret::expose).unwrap_or_default();
        let link = letter.ticket.and_then(|ticket| self.link(letter.kind, ticket));
        let variables = Variables {
            display_name,
            ticket,
            url: self.public_url.as_str(),
            link: link.as_deref(),
            action: link_action(letter.kind),
        };
        let body = body(letter.kind, &variables);
        let own = self.own.get(name(letter.kind));
        let headers = letter.ticket.filter(|_| self.ticket_header == TicketHeader::Sent);
        OutgoingMail {
            to: letter.to.clone(),
            subject: own
                .and_then(|own| own.subject(&variables))
                .unwrap_or_else(|| subject(letter.kind).to_owned()),
            body: MailBody {
                text: own.and_then(|own| own.text(&variables)).unwrap_or(body.text),
                html: own.map_or(body.html, |own| own.html(&variables)),
            },
            headers: headers
                .map(|ticket| (header(letter.kind).to_owned(), ticket.expose().to_owned()))
                .into_iter()
                .collect(),
        }
    }
}

impl Letters {
    /// Where the letter's link leads. The contract has a URL for activation only; the other letters show the
    /// ticket for the application to collect.
    fn link(&self, kind: LetterKind, ticket: &Secret) -> Option<String> {
        let ticket = ticket.expose();
        if let LetterKind::MagicLink(action) = kind {
            let action = magic_link::name(action);
            return Some(self.public_url.join(&match self.links {
                MailLinks::Pages => format!("/mail/{action}?token={ticket}"),
                MailLinks::Contract => format!("/auth/magic-link?token={ticket}&action={action}"),
            }));
        }
        let path = match (self.links, kind) {
            (MailLinks::Pages, LetterKind::Activation) => "/mail/activate",
            (MailLinks::Contract, LetterKind::Activation) => "/auth/activate",
            (MailLinks::Pages, LetterKind::PasswordReset) => "/mail/reset",
            (MailLinks::Pages, LetterKind::EmailChange) => "/mail/email",
            (MailLinks::Contract, LetterKind::PasswordReset | LetterKind::EmailChange)
            | (_, LetterKind::EmailChanged | LetterKind::MagicLink(_)) => return None,
        };
        Some(self.public_url.join(&format!("{path}?ticket={ticket}")))
    }
}

#[cfg(test)]
mod tests {
    use clavis_identity::{Account, AccountState, Attributes};
    use clavis_kernel::fake::{FakeClock, FakeEntropy};
    use clavis_kernel::{AccountId, AccountNumber, Clock as _, Dialect, Email, EntropyExt as _, Uid};

    use super::*;

    const TICKET: &str = "1f0b8d0e-62a5-4b3c-9d0f-2f5f6f7f8f90";

    fn letters(links: MailLinks) -> Letters {
        Letters {
            public_url: "https://id.example.org".parse().unwrap(),
            links,
            ticket_header: TicketHeader::Sent,
            own: HashMap::new(),
        }
    }

    fn write(letters: &Letters, kind: LetterKind) -> OutgoingMail {
        let (now, entropy) = (FakeClock::default().now(), FakeEntropy::default());
        let account = Account {
            id: AccountId(entropy.uuid_v4()),
            number: AccountNumber(1),
            uid: Uid::generate(&entropy),
            state: AccountState::Active,
            display_name: "<Ann>\n& co".to_owned(),
            contact: None,
            avatar: None,
            attributes: Attributes::new(),
            created_through: Dialect::BackendPlus,
            valid_after: None,
            created_at: now,
            updated_at: now,
            last_login_at: None,
            activated_at: None,
            first_name: None,
            last_name: None,
        };
        let to: Email = "ann@example.org".parse().unwrap();
        let ticket = Secret::new(TICKET);
        let ticket = (kind != LetterKind::EmailChanged).then_some(&ticket);
        letters.compose(&Letter {
            kind,
            to: &to,
            account: &account,
            ticket,
        })
    }

    #[test]
    fn a_letter_links_to_our_page_and_shows_its_ticket() {
        for (kind, link) in [
            (
                LetterKind::Activation,
                "https://id.example.org/mail/activate?ticket=",
            ),
            (
                LetterKind::PasswordReset,
                "https://id.example.org/mail/reset?ticket=",
            ),
            (
                LetterKind::EmailChange,
                "https://id.example.org/mail/email?ticket=",
            ),
        ] {
            let mail = write(&letters(MailLinks::Pages), kind);
            for body in [&mail.body.text, &mail.body.html] {
                assert!(body.contains(&format!("{link}{TICKET}")), "{body}");
                assert_eq!(
                    body.matches(TICKET).count(),
                    2,
                    "in the link and by itself: {body}"
                );
            }
            assert_eq!(mail.headers, [(TICKET_HEADER.to_owned(), TICKET.to_owned())]);
        }
    }

    #[test]
    fn the_contracts_links_lead_to_the_api_where_it_has_a_url() {
        let activation = write(&letters(MailLinks::Contract), LetterKind::Activation);
        let link = format!("https://id.example.org/auth/activate?ticket={TICKET}");
        assert!(activation.body.text.contains(&link) && activation.body.html.contains(&link));
        for kind in [LetterKind::PasswordReset, LetterKind::EmailChange] {
            let mail = write(&letters(MailLinks::Contract), kind);
            assert!(!mail.body.text.contains("http") && mail.body.text.contains(TICKET));
            assert!(!mail.body.html.contains("href") && mail.body.html.contains(TICKET));
        }
    }

    #[test]
    fn a_link_that_logs_in_says_what_for() {
        for (action, subject, name) in [
            (LinkAction::LogIn, "Secure log in link", "log-in"),
            (LinkAction::Register, "Secure register link", "register"),
        ] {
            let kind = LetterKind::MagicLink(action);
            let page = write(&letters(MailLinks::Pages), kind);
            let contract = write(&letters(MailLinks::Contract), kind);
            assert_eq!(page.subject, subject);
            assert_eq!(page.headers, [(TOKEN_HEADER.to_owned(), TICKET.to_owned())]);
            let to_page = format!("https://id.example.org/mail/{name}?token={TICKET}");
            assert!(page.body.text.contains(&to_page) && page.body.html.contains(&to_page));
            let to_api = format!("https://id.example.org/auth/magic-link?token={TICKET}&action={name}");
            assert!(contract.body.text.contains(&to_api), "{}", contract.body.text);
            let in_html = to_api.replace('&', "&#38;");
            assert!(contract.body.html.contains(&in_html), "{}", contract.body.html);
        }
    }

    #[test]
    fn the_old_address_gets_no_ticket() {
        let mail = write(&letters(MailLinks::Pages), LetterKind::EmailChanged);
        assert_eq!(
            mail.subject,
            "The email attached to your account has been changed"
        );
        assert!(mail.headers.is_empty() && !mail.body.text.contains("ticket"));
    }

    #[test]
    fn what_people_typed_is_escaped_in_html() {
        for kind in [LetterKind::Activation, LetterKind::EmailChanged] {
            let mail = write(&letters(MailLinks::Pages), kind);
            assert!(!mail.body.html.contains("<Ann>"), "{}", mail.body.html);
        }
    }

    #[test]
    fn the_header_can_be_left_out() {
        let letters = Letters {
            ticket_header: TicketHeader::Left,
            ..letters(MailLinks::Pages)
        };
        assert!(write(&letters, LetterKind::Activation).headers.is_empty());
    }
}
