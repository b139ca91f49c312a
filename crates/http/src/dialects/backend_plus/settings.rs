use std::path::PathBuf;

use clavis_kernel::{Dialect, Secret};
use clavis_tokens::{Algorithm, KeyOwner, SharedKey};

use super::cookies::SameSite;
use super::error::Profile;
use crate::dialects::WithoutSecondFactor;
use crate::lenient;

/// The dialect's settings: the names of its contract in lower case, and some of our own.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the contract's switches are independent of each other"
)]
pub struct Settings {
    /// Whether the dialect is served at all.
    #[serde(deserialize_with = "lenient::flag")]
    pub enabled: bool,
    /// Which answers to give where releases differ.
    #[serde(deserialize_with = "lenient::parsed")]
    pub profile: Profile,
    /// Whether `/auth` is served.
    #[serde(alias = "auth_enable", deserialize_with = "lenient::flag")]
    pub auth_enabled: bool,
    /// Whether people register and log in with passwords here.
    #[serde(alias = "auth_local_users_enable", deserialize_with = "lenient::flag")]
    pub auth_local_users_enabled: bool,
    /// Where a browser goes after an activation.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub redirect_url_success: Option<String>,
    /// Where a browser goes when an activation failed.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub redirect_url_error: Option<String>,
    /// The key that signs cookies; unset, one of the installation's own does.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub cookie_secret: Option<Secret>,
    /// Whether cookies are marked `Secure`; unset, they are when the public URL is https.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub cookie_secure: Option<bool>,
    /// `lax`, `strict` or `none`.
    #[serde(deserialize_with = "lenient::parsed")]
    pub cookie_same_site: SameSite,
    /// The secret (HS algorithms) or PEM private key (RS algorithms) that signs; unset, a generated RSA key.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub jwt_key: Option<Secret>,
    /// HS256, HS384, HS512, RS256, RS384 or RS512.
    #[serde(deserialize_with = "lenient::text")]
    pub jwt_algorithm: String,
    /// The claim that holds Hasura's claims.
    #[serde(deserialize_with = "lenient::text")]
    pub jwt_claims_namespace: String,
    /// The `iss` claim; unset, the public URL (`nhost` in the v2.7 profile).
    #[serde(deserialize_with = "lenient::optional_text")]
    pub jwt_issuer: Option<String>,
    /// How long an access token lives, in minutes.
    #[serde(deserialize_with = "lenient::parsed")]
    pub jwt_expires_in: u32,
    /// How long a refresh token lives, in minutes.
    #[serde(deserialize_with = "lenient::parsed")]
    pub jwt_refresh_expires_in: u32,
    /// Attributes that become claims.
    #[serde(deserialize_with = "lenient::list")]
    pub jwt_custom_fields: Vec<String>,
    /// Domains whose addresses may be used; empty is every domain.
    #[serde(deserialize_with = "lenient::list")]
    pub allowed_email_domains: Vec<String>,
    /// What happens to a log-in that needs a second factor: `refuse`, or `reduced`.
    #[serde(deserialize_with = "lenient::parsed")]
    pub without_second_factor: WithoutSecondFactor,
    /// Whether log-ins ask for a second factor, and people may set one up.
    #[serde(alias = "mfa_enable", deserialize_with = "lenient::flag")]
    pub mfa_enabled: bool,
    /// What authenticator apps show a second factor under.
    #[serde(deserialize_with = "lenient::text")]
    pub otp_issuer: String,
    /// Whether new passwords are looked up among those that were seen in breaches.
    #[serde(alias = "hibp_enable", deserialize_with = "lenient::flag")]
    pub hibp_enabled: bool,
    /// Whether people may log in without saying who they are.
    #[serde(alias = "anonymous_users_enable", deserialize_with = "lenient::flag")]
    pub anonymous_users_enabled: bool,
    /// The one role of who did.
    #[serde(deserialize_with = "lenient::text")]
    pub default_anonymous_role: String,
    /// Whether people may register and log in with a mailed link in place of a password.
    #[serde(alias = "magic_link_enable", deserialize_with = "lenient::flag")]
    pub magic_link_enabled: bool,
    /// How long such a link is good, in minutes.
    #[serde(deserialize_with = "lenient::parsed")]
    pub magic_link_expires_in: u32,
    /// The shortest new password, in characters.
    #[serde(deserialize_with = "lenient::parsed")]
    pub min_password_length: u32,
    /// Attributes that may be given at registration.
    #[serde(deserialize_with = "lenient::list")]
    pub registration_custom_fields: Vec<String>,
    /// The default role of a new account.
    #[serde(deserialize_with = "lenient::text")]
    pub default_user_role: String,
    /// The roles of a new account; unset, its default role.
    #[serde(deserialize_with = "optional_list")]
    pub default_allowed_user_roles: Option<Vec<String>>,
    /// The roles that may be asked for at registration; unset, those of a new account.
    #[serde(deserialize_with = "optional_list")]
    pub allowed_user_roles: Option<Vec<String>>,
    /// Whether a new account is active at once.
    #[serde(deserialize_with = "lenient::flag")]
    pub auto_activate_new_users: bool,
    /// Whether addresses are verified by mail.
    #[serde(deserialize_with = "lenient::flag")]
    pub verify_emails: bool,
    /// Whether people may delete their accounts; unset, they may, but not in the v2.7 profile.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub allow_user_self_delete: Option<bool>,
    /// Whether lost passwords may be reset by mail; unset, they may, but not in the v2.7 profile.
    #[serde(alias = "lost_password_enable", deserialize_with = "lenient::optional_flag")]
    pub lost_password_enabled: Option<bool>,
    /// Whether people may change their address.
    #[serde(alias = "change_email_enable", deserialize_with = "lenient::flag")]
    pub change_email_enabled: bool,
    /// Whether the old address is told when it was replaced.
    #[serde(deserialize_with = "lenient::flag")]
    pub notify_email_change: bool,
    /// Whether this dialect sends mail.
    #[serde(alias = "emails_enable", deserialize_with = "lenient::flag")]
    pub emails_enabled: bool,
    /// Requests of one client in each time frame; 0 is without limit.
    #[serde(deserialize_with = "lenient::parsed")]
    pub max_requests: u32,
    /// The time frame, in milliseconds.
    #[serde(deserialize_with = "lenient::parsed")]
    pub time_frame: u32,
    /// For how long a spent refresh token still yields its successor; 0 is strict.
    #[serde(deserialize_with = "lenient::parsed")]
    pub refresh_reuse_window_seconds: u32,
    /// Origins whose pages may call; empty is every origin.
    #[serde(deserialize_with = "lenient::list")]
    pub cors_allowed_origins: Vec<String>,
    /// Whether a log-in answers for an unknown or inactive account as for a wrong password.
    #[serde(deserialize_with = "lenient::flag")]
    pub hide_unknown_accounts: bool,
    /// Whether a request for a password reset tells that there is no such account.
    #[serde(deserialize_with = "lenient::flag")]
    pub reveal_unknown_accounts: bool,
    /// A directory with the operator's own mail templates.
    #[serde(deserialize_with = "optional_path")]
    pub templates_dir: Option<PathBuf>,
    /// Whether mails carry their ticket in the header `X-Ticket` too.
    #[serde(deserialize_with = "lenient::flag")]
    pub ticket_header: bool,
    /// Whether `/storage` is served.
    #[serde(alias = "storage_enable", deserialize_with = "lenient::flag")]
    pub storage_enabled: bool,
    /// The file with the rules of `/storage`; where there is none, nothing is stored.
    #[serde(deserialize_with = "path")]
    pub storage_rules: PathBuf,
    /// The largest file that is stored, in bytes.
    #[serde(deserialize_with = "lenient::parsed")]
    pub storage_max_upload_bytes: u64,
    /// How many files are received at a time.
    #[serde(deserialize_with = "lenient::parsed")]
    pub storage_uploads_at_once: u16,
    /// Where files are kept while they are received; unset, the system's folder for temporary files.
    #[serde(deserialize_with = "optional_path")]
    pub storage_upload_dir: Option<PathBuf>,
    /// What answers say of how long files may be kept; of those that not everybody may read, `private` is said.
    #[serde(deserialize_with = "lenient::text")]
    pub storage_cache_control: String,
    /// How much memory is used to remember images that were changed, in bytes; 0 is none.
    #[serde(deserialize_with = "lenient::parsed")]
    pub storage_image_cache_bytes: u64,
    /// Whether the admin secret takes the place of a password at log-in.
    #[serde(alias = "user_impersonation_enable", deserialize_with = "lenient::flag")]
    pub user_impersonation_enabled: bool,
    /// The admin secret.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub hasura_graphql_admin_secret: Option<Secret>,
    /// Where a browser goes after a log-in through a provider; unset, where it goes after an activation.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub provider_success_redirect: Option<String>,
    /// Where a browser goes when that failed; unset, where it goes when an activation failed.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub provider_failure_redirect: Option<String>,
    /// Whether people log in through GitHub.
    #[serde(alias = "github_enable", deserialize_with = "lenient::flag")]
    pub github_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub github_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub github_client_secret: Option<Secret>,
    /// Where browsers go there, if not to github.com.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub github_authorization_url: Option<String>,
    /// Where codes are exchanged.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub github_token_url: Option<String>,
    /// Where it says who somebody is; their addresses are told below it.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub github_user_profile_url: Option<String>,
    /// Whether people log in through Google.
    #[serde(alias = "google_enable", deserialize_with = "lenient::flag")]
    pub google_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub google_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub google_client_secret: Option<Secret>,
    /// Whether people log in through Facebook.
    #[serde(alias = "facebook_enable", deserialize_with = "lenient::flag")]
    pub facebook_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub facebook_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub facebook_client_secret: Option<Secret>,
    /// Whether people log in through Twitter.
    #[serde(alias = "twitter_enable", deserialize_with = "lenient::flag")]
    pub twitter_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub twitter_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub twitter_client_secret: Option<Secret>,
    /// Whether people log in through `LinkedIn`.
    #[serde(alias = "linkedin_enable", deserialize_with = "lenient::flag")]
    pub linkedin_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub linkedin_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub linkedin_client_secret: Option<Secret>,
    /// Whether people log in through Apple.
    #[serde(alias = "apple_enable", deserialize_with = "lenient::flag")]
    pub apple_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub apple_client_id: Option<String>,
    /// Whether people log in through Microsoft.
    #[serde(alias = "windowslive_enable", deserialize_with = "lenient::flag")]
    pub windowslive_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub windowslive_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub windowslive_client_secret: Option<Secret>,
    /// Whether people log in through Spotify.
    #[serde(alias = "spotify_enable", deserialize_with = "lenient::flag")]
    pub spotify_enabled: bool,
    /// The client's id there.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub spotify_client_id: Option<String>,
    /// The client's secret there.
    #[serde(deserialize_with = "lenient::optional_secret")]
    pub spotify_client_secret: Option<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            profile: Profile::default(),
            auth_enabled: true,
            auth_local_users_enabled: true,
            redirect_url_success: None,
            redirect_url_error: None,
            cookie_secret: None,
            cookie_secure: None,
            cookie_same_site: SameSite::Lax,
            jwt_key: None,
            jwt_algorithm: Algorithm::Rs256.name().to_owned(),
            jwt_claims_namespace: "https://hasura.io/jwt/claims".to_owned(),
            jwt_issuer: None,
            jwt_expires_in: 15,
            jwt_refresh_expires_in: 43_200,
            jwt_custom_fields: Vec::new(),
            allowed_email_domains: Vec::new(),
            without_second_factor: WithoutSecondFactor::Refuse,
            mfa_enabled: true,
            otp_issuer: "HBP".to_owned(),
            hibp_enabled: false,
            anonymous_users_enabled: false,
            default_anonymous_role: "anonymous".to_owned(),
            magic_link_enabled: false,
            magic_link_expires_in: 15,
            min_password_length: 6,
            registration_custom_fields: Vec::new(),
            default_user_role: "user".to_owned(),
            default_allowed_user_roles: None,
            allowed_user_roles: None,
            auto_activate_new_users: false,
            verify_emails: true,
            allow_user_self_delete: None,
            lost_password_enabled: None,
            change_email_enabled: true,
            notify_email_change: true,
            emails_enabled: true,
            max_requests: 1000,
            time_frame: 900_000,
            refresh_reuse_window_seconds: 10,
            cors_allowed_origins: Vec::new(),
            hide_unknown_accounts: false,
            reveal_unknown_accounts: false,
            templates_dir: None,
            ticket_header: true,
            storage_enabled: true,
            storage_rules: PathBuf::from("custom/storage-rules/rules.yaml"),
            storage_max_upload_bytes: 100 * 1024 * 1024,
            storage_uploads_at_once: 16,
            storage_upload_dir: None,
            storage_cache_control: "public, max-age=31557600".to_owned(),
            storage_image_cache_bytes: 32 * 1024 * 1024,
            user_impersonation_enabled: false,
            hasura_graphql_admin_secret: None,
            provider_success_redirect: None,
            provider_failure_redirect: None,
            github_enabled: false,
            github_client_id: None,
            github_client_secret: None,
            github_authorization_url: None,
            github_token_url: None,
            github_user_profile_url: None,
            google_enabled: false,
            google_client_id: None,
            google_client_secret: None,
            facebook_enabled: false,
            facebook_client_id: None,
            facebook_client_secret: None,
            twitter_enabled: false,
            twitter_client_id: None,
            twitter_client_secret: None,
            linkedin_enabled: false,
            linkedin_client_id: None,
            linkedin_client_secret: None,
            apple_enabled: false,
            apple_client_id: None,
            windowslive_enabled: false,
            windowslive_client_id: None,
            windowslive_client_secret: None,
            spotify_enabled: false,
            spotify_client_id: None,
            spotify_client_secret: None,
        }
    }
}

/// A setting of the dialect that cannot be served.
#[derive(Debug, thiserror::Error)]
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
    /// The key that the settings bring for signing; `None` where a generated one signs.
    pub fn shared_key(&self) -> Result<Option<SharedKey>, SettingsError> {
        let algorithm = self
            .jwt_algorithm
            .parse()
            .ok()
            .filter(|algorithm: &Algorithm| algorithm.is_symmetric() || algorithm.is_rsa())
            .ok_or_else(|| {
                SettingsError::new(
                    "jwt_algorithm",
                    "expected HS256, HS384, HS512, RS256, RS384 or RS512",
                )
            })?;
        let shortest = shortest_secret(algorithm);
        match &self.jwt_key {
            Some(key) if key.expose().len() >= shortest => {
                let owner = KeyOwner::Dialect(Dialect::BackendPlus);
                Ok(Some(SharedKey {
                    owner,
                    algorithm,
                    key: key.clone(),
                }))
            }
            None if algorithm == Algorithm::Rs256 => Ok(None),
            Some(_) | None if algorithm.is_symmetric() => Err(SettingsError::new(
                "jwt_key",
                format!("{algorithm} needs a secret of at least {shortest} bytes"),
            )),
            Some(_) | None => Err(SettingsError::new(
                "jwt_key",
                format!("{algorithm} needs an RSA private key in PEM; only RS256 has a generated key"),
            )),
        }
    }
}

/// A secret is as long as the hash, or whoever holds a token can guess it (RFC 7518 §3.2).
fn shortest_secret(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Hs256 => 32,
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Es256 | Algorithm::EdDsa => 0,
    }
}

/// An empty list is as if it were not there.
fn optional_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(Some(lenient::list(deserializer)?).filter(|parts: &Vec<_>| !parts.is_empty()))
}

fn path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(PathBuf::from(lenient::text(deserializer)?))
}

fn optional_path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(lenient::optional_text(deserializer)?.map(PathBuf::from))
}

#[cfg(test)]
mod tests;
