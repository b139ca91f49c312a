use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use clavis_kernel::BlobId;
use futures_core::Stream;

use crate::{BlobError, BlobStream, Blobs, StoredBlob};

/// Sealed key and content.
type Contents = BTreeMap<BlobId, (Vec<u8>, Bytes)>;

/// Keeps contents in memory, or fails every call. A sealed key is the content's digest behind its id.
#[derive(Default)]
pub struct FakeBlobs {
    contents: Mutex<Contents>,
    is_down: Mutex<bool>,
}

impl FakeBlobs {
    /// From now on nothing can be stored or read; `false` ends it.
    pub fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap_or_else(PoisonError::into_inner) = is_down;
    }

    /// What is stored.
    pub fn ids(&self) -> Vec<BlobId> {
        let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.keys().copied().collect()
    }

    fn contents(&self) -> Result<MutexGuard<'_, Contents>, BlobError> {
        if *self.is_down.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(BlobError::unavailable("down"));
        }
        Ok(self.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn content(&self, id: BlobId, sealed_key: &[u8]) -> Result<Bytes, BlobError> {
        let contents = self.contents()?;
        let (key, content) = contents.get(&id).ok_or(BlobError::NotFound)?;
        if key == sealed_key {
            Ok(content.clone())
        } else {
            Err(BlobError::Damaged)
        }
    }
}

#[async_trait]
impl Blobs for FakeBlobs {
    async fn put(&self, id: BlobId, mut content: BlobStream) -> Result<StoredBlob, BlobError> {
        let mut whole = Vec::new();
        while let Some(piece) = poll_fn(|context| content.as_mut().poll_next(context)).await {
            whole.extend_from_slice(&piece?);
        }
        self.put_bytes(id, whole.into()).await
    }

    async fn put_bytes(&self, id: BlobId, content: Bytes) -> Result<StoredBlob, BlobError> {
        let sha256 = openssl::sha::sha256(&content);
        let sealed_key = [id.0.as_bytes().as_slice(), &sha256].concat();
        let size = content.len() as u64;
        self.contents()?.insert(id, (sealed_key.clone(), content));
        Ok(StoredBlob {
            sealed_key,
            size,
            sha256,
        })
    }

    async fn get(
        &self,
        id: BlobId,
        sealed_key: &[u8],
        range: Option<Range<u64>>,
    ) -> Result<BlobStream, BlobError> {
        let content = self.content(id, sealed_key)?;
        let range = range.unwrap_or(0..u64::MAX);
        let within = |byte: u64| usize::try_from(byte).map_or(content.len(), |byte| byte.min(content.len()));
        let (start, end) = (within(range.start), within(range.end));
        Ok(Box::pin(Once(Some(content.slice(start.min(end)..end)))))
    }

    async fn get_bytes(&self, id: BlobId, sealed_key: &[u8], at_most: usize) -> Result<Bytes, BlobError> {
        let content = self.content(id, sealed_key)?;
        if content.len() <= at_most {
            Ok(content)
        } else {
            Err(BlobError::TooLarge)
        }
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        self.contents()?.remove(&id);
        Ok(())
    }
}

/// A content in one piece.
pub(super) struct Once(pub(super) Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, BlobError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
