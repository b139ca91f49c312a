use clavis_kernel::Email;
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::extension::ClientId;
use url::{Host, Url};

/// From whom mails come, and how this server calls itself before others.
#[derive(Debug, Clone)]
pub struct Sender {
    pub(crate) mailbox: Mailbox,
    pub(crate) client: ClientId,
    /// A domain for `Message-ID`.
    pub(crate) domain: String,
}

/// Why `mail.from` cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// It is no address.
    #[error("expected an address, or Name <address>")]
    Address,
    /// The name has control characters or angle brackets.
    #[error("the sender's name has a character that is not allowed")]
    Name,
    /// The public URL names no host.
    #[error("the public URL names no host")]
    PublicUrl,
}

impl Sender {
    /// The sender that the setting `mail.from` names, or else `Clavis <no-reply@…>` at the public URL's host. Where
    /// that is an address and no name, mails come from `localhost`.
    pub fn new(from: Option<&str>, public_url: &str) -> Result<Self, SenderError> {
        let url = Url::parse(public_url).map_err(|_| SenderError::PublicUrl)?;
        let (client, domain) = match url.host().ok_or(SenderError::PublicUrl)? {
            Host::Domain(name) => (ClientId::Domain(name.to_owned()), name.to_owned()),
            Host::Ipv4(address) => (ClientId::Ipv4(address), "localhost".to_owned()),
            Host::Ipv6(address) => (ClientId::Ipv6(address), "localhost".to_owned()),
        };
        let mailbox = match from {
            Some(from) => mailbox(from)?,
            None => Mailbox {
                name: Some("Clavis".to_owned()),
                email: Address::new("no-reply", &domain).map_err(|_| SenderError::PublicUrl)?,
            },
        };
        Ok(Self {
            mailbox,
            client,
            domain,
        })
    }

    /// The sender's address.
    pub fn address(&self) -> &str {
        self.mailbox.email.as_ref()
    }
}

fn mailbox(text: &str) -> Result<Mailbox, SenderError> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    if name.contains(|c: char| c.is_control() || "<>\"".contains(c)) {
        return Err(SenderError::Name);
    }
    let email: Email = address.parse().map_err(|_| SenderError::Address)?;
    let email = address_of(&email).ok_or(SenderError::Address)?;
    Ok(Mailbox {
        name: (!name.is_empty()).then(|| name.to_owned()),
        email,
    })
}

/// The address as it travels: its domain in ASCII (RFC 5890), which every server understands.
pub(crate) fn address_of(email: &Email) -> Option<Address> {
    let (local, domain) = email.as_str().rsplit_once('@')?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        Host::parse(domain).ok()?.to_string()
    };
    Address::new(local, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: Option<&str>, public_url: &str, expected: Result<&str, SenderError>) {
        let sender = Sender::new(from, public_url);
        let shown = sender
            .as_ref()
            .map(|sender| sender.mailbox.to_string())
            .map_err(|error| *error);
        assert_eq!(
            shown.as_deref().map_err(|error| *error),
            expected,
            "{from:?} {public_url}"
        );
    }

    #[test]
    fn the_default_sender_lives_at_the_public_host() {
        check(
            None,
            "https://id.example.org",
            Ok("Clavis <no-reply@id.example.org>"),
        );
        check(
            None,
            "https://id.example.org:8443/sub",
            Ok("Clavis <no-reply@id.example.org>"),
        );
        check(None, "http://127.0.0.1:8080", Ok("Clavis <no-reply@localhost>"));
        check(None, "http://[::1]:8080", Ok("Clavis <no-reply@localhost>"));
        check(None, "http://localhost:8080", Ok("Clavis <no-reply@localhost>"));
        check(None, "nowhere", Err(SenderError::PublicUrl));
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let url = "https://id.example.org";
        check(Some("id@example.org"), url, Ok("id@example.org"));
        check(
            Some("Example <id@example.org>"),
            url,
            Ok("Example <id@example.org>"),
        );
        check(
            Some("\"Example, Inc.\" <id@example.org>"),
            url,
            Ok("\"Example, Inc.\" <id@example.org>"),
        );
        check(Some("id@bücher.example"), url, Ok("id@xn--bcher-kva.example"));
        check(Some("<id@example.org>"), url, Ok("id@example.org"));
        check(Some("Example"), url, Err(SenderError::Address));
        check(Some("Example <id@example.org"), url, Err(SenderError::Address));
        check(
            Some("A\r\nBcc: eve@example.org <id@example.org>"),
            url,
            Err(SenderError::Name),
        );
        check(
            Some("A <eve@example.org> <id@example.org>"),
            url,
            Err(SenderError::Address),
        );
    }
}
