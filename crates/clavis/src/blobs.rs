use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clavis_blobs::{BlobLocation, BlobStore, ListedBlob, S3Credentials, SealedBlobs};
use clavis_flows::{BlobError, Objects, Store};
use clavis_kernel::{BlobId, Clock, Secret, StoreError};
use tokio::sync::watch;
use tokio::time::interval;

use crate::config::{ConfigError, Settings};
use crate::installation::Installation;

const SETTING: &str = "blobs.url";
/// How often contents that are nobody's are looked for.
const SWEEP_EVERY: Duration = Duration::from_hours(24);
/// How many contents are looked at together.
const SWEEP_PAGE: usize = 1_000;
/// How old a content is before it may be nobody's: what is younger may be on its way to an owner.
const SWEEP_AGE: TimeDelta = TimeDelta::hours(24);

/// Where contents of objects are kept, as it is set: looked at before anything is opened.
pub(crate) struct BlobSetup {
    location: BlobLocation,
    credentials: Option<S3Credentials>,
    authorities: Option<String>,
}

impl BlobSetup {
    pub(crate) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let blobs = &settings.blobs;
        let location = BlobLocation::from_setting(blobs.url.as_ref().map(Secret::expose), &settings.data.dir)
            .map_err(|error| ConfigError::setting(SETTING, error))?;
        let credentials = match (&blobs.access_key_id, &blobs.secret_access_key) {
            (Some(id), Some(secret)) => Some(S3Credentials {
                access_key_id: id.clone(),
                secret_access_key: secret.clone(),
                session_token: None,
            }),
            (None, None) => None,
            (Some(_), None) => {
                let problem = "is missing beside blobs.access_key_id";
                return Err(ConfigError::setting("blobs.secret_access_key", problem));
            }
            (None, Some(_)) => {
                let problem = "is missing beside blobs.secret_access_key";
                return Err(ConfigError::setting("blobs.access_key_id", problem));
            }
        };
        let authorities = blobs.ca_file.as_ref().map(std::fs::read_to_string).transpose();
        Ok(Self {
            location,
            credentials,
            authorities: authorities.map_err(|error| ConfigError::setting("blobs.ca_file", error))?,
        })
    }

    /// Opens it. A folder that cannot be written is refused; whether a bucket answers is asked later.
    pub(crate) fn open(
        self,
        installation: &Installation,
    ) -> Result<(Arc<SealedBlobs>, Arc<dyn Objects>), ConfigError> {
        let opened = self
            .location
            .open(self.credentials, self.authorities.as_deref())
            .map_err(|error| ConfigError::setting(SETTING, error))?;
        let sealed = SealedBlobs::new(
            opened.contents,
            installation.keys.master.clone(),
            Arc::clone(&installation.entropy),
        );
        Ok((Arc::new(sealed), opened.objects))
    }
}

/// Tells the operator when contents cannot be reached: accounts are served without them.
pub(crate) async fn warn_if_unavailable(store: Arc<dyn BlobStore>, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        answer = store.ping() => if let Err(error) = answer {
            tracing::warn!(%error, setting = SETTING, "contents of objects can be neither stored nor read");
        },
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Deletes contents that are nobody's, at the start and then again and again.
pub(crate) async fn sweep_contents(
    installation: Arc<Installation>,
    contents: Arc<dyn BlobStore>,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticks = interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        let sweeping = sweep_all(
            installation.store.as_ref(),
            installation.clock.as_ref(),
            contents.as_ref(),
        );
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            swept = sweeping => match swept {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "contents that were nobody's or unfinished were deleted"),
                Err(error) => tracing::warn!(%error, "contents that are nobody's or unfinished could not be deleted"),
            }
        }
    }
}

/// What crashes left unfinished, then what has no owner.
async fn sweep_all(
    store: &dyn Store,
    clock: &dyn Clock,
    contents: &dyn BlobStore,
) -> Result<usize, SweepError> {
    let unfinished = contents.sweep(clock.now() - SWEEP_AGE).await;
    let orphans = sweep_once(store, clock, contents).await?;
    Ok(unfinished? + orphans)
}

/// Why contents were not looked through to the end.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Contents(#[from] BlobError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn sweep_once(
    store: &dyn Store,
    clock: &dyn Clock,
    contents: &dyn BlobStore,
) -> Result<usize, SweepError> {
    let (mut after, mut deleted) = (None, 0);
    loop {
        let page = contents.list(after, SWEEP_PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(deleted);
        };
        after = Some(last.id);
        for orphan in old_orphans(store, clock, page).await? {
            contents.delete(orphan).await?;
            deleted += 1;
        }
    }
}

/// Those of a page that are nobody's, and old enough to be sure of it. Ids are spread evenly, so a page of which
/// nothing has an owner tells that these are the contents of another database: they are left alone.
async fn old_orphans(
    store: &dyn Store,
    clock: &dyn Clock,
    page: Vec<ListedBlob>,
) -> Result<Vec<BlobId>, StoreError> {
    let ids: Vec<_> = page.iter().map(|listed| listed.id).collect();
    let orphans = clavis_flows::read(store, move |ports| clavis_flows::orphans(ports, &ids)).await?;
    if orphans.len() == page.len() {
        tracing::debug!("no content of a page has an owner; none was deleted");
        return Ok(Vec::new());
    }
    let latest = clock.now() - SWEEP_AGE;
    let old = page
        .iter()
        .filter(|listed| listed.stored_at <= latest && orphans.contains(&listed.id));
    Ok(old.map(|listed| listed.id).collect())
}
