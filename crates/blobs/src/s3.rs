//! S3: requests signed by `rusty-s3`, sent by `reqwest`.

mod fault;
mod head;
mod objects;
mod sweep;
mod upload;
mod wire;
mod words;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use futures_util::stream;
use reqwest::{Method, Response, StatusCode};
use rusty_s3::actions::list_objects_v2::ListObjectsContent;
use rusty_s3::actions::{ListObjectsV2, ListObjectsV2Response};
use rusty_s3::{Bucket, Credentials, S3Action};
use url::Url;

use self::fault::Fault;
use self::upload::{Target, upload};
use self::wire::{Call, Wire};
use crate::{BlobSetupError, BlobStore, ListedBlob, S3Credentials, S3Location, name};

/// For how long a signed request is good. Clocks may differ by this much, and whoever reads a proxy's log has no more.
const SIGNED_FOR: Duration = Duration::from_mins(5);
/// Most that one answer lists (S3 lists no more).
const PAGE: usize = 1000;
/// What the names of sealed contents begin with behind the prefix. No object's key does.
const SEALED: &str = ".clavis/";

/// Contents in a bucket: sealed ones, and beside them objects.
#[derive(Debug)]
pub struct S3(Arc<Inner>);

/// How long a server is waited for, and how often it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For an answer, and for each piece of a content that is read.
    pub answer: Duration,
    /// For a part of a content to be taken.
    pub part: Duration,
    /// How often a request is sent that may be sent again: after an answer of 5xx or 429, and after none.
    pub attempts: u32,
    /// Until the second attempt; each further one waits four times as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
            part: Duration::from_mins(1),
            attempts: 3,
            pause: Duration::from_millis(200),
        }
    }
}

struct Inner {
    bucket: Bucket,
    prefix: String,
    credentials: Credentials,
    wire: Wire,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.bucket.base_url(), self.prefix)
    }
}

impl S3 {
    /// Makes ready to ask; asks nothing yet.
    pub fn new(
        location: S3Location,
        credentials: S3Credentials,
        authorities: Option<&str>,
        patience: Patience,
    ) -> Result<Self, BlobSetupError> {
        let wire = Wire::new(authorities, patience).map_err(BlobSetupError::Tls)?;
        let (id, secret) = (credentials.access_key_id, credentials.secret_access_key.expose());
        let credentials = match &credentials.session_token {
            Some(token) => Credentials::new_with_token(id, secret, token.expose()),
            None => Credentials::new(id, secret),
        };
        Ok(Self(Arc::new(Inner {
            bucket: location.bucket,
            prefix: location.prefix,
            credentials,
            wire,
        })))
    }
}

impl Inner {
    fn sealed_key(&self, id: BlobId) -> String {
        format!("{}{SEALED}{}", self.prefix, name::of(id))
    }

    fn call<'a>(&self, method: Method, sign: &'a (dyn Fn() -> Url + Send + Sync)) -> Call<'a> {
        Call {
            method,
            sign,
            headers: &[],
            body: Bytes::new(),
            range: None,
            time: self.wire.patience().answer,
        }
    }

    /// The content, or its bytes that are in the range. Inside, `None` when none is; outside, when there is no such
    /// content.
    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<Option<Response>>, Fault> {
        let sign = || sign(self.bucket.get_object(Some(&self.credentials), key), &[]);
        let mut call = self.call(Method::GET, &sign);
        let expected = match range {
            Some(range) if range.is_empty() => return Ok(Some(None)),
            Some(range) => {
                // Servers count with a sign.
                let last = range.end.min(i64::MAX.unsigned_abs()) - 1;
                call.range = Some(format!("bytes={}-{last}", range.start.min(last)));
                StatusCode::PARTIAL_CONTENT
            }
            None => StatusCode::OK,
        };
        match self.wire.response(&call).await {
            Ok(response) if response.status() == expected => Ok(Some(Some(response))),
            Ok(_) => Err(Fault::Nonsense("the range that was asked for")),
            Err(Fault::Refused { status: 404, code }) if code == "NoSuchKey" => Ok(None),
            // Behind the end of the content.
            Err(Fault::Refused { status: 416, .. }) => Ok(Some(None)),
            Err(fault) => Err(fault),
        }
    }

    async fn delete(&self, key: &str) -> Result<(), Fault> {
        let sign = || sign(self.bucket.delete_object(Some(&self.credentials), key), &[]);
        match self.wire.response(&self.call(Method::DELETE, &sign)).await {
            Ok(_) => Ok(()),
            Err(Fault::Refused { status: 404, code }) if code == "NoSuchKey" => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Of the names that begin like this, a page behind this one.
    async fn page(
        &self,
        prefix: &str,
        after: Option<&str>,
        at_most: usize,
    ) -> Result<ListObjectsV2Response, Fault> {
        let sign = || {
            let mut list = self.bucket.list_objects_v2(Some(&self.credentials));
            list.with_prefix(prefix);
            list.with_max_keys(at_most.min(PAGE));
            if let Some(after) = after {
                list.with_start_after(after);
            }
            list.sign(SIGNED_FOR)
        };
        let text = self.wire.text(&self.call(Method::GET, &sign)).await?;
        ListObjectsV2::parse_response(&text).map_err(|_| Fault::Nonsense("a list"))
    }
}

/// Behind which name the next page begins, if there is one: the last of this one.
fn next(after: Option<String>, last: Option<String>, is_truncated: bool) -> Result<Option<String>, Fault> {
    match last.filter(|_| is_truncated) {
        Some(last) if after.is_some_and(|after| after >= last) => Err(Fault::Nonsense("a list in order")),
        next => Ok(next),
    }
}

/// A sealed content as it is listed; `None` if it is none of ours.
fn sealed_blob(sealed: &str, object: &ListObjectsContent) -> Result<Option<ListedBlob>, Fault> {
    let Some(id) = object.key.strip_prefix(sealed).and_then(name::read) else {
        return Ok(None);
    };
    let stored_at = object.last_modified.as_deref().map(DateTime::parse_from_rfc3339);
    match (object.size, stored_at) {
        (Some(size), Some(Ok(stored_at))) => Ok(Some(ListedBlob {
            id,
            size,
            stored_at: stored_at.to_utc(),
        })),
        _ => Err(Fault::Nonsense("a list with sizes and times")),
    }
}

/// Signs a request, and those of its headers that S3 wants signed.
fn sign<'a>(mut action: impl S3Action<'a>, headers: &'a [(String, String)]) -> Url {
    for (name, value) in headers {
        if name.starts_with("x-amz-") || name == "content-type" {
            action.headers_mut().insert(name.as_str(), value.as_str());
        }
    }
    action.sign(SIGNED_FOR)
}

#[async_trait]
impl BlobStore for S3 {
    async fn put(&self, id: BlobId, content: BlobStream) -> Result<u64, BlobError> {
        let target = Target {
            key: self.0.sealed_key(id),
            description: None,
            expected: None,
        };
        let stored = upload(&self.0, target, content).await?;
        stored.ok_or_else(|| Fault::Contended.into())
    }

    async fn get(&self, id: BlobId, range: Option<Range<u64>>) -> Result<Option<BlobStream>, BlobError> {
        let content = self.0.get(&self.0.sealed_key(id), range).await?;
        Ok(content.map(|response| match response {
            Some(response) => pieces(response, self.0.wire.patience().answer),
            None => Box::pin(stream::empty()),
        }))
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        Ok(self.0.delete(&self.0.sealed_key(id)).await?)
    }

    async fn list(&self, after: Option<BlobId>, at_most: usize) -> Result<Vec<ListedBlob>, BlobError> {
        let s3 = &self.0;
        let sealed = format!("{}{SEALED}", s3.prefix);
        let mut listed = Vec::new();
        let mut after = after.map(|id| s3.sealed_key(id));
        while listed.len() < at_most {
            let page = s3.page(&sealed, after.as_deref(), at_most - listed.len()).await?;
            let last = page.contents.last().map(|last| last.key.clone());
            for object in page.contents {
                listed.extend(sealed_blob(&sealed, &object)?);
            }
            after = next(after, last, page.next_continuation_token.is_some())?;
            if after.is_none() {
                break;
            }
        }
        Ok(listed)
    }

    async fn sweep(&self, latest: DateTime<Utc>) -> Result<usize, BlobError> {
        Ok(self.0.abort_abandoned(latest).await?)
    }

    async fn ping(&self) -> Result<(), BlobError> {
        self.0.page(&self.0.prefix, None, 1).await?;
        Ok(())
    }
}

/// The content as it comes. Only waiting for the server counts as waiting: who reads slowly may.
fn pieces(response: Response, patience: Duration) -> BlobStream {
    Box::pin(stream::try_unfold(response, move |mut response| async move {
        match tokio::time::timeout(patience, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.map(|piece| (piece, response))),
            Ok(Err(error)) => Err(Fault::unreachable(error).into()),
            Err(_) => Err(Fault::Slow(patience).into()),
        }
    }))
}
