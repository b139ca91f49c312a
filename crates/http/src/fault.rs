use clavis_kernel::{StoreError, StoreErrorKind};

use crate::HasherBusy;

/// Seconds after which a client that was told 503 may come back.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request got no answer of its own. Each dialect says it in its own envelope; what happened is logged
/// here, once, and never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Something broke: 500.
    Internal,
    /// The store or the hashing queue has no room just now: 503 with `Retry-After`.
    Busy,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Fault => {
                tracing::error!(%error, "a transaction failed");
                Self::Internal
            }
            StoreErrorKind::Busy | StoreErrorKind::Conflict => {
                tracing::warn!(%error, "the store is busy");
                Self::Busy
            }
        }
    }
}

impl From<HasherBusy> for Fault {
    fn from(_: HasherBusy) -> Self {
        tracing::warn!("the password hashing queue is full");
        Self::Busy
    }
}

impl From<clavis_tokens::KeyError> for Fault {
    fn from(error: clavis_tokens::KeyError) -> Self {
        tracing::error!(%error, "signing failed");
        Self::Internal
    }
}
