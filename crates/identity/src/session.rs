use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, ApplicationId, Dialect, OAuthClientId, SessionId, TokenDigest};

use crate::Assurance;

/// In whose hands a session is that its account's holder does not hold themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The program that acts in the account's place.
    pub client: OAuthClientId,
    /// The scopes that the holder consented to, comma-separated; `None` where they were not asked, because the program
    /// showed their password.
    pub consented: Option<String>,
}

/// One log-in: its access tokens name it, its refresh tokens are one family.
#[derive(Clone)]
pub struct Session {
    /// Its id; Pluto's and Backend Plus's tokens carry it as `sid`.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The door it came through.
    pub through: Dialect,
    /// The application logged in to, where the dialect has the concept.
    pub application: Option<ApplicationId>,
    /// What was proven when it was opened.
    pub assurance: Assurance,
    /// The digest of the secret its bearer shows, where a dialect keeps sessions in a cookie.
    pub secret: Option<TokenDigest>,
    /// In whose hands it is, when not in those of the account's holder. Its tokens then open next to nothing.
    pub delegation: Option<Delegation>,
    /// What the client calls its device.
    pub device: Option<String>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ends although in use.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether tokens of this session are worth anything at this moment.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
