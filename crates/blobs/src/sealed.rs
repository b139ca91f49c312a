//! Sealing before a store sees it, opening after.

mod format;
mod opening;
mod sealing;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use clavis_flows::{BlobError, BlobStream, Blobs, StoredBlob};
use clavis_kernel::{BlobId, Entropy, MasterKey};
use futures_util::{StreamExt as _, stream};

use self::format::ObjectKey;
use crate::BlobStore;

/// Contents sealed under keys of their own, in a store that cannot read them.
pub struct SealedBlobs {
    store: Arc<dyn BlobStore>,
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
}

impl SealedBlobs {
    /// Seals what goes into the store.
    pub fn new(store: Arc<dyn BlobStore>, master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            store,
            master,
            entropy,
        }
    }

    /// The store beneath: for listing what is there, and for asking whether it answers.
    pub fn store(&self) -> &Arc<dyn BlobStore> {
        &self.store
    }
}

impl fmt::Debug for SealedBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedBlobs(..)")
    }
}

#[async_trait]
impl Blobs for SealedBlobs {
    async fn put(&self, id: BlobId, content: BlobStream) -> Result<StoredBlob, BlobError> {
        let key = ObjectKey::generate(self.entropy.as_ref());
        let (sealed, whole) = sealing::seal(key.cipher(id), content);
        self.store.put(id, sealed).await?;
        let whole = whole
            .take()
            .ok_or_else(|| BlobError::unavailable("the store has not taken the whole content"))?;
        Ok(StoredBlob {
            sealed_key: key.seal(id, whole.size, &self.master, self.entropy.as_ref()),
            size: whole.size,
            sha256: whole.sha256,
        })
    }

    async fn put_bytes(&self, id: BlobId, content: Bytes) -> Result<StoredBlob, BlobError> {
        self.put(id, Box::pin(stream::iter([Ok(content)]))).await
    }

    async fn get(
        &self,
        id: BlobId,
        sealed_key: &[u8],
        range: Option<Range<u64>>,
    ) -> Result<BlobStream, BlobError> {
        let (key, size) = ObjectKey::open(id, sealed_key, &self.master)?;
        let mut plain = opening::open(self.store.as_ref(), key, id, size, range).await?;
        match plain.next().await {
            Some(first) => Ok(Box::pin(stream::iter([Ok(first?)]).chain(plain))),
            None => Ok(plain),
        }
    }

    async fn get_bytes(&self, id: BlobId, sealed_key: &[u8], at_most: usize) -> Result<Bytes, BlobError> {
        let (key, size) = ObjectKey::open(id, sealed_key, &self.master)?;
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= at_most)
            .ok_or(BlobError::TooLarge)?;
        let mut plain = opening::open(self.store.as_ref(), key, id, size as u64, None).await?;
        let mut content = BytesMut::with_capacity(size);
        while let Some(piece) = plain.next().await {
            content.extend_from_slice(&piece?);
        }
        Ok(content.freeze())
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        self.store.delete(id).await
    }
}
