use std::time::SystemTime;

use chrono::{DateTime, Utc};
use clavis_flows::OutgoingMail;
use clavis_kernel::MailId;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use crate::sender::address_of;
use crate::{MailFault, Sender};

/// Longest name of an extra header, and most of them.
const MAX_HEADER_NAME: usize = 60;
const MAX_HEADERS: usize = 32;

/// Headers that say who a mail is from and for, how it travelled and what it consists of: never extra.
const OURS: [&str; 14] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "delivered-to",
    "dkim-signature",
    "authentication-results",
];

/// A mail written out: headers, a body in plain text and the same in HTML (RFC 2046 §5.1.4).
pub(crate) struct Composed {
    pub(crate) recipient: Address,
    pub(crate) bytes: Vec<u8>,
}

/// Writes a mail out. Its `Message-ID` comes from its id, so every attempt to send it has the same.
pub(crate) fn compose(
    id: MailId,
    mail: &OutgoingMail,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Result<Composed, MailFault> {
    let recipient = address_of(&mail.to).ok_or(MailFault::BadAddress)?;
    let mut builder = Message::builder()
        .from(sender.mailbox.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .subject(one_line(&mail.subject))
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{id}@{}>", sender.domain)));
    // Answering machines stay silent (RFC 3834 §5).
    builder = builder.raw_header(HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    ));
    if mail.headers.len() > MAX_HEADERS {
        return Err(MailFault::BadHeader("too many".to_owned()));
    }
    for (name, value) in &mail.headers {
        builder = builder.raw_header(HeaderValue::new(header_name(name)?, one_line(value)));
    }
    let body = MultiPart::alternative_plain_html(text_lines(&mail.body.text), text_lines(&mail.body.html));
    let message = builder.multipart(body).map_err(|_| MailFault::BadAddress)?;
    Ok(Composed {
        recipient,
        bytes: message.formatted(),
    })
}

fn header_name(name: &str) -> Result<HeaderName, MailFault> {
    let bad = || MailFault::BadHeader(name.chars().take(MAX_HEADER_NAME).collect());
    let lower = name.to_ascii_lowercase();
    let fits = !name.is_empty()
        && name.len() <= MAX_HEADER_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !OURS.contains(&&*lower)
        && !lower.starts_with("content-");
    if fits {
        HeaderName::new_from_ascii(name.to_owned()).map_err(|_| bad())
    } else {
        Err(bad())
    }
}

/// The text on one line: what would break it, or hide in it, becomes a blank.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Lines end in a line feed only: a lone carriage return is no end to one reader and one to another.
fn text_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_flows::MailBody;
    use mail_parser::MessageParser;
    use uuid::Uuid;

    fn mail(to: &str) -> OutgoingMail {
        OutgoingMail {
            to: to.parse().unwrap(),
            subject: "Grüße".to_owned(),
            body: MailBody {
                text: "Hello\n.\nünd bye\r.\r".to_owned(),
                html: "<p>Hello</p>".to_owned(),
            },
            headers: vec![("X-Ticket".to_owned(), "f00d".to_owned())],
        }
    }

    fn written(mail: &OutgoingMail) -> Result<String, MailFault> {
        let sender = Sender::new(None, "https://id.example.org").unwrap();
        let now = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        compose(MailId(Uuid::from_u128(7)), mail, &sender, now)
            .map(|composed| String::from_utf8(composed.bytes).unwrap())
    }

    #[test]
    fn a_mail_has_both_bodies_and_the_usual_headers() {
        let bytes = written(&mail("ann@example.org")).unwrap();
        let read = MessageParser::new().parse(bytes.as_bytes()).unwrap();
        assert_eq!(read.subject(), Some("Grüße"));
        assert_eq!(
            read.body_text(0).unwrap().replace("\r\n", "\n"),
            "Hello\n.\nünd bye\n.\n"
        );
        assert_eq!(read.body_html(0).unwrap(), "<p>Hello</p>");
        assert_eq!(
            read.message_id(),
            Some("00000000-0000-0000-0000-000000000007@id.example.org")
        );
        assert_eq!(read.date().unwrap().to_timestamp(), 1_767_323_045);
        assert_eq!(
            read.to().unwrap().first().unwrap().address(),
            Some("ann@example.org")
        );
        assert_eq!(read.header("X-Ticket").unwrap().as_text(), Some("f00d"));
        assert!(bytes.is_ascii() && bytes.lines().all(|line| line.len() < 999));
        assert!(
            !bytes.replace("\r\n", "").contains(['\r', '\n']),
            "every line ends in CR LF"
        );
    }

    #[test]
    fn no_subject_and_no_header_value_adds_a_header() {
        for end in ["\r\n", "\n", "\r", "\0", "\u{2028}", "\u{85}"] {
            let mut mail = mail("ann@example.org");
            mail.subject = format!("Hello{end}Bcc: eve@example.org{end}{end}Hi");
            mail.headers = vec![("X-Ticket".to_owned(), format!("f00d{end}Bcc: eve@example.org"))];
            let bytes = written(&mail).unwrap();
            let read = MessageParser::new().parse(bytes.as_bytes()).unwrap();
            assert!(read.bcc().is_none() && !bytes.contains("\nBcc"), "{end:?}");
            assert_eq!(
                read.subject(),
                Some(
                    format!(
                        "Hello{0}Bcc: eve@example.org{0}{0}Hi",
                        " ".repeat(end.chars().count())
                    )
                    .as_str()
                )
            );
        }
    }

    #[test]
    fn an_extra_header_is_a_plain_name_that_is_not_ours() {
        for name in [
            "",
            "X Y",
            "X:Y",
            "X\r\nBcc",
            "Ünd",
            "To",
            "bcc",
            "Content-Type",
            "content-transfer-encoding",
            "DATE",
        ] {
            let mut mail = mail("ann@example.org");
            mail.headers = vec![(name.to_owned(), "x".to_owned())];
            assert_eq!(written(&mail), Err(MailFault::BadHeader(name.to_owned())));
        }
        let mut mail = mail("ann@example.org");
        mail.headers = vec![("X-A".to_owned(), "x".to_owned()); MAX_HEADERS + 1];
        assert!(written(&mail).is_err());
    }

    #[test]
    fn a_domain_travels_in_ascii() {
        let bytes = written(&mail("ann@bücher.example")).unwrap();
        assert!(bytes.contains("To: ann@xn--bcher-kva.example\r\n"), "{bytes}");
    }
}
