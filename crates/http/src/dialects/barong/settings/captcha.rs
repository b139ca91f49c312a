//! Where somebody has to show to be no program.

use std::str::FromStr;

use clavis_kernel::Secret;

use super::{Settings, SettingsError};

/// Whose puzzles are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaptchaKind {
    /// Nobody's.
    #[default]
    None,
    /// reCAPTCHA's, or those of a server that is asked in the same way.
    Recaptcha,
}

/// Where a puzzle may be asked for, by the names that operators know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptchaPlace {
    /// Registration.
    UserCreate,
    /// Log-in with a password.
    SessionCreate,
    /// A mail with a password reset.
    PasswordReset,
    /// A further mail with a confirmation.
    EmailConfirmation,
}

/// The text is none of the words that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct CaptchaWordError(&'static str);

/// What the operator has from whoever sets the puzzles.
#[derive(Debug, Clone)]
pub struct CaptchaClient {
    /// Public: clients show the puzzle with it.
    pub site_key: String,
    /// What proves to them who asks.
    pub secret_key: Secret,
    /// Where it is asked, if not at Google's.
    pub verify_url: Option<String>,
}

impl CaptchaKind {
    /// As clients are told.
    pub(in crate::dialects::barong) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Recaptcha => "recaptcha",
        }
    }
}

impl FromStr for CaptchaKind {
    type Err = CaptchaWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "recaptcha" => Ok(Self::Recaptcha),
            _ => Err(CaptchaWordError("none or recaptcha")),
        }
    }
}

impl CaptchaPlace {
    /// Every place.
    pub const ALL: [Self; 4] = [
        Self::UserCreate,
        Self::SessionCreate,
        Self::PasswordReset,
        Self::EmailConfirmation,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::UserCreate => "user_create",
            Self::SessionCreate => "session_create",
            Self::PasswordReset => "password_reset",
            Self::EmailConfirmation => "email_confirmation",
        }
    }
}

impl FromStr for CaptchaPlace {
    type Err = CaptchaWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = Self::ALL.into_iter().find(|place| place.name() == text);
        place.ok_or(CaptchaWordError(
            "user_create, session_create, password_reset or email_confirmation",
        ))
    }
}

impl Settings {
    /// Whom to ask about puzzles; `None` where none are set.
    ///
    /// # Errors
    ///
    /// One of the two keys is missing, or there are keys for nothing.
    pub fn captcha_client(&self) -> Result<Option<CaptchaClient>, SettingsError> {
        let keys = (&self.recaptcha_site_key, &self.recaptcha_secret_key);
        match (self.captcha, keys) {
            (CaptchaKind::None, (None, None)) => Ok(None),
            (CaptchaKind::None, _) => Err(SettingsError::new(
                "captcha",
                "expected recaptcha, or no keys for it",
            )),
            (CaptchaKind::Recaptcha, (Some(site_key), Some(secret_key))) => Ok(Some(CaptchaClient {
                site_key: site_key.clone(),
                secret_key: secret_key.clone(),
                verify_url: self.recaptcha_verify_url.clone(),
            })),
            (CaptchaKind::Recaptcha, (None, _)) => Err(SettingsError::new(
                "recaptcha_site_key",
                "expected the key that clients show puzzles with",
            )),
            (CaptchaKind::Recaptcha, (_, None)) => Err(SettingsError::new(
                "recaptcha_secret_key",
                "expected the key that proves who asks",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Settings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refused(value: Value, expected: &str) {
        assert_eq!(read(value).unwrap().check().unwrap_err().to_string(), expected);
    }

    #[test]
    fn puzzles_need_two_keys_and_keys_need_puzzles() {
        assert!(read(json!({})).unwrap().captcha_client().unwrap().is_none());
        let both = json!({
            "captcha": "recaptcha", "recaptcha_site_key": "site", "recaptcha_secret_key": "secret",
            "captcha_protected_endpoints": "user_create, session_create",
        });
        let settings = read(both).unwrap();
        assert_eq!(settings.captcha_client().unwrap().unwrap().site_key, "site");
        assert_eq!(
            settings.captcha_protected_endpoints,
            [CaptchaPlace::UserCreate, CaptchaPlace::SessionCreate]
        );
        assert!(!format!("{settings:?}").contains("\"secret\""));
        refused(
            json!({ "captcha": "recaptcha", "recaptcha_secret_key": "x" }),
            "recaptcha_site_key: expected the key that clients show puzzles with",
        );
        refused(
            json!({ "captcha": "recaptcha", "recaptcha_site_key": "x" }),
            "recaptcha_secret_key: expected the key that proves who asks",
        );
        refused(
            json!({ "recaptcha_secret_key": "x" }),
            "captcha: expected recaptcha, or no keys for it",
        );
    }

    #[test]
    fn unknown_puzzles_and_places_are_refused() {
        assert_eq!(
            read(json!({ "captcha": "geetest" })).unwrap_err(),
            "expected none or recaptcha"
        );
        assert!(read(json!({ "captcha_protected_endpoints": ["everything"] })).is_err());
    }
}
