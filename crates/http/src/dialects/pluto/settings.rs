use serde::Deserialize;

use crate::dialects::WithoutSecondFactor;
use crate::lenient::{flag, optional_flag, parsed};

/// The dialect's settings, as they stand in `[dialects.pluto]`. Lifetimes are in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that operators know by its name"
)]
pub struct Settings {
    /// Whether the dialect is served.
    #[serde(deserialize_with = "flag")]
    pub enabled: bool,
    /// Whether a new account is verified at once, without a mail. Its address stays unproven.
    #[serde(deserialize_with = "flag")]
    pub skip_register_verify_mail: bool,
    /// How long an access token lives.
    #[serde(deserialize_with = "parsed")]
    pub access_token_expire: u32,
    /// How long a refresh token lives; each refresh begins anew.
    #[serde(deserialize_with = "parsed")]
    pub refresh_token_expire: u32,
    /// How long the link in a verification mail works.
    #[serde(deserialize_with = "parsed")]
    pub register_verify_token_expire: u32,
    /// How long the link in a password-reset mail works.
    #[serde(deserialize_with = "parsed")]
    pub reset_password_token_expire: u32,
    /// For how long a refresh token that was exchanged still yields its successor; 0 is strict.
    #[serde(deserialize_with = "parsed")]
    pub refresh_reuse_window_seconds: u32,
    /// Whether any access token reads any account's user info.
    #[serde(deserialize_with = "flag")]
    pub read_others_info: bool,
    /// What happens to a log-in that needs a second factor, for which Pluto's API has no place: `refuse`, or `reduced`.
    #[serde(deserialize_with = "parsed")]
    pub without_second_factor: WithoutSecondFactor,
    /// Whether the cookie of the web log-in is marked `Secure`; unset, it is when the public URL is https.
    #[serde(deserialize_with = "optional_flag")]
    pub cookie_secure: Option<bool>,
    /// Whether mails can be sent. Without, registration still succeeds and what asks for a mail is refused.
    #[serde(deserialize_with = "flag")]
    pub emails_enabled: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            skip_register_verify_mail: false,
            access_token_expire: 60 * 60,
            refresh_token_expire: 28 * 24 * 60 * 60,
            register_verify_token_expire: 10 * 60 * 60,
            reset_password_token_expire: 10 * 60 * 60,
            refresh_reuse_window_seconds: 0,
            read_others_info: false,
            without_second_factor: WithoutSecondFactor::Refuse,
            cookie_secure: None,
            emails_enabled: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_lifetimes_are_the_defaults() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        assert_eq!(
            (settings.access_token_expire, settings.refresh_token_expire),
            (3_600, 2_419_200)
        );
        assert_eq!(
            (
                settings.register_verify_token_expire,
                settings.reset_password_token_expire
            ),
            (36_000, 36_000)
        );
        assert!(settings.enabled && settings.emails_enabled && !settings.read_others_info);
    }

    #[test]
    fn a_variable_sets_what_the_file_sets_and_an_unknown_name_is_refused() {
        let text = r#"{"access_token_expire":"60","skip_register_verify_mail":"true"}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.access_token_expire, 60);
        assert!(settings.skip_register_verify_mail);
        assert!(serde_json::from_str::<Settings>(r#"{"access_token_expires":60}"#).is_err());
    }
}
