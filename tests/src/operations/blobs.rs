//! Where contents of objects are kept: refused at start when it cannot be, and only told when it does not answer.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::harness::{S3Server, Server, fails_to_start, free_port, within};

const URL: &str = "CLAVIS_BLOBS__URL";
const WARNING: &str = "contents of objects can be neither stored nor read";

#[test]
fn a_place_for_contents_that_cannot_be_is_refused_by_its_setting_without_a_secret() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let in_a_file = format!("file://{}/blobs", file.path().display());
    for (url, part) in [
        ("/var/lib/clavis/blobs", "file://<path>"),
        ("http://127.0.0.1:9000/hunter2", "s3://<bucket>"),
        ("s3://AKIA7:hunter2/x@clavis", "percent-encoded"),
        ("s3://AKIA7:hunter2@clavis?endpoint=minio:9000", "endpoint"),
        ("s3://AKIA7:hunter2@clavis?endpoind=http://minio:9000", "region"),
        ("s3://clavis?endpoint=http://127.0.0.1:9000", "credentials"),
        (in_a_file.as_str(), "blobs"),
    ] {
        let stderr = fails_to_start(&[(URL, url)]).stderr;
        assert!(
            stderr.starts_with("clavis: blobs.url: ") && stderr.contains(part),
            "{stderr}"
        );
        assert!(
            !stderr.contains("hunter2") && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
    let half = fails_to_start(&[("CLAVIS_BLOBS__ACCESS_KEY_ID", "AKIA7")]).stderr;
    assert!(half.contains("blobs.secret_access_key"), "{half}");
}

#[test]
fn contents_are_kept_in_a_folder_for_the_owner_only_unless_it_is_set() {
    let server = Server::start();
    let folder = server.data_dir().join("blobs");
    let mode = folder.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let elsewhere = tempfile::tempdir().unwrap();
    let url = format!("file://{}/contents", elsewhere.path().display());
    let server = Server::with(&[(URL, &url)]);
    assert!(elsewhere.path().join("contents").is_dir());
    assert!(!server.data_dir().join("blobs").exists());
}

#[test]
fn a_bucket_that_does_not_answer_is_told_in_the_log_and_accounts_are_served() {
    let url = format!(
        "s3://AKIA7:hunter2@clavis?endpoint=http://127.0.0.1:{}",
        free_port()
    );
    let server = Server::with(&[(URL, &url)]);
    assert_eq!(server.get("/readyz").send().status(), 200);
    assert!(
        within(Duration::from_secs(10), || server.log().contains(WARNING)),
        "{}",
        server.log()
    );
    assert!(
        !server.log().contains("hunter2") && !server.log().contains("AKIA7"),
        "{}",
        server.log()
    );
}

#[test]
fn a_bucket_that_answers_is_left_as_it_is() {
    let bucket = S3Server::start();
    let mut server = Server::with(&[(URL, &bucket.url())]);
    server.stop();
    assert!(!server.log().contains(WARNING), "{}", server.log());
    assert_eq!(bucket.bucket().read_dir().unwrap().count(), 0);
}
