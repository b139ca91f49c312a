use std::ops::Range;

use async_trait::async_trait;
use clavis_files::{Description, ObjectKey, StoredObject};

use crate::{BlobError, BlobStream};

/// Objects that clients store and read under keys of their own choice, content and description together.
///
/// Contents are not sealed: other programs may read and write the same bucket. Whatever is stored is there as a
/// whole or not at all, and an object's content never meets another's description.
#[async_trait]
pub trait Objects: Send + Sync {
    /// The object, if there is one.
    async fn find(&self, key: &ObjectKey) -> Result<Option<StoredObject>, BlobError>;
    /// The object and its content, or the bytes of it that are in the range, which is cut where the content ends.
    async fn open(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(StoredObject, BlobStream)>, BlobError>;
    /// Stores the content in constant memory; `None` when something stands or does not stand there against the
    /// expectation. Nothing changes when the content ends with an error or the call is abandoned.
    async fn put(
        &self,
        key: &ObjectKey,
        description: &Description,
        content: BlobStream,
        expected: Expected,
    ) -> Result<Option<StoredObject>, BlobError>;
    /// Replaces what is known of the object and leaves its content; `None` when there is none.
    async fn describe(
        &self,
        key: &ObjectKey,
        description: &Description,
    ) -> Result<Option<StoredObject>, BlobError>;
    /// Deletes the object; whether there was one.
    async fn delete(&self, key: &ObjectKey) -> Result<bool, BlobError>;
    /// At most so many of the objects whose keys begin with the prefix, which is empty or ends with a slash, behind
    /// this one, in an order of the store's own that does not change. An empty list is the end.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectKey>,
        at_most: usize,
    ) -> Result<Vec<StoredObject>, BlobError>;
}

/// What is expected to be under a key that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No object.
    Nothing,
    /// An object.
    Something,
}
