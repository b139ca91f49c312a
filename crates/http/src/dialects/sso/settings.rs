use serde::Deserialize;

use crate::dialects::WithoutSecondFactor;
use crate::lenient::{flag, parsed};

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
