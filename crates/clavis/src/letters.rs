use clavis_flows::{Correspondence, Letter, LetterKind, MailBody, OutgoingMail};

/// How the operator's door writes: plainly. Its use cases mail nothing by themselves.
#[derive(Debug)]
pub(crate) struct PlainLetters;

impl Correspondence for PlainLetters {
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        let subject = match letter.kind {
            LetterKind::Activation => "Activate your account",
            LetterKind::PasswordReset => "Reset your password",
            LetterKind::EmailChange => "Confirm your new address",
            LetterKind::EmailChanged => "Your address was changed",
            LetterKind::MagicLink(_) => "Log in",
        };
        let ticket = letter
            .ticket
            .map(|ticket| format!(" Ticket: {}", ticket.expose()))
            .unwrap_or_default();
        OutgoingMail {
            to: letter.to.clone(),
            subject: subject.to_owned(),
            body: MailBody {
                text: format!("{subject}.{ticket}\n"),
                html: format!("<p>{subject}.{ticket}</p>"),
            },
            headers: Vec::new(),
        }
    }
}
