//! Where a file waits until it is decided whether it is stored: on disk, without a name, so that nothing is left of it
//! whatever happens.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{self, ContentDisposition, HeaderMap};
use actix_web::web::{self, BytesMut};
use clavis_files::Upload;
use clavis_flows::{BlobError, BlobStream};
use futures_util::{TryStreamExt as _, stream};
use openssl::hash::{Hasher, MessageDigest};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio::time::{Instant, timeout_at};

use super::super::super::error::Refusal;
use crate::parts;

/// The form's field that carries the file.
const FIELD: &str = "file";
/// Bytes of a body that are not the file's: other fields, and the headers of the parts.
const AROUND: u64 = 1024 * 1024;
/// Longest name of a file that is kept, in bytes.
const MAX_NAME: usize = 255;
/// Longest media type that is kept, in bytes.
const MAX_TYPE: usize = 255;
/// The type of a file of which the client says none.
const UNKNOWN_TYPE: &str = "application/octet-stream";
/// Bytes that are written and read at a time.
const PIECE: usize = 256 * 1024;
/// How long an upload may take however small it is.
const PATIENCE: Duration = Duration::from_mins(1);
/// What it must bring each second past that: whoever brings less holds a place that others want.
const SLOWEST_BYTES_PER_SECOND: u64 = 16 * 1024;

/// A file that was received.
pub(super) struct Spooled {
    pub(super) upload: Upload,
    file: File,
}

impl Spooled {
    /// The content, from its beginning. One at a time.
    pub(super) async fn content(&self) -> Result<BlobStream, Refusal> {
        let mut file = self.file.try_clone().await.map_err(|error| failed(&error))?;
        file.seek(SeekFrom::Start(0))
            .await
            .map_err(|error| failed(&error))?;
        let pieces = stream::try_unfold(file, |mut file| async move {
            let mut piece = BytesMut::with_capacity(PIECE);
            let count = file.read_buf(&mut piece).await.map_err(BlobError::unavailable)?;
            Ok((count > 0).then(|| (piece.freeze(), file)))
        });
        Ok(Box::pin(pieces))
    }
}

/// Receives a form; `None` when there is no file in it, or no form.
pub(super) async fn receive(
    headers: &HeaderMap,
    payload: web::Payload,
    folder: &Path,
    most_bytes: u64,
) -> Result<Option<Spooled>, Refusal> {
    if !is_form(headers) {
        return Ok(None);
    }
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > most_bytes.saturating_add(AROUND)) {
        return Err(Refusal::TOO_LARGE);
    }
    let mut pace = Pace::new();
    let body = parts::metered(payload, most_bytes.saturating_add(AROUND));
    let mut form = Multipart::new(headers, body);
    let mut spooled = None;
    for _ in 0..parts::MAX_PARTS {
        let Some(mut part) = pace.keep(form.try_next()).await? else {
            return Ok(spooled);
        };
        let name = part.content_disposition().and_then(kept_name);
        match name {
            Some(name) if spooled.is_none() && part.name() == Some(FIELD) => {
                spooled = Some(spool(&mut part, name, folder, most_bytes, &mut pace).await?);
            }
            Some(_) | None => {
                while let Some(piece) = pace.keep(part.try_next()).await? {
                    pace.received(piece.len());
                }
            }
        }
    }
    Err(Refusal::MALFORMED)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// Writes a part down, and takes its measure.
async fn spool(
    part: &mut Field,
    name: String,
    folder: &Path,
    most_bytes: u64,
    pace: &mut Pace,
) -> Result<Spooled, Refusal> {
    let mimetype = part
        .content_type()
        .map(ToString::to_string)
        .filter(|text| text.len() <= MAX_TYPE && text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
        .unwrap_or_else(|| UNKNOWN_TYPE.to_owned());
    let file = create(folder).await?;
    let mut writer = BufWriter::with_capacity(PIECE, file);
    let mut hasher = Hasher::new(MessageDigest::md5()).map_err(|error| failed(&error.into()))?;
    let mut size = 0_u64;
    while let Some(piece) = pace.keep(part.try_next()).await? {
        pace.received(piece.len());
        size = size.saturating_add(piece.len() as u64);
        if size > most_bytes {
            return Err(Refusal::TOO_LARGE);
        }
        hasher.update(&piece).map_err(|error| failed(&error.into()))?;
        writer.write_all(&piece).await.map_err(|error| failed(&error))?;
    }
    writer.flush().await.map_err(|error| failed(&error))?;
    let digest = hasher.finish().map_err(|error| failed(&error.into()))?;
    Ok(Spooled {
        upload: Upload {
            name,
            size,
            mimetype,
            md5: hex::encode(digest),
        },
        file: writer.into_inner(),
    })
}

/// A file without a name.
async fn create(folder: &Path) -> Result<File, Refusal> {
    let folder = folder.to_owned();
    let created = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
    let created = created.map_err(|error| failed(&io::Error::other(error)))?;
    created.map(File::from_std).map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Refusal {
    tracing::error!(%error, "an upload could not be written down");
    Refusal::INTERNAL
}

/// The client's name of a file, as far as it is kept.
fn kept_name(disposition: &ContentDisposition) -> Option<String> {
    let name = parts::file_name(disposition)?;
    let mut length = 0;
    let kept = name.chars().filter(|c| !c.is_control()).take_while(|c| {
        length += c.len_utf8();
        length <= MAX_NAME
    });
    Some(kept.collect())
}

/// How fast an upload must be.
struct Pace {
    began: Instant,
    received: u64,
}

impl Pace {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            received: 0,
        }
    }

    fn received(&mut self, bytes: usize) {
        self.received = self.received.saturating_add(bytes as u64);
    }

    /// Waits for what comes next, if it comes in time.
    async fn keep<T>(&self, next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Refusal> {
        let earned = Duration::from_secs(self.received / SLOWEST_BYTES_PER_SECOND);
        match timeout_at(self.began + PATIENCE + earned, next).await {
            Ok(next) => next.map_err(broken),
            Err(_) => Err(Refusal::MALFORMED),
        }
    }
}

fn broken(error: MultipartError) -> Refusal {
    if parts::is_too_long(&error) {
        Refusal::TOO_LARGE
    } else {
        Refusal::MALFORMED
    }
}
