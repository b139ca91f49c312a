use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// The longest key, in bytes: what S3 takes.
const MAX_BYTES: usize = 1024;
/// The first segment of what is no client's.
const RESERVED: &str = ".clavis";

/// Where an object is kept: the path of its URL behind the prefix, still percent-encoded as it was asked for, without
/// a slash at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// Why a path names no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ObjectKeyError {
    /// Nothing, or more than 1024 bytes.
    #[error("a key has 1 to {MAX_BYTES} bytes")]
    Length,
    /// An empty segment, or one that stands for another: `.` and `..`, however they are encoded.
    #[error("a key has no empty segment, and none that is `.` or `..`")]
    Segment,
    /// A control character, a backslash or an encoded slash or NUL: what stores and browsers read in different ways.
    #[error("a key has no control character, backslash, encoded slash or NUL")]
    Character,
    /// Its first segment is `.clavis`, in whatever case and however it is encoded: what the server itself keeps in
    /// the same bucket.
    #[error("a key does not begin with `{RESERVED}`")]
    Reserved,
}

impl ObjectKey {
    /// The key as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectKey {
    type Err = ObjectKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > MAX_BYTES {
            return Err(ObjectKeyError::Length);
        }
        let lower = text.to_ascii_lowercase();
        if text.chars().any(|c| c.is_control() || c == '\\')
            || ["%00", "%2f", "%5c"]
                .iter()
                .any(|encoded| lower.contains(encoded))
        {
            return Err(ObjectKeyError::Character);
        }
        let stands_for_another =
            |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "" | "." | "..");
        if lower.split('/').any(stands_for_another) {
            return Err(ObjectKeyError::Segment);
        }
        let first = lower.split('/').next().unwrap_or_default();
        if decoded(first).eq_ignore_ascii_case(RESERVED.as_bytes()) {
            return Err(ObjectKeyError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The bytes that a percent-encoded text stands for (RFC 3986 §2.1).
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = behind.get(..2).map(|digits| u8::from_str_radix(digits, 16));
        rest = if let (Some(Ok(byte)), Some(behind)) = (byte, behind.get(2..)) {
            bytes.push(byte);
            behind
        } else {
            bytes.push(b'%');
            behind
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Where.
    pub key: ObjectKey,
    /// How many bytes its content has.
    pub size: u64,
    /// Changes with the content: the store's own, in its quotes (RFC 9110 §8.8.3).
    pub etag: String,
    /// When it was stored last.
    pub modified_at: DateTime<Utc>,
    /// What else is known of it.
    pub description: Description,
}

/// What is kept beside an object's content.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The media type of the content.
    pub content_type: String,
    /// Texts by name, in lower case. `token` opens the object to whoever knows it.
    pub metadata: BTreeMap<String, String>,
}

/// Names only: who knows the token may read the object.
impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("content_type", &self.content_type)
            .field("metadata", &self.metadata.keys())
            .finish()
    }
}
