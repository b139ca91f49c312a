use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind, SeekFrom, Write as _};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::SystemTime;

use bytes::BytesMut;
use clavis_flows::{BlobError, BlobStream};
use futures_util::{StreamExt as _, stream};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::place::ID_LENGTH;

const PIECE: usize = 64 * 1024;
/// How often a folder is made anew that a sweep has taken away as an empty one.
const MOST_ATTEMPTS: u32 = 5;

/// Writes a content into a file of this folder, durably, and tells how many bytes it had. Dropping the path removes
/// the file: on an error, and when this call is abandoned.
pub(super) async fn write(
    unfinished: &Path,
    mut content: BlobStream,
    mut passes: impl FnMut(&[u8]) -> Result<(), BlobError> + Send,
) -> Result<(TempPath, u64), BlobError> {
    let folder = unfinished.to_owned();
    let (file, path) = blocking(move || {
        let mut unfinished = tempfile::Builder::new();
        unfinished.prefix("").rand_bytes(ID_LENGTH);
        unfinished.tempfile_in(folder).map(NamedTempFile::into_parts)
    })
    .await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(piece) = content.next().await {
        let piece = piece?;
        passes(&piece)?;
        file.write_all(&piece).await.map_err(BlobError::unavailable)?;
        size += piece.len() as u64;
    }
    file.flush().await.map_err(BlobError::unavailable)?;
    file.sync_all().await.map_err(BlobError::unavailable)?;
    Ok((path, size))
}

/// Writes a small text in the same way, and tells when.
pub(super) fn write_now(unfinished: &Path, text: &[u8]) -> io::Result<(TempPath, SystemTime)> {
    let mut file = NamedTempFile::new_in(unfinished)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    let written_at = file.as_file().metadata()?.modified()?;
    Ok((file.into_temp_path(), written_at))
}

/// Gives a complete file its name below the root. The folders are flushed too: a name that is lost in a power failure
/// is a content that is lost.
pub(super) fn publish(mut complete: TempPath, root: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(root);
    let mut attempts = 0;
    loop {
        make(folder)?;
        attempts += 1;
        match complete.persist(path) {
            Ok(()) => break,
            Err(failed) if failed.error.kind() == ErrorKind::NotFound && attempts < MOST_ATTEMPTS => {
                complete = failed.path;
            }
            Err(failed) => return Err(failed.error),
        }
    }
    folder
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .try_for_each(sync)
}

/// Makes the folder, for the owner only.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    found(result).map(Option::unwrap_or_default)
}

/// What was there.
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is known of the file, if it is one.
pub(super) fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    Ok(found(fs::symlink_metadata(path))?.filter(Metadata::is_file))
}

/// The file's bytes, or those of a range.
pub(super) async fn read(file: File, range: Option<Range<u64>>) -> Result<BlobStream, BlobError> {
    let mut file = tokio::fs::File::from_std(file);
    let range = range.unwrap_or(0..u64::MAX);
    if range.start > 0 {
        // File systems refuse places where no file can have bytes.
        let size = file.metadata().await.map_err(BlobError::unavailable)?.len();
        file.seek(SeekFrom::Start(range.start.min(size)))
            .await
            .map_err(BlobError::unavailable)?;
    }
    let rest = file.take(range.end.saturating_sub(range.start));
    Ok(Box::pin(stream::try_unfold(rest, |mut rest| async {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = rest.read_buf(&mut piece).await;
        match read.map_err(BlobError::unavailable)? {
            0 => Ok(None),
            _ => Ok(Some((piece.freeze(), rest))),
        }
    })))
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(BlobError::unavailable)?
        .map_err(BlobError::unavailable)
}
