use chrono::Duration;
use clavis_kernel::{Dialect, Secret};
use clavis_tokens::{Algorithm, KeyOwner, SharedKey};
use serde::{Deserialize, Deserializer};

use crate::dialects::Lifetimes;
use crate::lenient::{flag, list, optional_secret, parsed};
use crate::lifetime::{LifetimeError, lifetime};

/// The dialect's settings, as they stand in `[dialects.jauth]`. Lifetimes are in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether the dialect is served.
    #[serde(deserialize_with = "flag")]
    pub enabled: bool,
    /// The secret that access tokens are signed with, when other programs verify them; else one that nobody knows.
    #[serde(deserialize_with = "optional_secret")]
    pub jwt_secret: Option<Secret>,
    /// How long an access token lives.
    #[serde(deserialize_with = "parsed")]
    pub access_token_expire: u32,
    /// How long a refresh token lives, however often it is used.
    #[serde(deserialize_with = "parsed")]
    pub refresh_token_expire: u32,
    /// Whether only who has a token reads other people's accounts; else anybody does who knows an id.
    #[serde(deserialize_with = "flag")]
    pub require_token_for_users: bool,
    /// The servers that are told of new and changed users, each as `url|token`.
    #[serde(deserialize_with = "secrets")]
    pub event_callback_urls: Vec<Secret>,
    /// The keys that other servers show as `X-Server-Key`; with none, nothing below `/internal` is served.
    #[serde(deserialize_with = "secrets")]
    pub internal_api_keys: Vec<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            jwt_secret: None,
            access_token_expire: 60 * 60,
            refresh_token_expire: 30 * 24 * 60 * 60,
            require_token_for_users: false,
            event_callback_urls: Vec::new(),
            internal_api_keys: Vec::new(),
        }
    }
}

impl Settings {
    /// How long an access token lives. One that is set for every dialect takes the place of its own.
    pub fn access_lifetime(&self, lifetimes: Lifetimes) -> Result<Duration, LifetimeError> {
        let own = lifetime("access_token_expire", self.access_token_expire)?;
        Ok(lifetimes.access.unwrap_or(own))
    }

    /// The key that the settings bring.
    pub fn shared_key(&self) -> Option<SharedKey> {
        self.jwt_secret.clone().map(|key| SharedKey {
            owner: KeyOwner::Dialect(Dialect::Jauth),
            algorithm: Algorithm::Hs256,
            key,
        })
    }
}

/// Secrets, as a list or as one text with commas between them.
fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let texts: Vec<String> = list(deserializer)?;
    Ok(texts.into_iter().map(Secret::new).collect())
}
