use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clavis_files::{Description, ObjectKey, StoredObject};
use reqwest::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED,
};

use super::fault::Fault;
use super::words;

const METADATA: &str = "x-amz-meta-";
/// What S3 itself says of an object whose type nobody has told.
const UNKNOWN_TYPE: &str = "binary/octet-stream";
/// What other programs may have told beside the type, and S3 forgets unless it is told again.
const OTHERS: [HeaderName; 5] = [
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    EXPIRES,
];

/// Headers of a request, names in lower case.
pub(super) type Headers = Vec<(String, String)>;

/// What S3 says of an object before its content.
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) modified_at: DateTime<Utc>,
    pub(super) description: Description,
    pub(super) others: Headers,
}

impl Head {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Fault> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // `bytes 5-9/100`
        let size = match text(&CONTENT_RANGE) {
            Some(range) => range.rsplit('/').next(),
            None => text(&CONTENT_LENGTH),
        };
        let size = size
            .and_then(|size| size.parse().ok())
            .ok_or(Fault::Nonsense("of a size"))?;
        let modified_at = text(&LAST_MODIFIED).map(DateTime::parse_from_rfc2822);
        let Some(Ok(modified_at)) = modified_at else {
            return Err(Fault::Nonsense("with an object's time"));
        };
        let etag = text(&ETAG).ok_or(Fault::Nonsense("with an object's tag"))?;
        let etag = if etag.ends_with('"') {
            etag.to_owned()
        } else {
            format!("\"{etag}\"")
        };
        let content_type = text(&CONTENT_TYPE).unwrap_or(UNKNOWN_TYPE);
        Ok(Self {
            size,
            etag,
            modified_at: modified_at.to_utc(),
            description: Description {
                content_type: content_type.to_owned(),
                metadata: metadata(headers),
            },
            others: OTHERS
                .iter()
                .filter_map(|name| Some((name.as_str().to_owned(), text(name)?.to_owned())))
                .collect(),
        })
    }

    pub(super) fn into_object(self, key: ObjectKey) -> StoredObject {
        StoredObject {
            key,
            size: self.size,
            etag: self.etag,
            modified_at: self.modified_at,
            description: self.description,
        }
    }
}

fn metadata(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let Some(name) = name
            .as_str()
            .strip_prefix(METADATA)
            .filter(|name| !name.is_empty())
        else {
            continue;
        };
        let value = words::decode(&String::from_utf8_lossy(value.as_bytes()));
        metadata
            .entry(name.to_owned())
            // Several headers of one name are one value (RFC 9110 §5.2).
            .and_modify(|first| *first = format!("{first},{value}"))
            .or_insert(value);
    }
    metadata
}

/// The headers that tell S3 what is known of an object.
pub(super) fn describe(description: &Description) -> Headers {
    let content_type = (CONTENT_TYPE.as_str().to_owned(), description.content_type.clone());
    let metadata = description
        .metadata
        .iter()
        .map(|(name, value)| (format!("{METADATA}{name}"), words::encode(value)));
    std::iter::once(content_type).chain(metadata).collect()
}
