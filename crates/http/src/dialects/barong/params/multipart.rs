//! Bodies in parts, of which some may be files.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::TryStreamExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time;

use super::super::error::BarongError;
use super::form;
use super::upload::{Lease, Upload, UploadRoom};
use super::value::{Budget, Fields, Param};
use super::{Bounds, FileBounds};
use crate::parts;

/// Longest a body may be on its way: it holds memory.
const MAX_WAIT: Duration = Duration::from_mins(5);

/// Reads a body in parts.
pub(super) async fn read(
    headers: &HeaderMap,
    payload: Payload,
    bounds: Bounds<'_>,
    budget: &mut Budget,
) -> Result<(Fields, Option<OwnedSemaphorePermit>), BarongError> {
    match time::timeout(MAX_WAIT, read_parts(headers, payload, bounds, budget)).await {
        Ok(read) => read,
        Err(_) => Err(BarongError::NOT_A_FORM),
    }
}

async fn read_parts(
    headers: &HeaderMap,
    payload: Payload,
    bounds: Bounds<'_>,
    budget: &mut Budget,
) -> Result<(Fields, Option<OwnedSemaphorePermit>), BarongError> {
    let no_room = UploadRoom::new(0);
    let mut reader = Reader {
        fields_bytes_left: bounds.fields_bytes,
        files: bounds.files,
        lease: Lease::new(bounds.files.map_or(&no_room, |files| files.room)),
    };
    let mut fields = Fields::default();
    let body = parts::metered(payload, bounds.total_bytes() as u64);
    let mut form = Multipart::new(headers, body);
    let mut count = 0_usize;
    while let Some(mut part) = form.try_next().await.map_err(broken)? {
        count = count.saturating_add(1);
        if count > parts::MAX_PARTS {
            return Err(BarongError::TOO_MANY_PARAMETERS);
        }
        let name = part.name().map(str::to_owned);
        let name = name.ok_or(BarongError::NOT_A_FORM)?;
        let value = match part.content_disposition().and_then(parts::file_name) {
            Some(file) => reader.file(&mut part, file).await?,
            None => Some(reader.text(&mut part).await?),
        };
        if let Some(value) = value {
            form::insert(&mut fields, &name, value, budget)?;
        }
    }
    Ok((fields, reader.lease.into_permit()))
}

fn broken(error: MultipartError) -> BarongError {
    if parts::is_too_long(&error) {
        BarongError::TOO_LARGE
    } else {
        BarongError::NOT_A_FORM
    }
}

/// How much is still read.
struct Reader<'a> {
    fields_bytes_left: usize,
    files: Option<FileBounds<'a>>,
    lease: Lease<'a>,
}

impl Reader<'_> {
    async fn text(&mut self, part: &mut Field) -> Result<Param, BarongError> {
        let bytes = self.within_fields(part).await?;
        let text = String::from_utf8(bytes.into());
        Ok(text.map_or(Param::Unreadable, Param::of_text))
    }

    /// `None` where a form has a place for a file and nobody chose one.
    async fn file(&mut self, part: &mut Field, name: String) -> Result<Option<Param>, BarongError> {
        let (bytes, length) = if let Some(files) = self.files {
            self.within_files(part, files).await?
        } else {
            let bytes = self.within_fields(part).await?;
            let length = bytes.len();
            (bytes, length)
        };
        if name.is_empty() {
            return Ok(None);
        }
        if name.contains('\0') {
            return Ok(Some(Param::Unreadable));
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Some(Param::File(Upload::new(&name, bytes, length))))
    }

    async fn within_fields(&mut self, part: &mut Field) -> Result<Bytes, BarongError> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = part.try_next().await.map_err(broken)? {
            let left = self.fields_bytes_left.checked_sub(chunk.len());
            self.fields_bytes_left = left.ok_or(BarongError::TOO_LARGE)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    async fn within_files(
        &mut self,
        part: &mut Field,
        files: FileBounds<'_>,
    ) -> Result<(Bytes, usize), BarongError> {
        let mut bytes = BytesMut::new();
        let mut length = 0_usize;
        while let Some(chunk) = part.try_next().await.map_err(broken)? {
            length = length.saturating_add(chunk.len());
            if length > files.bytes_each {
                // Nobody reads it; but how long it is, is told.
                bytes = BytesMut::new();
                continue;
            }
            self.lease.grow(chunk.len()).ok_or_else(BarongError::busy)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes.freeze(), length))
    }
}
