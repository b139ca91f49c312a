//! What a bucket's server may do to us.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use clavis_blobs::{BlobStore, S3};
use clavis_flows::BlobError;

use crate::shim::{Rule, Shim, What};
use crate::world::{PART, S3Server, World, all, bytes, id, impatient, open, pieces, waiting};

const BUSY: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Once for each thing a store does: what must be there is.
async fn every_call(store: &dyn BlobStore) -> Vec<BlobError> {
    let mut refusals = Vec::new();
    refusals.extend(store.put(id(1), pieces(bytes(10), 10)).await.err());
    refusals.extend(store.put(id(1), pieces(bytes(PART + 1), 100_000)).await.err());
    refusals.extend(store.get(id(1), None).await.err());
    refusals.extend(store.get(id(1), Some(3..5)).await.err());
    refusals.extend(store.list(None, 10).await.err());
    refusals.extend(store.ping().await.err());
    refusals.extend(store.delete(id(1)).await.err());
    refusals
}

#[track_caller]
fn check_unavailable(refusals: &[BlobError], reason: &str) {
    assert_eq!(refusals.len(), 7, "{refusals:?}");
    for refusal in refusals {
        let shown = format!("{refusal} {refusal:?}");
        assert!(
            matches!(refusal, BlobError::Unavailable(_)) && shown.contains(reason),
            "{shown}"
        );
        for secret in ["s3cr3t", "hunter2", "AKIATEST", "X-Amz"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

fn address(server: &S3Server) -> SocketAddr {
    server.url().rsplit('/').next().unwrap().parse().unwrap()
}

/// A server behind a shim with these rules.
async fn spoilt(server: &S3Server, rules: Vec<Rule>) -> (S3, Shim) {
    let address = address(server);
    let shim = Shim::before(address, rules).await;
    let url = server
        .url()
        .replace(&address.to_string(), &shim.address.to_string());
    (impatient(&url), shim)
}

fn rule(on: &'static [&'static str], times: usize, what: What) -> Vec<Rule> {
    vec![Rule { on, times, what }]
}

/// The requests of [`every_call`], by what their first line has.
const REQUESTS: [&[&str]; 8] = [
    &["PUT /"],
    &["PUT /", "partNumber=2"],
    &["POST /", "uploads="],
    &["POST /", "uploadId="],
    &["GET /clavis/?"],
    &["GET /clavis/", "?X-Amz"],
    &["DELETE /"],
    &["/"],
];

#[tokio::test]
async fn wrong_credentials_are_told_by_the_servers_code_and_not_shown() {
    let server = S3Server::start();
    let secret = server.url().replace("s3cr3t", "hunter2");
    check_unavailable(
        &every_call(&impatient(&secret)).await,
        "403 SignatureDoesNotMatch",
    );
    let id = server.url().replace("AKIATEST", "AKIAELSE");
    check_unavailable(&every_call(&impatient(&id)).await, "403 ");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let server = S3Server::start();
    let store = open(&server.url().replace("@clavis?", "@another?"));
    let refusal = store.ping().await.unwrap_err();
    assert!(refusal.to_string().contains("404 NoSuchBucket"), "{refusal}");
    // The server of these tests makes missing buckets where others answer this.
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 40\r\nconnection: close\r\n\r\n\
                   <Error><Code>NoSuchBucket</Code></Error>";
    let (store, _shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(missing))).await;
    check_unavailable(&every_call(&store).await, "404 NoSuchBucket");
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable() {
    let server = S3Server::start();
    let url = server.url();
    drop(server);
    check_unavailable(&every_call(&impatient(&url)).await, "cannot be reached");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_in_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let server = S3Server::start();
    let url = server.url().replace(
        &address(&server).to_string(),
        &listener.local_addr().unwrap().to_string(),
    );
    let begun = Instant::now();
    let store = waiting(&url, Duration::from_millis(100));
    check_unavailable(&every_call(&store).await, "did not answer within");
    // Seven calls of three attempts.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_busy_server_is_asked_again_whatever_it_was_asked() {
    let server = S3Server::start();
    for on in REQUESTS {
        let (store, shim) = spoilt(&server, rule(on, 2, What::Answer(BUSY))).await;
        let refusals = every_call(&store).await;
        assert!(refusals.is_empty(), "{on:?}: {refusals:?}, {:#?}", shim.seen());
    }
}

#[tokio::test]
async fn a_server_is_not_asked_for_ever() {
    let server = S3Server::start();
    let (store, shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(BUSY))).await;
    assert!(store.ping().await.unwrap_err().to_string().contains("503"));
    assert_eq!(shim.seen().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_not_asked_again() {
    let server = S3Server::start();
    let denied = "HTTP/1.1 403 Forbidden\r\ncontent-length: 45\r\nconnection: close\r\n\r\n\
                  <Error><Code>AccessDenied</Code></Error>     ";
    let (store, shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(denied))).await;
    let refusal = store.put(id(1), pieces(bytes(1), 1)).await.unwrap_err();
    assert!(refusal.to_string().contains("403 AccessDenied"), "{refusal}");
    assert_eq!(shim.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = S3Server::start();
    let elsewhere = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let moved = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        elsewhere.local_addr().unwrap()
    );
    let (store, _shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(moved.leak()))).await;
    check_unavailable(&every_call(&store).await, "307");
    assert!(elsewhere.accept().is_err(), "the other server was asked");
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for_again() {
    let server = S3Server::start();
    for on in REQUESTS {
        let (store, shim) = spoilt(&server, rule(on, 1, What::LoseAnswer)).await;
        let refusals = every_call(&store).await;
        assert!(refusals.is_empty(), "{on:?}: {refusals:?}, {:#?}", shim.seen());
    }
}

#[tokio::test]
async fn an_upload_whose_end_was_not_heard_is_there() {
    let world = World::s3();
    let ends: &[&str] = &["POST /", "uploadId="];
    let (store, shim) = spoilt(world.server(), rule(ends, 1, What::LoseAnswer)).await;
    let content = bytes(2 * PART + 1);
    store.put(id(1), pieces(content.clone(), 100_000)).await.unwrap();
    assert!(
        shim.seen().iter().any(|line| line.starts_with("HEAD ")),
        "{:#?}",
        shim.seen()
    );
    let got = world.store.get(id(1), None).await.unwrap().unwrap();
    assert!(all(got).await.unwrap() == content);
}

#[tokio::test]
async fn an_error_in_a_success_ends_no_upload() {
    let world = World::s3();
    let ends: &[&str] = &["POST /", "uploadId="];
    let error = "HTTP/1.1 200 OK\r\ncontent-length: 41\r\nconnection: close\r\n\r\n\
                 <Error><Code>InternalError</Code></Error>";
    let (store, _shim) = spoilt(world.server(), rule(ends, 1, What::Answer(error))).await;
    store.put(id(1), pieces(bytes(PART + 1), 100_000)).await.unwrap();
    let (store, _shim) = spoilt(world.server(), rule(ends, usize::MAX, What::Answer(error))).await;
    let refusal = store
        .put(id(2), pieces(bytes(PART + 1), 100_000))
        .await
        .unwrap_err();
    assert!(refusal.to_string().contains("InternalError"), "{refusal}");
    assert_eq!(world.files(), [world.file(id(1))], "the other upload was aborted");
}

#[tokio::test]
async fn a_content_that_does_not_arrive_as_a_whole_ends_with_an_error() {
    let server = S3Server::start();
    open(&server.url())
        .put(id(1), pieces(bytes(100_000), 100_000))
        .await
        .unwrap();
    for what in [What::CutAnswer(50_000), What::StallAnswer(50_000)] {
        let (store, _shim) = spoilt(&server, rule(&["GET /"], 1, what)).await;
        let got = store.get(id(1), None).await.unwrap().unwrap();
        let cut = all(got).await.unwrap_err();
        assert!(matches!(cut, BlobError::Unavailable(_)), "{cut}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_s3_is_refused() {
    let server = S3Server::start();
    let page = "HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n<html>hi</html";
    let (store, _shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(page))).await;
    assert!(store.ping().await.is_err());
    assert!(
        store.get(id(1), Some(0..5)).await.is_err(),
        "the range was not heeded"
    );
    assert!(store.put(id(1), pieces(bytes(PART + 1), 100_000)).await.is_err());
    let huge = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\nconnection: close\r\n\r\n{}",
        "x".repeat(9_000_000)
    );
    let (store, _shim) = spoilt(&server, rule(&["/"], usize::MAX, What::Answer(huge.leak()))).await;
    let refusal = store.ping().await.unwrap_err();
    assert!(refusal.to_string().contains("size"), "{refusal}");
}

#[tokio::test]
async fn a_bucket_is_shared_by_prefix() {
    let world = World::s3();
    let ours = open(&world.server().url().replace("?endpoint", "/ours/here?endpoint"));
    ours.put(id(1), pieces(bytes(10), 10)).await.unwrap();
    world.store.put(id(2), pieces(bytes(10), 10)).await.unwrap();
    let ids = |listed: Vec<clavis_blobs::ListedBlob>| listed.iter().map(|blob| blob.id).collect::<Vec<_>>();
    assert_eq!(ids(ours.list(None, 10).await.unwrap()), [id(1)]);
    assert_eq!(ids(world.store.list(None, 10).await.unwrap()), [id(2)]);
    assert!(ours.get(id(2), None).await.unwrap().is_none());
    assert!(world.server().bucket().join("ours/here").is_dir());
}
