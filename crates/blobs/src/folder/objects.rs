use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use clavis_files::{Description, ObjectKey, StoredObject};
use clavis_flows::{BlobError, BlobStream, Expected, Objects};
use openssl::hash::{Hasher, MessageDigest};
use tempfile::TempPath;

use super::Folder;
use super::entry::Entry;
use super::files::{blocking, found, ignore_missing, publish, read, sync, write, write_now};
use super::lock::Lock;
use super::place::{Place, id_of};
use super::walk;
use crate::description;

/// How often an entry is read again whose content was replaced in between.
const MOST_ATTEMPTS: u32 = 20;

#[async_trait]
impl Objects for Folder {
    async fn find(&self, key: &ObjectKey) -> Result<Option<StoredObject>, BlobError> {
        let (drawer, key) = (self.drawer(), key.clone());
        blocking(move || drawer.find(key)).await
    }

    async fn open(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(StoredObject, BlobStream)>, BlobError> {
        let (drawer, key) = (self.drawer(), key.clone());
        let Some((object, file)) = blocking(move || drawer.open(key)).await? else {
            return Ok(None);
        };
        let file = file.ok_or(BlobError::Damaged)?;
        // Whoever has it open goes on reading it when it is replaced.
        Ok(Some((object, read(file, range).await?)))
    }

    async fn put(
        &self,
        key: &ObjectKey,
        description: &Description,
        content: BlobStream,
        expected: Expected,
    ) -> Result<Option<StoredObject>, BlobError> {
        description::check(description)?;
        let is_as_expected = move |there: bool| there == (expected == Expected::Something);
        if !is_as_expected(self.find(key).await?.is_some()) {
            return Ok(None);
        }
        let drawer = self.drawer();
        let mut digest = Hasher::new(MessageDigest::md5()).map_err(BlobError::unavailable)?;
        let passes = |piece: &[u8]| digest.update(piece).map_err(BlobError::unavailable);
        let (complete, size) = write(&drawer.unfinished, content, passes).await?;
        let digest = digest.finish().map_err(BlobError::unavailable)?;
        let id = id_of(&complete).ok_or_else(|| BlobError::unavailable("an unfinished file has no name"))?;
        let entry = Entry::new(id, size, tag(&digest)?, description);
        let key = key.clone();
        blocking(move || {
            let change = drawer.change(&key)?;
            if is_as_expected(change.entry.is_some()) {
                change.replace(complete, entry).map(Some)
            } else {
                Ok(None)
            }
        })
        .await
    }

    async fn describe(
        &self,
        key: &ObjectKey,
        description: &Description,
    ) -> Result<Option<StoredObject>, BlobError> {
        description::check(description)?;
        let (drawer, key, description) = (self.drawer(), key.clone(), description.clone());
        blocking(move || drawer.change(&key)?.describe(&description)).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, BlobError> {
        let (drawer, key) = (self.drawer(), key.clone());
        blocking(move || drawer.change(&key)?.delete()).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectKey>,
        at_most: usize,
    ) -> Result<Vec<StoredObject>, BlobError> {
        let (drawer, prefix, after) = (self.drawer(), prefix.to_owned(), after.map(Place::of));
        blocking(move || {
            drawer.check()?;
            walk::list(&drawer.objects, &prefix, after.as_ref(), at_most)
        })
        .await
    }
}

/// In the form that S3 has it for what is uploaded in one part: clients know it from there.
fn tag(digest: &[u8]) -> Result<String, BlobError> {
    let digest = digest.try_into().map_err(BlobError::unavailable)?;
    Ok(format!("\"{:032x}\"", u128::from_be_bytes(digest)))
}

/// Where objects are in a folder.
pub(super) struct Drawer {
    pub(super) objects: PathBuf,
    pub(super) unfinished: PathBuf,
    pub(super) locks: PathBuf,
}

impl Drawer {
    /// A folder that was taken away has no objects, but must not be taken for an empty one.
    fn check(&self) -> io::Result<()> {
        fs::metadata(&self.objects).map(drop)
    }

    fn entry(&self, place: &Place) -> io::Result<Option<(Entry, SystemTime)>> {
        let entry = Entry::find(&self.objects.join(place.entry()))?;
        if entry.is_none() {
            self.check()?;
        }
        Ok(entry)
    }

    fn find(&self, key: ObjectKey) -> io::Result<Option<StoredObject>> {
        let entry = self.entry(&Place::of(&key))?;
        Ok(entry.map(|(entry, modified_at)| entry.into_object(key, modified_at)))
    }

    /// The object, and its content unless somebody has taken that away or changed its size.
    fn open(&self, key: ObjectKey) -> io::Result<Option<(StoredObject, Option<File>)>> {
        let place = Place::of(&key);
        let mut attempts = 0;
        loop {
            let Some((entry, modified_at)) = self.entry(&place)? else {
                return Ok(None);
            };
            let file = found(File::open(self.objects.join(place.content(&entry.content))))?;
            attempts += 1;
            if file.is_none() && attempts < MOST_ATTEMPTS {
                continue;
            }
            let size = file
                .as_ref()
                .map(File::metadata)
                .transpose()?
                .map(|file| file.len());
            let file = file.filter(|_| size == Some(entry.size));
            return Ok(Some((entry.into_object(key, modified_at), file)));
        }
    }

    fn change(&self, key: &ObjectKey) -> io::Result<Change<'_>> {
        let place = Place::of(key);
        let lock = Lock::take(&self.locks, &place.entry())?;
        Ok(Change {
            entry: self.entry(&place)?.map(|(entry, _)| entry),
            drawer: self,
            key: key.clone(),
            place,
            _lock: lock,
        })
    }
}

/// An object that nobody else changes meanwhile, in this process or another.
struct Change<'a> {
    drawer: &'a Drawer,
    key: ObjectKey,
    place: Place,
    entry: Option<Entry>,
    _lock: Lock,
}

impl Change<'_> {
    fn path(&self, place: PathBuf) -> PathBuf {
        self.drawer.objects.join(place)
    }

    /// First the content gets its name, then the entry names it, then the content before it goes: a crash in between
    /// leaves a content that no entry names, which a sweep removes.
    fn replace(self, complete: TempPath, entry: Entry) -> io::Result<StoredObject> {
        let (written, modified_at) = write_now(&self.drawer.unfinished, &entry.write()?)?;
        let content = self.path(self.place.content(&entry.content));
        publish(complete, &self.drawer.objects, &content)?;
        if let Err(error) = self.publish_entry(written) {
            // The entry may name it all the same when only the flush has failed.
            if self
                .drawer
                .entry(&self.place)?
                .is_none_or(|(there, _)| there.content != entry.content)
            {
                ignore_missing(fs::remove_file(content))?;
            }
            return Err(error);
        }
        if let Some(before) = &self.entry {
            self.remove_content(before);
        }
        Ok(entry.into_object(self.key, modified_at))
    }

    fn describe(mut self, description: &Description) -> io::Result<Option<StoredObject>> {
        let Some(entry) = self.entry.take() else {
            return Ok(None);
        };
        let entry = entry.described(description);
        let (written, modified_at) = write_now(&self.drawer.unfinished, &entry.write()?)?;
        self.publish_entry(written)?;
        Ok(Some(entry.into_object(self.key, modified_at)))
    }

    fn delete(self) -> io::Result<bool> {
        let Some(entry) = &self.entry else {
            return Ok(false);
        };
        let path = self.path(self.place.entry());
        ignore_missing(fs::remove_file(&path))?;
        path.parent().map_or(Ok(()), sync)?;
        self.remove_content(entry);
        Ok(true)
    }

    /// Its folder is there: a content is in it.
    fn publish_entry(&self, written: TempPath) -> io::Result<()> {
        let path = self.path(self.place.entry());
        written.persist(&path).map_err(|failed| failed.error)?;
        sync(path.parent().unwrap_or(&self.drawer.objects))
    }

    /// What cannot be removed now, a sweep removes.
    fn remove_content(&self, entry: &Entry) {
        let path = self.path(self.place.content(&entry.content));
        if let Err(error) = ignore_missing(fs::remove_file(path)) {
            tracing::warn!(%error, "a content that was replaced or deleted stays for now");
        }
    }
}

/// Removes a content that no entry names; whether it did.
pub(super) fn remove_unnamed(drawer: &Drawer, folder: &Path, name: &str) -> io::Result<bool> {
    let Some((place, id)) = Place::of_content(folder, name) else {
        return Ok(false);
    };
    let _lock = Lock::take(&drawer.locks, &place.entry())?;
    let entry = drawer.entry(&place)?;
    if entry.is_some_and(|(entry, _)| entry.content == id) {
        return Ok(false);
    }
    ignore_missing(fs::remove_file(drawer.objects.join(place.content(&id))))?;
    Ok(true)
}
