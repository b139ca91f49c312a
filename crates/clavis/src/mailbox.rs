use std::io;

use clavis_delivery::{DeliveredText, MailSummary, Mailbox};
use clavis_http::pages::{MailboxMail, MailboxReader, MailboxSummary, MailboxText};

/// The files of the outbox, for dev mode's mailbox page.
pub(crate) struct OutboxFiles(pub Mailbox);

impl MailboxReader for OutboxFiles {
    fn newest(&self, limit: usize) -> io::Result<Vec<MailboxSummary>> {
        Ok(self.0.newest(limit)?.into_iter().map(summary).collect())
    }

    fn read(&self, id: &str) -> io::Result<Option<MailboxMail>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(self.0.read(&id)?.map(|mail| MailboxMail {
            summary: summary(mail.summary),
            text: mail.text,
        }))
    }

    fn newest_texts(&self, limit: usize) -> io::Result<Vec<MailboxText>> {
        Ok(self.0.newest_texts(limit)?.into_iter().map(text).collect())
    }
}

fn text(text: DeliveredText) -> MailboxText {
    MailboxText {
        to: text.to,
        text: text.text,
        date: text.date.map(|date| date.to_rfc2822()).unwrap_or_default(),
    }
}

fn summary(mail: MailSummary) -> MailboxSummary {
    MailboxSummary {
        id: mail.id.as_str().to_owned(),
        to: mail.to,
        subject: mail.subject,
        date: mail.date.map(|date| date.to_rfc2822()).unwrap_or_default(),
    }
}
