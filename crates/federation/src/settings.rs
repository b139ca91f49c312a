//! What the operator sets about providers.

mod client;
mod lenient;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clavis_kernel::Secret;
use serde::Deserialize;
use url::{Host, Url};

use crate::wire::Patience;
pub(crate) use client::Client;
pub use client::{ClientOfDialect, ClientUrls};
use lenient::{list, optional_number, optional_path, optional_secret, optional_text};

/// The providers, as they stand in `[federation]`. What each setting means is said in `deploy/clavis.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    #[serde(deserialize_with = "optional_number")]
    pub(crate) timeout_seconds: Option<u64>,
    #[serde(deserialize_with = "optional_number")]
    pub(crate) connect_timeout_seconds: Option<u64>,
    #[serde(deserialize_with = "optional_path")]
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) google: GoogleSettings,
    pub(crate) apple: AppleSettings,
    pub(crate) facebook: FacebookSettings,
    pub(crate) kakao: KakaoSettings,
    pub(crate) wechat: WeChatSettings,
    pub(crate) github: GithubSettings,
    pub(crate) linkedin: LinkedinSettings,
    pub(crate) spotify: SpotifySettings,
    pub(crate) twitter: TwitterSettings,
    pub(crate) windowslive: WindowsliveSettings,
    pub(crate) oidc: BTreeMap<String, OidcSettings>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GoogleSettings {
    #[serde(deserialize_with = "list")]
    pub(crate) client_ids: Vec<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) client_secret: Option<SecretText>,
    #[serde(deserialize_with = "list")]
    pub(crate) issuers: Vec<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) jwks_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) token_url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AppleSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) client_id: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) services_id: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) team_id: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) key_id: Option<String>,
    #[serde(deserialize_with = "optional_path")]
    pub(crate) private_key_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) redirect_uri: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) issuer: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) jwks_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) token_url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FacebookSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) app_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) app_secret: Option<SecretText>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) graph_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KakaoSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) app_id: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) client_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) client_secret: Option<SecretText>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) api_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) token_url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WeChatSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) app_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) app_secret: Option<SecretText>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) token_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) userinfo_url: Option<String>,
}

/// What is set of a provider to which browsers bring codes.
#[derive(Clone, Copy)]
pub(crate) struct BrowserSettings<'a> {
    pub(crate) client_id: Option<&'a String>,
    pub(crate) client_secret: Option<&'a SecretText>,
    pub(crate) authorize_url: Option<&'a String>,
    pub(crate) token_url: Option<&'a String>,
}

/// Sections of providers to which browsers bring codes, each with the one address more at which it says who somebody is.
macro_rules! browser_sections {
    ($($name:ident { $who:ident })*) => {$(
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            #[serde(deserialize_with = "optional_text")]
            pub(crate) client_id: Option<String>,
            #[serde(deserialize_with = "optional_secret")]
            pub(crate) client_secret: Option<SecretText>,
            #[serde(deserialize_with = "optional_text")]
            pub(crate) authorize_url: Option<String>,
            #[serde(deserialize_with = "optional_text")]
            pub(crate) token_url: Option<String>,
            #[serde(deserialize_with = "optional_text")]
            pub(crate) $who: Option<String>,
        }

        impl $name {
            pub(crate) fn browser(&self) -> BrowserSettings<'_> {
                BrowserSettings {
                    client_id: self.client_id.as_ref(),
                    client_secret: self.client_secret.as_ref(),
                    authorize_url: self.authorize_url.as_ref(),
                    token_url: self.token_url.as_ref(),
                }
            }
        }
    )*};
}

browser_sections! {
    GithubSettings { user_url }
    LinkedinSettings { api_url }
    SpotifySettings { me_url }
    WindowsliveSettings { me_url }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TwitterSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) client_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) client_secret: Option<SecretText>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) authorize_url: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) api_url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OidcSettings {
    #[serde(deserialize_with = "optional_text")]
    pub(crate) issuer: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    pub(crate) client_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) client_secret: Option<SecretText>,
    #[serde(deserialize_with = "list")]
    pub(crate) scopes: Vec<String>,
}

/// A secret of the settings, which may be compared with another to see whether anything was set.
#[derive(Debug, Clone)]
pub(crate) struct SecretText(pub(crate) Secret);

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_as(other.0.expose())
    }
}

/// A setting that cannot be worked with. Never shows its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingsError {
    /// Which.
    pub setting: String,
    /// What was expected.
    pub problem: String,
}

impl SettingsError {
    pub(crate) fn new(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
        }
    }
}

impl Settings {
    /// Whether no provider is set.
    pub(crate) fn name_nobody(&self) -> bool {
        self.google == GoogleSettings::default()
            && self.apple == AppleSettings::default()
            && self.facebook == FacebookSettings::default()
            && self.kakao == KakaoSettings::default()
            && self.wechat == WeChatSettings::default()
            && self.github == GithubSettings::default()
            && self.linkedin == LinkedinSettings::default()
            && self.spotify == SpotifySettings::default()
            && self.twitter == TwitterSettings::default()
            && self.windowslive == WindowsliveSettings::default()
            && self.oidc.values().all(|oidc| *oidc == OidcSettings::default())
    }

    /// A certificate file to trust beside the system's.
    pub fn authority(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    pub(crate) fn patience(&self) -> Result<Patience, SettingsError> {
        let bounded = |name, value: Option<u64>, usual| match value {
            None => Ok(Duration::from_secs(usual)),
            Some(seconds @ 1..=60) => Ok(Duration::from_secs(seconds)),
            Some(_) => Err(SettingsError::new(name, "expected 1 to 60 seconds")),
        };
        Ok(Patience {
            connect: bounded(
                "federation.connect_timeout_seconds",
                self.connect_timeout_seconds,
                3,
            )?,
            total: bounded("federation.timeout_seconds", self.timeout_seconds, 5)?,
        })
    }
}

/// A setting without which nothing else of its section makes sense.
pub(crate) fn required<T: Clone>(
    section: &str,
    name: &str,
    value: Option<&T>,
    expected: &str,
) -> Result<T, SettingsError> {
    let value = value.cloned();
    value.ok_or_else(|| SettingsError::new(format!("{section}.{name}"), format!("expected {expected}")))
}

/// Where a provider is asked: what was set, or what it publishes.
pub(crate) fn endpoint(
    section: &str,
    name: &str,
    set: Option<&String>,
    usual: &str,
) -> Result<Url, SettingsError> {
    let text = set.map_or(usual, String::as_str);
    let url = Url::parse(text)
        .ok()
        .filter(|url| is_plain(url) && is_safe_for_secrets(url));
    url.ok_or_else(|| {
        SettingsError::new(
            format!("{section}.{name}"),
            "expected an https URL without a user and a fragment, or an http URL of this machine",
        )
    })
}

/// Whether nobody else reads what is sent to this URL: it is encrypted, or stays on this machine by what is written.
pub(crate) fn is_safe_for_secrets(url: &Url) -> bool {
    let is_https = url.scheme() == "https" && url.host().is_some();
    is_https || (url.scheme() == "http" && is_here(url))
}

/// Whether the URL is of this machine by what is written. A name that merely resolves to it is another.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}
