//! Mail, from the outbox to an SMTP server, and text messages, at once to a gateway; both into files where nothing
//! else is set. And events: to a broker, in order and at least once, or at once to servers that want to know of them.
//!
//! [`OutboxWorker`] takes mails out of the store and hands each to a [`Mailer`] until that took it or there is no
//! hope left. Nothing here decides whether a mail or a text is written, and nothing of a mail but its id and the
//! recipient's domain reaches a log, of a text nothing at all.

mod amqp;
mod callbacks;
mod compose;
mod events;
mod files;
mod mailbox;
mod mailer;
mod outbox;
mod outgoing;
mod sender;
mod smtp;
mod texts;
mod transport;

pub use amqp::{AmqpBroker, AmqpServer, AmqpTls};
pub use callbacks::{CallbackTarget, CallbackTargetError, WebhookCallbacks};
pub use events::{EventPolicy, EventWorker};
pub use files::FileMailer;
pub use mailbox::{DeliveredMail, MailFileId, MailFileIdError, MailSummary, Mailbox};
pub use mailer::{MailError, MailFault, Mailer, SmtpStep};
pub use outbox::{OutboxPolicy, OutboxWorker};
pub use sender::{Sender, SenderError};
pub use smtp::{SmtpMailer, SmtpSetupError};
pub use texts::{
    DeliveredText, FileTexts, GatewayCredentials, TextLimits, TextTransport, TextUrlError, TwilioAccount,
    TwilioSender, TwilioTexts, WebhookTarget, WebhookTexts, texts_from_url,
};
pub use transport::{MailTransport, MailUrlError, SmtpCredentials, SmtpServer, TlsUse};
