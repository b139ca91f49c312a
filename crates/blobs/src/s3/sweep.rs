use chrono::{DateTime, Utc};
use instant_xml::FromXml;
use percent_encoding::percent_decode_str;
use reqwest::Method;
use rusty_s3::S3Action as _;

use super::fault::Fault;
use super::{Inner, SIGNED_FOR};

const XML: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// Most uploads that are looked at in one sweep: a server that lists without end does not hold us.
const MOST_PAGES: u32 = 1000;

/// Uploads in parts that were begun and neither completed nor aborted.
#[derive(FromXml)]
#[xml(rename = "ListMultipartUploadsResult", ns(XML))]
struct Uploads {
    begun: Vec<Upload>,
    #[xml(rename = "EncodingType")]
    encoding: Option<String>,
    #[xml(rename = "IsTruncated")]
    is_truncated: Option<bool>,
    #[xml(rename = "NextKeyMarker")]
    next_key: Option<String>,
    #[xml(rename = "NextUploadIdMarker")]
    next_upload: Option<String>,
}

#[derive(FromXml)]
#[xml(rename = "Upload", ns(XML))]
struct Upload {
    #[xml(rename = "Key")]
    key: String,
    #[xml(rename = "UploadId")]
    id: String,
    #[xml(rename = "Initiated")]
    initiated: String,
}

impl Uploads {
    fn read(text: &str) -> Result<Self, Fault> {
        let mut uploads: Self =
            instant_xml::from_str(text).map_err(|_| Fault::Nonsense("a list of uploads"))?;
        if uploads.encoding.as_deref() == Some("url") {
            for upload in &mut uploads.begun {
                upload.key = decode(&upload.key)?;
            }
            uploads.next_key = uploads.next_key.as_deref().map(decode).transpose()?;
        }
        Ok(uploads)
    }
}

/// As forms are encoded, which is how S3 encodes keys in lists.
fn decode(key: &str) -> Result<String, Fault> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Fault::Nonsense("a list of uploads"))
}

impl Inner {
    /// Aborts the uploads below our prefix that were begun up to this time, and tells how many.
    pub(super) async fn abort_abandoned(&self, latest: DateTime<Utc>) -> Result<usize, Fault> {
        let (mut behind, mut aborted) = ((String::new(), String::new()), 0);
        for _ in 0..MOST_PAGES {
            let page = match self.uploads(&behind.0, &behind.1).await {
                Ok(page) => page,
                // There are servers that keep no such list, and clean up themselves.
                Err(Fault::Refused {
                    status: 405 | 501, ..
                }) => return Ok(aborted),
                Err(fault) => return Err(fault),
            };
            for upload in &page.begun {
                let begun_at = DateTime::parse_from_rfc3339(&upload.initiated)
                    .map_err(|_| Fault::Nonsense("a list of uploads with times"))?;
                if upload.key.starts_with(&*self.prefix) && begun_at <= latest {
                    self.abort(&upload.key, &upload.id).await?;
                    aborted += 1;
                }
            }
            let next = (
                page.next_key.unwrap_or_default(),
                page.next_upload.unwrap_or_default(),
            );
            if page.is_truncated != Some(true) || next == behind {
                break;
            }
            behind = next;
        }
        Ok(aborted)
    }

    async fn uploads(&self, key: &str, id: &str) -> Result<Uploads, Fault> {
        let sign = || {
            // Without a key it asks the bucket.
            let mut list = self.bucket.get_object(Some(&self.credentials), "");
            let query = list.query_mut();
            query.insert("uploads", "");
            query.insert("encoding-type", "url");
            query.insert("prefix", &*self.prefix);
            if !key.is_empty() {
                query.insert("key-marker", key);
                query.insert("upload-id-marker", id);
            }
            list.sign(SIGNED_FOR)
        };
        Uploads::read(&self.wire.text(&self.call(Method::GET, &sign)).await?)
    }

    /// Aborts an upload. Nothing to abort is no error.
    pub(super) async fn abort(&self, key: &str, id: &str) -> Result<(), Fault> {
        let sign = || {
            self.bucket
                .abort_multipart_upload(Some(&self.credentials), key, id)
                .sign(SIGNED_FOR)
        };
        match self.wire.response(&self.call(Method::DELETE, &sign)).await {
            Ok(_) | Err(Fault::Refused { status: 404, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
