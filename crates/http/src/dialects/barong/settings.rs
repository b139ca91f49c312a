mod auth0;
mod captcha;
mod mount;

use std::path::PathBuf;

use chrono::Duration;
use clavis_flows::KycPolicy;
use clavis_kernel::Secret;
use clavis_kyc::{LabelKey, LabelRequirement, LevelTable, StateRules};
use clavis_tokens::Algorithm;
use serde::Deserialize;

use super::error::Profile;
use crate::lenient;
use crate::lifetime::LONGEST_SECONDS;

pub use auth0::Auth0Client;
pub use captcha::{CaptchaClient, CaptchaKind, CaptchaPlace};
pub(super) use mount::{Mount, MountPath};

/// The dialect's settings, as they stand in `[dialects.barong]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that operators know by its name"
)]
pub struct Settings {
    /// Whether the dialect is served.
    #[serde(deserialize_with = "lenient::flag")]
    pub enabled: bool,
    /// Where the protected API is served, besides the documented paths at the root. A mount that ends in
    /// `/resource` has `/identity`, `/public`, `/admin`, `/management` and `/auth` beside it.
    #[serde(deserialize_with = "lenient::list")]
    pub mounts: Vec<MountPath>,
    /// Which answers to give where releases differ: `classic` as 2.0.8, `coded` as 2.6.
    #[serde(deserialize_with = "lenient::parsed")]
    pub profile: Profile,
    /// Mounts that are coded whatever `profile` says; one that `mounts` does not name is served, too. `/` is the
    /// documented paths at the root.
    #[serde(deserialize_with = "lenient::list")]
    pub coded_mounts: Vec<MountPath>,
    /// Whether an answer tells why a bearer token was refused. Off, as in production.
    #[serde(deserialize_with = "lenient::flag")]
    pub verbose_bearer_errors: bool,
    /// What the installation is called, in text messages and in authenticator apps.
    #[serde(deserialize_with = "lenient::text")]
    pub app_name: String,
    /// Whether the oddities of 2.0.8 that later releases mended are kept: its narrow alphabets for profiles, and
    /// 500 for a topic without activity.
    #[serde(deserialize_with = "lenient::flag")]
    pub strict_2_0_8: bool,
    /// Whether the caller's own account is shown with its internal number, `id`.
    #[serde(deserialize_with = "lenient::flag")]
    pub show_ids: bool,
    /// How long a bearer token lives, in seconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub jwt_expire_time: u32,
    /// The `iss` that a bearer token must have; unset, any.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub jwt_issuer: Option<String>,
    /// Values of `aud` of which a bearer token must have one; empty, any.
    #[serde(deserialize_with = "lenient::list")]
    pub jwt_audience: Vec<String>,
    /// How far the clock may be off by which a bearer token's times were written, in seconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub jwt_default_leeway: u32,
    /// How long the token in a mail is good for, in seconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub mail_token_expire_time: u32,
    /// How many documents one account may hand in.
    #[serde(deserialize_with = "lenient::parsed")]
    pub documents_limit: u32,
    /// Whether last names, birthdays, document numbers and phone numbers are shown with most of them hidden;
    /// unset, they are where the profile is coded.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub data_masking: Option<bool>,
    /// For how many minutes a code that was sent to a phone is good.
    #[serde(deserialize_with = "lenient::parsed")]
    pub phone_code_minutes: u32,
    /// After how many wrong codes the one that was sent is good no more.
    #[serde(deserialize_with = "lenient::parsed")]
    pub phone_code_attempts: u32,
    /// How long a session lasts without a request, in seconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub session_expire_time: u32,
    /// How far the nonce of a signed request may be from now, before or after, in milliseconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub api_key_nonce_lifetime_ms: u32,
    /// Whether the gateway asks for `X-CSRF-Token` with a cookie where a request changes something.
    #[serde(deserialize_with = "lenient::flag")]
    pub csrf_protection: bool,
    /// Beginnings of paths that the gateway lets nobody reach.
    #[serde(deserialize_with = "lenient::list")]
    pub gateway_block: Vec<String>,
    /// Beginnings of paths that the gateway lets everybody reach, without a token.
    #[serde(deserialize_with = "lenient::list")]
    pub gateway_pass: Vec<String>,
    /// How many bits of entropy a new password has at least, by the dialect's estimate.
    #[serde(deserialize_with = "lenient::parsed")]
    pub password_min_entropy: u32,
    /// The private labels that the levels from 1 on stand for, as `key:value`; each takes those before it.
    #[serde(deserialize_with = "lenient::list")]
    pub levels: Vec<String>,
    /// The private labels that together make an account active, as `key:value`.
    #[serde(deserialize_with = "lenient::list")]
    pub activation_requirements: Vec<LabelRequirement>,
    /// Keys of labels that ban an account.
    #[serde(deserialize_with = "lenient::list")]
    pub ban_labels: Vec<LabelKey>,
    /// Keys of labels that delete an account.
    #[serde(deserialize_with = "lenient::list")]
    pub delete_labels: Vec<LabelKey>,
    /// Keys of labels that lock an account.
    #[serde(deserialize_with = "lenient::list")]
    pub lock_labels: Vec<LabelKey>,
    /// The host of a tenant of Auth0, or the URL of another OpenID provider, whose ID tokens open sessions; unset, none do.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub auth0_domain: Option<String>,
    /// What the installation is called there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub auth0_client_id: Option<String>,
    /// Whose puzzles tell people from programs.
    #[serde(deserialize_with = "lenient::parsed")]
    pub captcha: CaptchaKind,
    /// The key that clients show puzzles with.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub recaptcha_site_key: Option<String>,
    /// The key that proves who asks whether a puzzle was solved.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub recaptcha_secret_key: Option<Secret>,
    /// Where that is asked; unset, at Google's.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub recaptcha_verify_url: Option<String>,
    /// Where a puzzle has to be solved.
    #[serde(deserialize_with = "lenient::list")]
    pub captcha_protected_endpoints: Vec<CaptchaPlace>,
    /// A YAML file with the servers that may use the management API, and with its scopes; unset, nobody may.
    #[serde(deserialize_with = "optional_path")]
    pub management_keychain_file: Option<PathBuf>,
    /// Whether servers that may write API keys may write those of people, without a code of their second factor.
    #[serde(deserialize_with = "lenient::flag")]
    pub mgn_api_keys_user: bool,
    /// Whether servers that may write API keys may write those of service accounts.
    #[serde(deserialize_with = "lenient::flag")]
    pub mgn_api_keys_sa: bool,
    /// The RabbitMQ server that events are published to: its name or address; unset, there are no events.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub event_api_rabbitmq_host: Option<String>,
    /// Its port; unset, 5672, or 5671 with TLS.
    #[serde(deserialize_with = "lenient::optional_parsed")]
    pub event_api_rabbitmq_port: Option<u16>,
    /// Who logs in to it.
    #[serde(deserialize_with = "lenient::text")]
    pub event_api_rabbitmq_username: String,
    /// The password; unset, `guest`, which RabbitMQ takes from its own machine only.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub event_api_rabbitmq_password: Option<Secret>,
    /// Whether the connection to it is encrypted, and the server known by the machine's certificates.
    #[serde(deserialize_with = "lenient::flag")]
    pub event_api_rabbitmq_tls: bool,
    /// A PEM file with the private key that events are signed with.
    #[serde(deserialize_with = "optional_path")]
    pub event_api_jwt_private_key_file: Option<PathBuf>,
    /// How they are signed with it.
    #[serde(deserialize_with = "lenient::parsed")]
    pub event_api_jwt_algorithm: Algorithm,
}

impl Default for Settings {
    fn default() -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let states = StateRules::default();
        Self {
            enabled: true,
            mounts: MountPath::defaults(),
            profile: Profile::Classic,
            coded_mounts: Vec::new(),
            verbose_bearer_errors: false,
            app_name: "Barong".to_owned(),
            strict_2_0_8: false,
            show_ids: true,
            jwt_expire_time: 6000,
            jwt_issuer: None,
            jwt_audience: Vec::new(),
            jwt_default_leeway: 0,
            mail_token_expire_time: 6000,
            documents_limit: 10,
            data_masking: None,
            phone_code_minutes: 10,
            phone_code_attempts: 6,
            session_expire_time: 1800,
            api_key_nonce_lifetime_ms: 5000,
            csrf_protection: true,
            gateway_block: owned(&["/api/v2/barong/management", "/api/v2/peatio/management"]),
            gateway_pass: owned(&[
                "/api/v2/barong/identity",
                "/api/v2/barong/public",
                "/api/v2/peatio/public",
                "/api/v2/ranger/public",
                "/api/v2/applogic/public",
            ]),
            password_min_entropy: 14,
            levels: owned(&["email:verified", "phone:verified", "document:verified"]),
            activation_requirements: states.activation,
            ban_labels: states.banned,
            delete_labels: states.deleted,
            lock_labels: states.locked,
            auth0_domain: None,
            auth0_client_id: None,
            captcha: CaptchaKind::None,
            recaptcha_site_key: None,
            recaptcha_secret_key: None,
            recaptcha_verify_url: None,
            captcha_protected_endpoints: CaptchaPlace::ALL.to_vec(),
            management_keychain_file: None,
            mgn_api_keys_user: false,
            mgn_api_keys_sa: false,
            event_api_rabbitmq_host: None,
            event_api_rabbitmq_port: None,
            event_api_rabbitmq_username: "guest".to_owned(),
            event_api_rabbitmq_password: None,
            event_api_rabbitmq_tls: false,
            event_api_jwt_private_key_file: None,
            event_api_jwt_algorithm: Algorithm::Rs256,
        }
    }
}

/// A setting of the dialect that cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {expected}")]
pub struct SettingsError {
    setting: &'static str,
    expected: String,
}

impl SettingsError {
    pub(super) fn new(setting: &'static str, expected: impl Into<String>) -> Self {
        Self {
            setting,
            expected: expected.into(),
        }
    }
}

impl Settings {
    /// Refuses what the dialect cannot be served with.
    pub fn check(&self) -> Result<(), SettingsError> {
        lifetime("jwt_expire_time", self.jwt_expire_time)?;
        lifetime("mail_token_expire_time", self.mail_token_expire_time)?;
        lifetime("session_expire_time", self.session_expire_time)?;
        within("jwt_default_leeway", self.jwt_default_leeway, 0, 300)?;
        within("documents_limit", self.documents_limit, 1, 1000)?;
        within("phone_code_minutes", self.phone_code_minutes, 1, 24 * 60)?;
        within("phone_code_attempts", self.phone_code_attempts, 1, 100)?;
        within(
            "api_key_nonce_lifetime_ms",
            self.api_key_nonce_lifetime_ms,
            1,
            10 * 60 * 1000,
        )?;
        within("password_min_entropy", self.password_min_entropy, 0, 128)?;
        let names_itself = (1..=64).contains(&self.app_name.chars().count())
            && self.app_name.trim() == self.app_name
            && !self.app_name.chars().any(|c| c.is_control() || c == ':');
        if !names_itself {
            return Err(SettingsError::new(
                "app_name",
                "expected 1 to 64 characters, neither colons nor blanks around them",
            ));
        }
        prefixes("gateway_block", &self.gateway_block)?;
        prefixes("gateway_pass", &self.gateway_pass)?;
        self.level_table()?;
        let is_host = |host: &String| !host.contains(|c: char| c.is_whitespace() || "/@".contains(c));
        if !self.event_api_rabbitmq_host.iter().all(is_host) {
            return Err(SettingsError::new(
                "event_api_rabbitmq_host",
                "expected a host's name or address, as rabbitmq.example.com",
            ));
        }
        self.auth0()?;
        self.captcha_client()?;
        if self.mounts.iter().any(MountPath::is_root) {
            return Err(SettingsError::new(
                "mounts",
                "expected paths below the root, where the documented paths always are",
            ));
        }
        Ok(())
    }

    /// What the levels stand for.
    pub fn level_table(&self) -> Result<LevelTable, SettingsError> {
        LevelTable::parse(&self.levels).map_err(|error| SettingsError::new("levels", error.to_string()))
    }

    /// Which labels change an account's state.
    pub fn state_rules(&self) -> StateRules {
        StateRules {
            activation: self.activation_requirements.clone(),
            banned: self.ban_labels.clone(),
            deleted: self.delete_labels.clone(),
            locked: self.lock_labels.clone(),
        }
    }

    /// What is asked of people who say who they are, at every door.
    pub fn kyc_policy(&self) -> Result<KycPolicy, SettingsError> {
        self.check()?;
        Ok(KycPolicy {
            levels: self.level_table()?,
            states: self.state_rules(),
            documents_per_account: self.documents_limit,
            phone_code_lifetime: Duration::minutes(self.phone_code_minutes.into()),
            phone_code_tries: self.phone_code_attempts,
            ..KycPolicy::default()
        })
    }

    /// Where the dialect is served, the root left out, and how it answers there.
    pub fn served_mounts(&self) -> Vec<Mount> {
        let mut mounts: Vec<Mount> = Vec::new();
        let coded = self.coded_mounts.iter().filter(|path| !path.is_root());
        for path in self.mounts.iter().chain(coded) {
            if mounts.iter().all(|mount| mount.path != *path) {
                mounts.push(Mount {
                    path: path.clone(),
                    profile: self.profile_of(path),
                });
            }
        }
        mounts
    }

    /// How the documented paths at the root answer.
    pub fn profile_at_root(&self) -> Profile {
        self.profile_of(&MountPath::ROOT)
    }

    /// Whether most of what is personal is hidden in this profile's answers.
    pub fn masks(&self, profile: Profile) -> bool {
        self.data_masking.unwrap_or(profile == Profile::Coded)
    }

    fn profile_of(&self, path: &MountPath) -> Profile {
        if self.coded_mounts.contains(path) {
            Profile::Coded
        } else {
            self.profile
        }
    }
}

/// A lifetime as a duration, if it is one.
pub(super) fn lifetime(setting: &'static str, seconds: u32) -> Result<Duration, SettingsError> {
    within(setting, seconds, 1, LONGEST_SECONDS)?;
    Ok(Duration::seconds(seconds.into()))
}

fn within(setting: &'static str, number: u32, least: u32, most: u32) -> Result<(), SettingsError> {
    if (least..=most).contains(&number) {
        Ok(())
    } else {
        Err(SettingsError::new(setting, format!("expected {least} to {most}")))
    }
}

/// An empty beginning or a lone slash would be every path's.
fn prefixes(setting: &'static str, prefixes: &[String]) -> Result<(), SettingsError> {
    let fit = |prefix: &String| prefix.len() > 1 && prefix.starts_with('/') && prefix.is_ascii();
    if prefixes.iter().all(fit) {
        Ok(())
    } else {
        Err(SettingsError::new(
            setting,
            "expected beginnings of paths, as /api/v2/barong/identity",
        ))
    }
}

fn optional_path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(lenient::optional_text(deserializer)?.map(PathBuf::from))
}

#[cfg(test)]
mod tests;
