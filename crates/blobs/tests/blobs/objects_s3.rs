//! What holds of objects in a bucket only.

use std::time::Duration;

use chrono::DateTime;
use clavis_flows::{BlobError, Expected, Objects};

use crate::bucket::{Bucket, Conditions};
use crate::shelf::{Shelf, described, key, plain};
use crate::shim::{Rule, Shim, What};
use crate::world::{PART, S3Server, all, bytes, impatient, open_all, pieces};

#[tokio::test]
async fn objects_of_other_programs_are_served_as_they_are() {
    let shelf = Shelf::bucket("", Conditions::Heeded);
    shelf.server().place("old/a%20b.txt", b"hello", Some("no-store"));
    for unreachable in ["dir/", "a//b", "../x", "/x", ".clavis/x", "x\\y"] {
        shelf.server().place(unreachable, b"secret", None);
    }
    let a = key("old/a%20b.txt");
    let object = shelf.objects.find(&a).await.unwrap().unwrap();
    assert_eq!(object.size, 5);
    assert_eq!(object.etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!(object.description, described("binary/octet-stream", &[]));
    assert_eq!(shelf.content("old/a%20b.txt").await, b"hello");
    assert_eq!(shelf.list("", 1).await, ["old/a%20b.txt"]);
    // What is told of it elsewhere stays when it is described.
    shelf
        .objects
        .describe(&a, &described("text/plain", &[("token", "x")]))
        .await
        .unwrap()
        .unwrap();
    let kept = shelf.server().kept("old/a%20b.txt");
    assert_eq!(kept.cache_control.as_deref(), Some("no-store"));
    assert_eq!(kept.content_type.as_deref(), Some("text/plain"));
    assert_eq!(kept.metadata.unwrap()["token"], "x");
}

#[tokio::test]
async fn a_key_is_the_name_in_the_bucket_behind_the_prefix() {
    let shelf = Shelf::bucket("/pre/fix", Conditions::Heeded);
    shelf.put("a%20b/c+d", 1).await;
    shelf.server().place("elsewhere", b"", None);
    assert_eq!(shelf.server().keys(), ["elsewhere", "pre/fix/a%20b/c+d"]);
    assert_eq!(shelf.list("", 9).await, ["a%20b/c+d"]);
}

#[tokio::test]
async fn a_key_that_is_too_long_behind_the_prefix_is_never_there() {
    let shelf = Shelf::bucket("/pre/fix", Conditions::Heeded);
    let long = key(&"x".repeat(1024));
    assert_eq!(shelf.objects.find(&long).await.unwrap(), None);
    assert!(shelf.objects.open(&long, None).await.unwrap().is_none());
    assert!(!shelf.objects.delete(&long).await.unwrap());
    let put = shelf
        .objects
        .put(&long, &plain(), pieces(bytes(1), 1), Expected::Nothing)
        .await;
    assert!(matches!(put, Err(BlobError::TooLarge)), "{put:?}");
}

#[tokio::test]
async fn uploads_that_were_left_unfinished_are_aborted_when_they_are_old() {
    let shelf = Shelf::bucket("/ours", Conditions::Heeded);
    for hours in [25, 26, 48, 99, 23] {
        shelf.server().begin(&format!("ours/a%20b {hours}+"), hours);
    }
    shelf.server().begin("ours/.clavis/aa/bb/x", 30);
    shelf.server().begin("theirs/x", 99);
    let sealed = shelf.sealed.as_ref().unwrap();
    let latest = now() - Duration::from_hours(24);
    assert_eq!(sealed.sweep(DateTime::from(latest)).await.unwrap(), 5);
    assert_eq!(shelf.server().uploads(), 2);
    assert_eq!(sealed.sweep(DateTime::from(latest)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_lists_no_uploads_is_left_alone() {
    let server = S3Server::start();
    let sealed = open_all(&server.url()).contents;
    assert_eq!(sealed.sweep(DateTime::from(now())).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_over_a_folder_serves_objects_too() {
    let server = S3Server::start();
    let objects = open_all(&server.url()).objects;
    let description = described("text/plain", &[("token", "t")]);
    for size in [10, PART + 10] {
        let a = key(&format!("a/{size}"));
        let content = pieces(bytes(size), 100_000);
        let stored = objects
            .put(&a, &description, content, Expected::Nothing)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(objects.find(&a).await.unwrap().unwrap(), stored);
        let described = described("text/html", &[("token", "u")]);
        assert_eq!(
            objects
                .describe(&a, &described)
                .await
                .unwrap()
                .unwrap()
                .description,
            described
        );
        let (object, content) = objects.open(&a, None).await.unwrap().unwrap();
        assert_eq!(object.description, described);
        assert!(all(content).await.unwrap() == bytes(size));
        assert_eq!(objects.list("a/", None, 9).await.unwrap(), [object]);
        let content = pieces(bytes(1), 1);
        assert!(
            objects
                .put(&a, &plain(), content, Expected::Something)
                .await
                .unwrap()
                .is_some()
        );
        assert!(objects.delete(&a).await.unwrap());
    }
}

/// Once for each thing that is done with objects: what must be there is.
async fn every_call(objects: &dyn Objects) -> Vec<BlobError> {
    let mut refusals = Vec::new();
    let (a, b) = (key("a"), key("b"));
    refusals.extend(
        objects
            .put(&a, &plain(), pieces(bytes(9), 9), Expected::Nothing)
            .await
            .err(),
    );
    refusals.extend(
        objects
            .put(&a, &plain(), pieces(bytes(8), 9), Expected::Something)
            .await
            .err(),
    );
    let large = pieces(bytes(PART + 1), 100_000);
    refusals.extend(objects.put(&b, &plain(), large, Expected::Nothing).await.err());
    refusals.extend(objects.find(&a).await.err());
    refusals.extend(objects.open(&a, None).await.err());
    refusals.extend(objects.open(&a, Some(3..5)).await.err());
    refusals.extend(objects.describe(&a, &described("a/b", &[])).await.err());
    refusals.extend(objects.list("", None, 10).await.err());
    refusals.extend(objects.delete(&a).await.err());
    refusals.extend(objects.delete(&b).await.err());
    refusals
}

async fn spoilt(bucket: &Bucket, rules: Vec<Rule>) -> (impl Objects + use<>, Shim) {
    let shim = Shim::before(bucket.address(), rules).await;
    let url = bucket
        .url("")
        .replace(&bucket.address().to_string(), &shim.address.to_string());
    (impatient(&url), shim)
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_no_secret_is_shown() {
    let bucket = Bucket::start(Conditions::Heeded);
    let objects = impatient(&bucket.url(""));
    drop(bucket);
    let refusals = every_call(&objects).await;
    assert_eq!(refusals.len(), 10);
    for refusal in refusals {
        let shown = format!("{refusal} {refusal:?}");
        assert!(matches!(refusal, BlobError::Unavailable(_)), "{shown}");
        for secret in ["s3cr3t", "AKIATEST", "X-Amz"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_busy_server_and_an_answer_that_got_lost_are_asked_again() {
    const BUSY: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const REQUESTS: [&[&str]; 9] = [
        &["HEAD /"],
        &["PUT /clavis/a"],
        &["PUT /clavis/b", "partNumber=2"],
        &["POST /", "uploads="],
        &["POST /", "uploadId="],
        &["GET /clavis/?"],
        &["GET /clavis/a"],
        &["DELETE /"],
        &["PUT /clavis/a", "copy-source"],
    ];
    for what in [What::Answer(BUSY), What::LoseAnswer] {
        for on in REQUESTS {
            let bucket = Bucket::start(Conditions::Heeded);
            let (objects, shim) = spoilt(&bucket, vec![Rule { on, times: 1, what }]).await;
            let refusals = every_call(&objects).await;
            assert!(refusals.is_empty(), "{on:?}: {refusals:?}, {:#?}", shim.seen());
            assert!(bucket.keys().is_empty());
            // Of an upload whose beginning was not heard nobody knows the id: a sweep aborts it.
            assert!(bucket.uploads() == 0 || on.contains(&"uploads="));
        }
    }
}

#[tokio::test]
async fn an_object_that_was_stored_without_our_hearing_of_it_is_told_as_stored() {
    for (size, on) in [
        (9, &["PUT /clavis/a"] as &[_]),
        (PART + 9, &["POST /", "uploadId="]),
    ] {
        let bucket = Bucket::start(Conditions::Heeded);
        let rules = vec![Rule {
            on,
            times: 1,
            what: What::LoseAnswer,
        }];
        let (objects, _shim) = spoilt(&bucket, rules).await;
        let description = described("text/plain", &[("token", "one")]);
        let content = pieces(bytes(size), 100_000);
        let stored = objects
            .put(&key("a"), &description, content, Expected::Nothing)
            .await
            .unwrap();
        assert_eq!(stored.unwrap().description, description);
        assert!(bucket.kept("a").content == bytes(size));
    }
}

fn now() -> std::time::SystemTime {
    #[expect(clippy::disallowed_methods, reason = "objects carry the machine's time")]
    std::time::SystemTime::now()
}
