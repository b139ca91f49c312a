//! Where the contents of documents lie: sealed, in a folder or a bucket, and removed when they are nobody's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;

use super::{Form, count, jpeg, list, pdf};
use crate::harness::{S3Server, Server, within};

const URL: &str = "CLAVIS_BLOBS__URL";

/// The contents that a server keeps in its folder.
pub(super) fn stored(server: &Server) -> Vec<PathBuf> {
    files_below(&server.data_dir().join("blobs"))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Dates a file back.
fn made_older(path: &Path, age: Duration) {
    let file = File::options().write(true).open(path).expect("it is there");
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let modified = modified.expect("a file system that keeps times");
    file.set_modified(modified - age).expect("it is ours");
}

#[test]
fn neither_content_nor_number_nor_name_is_readable_at_rest() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("ada-lovelace.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let stored = stored(&server);
    let [content] = stored.as_slice() else {
        panic!("one content: {stored:?}");
    };
    assert!(!contains(&fs::read(content).unwrap(), b"%PDF"));
    assert!(!content.to_string_lossy().contains("lovelace"));
    assert!(!contains(&server.stored(), b"AA1234BB"));
}

#[test]
fn contents_lie_in_a_bucket_as_well() {
    let bucket = S3Server::start();
    let server = Server::with(&[(URL, &bucket.url())]);
    let access = server.barong().newcomer("ada").access;
    assert_snapshot!(Form::passport().file("a.pdf", &pdf()).send(&server, &access), @"201 201");
    let link = list(&server, &access).at("/0/upload/url");
    let file = server.get(&link).send().expect(200);
    assert_eq!(file.body(), pdf());
    assert_eq!(
        files_below(&bucket.bucket())
            .iter()
            .filter(|path| path.is_file())
            .count(),
        1
    );
}

#[test]
fn a_bucket_that_is_away_is_an_error_and_nothing_is_lost() {
    let bucket = S3Server::start();
    let server = Server::with(&[(URL, &bucket.url())]);
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("a.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let link = list(&server, &access).at("/0/upload/url");
    drop(bucket);
    assert_snapshot!(
        Form::passport().file("b.pdf", &pdf()).send(&server, &access),
        @r#"500 {"error":"Connection error"}"#
    );
    assert_snapshot!(server.get(&link).send(), @r#"500 {"error":"Connection error"}"#);
    // What was there is still there, and what failed took no place.
    assert_eq!(count(&server, &access), 1);
    let log = server.log();
    assert!(
        log.contains("could be neither stored nor read") && !log.contains("s3cr3t"),
        "{log}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_takes_no_place() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    fs::remove_dir_all(server.data_dir().join("blobs")).unwrap();
    File::create(server.data_dir().join("blobs")).unwrap();
    assert_snapshot!(
        Form::passport().file("a.jpg", &jpeg()).send(&server, &access),
        @r#"500 {"error":"Connection error"}"#
    );
    assert_eq!(count(&server, &access), 0);
}

#[test]
fn a_content_that_was_changed_is_not_given_out() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("a.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let stored = stored(&server);
    let content = stored.first().unwrap();
    let mut bytes = fs::read(content).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(content, bytes).unwrap();
    let link = list(&server, &access).at("/0/upload/url");
    assert_snapshot!(server.get(&link).send(), @r#"500 {"error":"Something went wrong"}"#);
}

#[test]
fn what_became_nobodys_is_removed_once_it_is_old() {
    let mut server = Server::start();
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("a.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let owned = stored(&server).first().unwrap().clone();
    let orphan = |id: (&str, &str), age: Duration| {
        // By the last and the last but one byte of the id.
        let folder = server.data_dir().join("blobs").join(id.1);
        let id = id.0;
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(id);
        fs::write(&path, b"left behind by a crash").unwrap();
        made_older(&path, age);
        path
    };
    let hour = Duration::from_hours(1);
    let old = orphan(("01932d4e-0000-7000-8000-0000000000ab", "ab/00"), 25 * hour);
    let young = orphan(("01932d4e-0000-7000-8000-0000000000ac", "ac/00"), 23 * hour);
    // The document's own content is as old.
    made_older(&owned, 25 * hour);
    server.restart();
    assert!(within(Duration::from_secs(10), || !old.exists()));
    assert!(young.exists() && owned.exists());
}
