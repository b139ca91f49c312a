use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use clavis_blobs::{BlobStore as _, Folder};
use clavis_flows::BlobError;

use crate::world::{World, bytes, id, pieces};

#[tokio::test]
async fn folders_and_files_are_for_the_owner_only() {
    let world = World::folder();
    world.store.put(id(1), pieces(bytes(10), 10)).await.unwrap();
    let file = world.file(id(1));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    for folder in file.ancestors().skip(1).take(3) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&world.place().join("unfinished")), 0o700);
}

#[tokio::test]
async fn what_a_crash_left_unfinished_is_removed_a_day_later() {
    let folder = tempfile::tempdir().unwrap();
    let left = |name: &str, hours: u64| {
        let path = folder.path().join("unfinished").join(name);
        let file = File::create(&path).unwrap();
        file.set_modified(hours_ago(hours)).unwrap();
        path
    };
    Folder::open(folder.path()).unwrap();
    let (old, young) = (left("old", 25), left("young", 23));
    let store = Folder::open(folder.path()).unwrap();
    store.sweep(DateTime::from(hours_ago(24))).await.unwrap();
    assert!(!old.exists() && young.exists());
    assert_eq!(store.list(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_folder_that_is_gone_is_unavailable() {
    let world = World::folder();
    world.store.put(id(1), pieces(bytes(10), 10)).await.unwrap();
    fs::remove_dir_all(world.place()).unwrap();
    let unavailable = |error: BlobError| assert!(matches!(error, BlobError::Unavailable(_)), "{error}");
    unavailable(world.store.ping().await.unwrap_err());
    unavailable(world.store.put(id(2), pieces(bytes(10), 10)).await.unwrap_err());
    unavailable(world.store.list(None, 10).await.unwrap_err());
}

fn hours_ago(hours: u64) -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "files carry the machine's time")]
    SystemTime::now()
        .checked_sub(Duration::from_secs(hours * 60 * 60))
        .unwrap()
}
