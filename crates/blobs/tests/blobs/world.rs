use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use clavis_blobs::{BlobLocation, BlobStore, OpenLocation, Patience, S3};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use futures_util::{Stream, StreamExt as _, stream};
use tempfile::TempDir;
use uuid::Uuid;

/// The server that the end-to-end tests use.
#[path = "../../../../tests/src/harness/s3.rs"]
mod server;

pub(crate) use server::S3Server;

/// S3's part: what is larger is uploaded in parts.
pub(crate) const PART: usize = 8 * 1024 * 1024;

/// A store, and where its bytes are.
pub(crate) struct World {
    pub(crate) store: Arc<dyn BlobStore>,
    keeper: Keeper,
}

enum Keeper {
    Folder(TempDir),
    S3(S3Server),
}

impl World {
    /// One of each kind.
    pub(crate) fn all() -> [Self; 2] {
        [Self::folder(), Self::s3()]
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}/blobs", folder.path().display());
        Self {
            store: open(&url),
            keeper: Keeper::Folder(folder),
        }
    }

    pub(crate) fn s3() -> Self {
        let server = S3Server::start();
        Self {
            store: open(&server.url()),
            keeper: Keeper::S3(server),
        }
    }

    /// The bucket's server.
    pub(crate) fn server(&self) -> &S3Server {
        match &self.keeper {
            Keeper::S3(server) => server,
            Keeper::Folder(_) => panic!("a folder has none"),
        }
    }

    /// Where its bytes are.
    pub(crate) fn place(&self) -> PathBuf {
        match &self.keeper {
            Keeper::Folder(folder) => folder.path().join("blobs"),
            Keeper::S3(server) => server.bucket().join(".clavis"),
        }
    }

    pub(crate) fn file(&self, id: BlobId) -> PathBuf {
        let files = self.files();
        let is_named = |path: &&PathBuf| path.file_name().unwrap().to_str() == Some(&id.to_string());
        files.iter().find(is_named).unwrap().clone()
    }

    /// Every file with content: objects, and whatever is unfinished.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        match &self.keeper {
            Keeper::Folder(folder) => walk(folder.path(), &mut files),
            Keeper::S3(server) => walk(server.bucket().parent().unwrap(), &mut files),
        }
        files.retain(|file| file.extension().is_none_or(|extension| extension != "json"));
        files.retain(|file| !file.iter().any(|part| part == "locks"));
        files
    }
}

pub(crate) fn open(url: &str) -> Arc<dyn BlobStore> {
    open_all(url).contents
}

pub(crate) fn open_all(url: &str) -> OpenLocation {
    url.parse::<BlobLocation>().unwrap().open(None, None).unwrap()
}

/// A bucket's store that gives up soon.
pub(crate) fn impatient(url: &str) -> S3 {
    waiting(url, Duration::from_secs(1))
}

/// A bucket's store that waits so long for each answer.
pub(crate) fn waiting(url: &str, answer: Duration) -> S3 {
    let Ok(BlobLocation::S3(location)) = url.parse() else {
        panic!("{url}")
    };
    let credentials = location.credentials().unwrap();
    let patience = Patience {
        connect: Duration::from_millis(500),
        answer,
        part: 2 * answer,
        attempts: 3,
        pause: Duration::from_millis(10),
    };
    S3::new(*location, credentials, None, patience).unwrap()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

pub(crate) fn id(number: u128) -> BlobId {
    // Spread over the folders as random ids are.
    BlobId(Uuid::from_u128(
        (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
    ))
}

/// Bytes that are the same for the same place, and differ from place to place.
pub(crate) fn bytes(size: usize) -> Bytes {
    static MOST: LazyLock<Bytes> = LazyLock::new(|| {
        let block = |number: u64| openssl::sha::sha256(&number.to_be_bytes());
        (0..3 * PART as u64 / 32).flat_map(block).collect()
    });
    MOST.slice(..size)
}

/// The bytes in pieces of this size.
pub(crate) fn pieces(content: Bytes, size: usize) -> BlobStream {
    Box::pin(stream::unfold(content, move |mut rest| async move {
        let piece = rest.split_to(size.min(rest.len()));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    }))
}

/// The bytes, and then an error.
pub(crate) fn cut_off(content: Bytes) -> BlobStream {
    Box::pin(pieces(content, 100_000).chain(stream::iter([Err(BlobError::cut_off("hung up"))])))
}

/// The bytes, and then nothing any more.
pub(crate) fn stuck(content: Bytes) -> BlobStream {
    struct Never;
    impl Stream for Never {
        type Item = Result<Bytes, BlobError>;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Pending
        }
    }
    Box::pin(pieces(content, 100_000).chain(Never))
}

pub(crate) async fn all(mut content: BlobStream) -> Result<Vec<u8>, BlobError> {
    let mut whole = Vec::new();
    while let Some(piece) = content.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole)
}
