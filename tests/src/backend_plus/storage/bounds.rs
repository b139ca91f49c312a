//! How much is received.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::{BARE, NOT_FOUND, OPEN, form, put, storage, storage_with};
use crate::harness::Server;

const TOO_LARGE: &str =
    r#"413 {"statusCode":413,"error":"Payload Too Large","message":"Request body is too large"}"#;

#[test]
fn a_file_past_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let server = storage_with(OPEN, &[("STORAGE_MAX_UPLOAD_BYTES", "100000")]);
    let put = |bytes: usize| {
        let content = vec![b'x'; bytes];
        form(server.post("/storage/o/x"), "file", "x", "text/plain", &content).send()
    };
    put(100_000).expect(200);
    assert_eq!(put(100_001).to_string(), TOO_LARGE);
    let kept = server.get("/storage/o/x").send();
    assert_eq!(kept.body().len(), 100_000);
}

#[test]
fn a_body_that_is_announced_too_large_is_refused_unread() {
    let server = storage_with(OPEN, &[("STORAGE_MAX_UPLOAD_BYTES", "1000")]);
    let answer = server.exchange(
        b"POST /storage/o/x HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=e\r\n\
          Content-Length: 99999999999\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// Begins an upload and sends half of it.
fn half_an_upload(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.authority()).unwrap();
    let head = "POST /storage/o/cut HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=e\r\n\
        Content-Length: 1000000\r\n\r\n--e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 400_000]).unwrap();
    stream
}

#[test]
fn an_upload_that_is_cut_off_leaves_nothing_behind() {
    let uploads = tempfile::tempdir().unwrap();
    let folder = uploads.path().display().to_string();
    let server = storage_with(OPEN, &[("STORAGE_UPLOAD_DIR", &folder)]);
    put(&server, "/storage/o/cut", "whole").send().expect(200);
    for _ in 0..3 {
        drop(half_an_upload(&server));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.get("/storage/o/cut").send().to_string(), "200 whole");
    assert_eq!(uploads.path().read_dir().unwrap().count(), 0);
    let objects = server.get("/storage/m/").send().json();
    assert_eq!(objects.as_array().map(Vec::len), Some(1));
}

#[test]
fn past_the_places_for_uploads_the_next_one_is_told_to_come_back() {
    let server = storage_with(OPEN, &[("STORAGE_UPLOADS_AT_ONCE", "1")]);
    let busy = || put(&server, "/storage/o/x", "x").send();
    let mut first = half_an_upload(&server);
    let mut answer = busy();
    for _ in 0..20 {
        if answer.status() == 503 {
            break;
        }
        // The other was faster, and it was the half that was told to come back.
        first = half_an_upload(&server);
        std::thread::sleep(Duration::from_millis(300));
        answer = busy();
    }
    assert_eq!(
        answer.to_string(),
        r#"503 {"statusCode":503,"error":"Service Unavailable","message":"Server is busy"}"#
    );
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    first.write_all(&vec![b'x'; 599_900]).unwrap();
    drop(first.shutdown(std::net::Shutdown::Both));
    let mut rest = Vec::new();
    let _ = first.read_to_end(&mut rest);
    drop(first);
    for _ in 0..100 {
        if busy().status() == 200 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the place was not given back");
}

#[test]
fn a_form_of_too_many_parts_and_a_query_of_too_many_names_are_refused() {
    let server = storage(OPEN);
    let part = "--e\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n";
    let body = format!("{}--e--\r\n", part.repeat(300));
    let answer = server
        .post("/storage/o/x")
        .raw_body(body, "multipart/form-data; boundary=e")
        .send();
    assert_eq!(answer.to_string(), BARE);
    assert_eq!(server.get("/storage/o/x").send().to_string(), NOT_FOUND);
    put(&server, "/storage/o/x", "x").send().expect(200);
    let query = "a=b&".repeat(101);
    assert_eq!(
        server.get(&format!("/storage/o/x?{query}")).send().to_string(),
        BARE
    );
}
