//! What holds of objects in a folder only.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use clavis_flows::{BlobError, Expected};

use crate::shelf::{Shelf, key, plain, walk};
use crate::world::{all, bytes, open_all, pieces};

#[tokio::test]
async fn objects_are_for_the_owner_only_and_their_tag_is_that_of_s3() {
    let shelf = Shelf::folder();
    let stored = shelf.put("a/b", 0).await;
    assert_eq!(stored.etag, "\"d41d8cd98f00b204e9800998ecf8427e\"");
    for path in shelf.kept() {
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{path}"
        );
    }
    for folder in ["objects", "objects/d-a", "locks", "unfinished"] {
        let mode = fs::metadata(shelf.root().join(folder))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[tokio::test]
async fn objects_are_there_when_the_folder_is_opened_again() {
    let shelf = Shelf::folder();
    let stored = shelf.put("a/b", 100).await;
    let again = open_all(&format!("file://{}", shelf.root().display())).objects;
    assert_eq!(again.find(&key("a/b")).await.unwrap().unwrap(), stored);
}

#[tokio::test]
async fn what_crashes_left_is_removed_when_it_is_old_and_nobody_names_it() {
    let shelf = Shelf::folder();
    shelf.put("a/b", 1).await;
    shelf.put("c", 2).await;
    shelf.put("empty/x", 1).await;
    shelf.objects.delete(&key("empty/x")).await.unwrap();
    let mut kept = Vec::new();
    walk(&shelf.root().join("objects"), &mut kept);
    let left = |name: &str, hours: u64| {
        let path = shelf.root().join(name);
        File::create(&path)
            .unwrap()
            .set_modified(hours_ago(hours))
            .unwrap();
        path
    };
    let id = "0123456789abcdef0123456789abcdef";
    let old = [
        left("unfinished/old", 25),
        left(&format!("objects/d-a/c-b.{id}"), 25),
        left(&format!("objects/c-none.{id}"), 25),
    ];
    let young = [
        left("unfinished/young", 23),
        left(&format!("objects/d-a/c-b.{}", id.replace('0', "1")), 23),
    ];
    let foreign = [left("objects/notes.txt", 99), left("objects/c-b.12", 99)];
    for path in &kept {
        File::open(path).unwrap().set_modified(hours_ago(99)).unwrap();
    }
    fs::create_dir_all(shelf.root().join("objects/d-x/d-y/p-z")).unwrap();
    for folder in ["d-empty", "d-x/d-y/p-z", "d-x/d-y", "d-x", "d-a"] {
        let folder = File::open(shelf.root().join("objects").join(folder)).unwrap();
        folder.set_modified(hours_ago(30)).unwrap();
    }
    let sealed = shelf.sealed.as_ref().unwrap();
    let removed = sealed.sweep(DateTime::from(hours_ago(24))).await.unwrap();
    assert_eq!(removed, old.len() + 4);
    assert!(!old.iter().any(|path| path.exists()));
    for path in young.iter().chain(&foreign).chain(&kept) {
        assert!(path.exists(), "{}", path.display());
    }
    assert!(!shelf.root().join("objects/d-empty").exists() && !shelf.root().join("objects/d-x").exists());
    assert!(shelf.content("a/b").await == bytes(1) && shelf.content("c").await == bytes(2));
    shelf.put("empty/x", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_takes_nothing_from_those_who_put_and_delete_meanwhile() {
    let shelf = std::sync::Arc::new(Shelf::folder());
    let sweeper = tokio::spawn({
        let sealed = std::sync::Arc::clone(shelf.sealed.as_ref().unwrap());
        async move {
            for _ in 0..100 {
                // Everything is old.
                sealed.sweep(DateTime::from(hours_ahead(1))).await.unwrap();
            }
        }
    });
    let mut puts = Vec::new();
    for number in 0..4 {
        let shelf = std::sync::Arc::clone(&shelf);
        puts.push(tokio::spawn(async move {
            let mut stored = 0;
            for round in 0..30 {
                let key = key(&format!("a/b{number}/c"));
                // An unfinished file that counts as old is gone, which fails the call and nothing else.
                let put = shelf
                    .objects
                    .put(&key, &plain(), pieces(bytes(round), 9), Expected::Nothing)
                    .await;
                if let Ok(Some(_)) = put {
                    stored += 1;
                    let (_, content) = shelf.objects.open(&key, None).await.unwrap().unwrap();
                    assert!(all(content).await.unwrap() == bytes(round));
                    assert!(shelf.objects.delete(&key).await.unwrap());
                }
            }
            stored
        }));
    }
    sweeper.await.unwrap();
    for put in puts {
        put.await.unwrap();
    }
    shelf
        .sealed
        .as_ref()
        .unwrap()
        .sweep(DateTime::from(hours_ahead(1)))
        .await
        .unwrap();
    assert!(shelf.kept().is_empty(), "{:?}", shelf.kept());
}

#[tokio::test]
async fn a_folder_that_is_gone_or_full_of_something_else_is_unavailable() {
    let shelf = Shelf::folder();
    shelf.put("a", 10).await;
    fs::remove_dir_all(shelf.root()).unwrap();
    let unavailable = |error: BlobError| assert!(matches!(error, BlobError::Unavailable(_)), "{error}");
    let a = key("a");
    unavailable(shelf.objects.find(&a).await.unwrap_err());
    unavailable(shelf.objects.open(&a, None).await.err().unwrap());
    unavailable(shelf.objects.describe(&a, &plain()).await.unwrap_err());
    unavailable(shelf.objects.delete(&a).await.unwrap_err());
    unavailable(shelf.objects.list("", None, 9).await.unwrap_err());
    let put = shelf
        .objects
        .put(&a, &plain(), pieces(bytes(1), 1), Expected::Nothing)
        .await;
    unavailable(put.unwrap_err());
}

#[tokio::test]
async fn a_damaged_object_is_told_and_hides_no_other() {
    let shelf = Shelf::folder();
    shelf.put("a", 10).await;
    shelf.put("b", 10).await;
    let content = |name: &str| -> PathBuf {
        let files = shelf.kept();
        let of_name = |path: &&String| path.contains(&format!("c-{name}."));
        files.iter().find(of_name).unwrap().into()
    };
    fs::write(content("a"), "cut").unwrap();
    let damaged = shelf.objects.open(&key("a"), None).await.err().unwrap();
    assert!(matches!(damaged, BlobError::Damaged), "{damaged}");
    fs::remove_file(content("a")).unwrap();
    let damaged = shelf.objects.open(&key("a"), None).await.err().unwrap();
    assert!(matches!(damaged, BlobError::Damaged), "{damaged}");
    fs::write(shelf.root().join("objects/e-a"), "{}").unwrap();
    shelf.objects.find(&key("a")).await.unwrap_err();
    assert_eq!(shelf.list("", 10).await, ["b"]);
}

fn hours_ago(hours: u64) -> SystemTime {
    now().checked_sub(Duration::from_secs(hours * 60 * 60)).unwrap()
}

fn hours_ahead(hours: u64) -> SystemTime {
    now().checked_add(Duration::from_secs(hours * 60 * 60)).unwrap()
}

fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "files carry the machine's time")]
    SystemTime::now()
}
