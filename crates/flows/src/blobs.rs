use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use clavis_kernel::BlobId;
use futures_core::Stream;

/// Content on its way, in pieces of any size. Nothing follows an error.
pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Bytes, BlobError>> + Send>>;

/// The contents of uploaded objects, each sealed under a key of its own.
///
/// Whoever stores one keeps its sealed key in the database beside what is known of the object. Call it outside any
/// transaction: store the content, then commit the row; delete the row, commit, then the content. What a crash
/// leaves behind between the two is content without a row, which nobody can read any more.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores the content in constant memory. When the content ends with an error nothing is stored and the error
    /// is returned; nor is anything when the call is abandoned before the content ended.
    async fn put(&self, id: BlobId, content: BlobStream) -> Result<StoredBlob, BlobError>;
    /// Stores a content that is in memory already.
    async fn put_bytes(&self, id: BlobId, content: Bytes) -> Result<StoredBlob, BlobError>;
    /// The plain content, or of it the bytes of a range, which is cut where the content ends. Every piece was
    /// verified before it is handed out, the first one before this returns.
    async fn get(
        &self,
        id: BlobId,
        sealed_key: &[u8],
        range: Option<Range<u64>>,
    ) -> Result<BlobStream, BlobError>;
    /// The whole plain content, unless it has more bytes than this.
    async fn get_bytes(&self, id: BlobId, sealed_key: &[u8], at_most: usize) -> Result<Bytes, BlobError>;
    /// Deletes the content. Nothing to delete is no error.
    async fn delete(&self, id: BlobId) -> Result<(), BlobError>;
}

/// What is known of a content that was just stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// The content's key, sealed by the master key and bound to the object's id. Without it the content is lost.
    pub sealed_key: Vec<u8>,
    /// How many bytes the plain content has.
    pub size: u64,
    /// The plain content's SHA-256 digest.
    pub sha256: [u8; 32],
}

impl fmt::Debug for StoredBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredBlob")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Why a content was not stored or not read. Shows neither content nor credentials.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is none with this id.
    #[error("there is no content with this id")]
    NotFound,
    /// It was changed, cut or exchanged since it was stored, or the key belongs to another.
    #[error("the content was changed since it was stored, or the key is not its own")]
    Damaged,
    /// It is larger than the caller wants or the store takes.
    #[error("the content is too large")]
    TooLarge,
    /// It ended before it was complete: whoever sent it hung up.
    #[error("the content was cut off: {0}")]
    CutOff(#[source] Box<dyn Error + Send + Sync>),
    /// The folder or the bucket does not do what it is asked.
    #[error("the store of contents is not available: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl BlobError {
    /// The content ended before it was complete.
    pub fn cut_off(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::CutOff(cause.into())
    }

    /// The folder or the bucket does not do what it is asked.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}
