use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use clavis_kernel::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

#[cfg(test)]
mod tests;

/// Where mails go: what the setting `mail.url` says.
#[derive(Debug, Clone)]
pub enum MailTransport {
    /// No URL was set: into files.
    Files,
    /// To an SMTP server.
    Smtp(SmtpServer),
}

impl MailTransport {
    /// Reads the setting.
    pub fn from_setting(url: Option<&str>) -> Result<Self, MailUrlError> {
        url.map_or(Ok(Self::Files), |url| url.parse().map(Self::Smtp))
    }
}

/// An SMTP server, written as a URL:
/// `smtp://[user:password@]host[:port][?tls=opportunistic|required|off]` or `smtps://[user:password@]host[:port]`.
///
/// `smtps` is TLS from the first byte (RFC 8314), on port 465. `smtp` is STARTTLS where the server offers it, on port
/// 25, or 587 with credentials or `tls=required`. Credentials are sent under TLS only, to a server whose certificate
/// was verified, unless the server is on this machine or the URL says `tls=off`.
#[derive(Clone)]
pub struct SmtpServer {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects the connection.
    pub tls: TlsUse,
    /// Who logs in, where the server asks for it.
    pub credentials: Option<SmtpCredentials>,
}

/// Who logs in at an SMTP server.
#[derive(Clone)]
pub struct SmtpCredentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl fmt::Debug for SmtpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpCredentials(..)")
    }
}

/// What protects the connection to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUse {
    /// Nothing.
    Off,
    /// STARTTLS where it is offered, with any certificate (RFC 7435): it keeps listeners out, not impostors.
    Opportunistic,
    /// STARTTLS with a verified certificate, or no mail.
    Required,
    /// TLS from the first byte, with a verified certificate.
    Implicit,
}

/// Why `mail.url` cannot be used. Never shows the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlError {
    /// It is no URL.
    #[error("expected smtp://host:port or smtps://user:password@host")]
    NotAUrl,
    /// It begins with something else.
    #[error("a mail URL begins with smtp:// or smtps://")]
    Scheme,
    /// It names no host, or one with characters that no host has.
    #[error("the mail URL names no usable host")]
    Host,
    /// Port 0.
    #[error("port 0 is no port")]
    Port,
    /// User or password is missing beside the other, is not UTF-8, or has a control character.
    #[error("the mail URL needs both user and password, percent-encoded, or neither")]
    Credentials,
    /// There is a path or a fragment.
    #[error("a mail URL has no path and no fragment")]
    Path,
    /// There is a parameter beside `tls`, or it has another value.
    #[error(
        "the only parameter of a mail URL is tls=opportunistic, tls=required or tls=off, and smtps:// has none"
    )]
    Parameter,
}

impl FromStr for SmtpServer {
    type Err = MailUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| MailUrlError::NotAUrl)?;
        let is_smtps = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(MailUrlError::Scheme),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(MailUrlError::Path);
        }
        let host = host(&url)?;
        let credentials = credentials(&url)?;
        let is_here = is_loopback(&host);
        let asked_for = asked_for(&url)?;
        let tls = match (is_smtps, asked_for) {
            (true, None) => TlsUse::Implicit,
            (true, Some(_)) => return Err(MailUrlError::Parameter),
            (false, Some(TlsUse::Opportunistic) | None) if is_here => TlsUse::Off,
            (false, Some(TlsUse::Opportunistic) | None) if credentials.is_some() => TlsUse::Required,
            (false, None) => TlsUse::Opportunistic,
            (false, Some(asked_for)) => asked_for,
        };
        let port = match url.port() {
            Some(0) => return Err(MailUrlError::Port),
            Some(port) => port,
            None if is_smtps => 465,
            None if credentials.is_some() || tls == TlsUse::Required => 587,
            None => 25,
        };
        Ok(Self {
            host,
            port,
            tls,
            credentials,
        })
    }
}

fn host(url: &Url) -> Result<String, MailUrlError> {
    match url.host().ok_or(MailUrlError::Host)? {
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
        // The scheme is not one of the web's, so nobody has looked at the name yet.
        Host::Domain(name) => match Host::parse(name) {
            Ok(Host::Domain(name)) if !name.is_empty() => Ok(name),
            Ok(Host::Ipv4(address)) => Ok(address.to_string()),
            _ => Err(MailUrlError::Host),
        },
    }
}

fn credentials(url: &Url) -> Result<Option<SmtpCredentials>, MailUrlError> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| MailUrlError::Credentials)?;
        if decoded.is_empty() || decoded.contains(char::is_control) {
            return Err(MailUrlError::Credentials);
        }
        Ok(decoded.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, password) => {
            let password = password.ok_or(MailUrlError::Credentials)?;
            Ok(Some(SmtpCredentials {
                user: decode(user)?,
                password: Secret::new(decode(password)?),
            }))
        }
    }
}

fn asked_for(url: &Url) -> Result<Option<TlsUse>, MailUrlError> {
    let mut pairs = url.query_pairs();
    let tls = match pairs.next() {
        None => None,
        Some((name, value)) => Some(match (&*name, &*value) {
            ("tls", "opportunistic") => TlsUse::Opportunistic,
            ("tls", "required") => TlsUse::Required,
            ("tls", "off") => TlsUse::Off,
            _ => return Err(MailUrlError::Parameter),
        }),
    };
    if pairs.next().is_some() {
        Err(MailUrlError::Parameter)
    } else {
        Ok(tls)
    }
}

/// Whether the host is this machine, by what is written: a name that merely resolves to it is not.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SmtpServer {
    /// Where mails go, for the log of a start: no credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == TlsUse::Implicit {
            "smtps"
        } else {
            "smtp"
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}
