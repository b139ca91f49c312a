use std::path::PathBuf;
use std::sync::Arc;

use chrono::Duration;
use clavis_flows::{Door, Flows, Keys, Limits, Store};
use clavis_identity::LockoutPolicy;
use clavis_kernel::{Caller, Clock, Entropy, MasterKey, StoreError};
use clavis_tokens::{
    Algorithm, FreshKey, KeyError, KeyOwner, KeyPolicy, RefreshPolicy, RefreshTokenSpelling, SigningKeyRecord,
};

use crate::config::{ConfigError, Settings};
use crate::letters::PlainLetters;
use crate::master_key::{KeySource, MasterKeyError};
use crate::system::{SystemClock, SystemEntropy};

/// An opened installation: its store, migrated, and its keys.
pub(crate) struct Installation {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub keys: Arc<Keys>,
    pub limits: Arc<Limits>,
    pub signing_keys: Vec<SigningKeyRecord>,
    operator: Arc<Door>,
}

/// Why an installation does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("data.dir {path}: {source}", path = path.display())]
    DataDir { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("{0} is missing, and the database holds keys that were sealed with it; put it back")]
    MasterKeyLost(String),
    #[error(transparent)]
    DatabaseUrl(#[from] clavis_store::DatabaseUrlError),
    #[error("database: {0}")]
    Store(#[from] clavis_store::OpenError),
    #[error("database: {0}")]
    Transaction(#[from] StoreError),
    #[error("the keys in the database were sealed with another master key than {0}")]
    OtherMasterKey(String),
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Installation {
    /// Opens the data folder and the database, brings the schema up to date, and makes on the first start what
    /// every installation has: master key, signing keys, the dialects' applications.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let dir = &settings.data.dir;
        create_private_folder(dir).map_err(|source| OpenError::DataDir {
            path: dir.clone(),
            source,
        })?;
        let source = settings.key_source()?;
        let url = settings
            .database_url()
            .expose()
            .parse::<clavis_store::DatabaseUrl>()?;
        let store = tokio::task::spawn_blocking(move || clavis_store::open(&url))
            .await
            .map_err(|error| StoreError::new("open", error))??;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let signing_keys =
            clavis_flows::read(store.as_ref(), |ports| clavis_tokens::SigningKeys::all(ports)).await?;
        let master = master_key(&source, &signing_keys, entropy.as_ref())?;
        let mut installation = Self {
            store,
            clock,
            entropy,
            keys: Arc::new(Keys::new(master)),
            limits: Arc::new(limits(settings)?),
            signing_keys,
            operator: Arc::new(operator_door()),
        };
        installation.lay_foundations().await?;
        Ok(installation)
    }

    /// Runs an operator's use case.
    pub(crate) async fn transaction<T: Send + 'static>(
        &self,
        mut decide: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let (keys, limits, door) = (
            Arc::clone(&self.keys),
            Arc::clone(&self.limits),
            Arc::clone(&self.operator),
        );
        clavis_flows::write(self.store.as_ref(), move |ports| {
            decide(&Flows {
                ports,
                clock: clock.as_ref(),
                entropy: entropy.as_ref(),
                keys: &keys,
                limits: &limits,
                door: &door,
                caller: &Caller::OPERATOR,
                mail_queued: &std::cell::Cell::new(false),
            })
        })
        .await
    }

    /// Writes only on a first start: a start on existing data reads.
    async fn lay_foundations(&mut self) -> Result<(), OpenError> {
        let missing = Flows::missing_keys(&self.signing_keys);
        if missing.is_empty() {
            return Ok(());
        }
        let fresh = generate(missing).await?;
        self.signing_keys = self
            .transaction(move |on| {
                on.ensure_foundations()?;
                on.keep_missing_keys(&fresh)
            })
            .await?;
        Ok(())
    }
}

/// Makes keys, each on a thread of its own: RSA keys take their time.
pub(crate) async fn generate(wanted: Vec<(KeyOwner, Algorithm)>) -> Result<Vec<FreshKey>, OpenError> {
    let making: Vec<_> = wanted
        .into_iter()
        .map(|(owner, algorithm)| tokio::task::spawn_blocking(move || FreshKey::generate(owner, algorithm)))
        .collect();
    let mut made = Vec::with_capacity(making.len());
    for key in making {
        made.push(
            key.await
                .map_err(|error| StoreError::new("FreshKey::generate", error))??,
        );
    }
    Ok(made)
}

fn master_key(
    source: &KeySource,
    signing_keys: &[SigningKeyRecord],
    entropy: &dyn Entropy,
) -> Result<MasterKey, OpenError> {
    let Some(sealed) = signing_keys.first() else {
        return Ok(source.find_or_create(entropy)?);
    };
    let master = source
        .find()?
        .ok_or_else(|| OpenError::MasterKeyLost(source.describe()))?;
    let opens = master.open(
        clavis_kernel::Purpose::SigningKeys,
        sealed.kid.as_bytes(),
        &sealed.sealed_private,
    );
    match opens {
        Ok(_) => Ok(master),
        Err(_) => Err(OpenError::OtherMasterKey(source.describe())),
    }
}

fn limits(settings: &Settings) -> Result<Limits, ConfigError> {
    let kyc = settings.dialects.barong.kyc_policy();
    Ok(Limits {
        kyc: kyc.map_err(|error| ConfigError::within("dialects.barong", error))?,
        lockout: LockoutPolicy {
            max_failures: settings.limits.failed_logins_per_account,
            ..LockoutPolicy::default()
        },
        mails_per_account_per_hour: settings.limits.mails_per_account_per_hour,
        session_lifetime: Duration::seconds(settings.tokens.session_ttl_seconds.into()),
    })
}

/// When keys are replaced.
pub(crate) fn key_policy(settings: &Settings) -> KeyPolicy {
    KeyPolicy {
        rotate_after: Duration::days(settings.keys.rotate_after_days.into()),
        ..KeyPolicy::default()
    }
}

fn operator_door() -> Door {
    Door {
        refresh: RefreshPolicy {
            spelling: RefreshTokenSpelling::UuidV4,
            lifetime: Duration::days(30),
            reuse_window: Duration::zero(),
        },
        ticket_lifetime: Duration::hours(1),
        new_ticket_replaces: true,
        change_kills_resets: true,
        second_factor: clavis_flows::FactorPolicy::Refuse,
        letters: Arc::new(PlainLetters),
    }
}

fn create_private_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
