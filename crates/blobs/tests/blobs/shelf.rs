use std::path::{Path, PathBuf};
use std::sync::Arc;

use clavis_blobs::BlobStore;
use clavis_files::{Description, ObjectKey, StoredObject};
use clavis_flows::fake::FakeObjects;
use clavis_flows::{Expected, Objects};
use tempfile::TempDir;

use crate::bucket::{Bucket, Conditions};
use crate::world::{all, bytes, open_all, pieces};

/// A store of objects, and where its bytes are.
pub(crate) struct Shelf {
    pub(crate) objects: Arc<dyn Objects>,
    /// The sealed contents beside them.
    pub(crate) sealed: Option<Arc<dyn BlobStore>>,
    keeper: Keeper,
}

enum Keeper {
    Fake,
    Folder(TempDir),
    Bucket(Bucket),
}

impl Shelf {
    /// One of each kind.
    pub(crate) fn all() -> [Self; 4] {
        let fake = Self {
            objects: Arc::new(FakeObjects::default()),
            sealed: None,
            keeper: Keeper::Fake,
        };
        [
            fake,
            Self::folder(),
            Self::bucket("", Conditions::Heeded),
            Self::bucket("/pre/fix", Conditions::Refused),
        ]
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = open_all(&format!("file://{}/blobs", folder.path().display()));
        Self {
            objects: open.objects,
            sealed: Some(open.contents),
            keeper: Keeper::Folder(folder),
        }
    }

    pub(crate) fn bucket(prefix: &str, conditions: Conditions) -> Self {
        let bucket = Bucket::start(conditions);
        let open = open_all(&bucket.url(prefix));
        Self {
            objects: open.objects,
            sealed: Some(open.contents),
            keeper: Keeper::Bucket(bucket),
        }
    }

    /// What is being tested, for a message.
    pub(crate) fn name(&self) -> &'static str {
        match self.keeper {
            Keeper::Fake => "fake",
            Keeper::Folder(_) => "folder",
            Keeper::Bucket(_) => "bucket",
        }
    }

    pub(crate) fn server(&self) -> &Bucket {
        match &self.keeper {
            Keeper::Bucket(bucket) => bucket,
            _ => panic!("{} has none", self.name()),
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        match &self.keeper {
            Keeper::Folder(folder) => folder.path().join("blobs"),
            _ => panic!("{} has none", self.name()),
        }
    }

    /// Whether it knows who was first when several put at once: a bucket that heeds no conditions does not.
    pub(crate) fn tells_races(&self) -> bool {
        !matches!(&self.keeper, Keeper::Bucket(bucket) if bucket.conditions() == Conditions::Refused)
    }

    /// Everything that takes room.
    pub(crate) fn kept(&self) -> Vec<String> {
        match &self.keeper {
            Keeper::Fake => Vec::new(),
            Keeper::Folder(_) => {
                let mut files = Vec::new();
                for part in ["objects", "unfinished"] {
                    walk(&self.root().join(part), &mut files);
                }
                files.iter().map(|file| file.display().to_string()).collect()
            }
            Keeper::Bucket(bucket) => {
                let uploads = (0..bucket.uploads()).map(|_| "an upload".to_owned());
                bucket.keys().into_iter().chain(uploads).collect()
            }
        }
    }

    pub(crate) async fn put(&self, key: &str, size: usize) -> StoredObject {
        let content = pieces(bytes(size), 100_000);
        let stored = self
            .objects
            .put(&self::key(key), &plain(), content, Expected::Nothing)
            .await;
        stored
            .unwrap()
            .unwrap_or_else(|| panic!("{key} is there: {}", self.name()))
    }

    pub(crate) async fn content(&self, key: &str) -> Vec<u8> {
        let (_, content) = self.objects.open(&self::key(key), None).await.unwrap().unwrap();
        all(content).await.unwrap()
    }

    /// The keys of all objects that are listed in pages of this size.
    pub(crate) async fn list(&self, prefix: &str, page: usize) -> Vec<String> {
        let mut keys = Vec::new();
        let mut after = None;
        loop {
            let listed = self.objects.list(prefix, after.as_ref(), page).await.unwrap();
            assert!(listed.len() <= page, "{}", self.name());
            let Some(last) = listed.last() else {
                return keys;
            };
            after = Some(last.key.clone());
            keys.extend(listed.into_iter().map(|object| object.key.to_string()));
        }
    }
}

pub(crate) fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

pub(crate) fn key(text: &str) -> ObjectKey {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn plain() -> Description {
    described("text/plain", &[])
}

pub(crate) fn described(content_type: &str, metadata: &[(&str, &str)]) -> Description {
    let metadata = metadata
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Description {
        content_type: content_type.to_owned(),
        metadata: metadata.collect(),
    }
}
