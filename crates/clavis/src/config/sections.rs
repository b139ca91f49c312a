//! The settings by section. Their names are fixed; what each means is said in `deploy/clavis.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clavis_federation::Unseen;
use clavis_http::dialects::{backend_plus, barong, jauth, pluto, sso};
use clavis_http::lenient::{flag, list, optional_parsed, optional_secret, parsed};
use clavis_http::{MailLinks, ProxyNet, PublicUrl};
use clavis_identity::Argon2Params;
use clavis_kernel::{Email, MasterKey, Secret};
use serde::Deserialize;

use super::ConfigError;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub http: HttpSettings,
    pub data: DataSettings,
    pub database: DatabaseSettings,
    pub mail: MailSettings,
    pub sms: SmsSettings,
    pub blobs: BlobSettings,
    pub secrets: SecretSettings,
    pub password: PasswordSettings,
    pub admin: AdminSettings,
    pub tokens: TokenSettings,
    pub keys: KeySettings,
    pub limits: LimitSettings,
    pub dialects: DialectSettings,
    pub federation: clavis_federation::Settings,
    pub metrics: MetricsSettings,
    pub log: LogSettings,
    #[serde(deserialize_with = "flag")]
    pub dev: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpSettings {
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    #[serde(deserialize_with = "optional_parsed")]
    pub public_url: Option<PublicUrl>,
    #[serde(deserialize_with = "list")]
    pub trusted_proxies: Vec<ProxyNet>,
    #[serde(deserialize_with = "optional_parsed")]
    pub workers: Option<std::num::NonZeroUsize>,
    #[serde(deserialize_with = "parsed")]
    pub mail_links: MailLinks,
    #[serde(deserialize_with = "parsed")]
    pub drain_seconds: u32,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: None,
            mail_links: MailLinks::default(),
            drain_seconds: 20,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DataSettings {
    pub dir: PathBuf,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("./clavis-data"),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DatabaseSettings {
    #[serde(deserialize_with = "optional_secret")]
    pub url: Option<Secret>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MailSettings {
    #[serde(deserialize_with = "optional_secret")]
    pub url: Option<Secret>,
    pub from: Option<String>,
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SmsSettings {
    #[serde(deserialize_with = "optional_secret")]
    pub url: Option<Secret>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BlobSettings {
    #[serde(deserialize_with = "optional_secret")]
    pub url: Option<Secret>,
    pub access_key_id: Option<String>,
    #[serde(deserialize_with = "optional_secret")]
    pub secret_access_key: Option<Secret>,
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecretSettings {
    pub master_key_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional_secret")]
    pub master_key: Option<Secret>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PasswordSettings {
    #[serde(deserialize_with = "parsed")]
    pub argon2: Argon2Params,
    #[serde(deserialize_with = "parsed")]
    pub queue: usize,
    pub breached_list: Option<PathBuf>,
    pub breached_range_url: Option<String>,
    pub breached_ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "parsed")]
    pub breached_unavailable: Unseen,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            argon2: Argon2Params::default(),
            queue: 256,
            breached_list: None,
            breached_range_url: None,
            breached_ca_file: None,
            breached_unavailable: Unseen::default(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AdminSettings {
    #[serde(deserialize_with = "optional_parsed")]
    pub email: Option<Email>,
    #[serde(deserialize_with = "optional_secret")]
    pub password: Option<Secret>,
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TokenSettings {
    #[serde(deserialize_with = "flag")]
    pub across: bool,
    #[serde(deserialize_with = "optional_parsed")]
    pub access_ttl_seconds: Option<u32>,
    #[serde(deserialize_with = "optional_parsed")]
    pub refresh_ttl_seconds: Option<u32>,
    #[serde(deserialize_with = "parsed")]
    pub session_ttl_seconds: u32,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            across: true,
            access_ttl_seconds: None,
            refresh_ttl_seconds: None,
            session_ttl_seconds: 365 * 24 * 60 * 60,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeySettings {
    #[serde(deserialize_with = "parsed")]
    pub rotate_after_days: u16,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            rotate_after_days: 90,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitSettings {
    #[serde(deserialize_with = "parsed")]
    pub login_per_client_ip_per_minute: u32,
    #[serde(deserialize_with = "parsed")]
    pub failed_logins_per_account: u32,
    #[serde(deserialize_with = "parsed")]
    pub mails_per_account_per_hour: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            login_per_client_ip_per_minute: 300,
            failed_logins_per_account: 10,
            mails_per_account_per_hour: 30,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DialectSettings {
    pub backend_plus: backend_plus::Settings,
    pub barong: barong::Settings,
    pub jauth: jauth::Settings,
    pub pluto: pluto::Settings,
    pub sso: sso::Settings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    #[serde(deserialize_with = "optional_parsed")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogSettings {
    pub filter: String,
    pub format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            filter: "info,actix_http=off,actix_server=warn,lapin=off".to_owned(),
            format: LogFormat::Text,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl Settings {
    /// The database: as set, or a file in the data folder.
    pub(crate) fn database_url(&self) -> Secret {
        self.database
            .url
            .clone()
            .unwrap_or_else(|| Secret::new(format!("sqlite://{}", self.data.dir.join("clavis.db").display())))
    }

    /// The master key's source.
    pub(crate) fn key_source(&self) -> Result<crate::master_key::KeySource, ConfigError> {
        use crate::master_key::KeySource;
        match &self.secrets.master_key {
            Some(text) => MasterKey::parse(text.expose())
                .map(KeySource::Given)
                .map_err(|error| ConfigError::setting("secrets.master_key", error)),
            None => Ok(KeySource::File(
                self.secrets
                    .master_key_file
                    .clone()
                    .unwrap_or_else(|| self.data.dir.join("master.key")),
            )),
        }
    }
}
