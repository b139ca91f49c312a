//! A bucket in memory, for what a server over a folder cannot do: `a` beside `a/b`, keys of any kind, a list of
//! uploads, and servers that know no conditions.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use tokio::runtime::Runtime;

/// What a server makes of `If-Match` and `If-None-Match` of a request that writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conditions {
    Heeded,
    Refused,
}

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) content: Bytes,
    pub(crate) content_type: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    etag: String,
    modified_at: SystemTime,
}

struct Begun {
    key: String,
    at: SystemTime,
    object: Kept,
    parts: BTreeMap<i32, Bytes>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Kept>,
    uploads: BTreeMap<String, Begun>,
    count: u32,
}

/// The server. It ends when it is dropped.
pub(crate) struct Bucket {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    conditions: Conditions,
    runtime: Option<Runtime>,
}

impl Bucket {
    pub(crate) fn start(conditions: Conditions) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let server = Server {
            state: Arc::clone(&state),
            conditions,
        };
        let mut service = S3ServiceBuilder::new(server);
        service.set_auth(SimpleAuth::from_single("AKIATEST", "s3cr3t"));
        let service = service.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
        Self {
            address,
            state,
            conditions,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn url(&self, prefix: &str) -> String {
        format!(
            "s3://AKIATEST:s3cr3t@clavis{prefix}?endpoint=http://{}",
            self.address
        )
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// The keys of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(crate) fn uploads(&self) -> usize {
        self.state.lock().unwrap().uploads.len()
    }

    pub(crate) fn kept(&self, key: &str) -> Kept {
        self.state.lock().unwrap().objects[key].clone()
    }

    /// Another program puts an object there.
    pub(crate) fn place(&self, key: &str, content: &'static [u8], cache_control: Option<&str>) {
        let mut object = kept(None, None, cache_control.map(str::to_owned));
        object.content = Bytes::from_static(content);
        object.etag = tag(&object.content);
        self.state.lock().unwrap().objects.insert(key.to_owned(), object);
    }

    /// Another process has begun an upload so many hours ago.
    pub(crate) fn begin(&self, key: &str, hours: u64) {
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        let begun = Begun {
            key: key.to_owned(),
            at: now() - Duration::from_hours(hours),
            object: kept(None, None, None),
            parts: BTreeMap::new(),
        };
        let id = format!("upload-{}", state.count);
        state.uploads.insert(id, begun);
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Server {
    state: Arc<Mutex<State>>,
    conditions: Conditions,
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn check(
        &self,
        state: &State,
        key: &str,
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<()> {
        if if_match.is_none() && if_none_match.is_none() {
            return Ok(());
        }
        if self.conditions == Conditions::Refused {
            return Err(s3_error!(NotImplemented));
        }
        let there = state.objects.get(key);
        match (if_match, if_none_match, there) {
            (Some(_), _, None) => Err(s3_error!(NoSuchKey)),
            (Some(ETagCondition::ETag(tag)), _, Some(there)) if tag.value() != there.etag => {
                Err(s3_error!(PreconditionFailed))
            }
            (_, Some(ETagCondition::Any), Some(_)) => Err(s3_error!(PreconditionFailed)),
            _ => Ok(()),
        }
    }
}

fn kept(content_type: Option<String>, metadata: Option<Metadata>, cache_control: Option<String>) -> Kept {
    Kept {
        content: Bytes::new(),
        content_type,
        cache_control,
        metadata,
        etag: tag(b""),
        modified_at: now(),
    }
}

fn tag(content: &[u8]) -> String {
    let digest = openssl::hash::hash(openssl::hash::MessageDigest::md5(), content).unwrap();
    format!(
        "{:032x}",
        u128::from_be_bytes(digest.as_ref().try_into().unwrap())
    )
}

fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "objects carry the machine's time")]
    SystemTime::now()
}

fn signed(size: usize) -> i64 {
    size.try_into().unwrap()
}

fn unsigned(size: impl TryInto<usize>) -> usize {
    size.try_into().ok().unwrap()
}

async fn collect(body: Option<StreamingBlob>) -> Bytes {
    let mut content = BytesMut::new();
    let mut body = body.unwrap();
    while let Some(piece) = body.next().await {
        content.extend_from_slice(&piece.unwrap());
    }
    content.freeze()
}

/// As forms are encoded.
fn encode(key: &str) -> String {
    percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%20", "+")
}

#[async_trait::async_trait]
impl S3 for Server {
    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let there = self.state().objects.get(&req.input.key).cloned();
        let there = there.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(signed(there.content.len())),
            content_type: there.content_type,
            cache_control: there.cache_control,
            metadata: there.metadata,
            e_tag: Some(ETag::Strong(there.etag)),
            last_modified: Some(there.modified_at.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let there = self.state().objects.get(&req.input.key).cloned();
        let there = there.ok_or_else(|| s3_error!(NoSuchKey))?;
        let size = there.content.len() as u64;
        let range = req.input.range.map(|range| range.check(size)).transpose()?;
        let content = match &range {
            Some(range) => there.content.slice(unsigned(range.start)..unsigned(range.end)),
            None => there.content,
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(signed(content.len())),
            content_range: range.map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1)),
            body: Some(StreamingBlob::from(Body::from(content))),
            content_type: there.content_type,
            metadata: there.metadata,
            e_tag: Some(ETag::Strong(there.etag)),
            last_modified: Some(there.modified_at.into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = req.input;
        let content = collect(input.body).await;
        let mut state = self.state();
        self.check(
            &state,
            &input.key,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let mut object = kept(input.content_type, input.metadata, input.cache_control);
        object.etag = tag(&content);
        object.content = content;
        let etag = object.etag.clone();
        state.objects.insert(input.key, object);
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..PutObjectOutput::default()
        }))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = req.input;
        let CopySource::Bucket { key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        let mut state = self.state();
        let source = state
            .objects
            .get(&**key)
            .ok_or_else(|| s3_error!(NoSuchKey))?
            .clone();
        if let Some(ETagCondition::ETag(tag)) = &input.copy_source_if_match
            && tag.value() != source.etag
        {
            return Err(s3_error!(PreconditionFailed));
        }
        assert!(
            input
                .metadata_directive
                .is_some_and(|directive| directive.as_str() == "REPLACE")
        );
        let mut object = kept(input.content_type, input.metadata, input.cache_control);
        object.content = source.content;
        object.etag = source.etag;
        state.objects.insert(input.key, object);
        Ok(S3Response::new(CopyObjectOutput::default()))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.state().objects.remove(&req.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let prefix = input.prefix.unwrap_or_default();
        let after = input.start_after.unwrap_or_default();
        // Small pages, whatever is asked for.
        let at_most = unsigned(input.max_keys.unwrap_or(7).min(7));
        let state = self.state();
        let mut found = state
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix) && (after.is_empty() || **key > after));
        let contents: Vec<Object> = found
            .by_ref()
            .take(at_most)
            .map(|(key, object)| Object {
                key: Some(encode(key)),
                size: Some(signed(object.content.len())),
                last_modified: Some(object.modified_at.into()),
                ..Object::default()
            })
            .collect();
        let has_more = found.next().is_some();
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(contents),
            encoding_type: Some(EncodingType::from_static("url")),
            is_truncated: Some(has_more),
            next_continuation_token: has_more.then(|| "more".to_owned()),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = req.input;
        let mut state = self.state();
        state.count += 1;
        let id = format!("upload-{}", state.count);
        let begun = Begun {
            key: input.key,
            at: now(),
            object: kept(input.content_type, input.metadata, input.cache_control),
            parts: BTreeMap::new(),
        };
        state.uploads.insert(id.clone(), begun);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let content = collect(req.input.body).await;
        let mut state = self.state();
        let upload = state.uploads.get_mut(&req.input.upload_id);
        let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
        let etag = tag(&content);
        upload.parts.insert(req.input.part_number, content);
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let mut state = self.state();
        if !state.uploads.contains_key(&input.upload_id) {
            return Err(s3_error!(NoSuchUpload));
        }
        self.check(
            &state,
            &input.key,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let mut upload = state.uploads.remove(&input.upload_id).unwrap();
        let content: BytesMut = upload.parts.values().flatten().copied().collect();
        upload.object.content = content.freeze();
        upload.object.etag = format!("{}-{}", tag(&upload.object.content), upload.parts.len());
        upload.object.modified_at = now();
        let etag = upload.object.etag.clone();
        state.objects.insert(input.key.clone(), upload.object);
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            e_tag: Some(ETag::Strong(etag)),
            key: Some(input.key),
            bucket: Some(input.bucket),
            location: Some(String::new()),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let removed = self.state().uploads.remove(&req.input.upload_id);
        removed.ok_or_else(|| s3_error!(NoSuchUpload))?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        let prefix = input.prefix.unwrap_or_default();
        let behind = (
            input.key_marker.unwrap_or_default(),
            input.upload_id_marker.unwrap_or_default(),
        );
        let state = self.state();
        let mut found: Vec<_> = state
            .uploads
            .iter()
            .map(|(id, begun)| ((begun.key.clone(), id.clone()), begun.at))
            .filter(|(place, _)| place.0.starts_with(&prefix) && *place > behind)
            .collect();
        found.sort();
        let has_more = found.len() > 2;
        found.truncate(2);
        let last = found.last().map(|(place, _)| place.clone()).filter(|_| has_more);
        let uploads = found.into_iter().map(|((key, id), at)| MultipartUpload {
            key: Some(encode(&key)),
            upload_id: Some(id),
            initiated: Some(at.into()),
            ..MultipartUpload::default()
        });
        Ok(S3Response::new(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            encoding_type: Some(EncodingType::from_static("url")),
            is_truncated: Some(has_more),
            next_key_marker: last.as_ref().map(|last| encode(&last.0)),
            next_upload_id_marker: last.map(|last| last.1),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
