use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use clavis_flows::Store;
use clavis_kernel::{Clock, MasterKey};
use clavis_tokens::{KeyError, KeyPolicy, KeyRing, SharedKey, SigningKeyRecord};

/// The signing keys in force; replaced as a whole when keys change.
#[derive(Clone)]
pub struct RingHandle {
    current: Arc<RwLock<Arc<KeyRing>>>,
    source: Arc<RingSource>,
    looked_again_at: Arc<AtomicI64>,
}

struct RingSource {
    store: Arc<dyn Store>,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    shared: Vec<SharedKey>,
    policy: KeyPolicy,
}

impl RingHandle {
    /// The ring of this moment; keep it for one request only.
    pub fn get(&self) -> Arc<KeyRing> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the keys may be read again for a token with an unknown key: once a second, however many such
    /// tokens are presented.
    pub(crate) fn may_look_again(&self) -> bool {
        let now = self.source.clock.now().timestamp();
        self.looked_again_at.swap(now, Ordering::Relaxed) != now
    }

    /// Reads the keys again: another process, or the command line, may have changed them.
    pub async fn reload(&self) -> Result<Vec<SigningKeyRecord>, ReloadError> {
        let records = clavis_flows::read(self.source.store.as_ref(), |ports| {
            clavis_tokens::SigningKeys::all(ports)
        })
        .await?;
        let ring = self.source.open(&records)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(records)
    }
}

/// Why the keys were not read again; the old ones stay in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] clavis_kernel::StoreError),
    /// A key is not usable.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl RingSource {
    fn open(&self, records: &[SigningKeyRecord]) -> Result<KeyRing, KeyError> {
        KeyRing::open(
            records,
            &self.shared,
            &self.master,
            &self.policy,
            self.clock.now(),
        )
    }
}

/// Opens the stored keys, with those from the settings.
pub fn open_ring(
    records: &[SigningKeyRecord],
    store: Arc<dyn Store>,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    shared: Vec<SharedKey>,
    policy: KeyPolicy,
) -> Result<RingHandle, KeyError> {
    let source = RingSource {
        store,
        master,
        clock,
        shared,
        policy,
    };
    let ring = source.open(records)?;
    Ok(RingHandle {
        current: Arc::new(RwLock::new(Arc::new(ring))),
        source: Arc::new(source),
        looked_again_at: Arc::default(),
    })
}
