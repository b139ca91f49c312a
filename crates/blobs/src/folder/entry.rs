use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

use chrono::DateTime;
use clavis_files::{Description, ObjectKey, StoredObject};
use serde::{Deserialize, Serialize};

use super::files::found;
use super::place::is_id;

/// Most that an entry has in bytes: many times what a description may have.
const LONGEST: u64 = 64 * 1024;
const VERSION: u8 = 1;

/// What stands in an object's entry. The entry file's time is the object's.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    version: u8,
    /// Tells the content apart from those before it.
    pub(super) content: String,
    pub(super) size: u64,
    pub(super) etag: String,
    content_type: String,
    metadata: BTreeMap<String, String>,
}

impl Entry {
    pub(super) fn new(content: String, size: u64, etag: String, description: &Description) -> Self {
        Self {
            version: VERSION,
            content,
            size,
            etag,
            content_type: description.content_type.clone(),
            metadata: description.metadata.clone(),
        }
    }

    /// The same content, described anew.
    pub(super) fn described(self, description: &Description) -> Self {
        Self::new(self.content, self.size, self.etag, description)
    }

    pub(super) fn write(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// The entry that stands there, and since when.
    pub(super) fn find(path: &Path) -> io::Result<Option<(Self, SystemTime)>> {
        let Some(file) = found(File::open(path))? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        let modified_at = file.metadata()?.modified()?;
        file.take(LONGEST).read_to_end(&mut text)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "an object's entry is none of ours");
        let entry: Self = serde_json::from_slice(&text).map_err(|_| damaged())?;
        if entry.version != VERSION || !is_id(&entry.content) {
            return Err(damaged());
        }
        Ok(Some((entry, modified_at)))
    }

    pub(super) fn into_object(self, key: ObjectKey, modified_at: SystemTime) -> StoredObject {
        StoredObject {
            key,
            size: self.size,
            etag: self.etag,
            modified_at: DateTime::from(modified_at),
            description: Description {
                content_type: self.content_type,
                metadata: self.metadata,
            },
        }
    }
}
