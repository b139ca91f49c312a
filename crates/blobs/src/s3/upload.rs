use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use futures_util::StreamExt as _;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, ETAG};
use rusty_s3::S3Action as _;
use rusty_s3::actions::{CompleteMultipartUpload, CompleteMultipartUploadResponse, CreateMultipartUpload};

use super::fault::{self, Fault};
use super::{Inner, SIGNED_FOR};

/// One part, and all that an upload has in memory. S3 takes none below 5 MiB but the last.
const PART: usize = 8 * 1024 * 1024;
/// S3's limit, so that a content has at most 78 GiB.
const MOST_PARTS: usize = 10_000;

/// Stores a content: in one request if it fits into one part, else in parts.
pub(super) async fn upload(s3: &Arc<Inner>, id: BlobId, mut content: BlobStream) -> Result<u64, BlobError> {
    let key = s3.key(id);
    let mut rest = BytesMut::new();
    let (first, more) = part(&mut content, &mut rest).await?;
    if !more {
        let size = first.len() as u64;
        let sign = || s3.bucket.put_object(Some(&s3.credentials), &key).sign(SIGNED_FOR);
        let mut call = s3.call(Method::PUT, &sign);
        call.body = first;
        call.time = s3.wire.patience().part;
        s3.wire.response(&call).await?;
        return Ok(size);
    }
    let mut upload = Upload::begin(s3, key).await?;
    let stored = upload.send_all(first, &mut content, rest).await;
    upload.end(&stored).await;
    stored
}

/// The next part, and whether more follows it.
async fn part(content: &mut BlobStream, rest: &mut BytesMut) -> Result<(Bytes, bool), BlobError> {
    while rest.len() <= PART {
        let Some(piece) = content.next().await else {
            return Ok((rest.split().freeze(), false));
        };
        rest.extend_from_slice(&piece?);
    }
    Ok((rest.split_to(PART).freeze(), true))
}

/// An upload in parts that is under way. What was sent costs money until it is completed or aborted.
struct Upload {
    s3: Arc<Inner>,
    key: String,
    id: String,
    is_over: bool,
}

impl Upload {
    async fn begin(s3: &Arc<Inner>, key: String) -> Result<Self, Fault> {
        let sign = || {
            s3.bucket
                .create_multipart_upload(Some(&s3.credentials), &key)
                .sign(SIGNED_FOR)
        };
        let text = s3.wire.text(&s3.call(Method::POST, &sign)).await?;
        let created = CreateMultipartUpload::parse_response(&text)
            .map_err(|_| Fault::Nonsense("the beginning of an upload"))?;
        let id = created.upload_id().to_owned();
        Ok(Self {
            s3: Arc::clone(s3),
            key,
            id,
            is_over: false,
        })
    }

    async fn send_all(
        &self,
        first: Bytes,
        content: &mut BlobStream,
        mut rest: BytesMut,
    ) -> Result<u64, BlobError> {
        let mut size = first.len() as u64;
        let mut tags = vec![self.send(1, first).await?];
        let mut more = true;
        while more {
            let next;
            (next, more) = part(content, &mut rest).await?;
            if tags.len() >= MOST_PARTS {
                return Err(BlobError::TooLarge);
            }
            size += next.len() as u64;
            tags.push(self.send(tags.len() + 1, next).await?);
        }
        self.complete(&tags, size).await?;
        Ok(size)
    }

    /// Sends a part and returns its tag.
    async fn send(&self, number: usize, part: Bytes) -> Result<String, Fault> {
        let s3 = &self.s3;
        let number = u16::try_from(number).map_err(|_| Fault::Nonsense("that of a part"))?;
        let sign = || {
            s3.bucket
                .upload_part(Some(&s3.credentials), &self.key, number, &self.id)
                .sign(SIGNED_FOR)
        };
        let mut call = s3.call(Method::PUT, &sign);
        call.body = part;
        call.time = s3.wire.patience().part;
        let response = s3.wire.response(&call).await?;
        let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        tag.map(str::to_owned).ok_or(Fault::Nonsense("that to a part"))
    }

    /// Joins the parts. An answer of 200 may still bring an error, and the answer to a success may get lost.
    async fn complete(&self, tags: &[String], size: u64) -> Result<(), Fault> {
        let s3 = &self.s3;
        let action = || {
            s3.bucket.complete_multipart_upload(
                Some(&s3.credentials),
                &self.key,
                &self.id,
                tags.iter().map(String::as_str),
            )
        };
        let sign = || action().sign(SIGNED_FOR);
        let mut call = s3.call(Method::POST, &sign);
        call.body = CompleteMultipartUpload::body(action()).into();
        call.time = s3.wire.patience().part;
        let call = &call;
        s3.wire
            .again_and_again(|before| async move {
                let text = match s3.wire.once(call).await {
                    Ok(response) => s3.wire.read(response).await?,
                    // Servers say in several ways that there is no such upload any more.
                    Err(Fault::Refused { status: 400..500, .. })
                        if before > 0 && self.is_there(size).await? =>
                    {
                        return Ok(());
                    }
                    Err(fault) => return Err(fault),
                };
                match (CompleteMultipartUploadResponse::parse(&text), fault::code(&text)) {
                    (Ok(_), _) => Ok(()),
                    (Err(_), Some(code)) => Err(Fault::Refused {
                        status: 500,
                        code: code.to_owned(),
                    }),
                    (Err(_), None) => Err(Fault::Nonsense("the end of an upload")),
                }
            })
            .await
    }

    /// Whether the object is there with this size: an earlier attempt has completed it.
    async fn is_there(&self, size: u64) -> Result<bool, Fault> {
        let s3 = &self.s3;
        let sign = || {
            s3.bucket
                .head_object(Some(&s3.credentials), &self.key)
                .sign(SIGNED_FOR)
        };
        let response = s3.wire.once(&s3.call(Method::HEAD, &sign)).await?;
        let length = response.headers().get(CONTENT_LENGTH);
        Ok(length.is_some_and(|length| length.as_bytes() == size.to_string().as_bytes()))
    }

    /// Aborts what was not completed.
    async fn end(&mut self, stored: &Result<u64, BlobError>) {
        if stored.is_err() {
            abort(Arc::clone(&self.s3), self.key.clone(), self.id.clone()).await;
        }
        self.is_over = true;
    }
}

impl Drop for Upload {
    /// The call was abandoned in the middle.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(abort(
                Arc::clone(&self.s3),
                std::mem::take(&mut self.key),
                std::mem::take(&mut self.id),
            ));
        }
    }
}

async fn abort(s3: Arc<Inner>, key: String, id: String) {
    let sign = || {
        s3.bucket
            .abort_multipart_upload(Some(&s3.credentials), &key, &id)
            .sign(SIGNED_FOR)
    };
    match s3.wire.response(&s3.call(Method::DELETE, &sign)).await {
        Ok(_) | Err(Fault::Refused { status: 404, .. }) => {}
        Err(fault) => tracing::warn!(%fault, "an upload to S3 was neither completed nor aborted"),
    }
}
