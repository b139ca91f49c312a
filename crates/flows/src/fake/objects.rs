use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use clavis_files::{Description, ObjectKey, StoredObject};

use super::blobs::Once;
use crate::{BlobError, BlobStream, Expected, Objects};

/// Keeps objects in memory, or fails every call. Their times count the changes, in seconds since 1970.
#[derive(Default)]
pub struct FakeObjects {
    kept: Mutex<Kept>,
    is_down: Mutex<bool>,
}

#[derive(Default)]
struct Kept {
    objects: BTreeMap<ObjectKey, (StoredObject, Bytes)>,
    changes: u32,
}

impl Kept {
    fn keep(&mut self, key: &ObjectKey, description: &Description, content: Bytes) -> StoredObject {
        self.changes += 1;
        let digest = openssl::sha::sha256(&content);
        let tag = u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let stored = StoredObject {
            key: key.clone(),
            size: content.len() as u64,
            etag: format!("\"{tag:032x}\""),
            modified_at: DateTime::from_timestamp(self.changes.into(), 0).unwrap_or_default(),
            description: description.clone(),
        };
        self.objects.insert(key.clone(), (stored.clone(), content));
        stored
    }
}

impl FakeObjects {
    /// From now on nothing can be stored or read; `false` ends it.
    pub fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap_or_else(PoisonError::into_inner) = is_down;
    }

    fn kept(&self) -> Result<MutexGuard<'_, Kept>, BlobError> {
        if *self.is_down.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(BlobError::unavailable("down"));
        }
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Objects for FakeObjects {
    async fn find(&self, key: &ObjectKey) -> Result<Option<StoredObject>, BlobError> {
        Ok(self.kept()?.objects.get(key).map(|(stored, _)| stored.clone()))
    }

    async fn open(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(StoredObject, BlobStream)>, BlobError> {
        let kept = self.kept()?;
        let Some((stored, content)) = kept.objects.get(key) else {
            return Ok(None);
        };
        let range = range.unwrap_or(0..u64::MAX);
        let within = |byte: u64| usize::try_from(byte).map_or(content.len(), |byte| byte.min(content.len()));
        let (start, end) = (within(range.start), within(range.end));
        let content = Once(Some(content.slice(start.min(end)..end)));
        Ok(Some((stored.clone(), Box::pin(content))))
    }

    async fn put(
        &self,
        key: &ObjectKey,
        description: &Description,
        mut content: BlobStream,
        expected: Expected,
    ) -> Result<Option<StoredObject>, BlobError> {
        let mut whole = Vec::new();
        while let Some(piece) = poll_fn(|context| content.as_mut().poll_next(context)).await {
            whole.extend_from_slice(&piece?);
        }
        let mut kept = self.kept()?;
        if kept.objects.contains_key(key) == (expected == Expected::Nothing) {
            return Ok(None);
        }
        Ok(Some(kept.keep(key, description, whole.into())))
    }

    async fn describe(
        &self,
        key: &ObjectKey,
        description: &Description,
    ) -> Result<Option<StoredObject>, BlobError> {
        let mut kept = self.kept()?;
        let content = kept.objects.get(key).map(|(_, content)| content.clone());
        Ok(content.map(|content| kept.keep(key, description, content)))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, BlobError> {
        Ok(self.kept()?.objects.remove(key).is_some())
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectKey>,
        at_most: usize,
    ) -> Result<Vec<StoredObject>, BlobError> {
        let kept = self.kept()?;
        let listed = kept
            .objects
            .values()
            .map(|(stored, _)| stored)
            .filter(|stored| stored.key.as_str().starts_with(prefix))
            .filter(|stored| after.is_none_or(|after| stored.key > *after));
        Ok(listed.take(at_most).cloned().collect())
    }
}
