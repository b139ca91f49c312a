//! What is known of an object, as JSON.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use clavis_files::StoredObject;
use serde::Serialize;

use super::super::error::{Profile, Refusal};
use super::super::wire::to_json;

/// What is known of an object.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct About<'a> {
    #[serde(rename = "key")]
    key: &'a str,
    #[serde(rename = "Key", skip_serializing_if = "Option::is_none")]
    listed_key: Option<&'a str>,
    accept_ranges: &'static str,
    last_modified: String,
    content_length: u64,
    #[serde(rename = "ETag")]
    etag: &'a str,
    content_type: &'a str,
    metadata: &'a BTreeMap<String, String>,
}

/// An object alone.
pub(super) fn object(object: &StoredObject) -> Result<String, Refusal> {
    about(object, None)
}

/// An object among others; older clients read its key under another name there.
pub(super) fn entry(object: &StoredObject, profile: Profile) -> Result<String, Refusal> {
    match profile {
        Profile::Documented => about(object, Some(object.key.as_str())),
        Profile::V2_7 => about(object, None),
    }
}

fn about(object: &StoredObject, listed_key: Option<&str>) -> Result<String, Refusal> {
    let about = About {
        key: object.key.as_str(),
        listed_key,
        accept_ranges: "bytes",
        last_modified: object.modified_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        content_length: object.size,
        etag: &object.etag,
        content_type: &object.description.content_type,
        metadata: &object.description.metadata,
    };
    to_json(&about)
}

#[cfg(test)]
mod tests {
    use clavis_files::Description;

    use super::*;

    #[test]
    fn an_object_is_told_under_the_contracts_names() {
        let stored = StoredObject {
            key: "a%20b/c.txt".parse().unwrap(),
            size: 3,
            etag: "\"900150983cd24fb0\"".to_owned(),
            modified_at: "2026-11-21T15:04:05.6789Z".parse().unwrap(),
            description: Description {
                content_type: "text/plain".to_owned(),
                metadata: BTreeMap::from([("token".to_owned(), "t".to_owned())]),
            },
        };
        let rest = r#""AcceptRanges":"bytes","LastModified":"2026-11-21T15:04:05.678Z","ContentLength":3,"ETag":"\"900150983cd24fb0\"","ContentType":"text/plain","Metadata":{"token":"t"}}"#;
        let alone = format!(r#"{{"key":"a%20b/c.txt",{rest}"#);
        assert_eq!(object(&stored).unwrap(), alone);
        assert_eq!(entry(&stored, Profile::V2_7).unwrap(), alone);
        assert_eq!(
            entry(&stored, Profile::Documented).unwrap(),
            format!(r#"{{"key":"a%20b/c.txt","Key":"a%20b/c.txt",{rest}"#)
        );
    }
}
