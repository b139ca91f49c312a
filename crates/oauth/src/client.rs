use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, OAuthClientId};

use crate::RedirectUri;

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 255;

/// What a client calls itself: its `client_id`, and the user name of its Basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientKey(String);

/// The text is no key of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key has 1 to {MAX_KEY_CHARS} characters, not all of them blanks, and no colon or control character"
)]
pub struct ClientKeyError;

impl ClientKey {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientKey {
    type Err = ClientKeyError;

    /// A colon would end the user name of a Basic authentication (RFC 7617 §2).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.trim().is_empty()
            && text.chars().count() <= MAX_KEY_CHARS
            && !text.chars().any(|c| c == ':' || clavis_kernel::is_deceptive(c));
        fits.then(|| Self(text.to_owned())).ok_or(ClientKeyError)
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a client may be used. It begins as pending; an administrator decides, and may decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientStatus {
    /// Nobody has decided.
    Pending,
    /// It may be used.
    Approved,
    /// It may not.
    Denied,
}

impl ClientStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Approved, Self::Denied];

    /// The name in the store, which is Pluto's too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pend",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such status of a client")]
pub struct UnknownStatus;

impl FromStr for ClientStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

/// A client's secret as it is kept: a hash in its text form, made and compared by whoever hashes passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecretHash(String);

impl ClientSecretHash {
    /// A hash in its text form.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecretHash(..)")
    }
}

/// A client to be registered.
#[derive(Debug, Clone)]
pub struct NewOAuthClient {
    /// What it calls itself; unique, to the letter.
    pub key: ClientKey,
    /// Its secret.
    pub secret: ClientSecretHash,
    /// Where it has people sent back to; without, it has nobody sent anywhere.
    pub redirect_uri: Option<RedirectUri>,
    /// Whose it is.
    pub owner: AccountId,
}

/// A program that may be let act in somebody's place.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Its number, given in the order of registration.
    pub id: OAuthClientId,
    /// What it calls itself.
    pub key: ClientKey,
    /// Its secret.
    pub secret: ClientSecretHash,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// Where it has people sent back to.
    pub redirect_uri: Option<RedirectUri>,
    /// Whose it is.
    pub owner: AccountId,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When its status was last decided.
    pub updated_at: DateTime<Utc>,
}

impl OAuthClient {
    /// Whether it may be used.
    pub fn is_approved(&self) -> bool {
        self.status == ClientStatus::Approved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_can_be_shown_and_sent() {
        for good in ["my-client", "a", "Ä b", &"ä".repeat(255)] {
            assert_eq!(good.parse::<ClientKey>().unwrap().as_str(), good);
        }
        for bad in ["", "  ", "a:b", "a\nb", "a\0", "a\u{202e}b", &"a".repeat(256)] {
            assert_eq!(bad.parse::<ClientKey>(), Err(ClientKeyError), "{bad:?}");
        }
    }

    #[test]
    fn a_status_has_the_name_of_the_contract() {
        for status in ClientStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert_eq!("Approved".parse::<ClientStatus>(), Err(UnknownStatus));
        assert_eq!("".parse::<ClientStatus>(), Err(UnknownStatus));
    }

    #[test]
    fn a_secret_never_shows_itself() {
        assert_eq!(
            format!("{:?}", ClientSecretHash::new("$2b$10$x")),
            "ClientSecretHash(..)"
        );
    }
}
