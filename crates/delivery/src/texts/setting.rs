use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use clavis_kernel::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

#[cfg(test)]
mod tests;

const TWILIO_API: &str = "https://api.twilio.com";

/// Where texts go: what the setting `sms.url` says.
#[derive(Debug, Clone)]
pub enum TextTransport {
    /// No URL was set: into files.
    Files,
    /// To a server that takes JSON.
    Webhook(WebhookTarget),
    /// To Twilio.
    Twilio(TwilioAccount),
}

impl TextTransport {
    /// Reads the setting.
    pub fn from_setting(url: Option<&str>) -> Result<Self, TextUrlError> {
        let Some(text) = url else {
            return Ok(Self::Files);
        };
        let url = Url::parse(text.trim()).map_err(|_| TextUrlError::NotAUrl)?;
        if url.scheme() == "twilio" {
            TwilioAccount::new(&url).map(Self::Twilio)
        } else {
            WebhookTarget::new(url).map(Self::Webhook)
        }
    }
}

/// Why `sms.url` cannot be used. Never shows the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextUrlError {
    /// It is no URL.
    #[error("expected https://host/path or twilio://SID:TOKEN@FROM")]
    NotAUrl,
    /// It begins with something else.
    #[error("a text URL begins with https://, http:// or twilio://")]
    Scheme,
    /// The port is 0, or there is one where none can be.
    #[error("the text URL has a port that is no port")]
    Port,
    /// They are not readable: not UTF-8, a control character, a colon in the user, or no user.
    #[error("the text URL's user and password must be percent-encoded, and the user cannot be empty")]
    Credentials,
    /// They would travel in plain text to another machine.
    #[error("credentials for texts go over https, or over http to this machine only")]
    PlainCredentials,
    /// There is a fragment, or a path where none can be.
    #[error("the text URL has a part that means nothing")]
    Part,
    /// The account or its token is missing, or the account has characters that none has.
    #[error("a twilio:// URL needs the account's SID and its token: twilio://SID:TOKEN@FROM")]
    Account,
    /// The sender is none.
    #[error(
        "a twilio:// URL ends with the sender: a number with its +, a short code, a name of up to 11 letters and \
         digits, or a messaging service's SID"
    )]
    Sender,
    /// There is a parameter beside `api`, or that is no URL that can be used.
    #[error("the only parameter of a twilio:// URL is api=https://host")]
    Parameter,
    /// The machine's TLS library or its root certificates cannot be used.
    #[error("TLS cannot be set up on this machine")]
    Tls,
}

/// Who logs in at a gateway (RFC 7617).
#[derive(Clone)]
pub struct GatewayCredentials {
    /// The user.
    pub user: String,
    /// The password, which may be empty.
    pub password: Secret,
}

impl fmt::Debug for GatewayCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayCredentials(..)")
    }
}

/// A server that takes texts as JSON, written as its URL: `https://[user[:password]@]host[:port]/path`.
///
/// With `http` everybody on the way reads the texts, and there are no credentials unless the server is on this
/// machine.
#[derive(Clone)]
pub struct WebhookTarget {
    pub(super) url: Url,
    pub(super) credentials: Option<GatewayCredentials>,
}

impl fmt::Debug for WebhookTarget {
    /// The host alone: paths and parameters of such URLs are often secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookTarget({})", self.url.host_str().unwrap_or_default())
    }
}

impl FromStr for WebhookTarget {
    type Err = TextUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(Url::parse(text.trim()).map_err(|_| TextUrlError::NotAUrl)?)
    }
}

impl WebhookTarget {
    fn new(mut url: Url) -> Result<Self, TextUrlError> {
        let is_safe = is_safe_for_secrets(&url)?;
        if url.fragment().is_some() {
            return Err(TextUrlError::Part);
        }
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(GatewayCredentials {
                user: decoded(user)?,
                password: Secret::new(password.map_or(Ok(String::new()), decoded)?),
            }),
        };
        if let Some(credentials) = &credentials {
            if credentials.user.is_empty() || credentials.user.contains(':') {
                return Err(TextUrlError::Credentials);
            }
            if !is_safe {
                return Err(TextUrlError::PlainCredentials);
            }
        }
        url.set_username("").map_err(|()| TextUrlError::Credentials)?;
        url.set_password(None).map_err(|()| TextUrlError::Credentials)?;
        Ok(Self { url, credentials })
    }
}

/// An account at Twilio and in whose name it sends, written as a URL: `twilio://SID:TOKEN@FROM[?api=https://host]`.
#[derive(Clone)]
pub struct TwilioAccount {
    pub(super) sid: String,
    pub(super) token: Secret,
    pub(super) from: TwilioSender,
    api: Url,
}

/// In whose name texts are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TwilioSender {
    /// A number, a short code or a name.
    Name(String),
    /// The SID of a messaging service, which chooses.
    Service(String),
}

impl fmt::Debug for TwilioAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioAccount")
            .field("from", &self.from)
            .field("api", &self.api.host_str().unwrap_or_default())
            .finish_non_exhaustive()
    }
}

impl FromStr for TwilioAccount {
    type Err = TextUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(&Url::parse(text.trim()).map_err(|_| TextUrlError::NotAUrl)?)
    }
}

impl TwilioAccount {
    fn new(url: &Url) -> Result<Self, TextUrlError> {
        if url.scheme() != "twilio" {
            return Err(TextUrlError::Scheme);
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(TextUrlError::Part);
        }
        if url.port().is_some() {
            return Err(TextUrlError::Port);
        }
        let sid = url.username();
        // It becomes a part of a path.
        if !(1..=64).contains(&sid.len()) || !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(TextUrlError::Account);
        }
        let token = decoded(url.password().ok_or(TextUrlError::Account)?)?;
        if token.is_empty() {
            return Err(TextUrlError::Account);
        }
        Ok(Self {
            sid: sid.to_owned(),
            token: Secret::new(token),
            from: sender(url.host_str().unwrap_or_default())?,
            api: api(url)?,
        })
    }

    /// Where its messages are posted.
    pub(super) fn messages_url(&self) -> String {
        let api = self.api.as_str().trim_end_matches('/');
        format!("{api}/2010-04-01/Accounts/{}/Messages.json", self.sid)
    }
}

fn sender(host: &str) -> Result<TwilioSender, TextUrlError> {
    let from = decoded(host).map_err(|_| TextUrlError::Sender)?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_service = from
        .strip_prefix("MG")
        .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_service {
        return Ok(TwilioSender::Service(from));
    }
    let fits = match from.strip_prefix('+') {
        Some(number) => (7..=15).contains(&number.len()) && is_digits(number),
        None if is_digits(&from) => (3..=6).contains(&from.len()),
        None => {
            from.len() <= 11
                && from
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == ' ')
                && from.contains(|letter: char| letter.is_ascii_alphabetic())
        }
    };
    if fits {
        Ok(TwilioSender::Name(from))
    } else {
        Err(TextUrlError::Sender)
    }
}

/// Where the API is: another region's, or one that only speaks like Twilio.
fn api(url: &Url) -> Result<Url, TextUrlError> {
    let mut pairs = url.query_pairs();
    let api = match pairs.next() {
        None => TWILIO_API.into(),
        Some((name, value)) if name == "api" => value,
        Some(_) => return Err(TextUrlError::Parameter),
    };
    let api = Url::parse(&api).map_err(|_| TextUrlError::Parameter)?;
    let is_safe = is_safe_for_secrets(&api).map_err(|_| TextUrlError::Parameter)?;
    let is_bare = api.username().is_empty()
        && api.password().is_none()
        && api.query().is_none()
        && api.fragment().is_none();
    if pairs.next().is_some() || !is_bare {
        return Err(TextUrlError::Parameter);
    }
    if is_safe {
        Ok(api)
    } else {
        Err(TextUrlError::PlainCredentials)
    }
}

/// Whether nobody else reads what is sent to this URL of the web: it is encrypted, or stays on this machine by what is
/// written. A name that merely resolves to this machine is another.
fn is_safe_for_secrets(url: &Url) -> Result<bool, TextUrlError> {
    let is_https = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(TextUrlError::Scheme),
    };
    if url.port() == Some(0) {
        return Err(TextUrlError::Port);
    }
    let is_here = match url.host().ok_or(TextUrlError::NotAUrl)? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
    };
    Ok(is_https || is_here)
}

fn decoded(text: &str) -> Result<String, TextUrlError> {
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| TextUrlError::Credentials)?;
    if decoded.contains(char::is_control) {
        Err(TextUrlError::Credentials)
    } else {
        Ok(decoded.into_owned())
    }
}
