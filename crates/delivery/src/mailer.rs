use async_trait::async_trait;
use clavis_flows::OutgoingMail;
use clavis_kernel::MailId;

/// Hands mails over to whatever brings them to people.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over. The id is the same in every attempt to send the same mail, and its receiver may see
    /// it: a mail that went out twice because an answer was lost is recognised as one.
    async fn send(&self, id: MailId, mail: &OutgoingMail) -> Result<(), MailError>;
}

/// Why a mail was not handed over. Says nothing about its recipient or content, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// This mail will never be taken: trying again is useless.
    #[error("refused for good: {0}")]
    Permanent(MailFault),
    /// It may be taken another time, or once the operator mended something.
    #[error("not taken: {0}")]
    Temporary(MailFault),
}

/// What went wrong with a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// The recipient's address cannot be written into a mail.
    #[error("the recipient's address cannot be written into a mail")]
    BadAddress,
    /// The mail has an extra header that it may not have.
    #[error("the header {0:?} is not allowed")]
    BadHeader(String),
    /// The server takes ASCII addresses only, and this one cannot be written as such.
    #[error("the server takes no addresses outside ASCII")]
    NotAscii,
    /// No connection, or it broke.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
    /// TLS is wanted, and the server does not offer it.
    #[error("the mail server offers no STARTTLS")]
    NoStartTls,
    /// The server wants to see credentials, in a way that is not known here.
    #[error("the mail server offers no known way to log in")]
    NoAuthentication,
    /// The server said no.
    #[error("the mail server refused {step}: {code}{}", .status.as_deref().map(|status| format!(" {status}")).unwrap_or_default())]
    Refused {
        /// To what.
        step: SmtpStep,
        /// Its reply code (RFC 5321 §4.2).
        code: u16,
        /// Its enhanced status code (RFC 3463), when it gave one. The text is left out: it may name the recipient.
        status: Option<String>,
    },
    /// The server said something that makes no sense at this point, or hung up in the middle of it.
    #[error("the mail server's answer to {0} is missing or makes no sense")]
    BadReply(SmtpStep),
    /// It took too long.
    #[error("timed out at {0}")]
    TimedOut(SmtpStep),
    /// The file could not be written.
    #[error("the mail's file cannot be written: {0}")]
    File(String),
}

/// Reply codes that begin with 5 and yet are no verdict on this mail: a bad sequence of commands, and everything
/// about logging in (RFC 5321 §4.2.3, RFC 4954 §6). The operator mends them, or the next attempt does.
const NOT_ABOUT_THE_MAIL: [u16; 5] = [503, 530, 534, 535, 538];

impl From<MailFault> for MailError {
    fn from(fault: MailFault) -> Self {
        let is_permanent = match &fault {
            MailFault::BadAddress | MailFault::BadHeader(_) | MailFault::NotAscii => true,
            MailFault::Refused {
                step: SmtpStep::Recipient | SmtpStep::Data | SmtpStep::Content,
                code,
                ..
            } => (500..600).contains(code) && !NOT_ABOUT_THE_MAIL.contains(code),
            // What stands before the recipient is the operator's to mend.
            MailFault::Refused {
                step: SmtpStep::Connect | SmtpStep::Authenticate | SmtpStep::Mail,
                ..
            }
            | MailFault::Unreachable(_)
            | MailFault::NoStartTls
            | MailFault::NoAuthentication
            | MailFault::BadReply(_)
            | MailFault::TimedOut(_)
            | MailFault::File(_) => false,
        };
        if is_permanent {
            Self::Permanent(fault)
        } else {
            Self::Temporary(fault)
        }
    }
}

/// A step of handing a mail to an SMTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpStep {
    /// Connecting: the greeting, `EHLO`, `STARTTLS`, and the log-in.
    Connect,
    /// `AUTH`: the credentials.
    Authenticate,
    /// `MAIL`: the sender.
    Mail,
    /// `RCPT`: the recipient.
    Recipient,
    /// `DATA`: that a mail comes now.
    Data,
    /// The mail itself.
    Content,
}

impl std::fmt::Display for SmtpStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Authenticate => "the log-in",
            Self::Mail => "the sender",
            Self::Recipient => "the recipient",
            Self::Data => "DATA",
            Self::Content => "the content",
        })
    }
}
