mod entry;
mod files;
mod lock;
mod objects;
mod place;
mod sweep;
mod walk;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use tempfile::NamedTempFile;

use self::files::{blocking, found, ignore_missing, make, metadata, publish, read, sync, write};
use self::objects::Drawer;
use self::sweep::Sweep;
use crate::{BlobStore, ListedBlob, name};

/// Where contents are until they are complete: on the same file system, so that one rename publishes them.
const UNFINISHED: &str = "unfinished";
/// Where objects are.
const OBJECTS: &str = "objects";
/// What processes lock against each other while an object changes.
const LOCKS: &str = "locks";

/// Contents in a folder of this machine, readable by the owner only: sealed ones, and beside them objects.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder, which is made if it is missing.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        for part in [UNFINISHED, OBJECTS, LOCKS] {
            make(&root.join(part))?;
        }
        Ok(Self { root })
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.root.join(name::of(id))
    }

    fn drawer(&self) -> Drawer {
        Drawer {
            objects: self.root.join(OBJECTS),
            unfinished: self.root.join(UNFINISHED),
            locks: self.root.join(LOCKS),
        }
    }
}

#[async_trait]
impl BlobStore for Folder {
    async fn put(&self, id: BlobId, content: BlobStream) -> Result<u64, BlobError> {
        let (complete, size) = write(&self.root.join(UNFINISHED), content, |_| Ok(())).await?;
        let (root, path) = (self.root.clone(), self.path(id));
        blocking(move || publish(complete, &root, &path)).await?;
        Ok(size)
    }

    async fn get(&self, id: BlobId, range: Option<Range<u64>>) -> Result<Option<BlobStream>, BlobError> {
        let path = self.path(id);
        match blocking(move || found(File::open(path))).await? {
            Some(file) => read(file, range).await.map(Some),
            None => Ok(None),
        }
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

    async fn sweep(&self, latest: DateTime<Utc>) -> Result<usize, BlobError> {
        let drawer = self.drawer();
        let mut sweep = blocking(move || Sweep::begin(drawer, SystemTime::from(latest))).await?;
        let mut has_more = true;
        while has_more {
            (sweep, has_more) = blocking(move || {
                let has_more = sweep.step()?;
                Ok((sweep, has_more))
            })
            .await?;
        }
        Ok(sweep.removed)
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
