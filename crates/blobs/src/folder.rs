use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use chrono::DateTime;
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use futures_util::{StreamExt as _, stream};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::{BlobStore, ListedBlob, name};

const PIECE: usize = 64 * 1024;
/// Where contents are until they are complete: on the same file system, so that one rename publishes them.
const UNFINISHED: &str = "unfinished";
/// After which time what is unfinished was left there by a crash.
const ABANDONED: Duration = Duration::from_hours(24);

/// Contents in a folder of this machine, readable by the owner only.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder, which is made if it is missing, and removes what a crash left unfinished a day ago or
    /// earlier: whatever is younger may be the work of another process.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        let unfinished = root.join(UNFINISHED);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&unfinished)?;
        for entry in fs::read_dir(&unfinished)? {
            let entry = entry?;
            let age = entry.metadata().and_then(|metadata| metadata.modified());
            // A clock that was set back makes nothing old.
            if age.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > ABANDONED)) {
                ignore_missing(fs::remove_file(entry.path()))?;
            }
        }
        Ok(Self { root })
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.root.join(name::of(id))
    }
}

#[async_trait]
impl BlobStore for Folder {
    async fn put(&self, id: BlobId, mut content: BlobStream) -> Result<u64, BlobError> {
        let unfinished = self.root.join(UNFINISHED);
        // Dropping the path removes the file: on an error, and when this call is abandoned.
        let (file, unfinished) =
            blocking(move || NamedTempFile::new_in(unfinished).map(NamedTempFile::into_parts)).await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut size = 0;
        while let Some(piece) = content.next().await {
            let piece = piece?;
            file.write_all(&piece).await.map_err(BlobError::unavailable)?;
            size += piece.len() as u64;
        }
        file.flush().await.map_err(BlobError::unavailable)?;
        file.sync_all().await.map_err(BlobError::unavailable)?;
        let root = self.root.clone();
        blocking(move || publish(unfinished, &root, &name::of(id))).await?;
        Ok(size)
    }

    async fn get(&self, id: BlobId, range: Option<Range<u64>>) -> Result<Option<BlobStream>, BlobError> {
        let mut file = match tokio::fs::File::open(self.path(id)).await {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BlobError::unavailable(error)),
        };
        let range = range.unwrap_or(0..u64::MAX);
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start))
                .await
                .map_err(BlobError::unavailable)?;
        }
        let rest = file.take(range.end.saturating_sub(range.start));
        Ok(Some(Box::pin(stream::try_unfold(rest, |mut rest| async {
            let mut piece = BytesMut::with_capacity(PIECE);
            let read = rest.read_buf(&mut piece).await;
            match read.map_err(BlobError::unavailable)? {
                0 => Ok(None),
                _ => Ok(Some((piece.freeze(), rest))),
            }
        }))))
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        let path = self.path(id);
        blocking(move || {
            ignore_missing(fs::remove_file(&path))?;
            path.parent()
                .map_or(Ok(()), |folder| ignore_missing(sync(folder)))
        })
        .await
    }

    async fn list(&self, after: Option<BlobId>, at_most: usize) -> Result<Vec<ListedBlob>, BlobError> {
        let root = self.root.clone();
        blocking(move || list(&root, after, at_most)).await
    }

    async fn ping(&self) -> Result<(), BlobError> {
        let unfinished = self.root.join(UNFINISHED);
        blocking(move || NamedTempFile::new_in(unfinished)?.close()).await
    }
}

/// Gives a complete content its name. The folders are flushed too: a name that is lost in a power failure is a
/// content that is lost.
fn publish(unfinished: TempPath, root: &Path, name: &str) -> io::Result<()> {
    let path = root.join(name);
    let folder = path.parent().unwrap_or(root);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    unfinished.persist(&path).map_err(|failed| failed.error)?;
    folder
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .try_for_each(sync)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// In the order of names, one folder in memory at a time.
fn list(root: &Path, after: Option<BlobId>, at_most: usize) -> io::Result<Vec<ListedBlob>> {
    let after = after.map(name::of).unwrap_or_default();
    let mut listed = Vec::new();
    if at_most == 0 {
        return Ok(listed);
    }
    for xx in folders(root)? {
        if is_behind(&after, &xx) {
            continue;
        }
        for yy in folders(&root.join(&xx))? {
            let folder = format!("{xx}/{yy}");
            if is_behind(&after, &folder) {
                continue;
            }
            let mut names = names(&root.join(&folder))?;
            names.sort_unstable();
            for name in names {
                let name = format!("{folder}/{name}");
                let Some(id) = name::read(&name).filter(|_| name > after) else {
                    continue;
                };
                // Gone since the folder was read: deleted.
                if let Some(metadata) = metadata(&root.join(name))? {
                    listed.push(ListedBlob {
                        id,
                        size: metadata.len(),
                        stored_at: metadata.modified().map(DateTime::from)?,
                    });
                }
                if listed.len() >= at_most {
                    return Ok(listed);
                }
            }
        }
    }
    Ok(listed)
}

/// Whether everything in this folder stands before the name, or is it.
fn is_behind(after: &str, folder: &str) -> bool {
    after
        .get(..folder.len())
        .is_some_and(|of_after| folder < of_after)
}

fn folders(parent: &Path) -> io::Result<Vec<String>> {
    let is_ours = |name: &String| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut folders: Vec<_> = names(parent)?.into_iter().filter(is_ours).collect();
    folders.sort_unstable();
    Ok(folders)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                names.extend(entry?.file_name().into_string().ok());
            }
            Ok(names)
        }
        // Not ours.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(names),
        Err(error) => Err(error),
    }
}

fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata).filter(Metadata::is_file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(BlobError::unavailable)?
        .map_err(BlobError::unavailable)
}
