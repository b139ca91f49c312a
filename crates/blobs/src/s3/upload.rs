use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use clavis_files::Description;
use clavis_flows::{BlobError, BlobStream, Expected};
use futures_util::StreamExt as _;
use reqwest::Method;
use reqwest::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use rusty_s3::actions::{CompleteMultipartUpload, CompleteMultipartUploadResponse, CreateMultipartUpload};

use super::fault::{self, Fault};
use super::head::{self, Headers};
use super::{Inner, sign};

/// One part, and all that an upload has in memory. S3 takes none below 5 MiB but the last.
const PART: usize = 8 * 1024 * 1024;
/// S3's limit, so that a content has at most 78 GiB.
const MOST_PARTS: usize = 10_000;
/// How often an object is looked at again that others change at the same time.
const MOST_RACES: u32 = 6;
/// After how many of them what is there is replaced whatever it is by now: the last to write wins.
const OVERTAKEN: u32 = 3;

/// What is uploaded to where.
pub(super) struct Target {
    pub(super) key: String,
    /// What is known of it, if that is anything.
    pub(super) description: Option<Description>,
    /// What must be there before; anything or nothing if this is none.
    pub(super) expected: Option<Expected>,
}

impl Target {
    fn headers(&self) -> Headers {
        self.description.as_ref().map(head::describe).unwrap_or_default()
    }

    /// Sends what makes the object be there, as often as others change it in between, on condition that it is as
    /// expected. `None` when it is not.
    async fn publish<T, F>(
        &self,
        s3: &Inner,
        size: u64,
        mut send: impl FnMut(Option<(String, String)>) -> F,
    ) -> Result<Option<u64>, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut knows_conditions = true;
        let mut in_doubt = false;
        for race in 0..MOST_RACES {
            let condition = match self.expected {
                None => None,
                Some(expected) => match (expected, s3.head(&self.key).await?) {
                    (_, Some(there))
                        if in_doubt
                            && there.size == size
                            && self.description.as_ref() == Some(&there.description) =>
                    {
                        return Ok(Some(size));
                    }
                    (Expected::Nothing, None) => Some((IF_NONE_MATCH, "*".to_owned())),
                    (Expected::Something, Some(_)) if race >= OVERTAKEN => None,
                    (Expected::Something, Some(there)) => Some((IF_MATCH, there.etag)),
                    _ => return Ok(None),
                },
            };
            let condition = condition
                .filter(|_| knows_conditions)
                .map(|(name, value)| (name.as_str().to_owned(), value));
            match send(condition).await {
                Ok(_) => return Ok(Some(size)),
                Err(Fault::Refused {
                    status: 409 | 412, ..
                }) if self.expected.is_some() => in_doubt = false,
                // What was to be replaced is gone.
                Err(Fault::Refused { status: 404, code })
                    if self.expected.is_some() && code == "NoSuchKey" =>
                {
                    in_doubt = false;
                }
                // An attempt before may have succeeded without our hearing of it.
                Err(Fault::RefusedAgain) if self.expected.is_some() => in_doubt = true,
                Err(Fault::Refused { status: 501, .. }) if self.expected.is_some() && knows_conditions => {
                    knows_conditions = false;
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Contended)
    }
}

/// Stores a content and tells its size: in one request if it fits into one part, else in parts. `None` when what is
/// there is not what is expected.
pub(super) async fn upload(
    s3: &Arc<Inner>,
    target: Target,
    mut content: BlobStream,
) -> Result<Option<u64>, BlobError> {
    let mut rest = BytesMut::new();
    let (first, more) = part(&mut content, &mut rest).await?;
    if !more {
        return Ok(put(s3, &target, first).await?);
    }
    let mut upload = Upload::begin(s3, target).await?;
    let stored = upload.send_all(first, &mut content, rest).await;
    upload.end(matches!(stored, Ok(Some(_)))).await;
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

async fn put(s3: &Inner, target: &Target, content: Bytes) -> Result<Option<u64>, Fault> {
    let size = content.len() as u64;
    target
        .publish(s3, size, |condition| {
            let mut headers = target.headers();
            headers.extend(condition);
            let content = content.clone();
            async move {
                let sign = || sign(s3.bucket.put_object(Some(&s3.credentials), &target.key), &headers);
                let mut call = s3.call(Method::PUT, &sign);
                call.headers = &headers;
                call.body = content;
                call.time = s3.wire.patience().part;
                let call = &call;
                s3.wire
                    .again_and_again(|before| async move {
                        match s3.wire.once(call).await {
                            Err(Fault::Refused {
                                status: 409 | 412, ..
                            }) if before > 0 => Err(Fault::RefusedAgain),
                            answer => answer,
                        }
                    })
                    .await
            }
        })
        .await
}

/// An upload in parts that is under way. What was sent costs money until it is completed or aborted.
struct Upload {
    s3: Arc<Inner>,
    target: Target,
    id: String,
    is_over: bool,
}

impl Upload {
    async fn begin(s3: &Arc<Inner>, target: Target) -> Result<Self, Fault> {
        let headers = target.headers();
        let sign = || {
            let create = s3
                .bucket
                .create_multipart_upload(Some(&s3.credentials), &target.key);
            sign(create, &headers)
        };
        let mut call = s3.call(Method::POST, &sign);
        call.headers = &headers;
        let text = s3.wire.text(&call).await?;
        let created = CreateMultipartUpload::parse_response(&text)
            .map_err(|_| Fault::Nonsense("the beginning of an upload"))?;
        let id = created.upload_id().to_owned();
        Ok(Self {
            s3: Arc::clone(s3),
            target,
            id,
            is_over: false,
        })
    }

    async fn send_all(
        &self,
        first: Bytes,
        content: &mut BlobStream,
        mut rest: BytesMut,
    ) -> Result<Option<u64>, BlobError> {
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
        let tags = &tags;
        let completed = self
            .target
            .publish(&self.s3, size, |condition| self.complete(tags, size, condition));
        Ok(completed.await?)
    }

    /// Sends a part and returns its tag.
    async fn send(&self, number: usize, part: Bytes) -> Result<String, Fault> {
        let s3 = &self.s3;
        let number = u16::try_from(number).map_err(|_| Fault::Nonsense("that of a part"))?;
        let sign = || {
            let key = &self.target.key;
            let part = s3
                .bucket
                .upload_part(Some(&s3.credentials), key, number, &self.id);
            sign(part, &[])
        };
        let mut call = s3.call(Method::PUT, &sign);
        call.body = part;
        call.time = s3.wire.patience().part;
        let response = s3.wire.response(&call).await?;
        let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        tag.map(str::to_owned).ok_or(Fault::Nonsense("that to a part"))
    }

    /// Joins the parts. An answer of 200 may still bring an error, and the answer to a success may get lost.
    async fn complete(
        &self,
        tags: &[String],
        size: u64,
        condition: Option<(String, String)>,
    ) -> Result<(), Fault> {
        let s3 = &self.s3;
        let headers = Headers::from_iter(condition);
        let action = || {
            s3.bucket.complete_multipart_upload(
                Some(&s3.credentials),
                &self.target.key,
                &self.id,
                tags.iter().map(String::as_str),
            )
        };
        let sign = || sign(action(), &headers);
        let mut call = s3.call(Method::POST, &sign);
        call.headers = &headers;
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
                    (Err(_), Some(code)) => Err(Fault::in_success(code)),
                    (Err(_), None) => Err(Fault::Nonsense("the end of an upload")),
                }
            })
            .await
    }

    /// Whether the object is there with this size and description: an earlier attempt has completed it.
    async fn is_there(&self, size: u64) -> Result<bool, Fault> {
        let there = self.s3.head(&self.target.key).await?;
        let description = self.target.description.as_ref();
        Ok(there.is_some_and(|there| {
            there.size == size && description.is_none_or(|described| *described == there.description)
        }))
    }

    /// Aborts what was not completed.
    async fn end(&mut self, is_stored: bool) {
        if !is_stored {
            abort(Arc::clone(&self.s3), self.target.key.clone(), self.id.clone()).await;
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
                std::mem::take(&mut self.target.key),
                std::mem::take(&mut self.id),
            ));
        }
    }
}

async fn abort(s3: Arc<Inner>, key: String, id: String) {
    if let Err(fault) = s3.abort(&key, &id).await {
        tracing::warn!(%fault, "an upload to S3 was neither completed nor aborted");
    }
}
