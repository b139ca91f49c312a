use std::ops::Range;

use async_trait::async_trait;
use clavis_files::{Description, ObjectKey, StoredObject};
use clavis_flows::{BlobError, BlobStream, Expected, Objects};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};

use super::fault::{self, Fault};
use super::head::{self, Head, Headers};
use super::upload::{Target, upload};
use super::{Inner, S3, SEALED, next, pieces, sign};
use crate::description;

/// The longest name of an object in bytes.
const LONGEST_NAME: usize = 1024;
/// Most that S3 copies in one request, and so describes anew.
const MOST_COPIED: u64 = 5 * 1024 * 1024 * 1024;
/// How often an object is described again that changes at the same time.
const MOST_RACES: u32 = 20;
/// How many objects of a list are asked for at once.
const AT_ONCE: usize = 16;
/// What stands for itself in the header that names what is copied.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

#[async_trait]
impl Objects for S3 {
    async fn find(&self, key: &ObjectKey) -> Result<Option<StoredObject>, BlobError> {
        let Some(name) = self.0.name_of(key) else {
            return Ok(None);
        };
        let there = self.0.head(&name).await?;
        Ok(there.map(|there| there.into_object(key.clone())))
    }

    async fn open(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(StoredObject, BlobStream)>, BlobError> {
        let Some(name) = self.0.name_of(key) else {
            return Ok(None);
        };
        let opened = self.0.open(&name, range).await?;
        Ok(opened.map(|(there, content)| (there.into_object(key.clone()), content)))
    }

    async fn put(
        &self,
        key: &ObjectKey,
        description: &Description,
        content: BlobStream,
        expected: Expected,
    ) -> Result<Option<StoredObject>, BlobError> {
        description::check(description)?;
        let s3 = &self.0;
        let name = s3.name_of(key).ok_or(BlobError::TooLarge)?;
        if s3.head(&name).await?.is_some() != (expected == Expected::Something) {
            return Ok(None);
        }
        let target = Target {
            key: name.clone(),
            description: Some(description.clone()),
            expected: Some(expected),
        };
        let Some(size) = upload(s3, target, content).await? else {
            return Ok(None);
        };
        // S3 tells neither the time nor, for every kind of upload, the tag.
        let there = s3.head(&name).await?.ok_or(Fault::Contended)?;
        Ok(Some(StoredObject {
            size,
            description: description.clone(),
            ..there.into_object(key.clone())
        }))
    }

    async fn describe(
        &self,
        key: &ObjectKey,
        description: &Description,
    ) -> Result<Option<StoredObject>, BlobError> {
        description::check(description)?;
        let s3 = &self.0;
        let Some(name) = s3.name_of(key) else {
            return Ok(None);
        };
        for _ in 0..MOST_RACES {
            let Some(there) = s3.head(&name).await? else {
                return Ok(None);
            };
            if there.size > MOST_COPIED {
                return Err(BlobError::TooLarge);
            }
            match s3.copy_onto_itself(&name, &there, description).await {
                Ok(()) => {
                    let there = s3.head(&name).await?;
                    return Ok(there.map(|there| StoredObject {
                        description: description.clone(),
                        ..there.into_object(key.clone())
                    }));
                }
                // Replaced or deleted since it was looked at.
                Err(Fault::Refused {
                    status: 404 | 409 | 412,
                    ..
                }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Fault::Contended.into())
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, BlobError> {
        let Some(name) = self.0.name_of(key) else {
            return Ok(false);
        };
        // S3 deletes without telling whether there was anything.
        let is_there = self.0.head(&name).await?.is_some();
        if is_there {
            self.0.delete(&name).await?;
        }
        Ok(is_there)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectKey>,
        at_most: usize,
    ) -> Result<Vec<StoredObject>, BlobError> {
        let can_have_any =
            prefix.is_empty() || prefix.ends_with('/') && format!("{prefix}x").parse::<ObjectKey>().is_ok();
        if !can_have_any {
            return Ok(Vec::new());
        }
        let s3 = &self.0;
        let below = format!("{}{prefix}", s3.prefix);
        let mut after = after.map(|key| format!("{}{key}", s3.prefix));
        let mut listed = Vec::new();
        while listed.len() < at_most {
            let page = s3.page(&below, after.as_deref(), at_most - listed.len()).await?;
            let last = page.contents.last().map(|last| last.key.clone());
            let keys: Vec<_> = page
                .contents
                .iter()
                .filter_map(|object| object.key.strip_prefix(&*s3.prefix)?.parse::<ObjectKey>().ok())
                .collect();
            let described = keys.into_iter().map(|key| async move { self.find(&key).await });
            let described = stream::iter(described).buffered(AT_ONCE);
            listed.extend(described.try_collect::<Vec<_>>().await?.into_iter().flatten());
            after = match next(after, last, page.next_continuation_token.is_some())? {
                Some(next) => Some(s3.behind_sealed(next)),
                None => break,
            };
        }
        Ok(listed)
    }
}

impl Inner {
    /// The object's name in the bucket; `None` if it is too long for one with our prefix before it.
    fn name_of(&self, key: &ObjectKey) -> Option<String> {
        let name = format!("{}{key}", self.prefix);
        (name.len() <= LONGEST_NAME).then_some(name)
    }

    /// The sealed contents stand together in a list, and there may be many of them.
    fn behind_sealed(&self, after: String) -> String {
        let sealed = format!("{}{SEALED}", self.prefix);
        if after.starts_with(&sealed) {
            // A zero is the character behind a slash.
            format!("{}0", sealed.trim_end_matches('/'))
        } else {
            after
        }
    }

    /// What S3 says of the object; `None` if there is none.
    pub(super) async fn head(&self, key: &str) -> Result<Option<Head>, Fault> {
        let sign = || sign(self.bucket.head_object(Some(&self.credentials), key), &[]);
        match self.wire.response(&self.call(Method::HEAD, &sign)).await {
            Ok(response) => Head::read(response.headers()).map(Some),
            Err(Fault::Refused { status: 404, .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn open(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<(Head, BlobStream)>, Fault> {
        let is_whole = range.is_none();
        if let Some(response) = self.get(key, range).await? {
            let Some(response) = response else {
                // There is nothing in the range.
                let there = self.head(key).await?;
                return Ok(there.map(|there| (there, Box::pin(stream::empty()) as BlobStream)));
            };
            let mut there = Head::read(response.headers())?;
            if is_whole && response.status() == StatusCode::OK {
                there.size = response.content_length().unwrap_or(there.size);
            }
            return Ok(Some((there, pieces(response, self.wire.patience().answer))));
        }
        Ok(None)
    }

    async fn copy_onto_itself(
        &self,
        key: &str,
        there: &Head,
        description: &Description,
    ) -> Result<(), Fault> {
        let source = format!("/{}/{}", self.bucket.name(), utf8_percent_encode(key, PLAIN));
        let mut headers: Headers = head::describe(description);
        headers.extend(there.others.iter().cloned());
        for (name, value) in [
            ("x-amz-copy-source", source.as_str()),
            ("x-amz-copy-source-if-match", &there.etag),
            ("x-amz-metadata-directive", "REPLACE"),
        ] {
            headers.push((name.to_owned(), value.to_owned()));
        }
        let sign = || sign(self.bucket.put_object(Some(&self.credentials), key), &headers);
        let mut call = self.call(Method::PUT, &sign);
        call.headers = &headers;
        call.time = self.wire.patience().part;
        let call = &call;
        self.wire
            .again_and_again(|_| async move {
                let response = self.wire.once(call).await?;
                let text = self.wire.read(response).await?;
                // An answer of 200 may still bring an error.
                fault::code(&text).map_or(Ok(()), |code| Err(Fault::in_success(code)))
            })
            .await
    }
}
