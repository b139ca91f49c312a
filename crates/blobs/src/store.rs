use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;

/// Keeps bytes under ids. What they mean, and that nobody else can read or change them unnoticed, is the affair of
/// [`SealedBlobs`](crate::SealedBlobs).
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores the content, durably when this returns, and tells how many bytes it had. It is there as a whole or
    /// not at all: nothing is left of a content that ends with an error, nor of a call that is abandoned before its
    /// content ended. Whatever had this id is replaced.
    async fn put(&self, id: BlobId, content: BlobStream) -> Result<u64, BlobError>;
    /// The content, or the bytes of it that are in the range; `None` if there is none with this id.
    async fn get(&self, id: BlobId, range: Option<Range<u64>>) -> Result<Option<BlobStream>, BlobError>;
    /// Deletes the content. Nothing to delete is no error.
    async fn delete(&self, id: BlobId) -> Result<(), BlobError>;
    /// At most so many of the contents that stand behind this one, in an order of the store's own that does not
    /// change. An empty list is the end.
    async fn list(&self, after: Option<BlobId>, at_most: usize) -> Result<Vec<ListedBlob>, BlobError>;
    /// Removes what was begun up to this time and never became a content or an object, because a process ended in
    /// the middle, and tells how much. It may be abandoned.
    async fn sweep(&self, latest: DateTime<Utc>) -> Result<usize, BlobError>;
    /// Whether the store answers and lets us in.
    async fn ping(&self) -> Result<(), BlobError>;
}

/// A content that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBlob {
    /// Its id.
    pub id: BlobId,
    /// How many bytes it has as it is stored.
    pub size: u64,
    /// When it was stored, by the store's clock.
    pub stored_at: DateTime<Utc>,
}
