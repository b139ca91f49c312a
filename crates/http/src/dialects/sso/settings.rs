use chrono::Duration;
use serde::Deserialize;

use crate::dialects::WithoutSecondFactor;
use crate::lenient::{flag, parsed};

/// The longest lifetime that can be set: ten years.
const MAX_LIFETIME_SECONDS: u32 = 10 * 365 * 24 * 60 * 60;
/// Shortest password, in characters.
const MIN_PASSWORD_CHARS: usize = 8;
/// Longest new password, in bytes.
const MAX_PASSWORD_BYTES: usize = 4096;

/// The dialect's settings, as they stand in `[dialects.sso]`. Lifetimes are in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether the dialect is served.
    #[serde(deserialize_with = "flag")]
    pub enabled: bool,
    /// How long a user token lives.
    #[serde(deserialize_with = "parsed")]
    pub user_token_expire: u32,
    /// What happens to a log-in that needs a second factor, for which the API has no place: `refuse`, or `reduced`.
    #[serde(deserialize_with = "parsed")]
    pub without_second_factor: WithoutSecondFactor,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            user_token_expire: 24 * 60 * 60,
            without_second_factor: WithoutSecondFactor::Refuse,
        }
    }
}

/// A setting that cannot be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: expected 1 to {MAX_LIFETIME_SECONDS} seconds")]
pub struct SettingsError {
    setting: &'static str,
}

/// A lifetime as a duration, if it is one.
pub(super) fn lifetime(setting: &'static str, seconds: u32) -> Result<Duration, SettingsError> {
    if (1..=MAX_LIFETIME_SECONDS).contains(&seconds) {
        Ok(Duration::seconds(seconds.into()))
    } else {
        Err(SettingsError { setting })
    }
}

/// What is wrong with a new password, in words.
pub(super) fn password_problem(password: &str) -> Option<String> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Some(format!(
            "A password has at least {MIN_PASSWORD_CHARS} characters."
        ));
    }
    (password.len() > MAX_PASSWORD_BYTES)
        .then(|| format!("A password has at most {MAX_PASSWORD_BYTES} bytes."))
}
