//! `POST /storage/o/…`.

use insta::assert_snapshot;
use uuid::Uuid;

use super::{BARE, EXAMPLE, FORBIDDEN, NOT_FOUND, OPEN, SECRET, form, put, storage, storage_with, store};
use crate::harness::address;

#[test]
fn an_upload_answers_what_is_known_of_the_object() {
    let server = storage(OPEN);
    let answer = form(
        server.post("/storage/o/a/b.txt"),
        "file",
        "my \u{fc} file.txt",
        "text/plain",
        b"abc",
    )
    .send()
    .expect(200);
    let json = answer.json();
    assert_eq!(json["key"], "a/b.txt");
    assert_eq!(json["AcceptRanges"], "bytes");
    assert_eq!(json["ContentLength"], 3);
    assert_eq!(json["ContentType"], "text/plain");
    let etag = answer.at("/ETag");
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    let modified = answer.at("/LastModified");
    assert!(modified.ends_with('Z') && modified.len() == 24, "{modified}");
    assert_eq!(answer.at("/Metadata/filename"), "my \u{fc} file.txt");
    let token: Uuid = answer.at("/Metadata/token").parse().unwrap();
    assert_eq!(token.get_version_num(), 4);
    assert_eq!(json.as_object().unwrap().len(), 7, "{json}");
    assert_eq!(server.get("/storage/m/a/b.txt").send().json(), json);
}

#[test]
fn the_last_release_keeps_the_token_only() {
    let server = storage_with(OPEN, &[("PROFILE", "v2.7")]);
    let answer = put(&server, "/storage/o/x", "x").send().expect(200);
    assert_eq!(answer.json()["Metadata"].as_object().unwrap().len(), 1);
}

#[test]
fn replacing_keeps_the_token_and_changes_everything_else() {
    let server = storage(OPEN);
    let first = put(&server, "/storage/o/x", "first").send().expect(200);
    let second = form(
        server.post("/storage/o/x"),
        "file",
        "b.md",
        "text/markdown",
        b"second!",
    )
    .send()
    .expect(200);
    assert_eq!(second.at("/Metadata/token"), first.at("/Metadata/token"));
    assert_ne!(second.at("/ETag"), first.at("/ETag"));
    assert_eq!(second.at("/ContentType"), "text/markdown");
    assert_eq!(second.at("/Metadata/filename"), "b.md");
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200 second!");
}

#[test]
fn refusals_come_in_the_order_of_the_contract() {
    let rules = "paths:\n  /new/:f:\n    create: 'false'\n  /open/:f:\n    write: 'true'\n  /old/:f:\n    create: 'true'\n    update: 'false'\n  /read/:f:\n    read: 'true'\n  /dir/:x/:\n    write: 'true'\n";
    let server = storage(rules);
    put(&server, "/storage/o/old/x", "x").send().expect(200);
    put(&server, "/storage/o/open/x", "x").send().expect(200);
    let no_file = |path: &str| {
        let other = form(server.post(path), "other", "a", "text/plain", b"a").send();
        let none = server.post(path).send();
        assert_eq!(other.to_string(), none.to_string());
        none.to_string()
    };
    let slash =
        r#"403 {"statusCode":403,"error":"Forbidden","message":"Can't upload file that ends with /"}"#;
    assert_eq!(no_file("/storage/o/open/y/"), slash);
    assert_eq!(put(&server, "/storage/o/new/y/", "x").send().to_string(), slash);
    assert_eq!(no_file("/storage/o/new/y"), NOT_FOUND, "new, and no file");
    assert_eq!(
        put(&server, "/storage/o/new/y", "x").send().to_string(),
        FORBIDDEN
    );
    assert_eq!(no_file("/storage/o/old/x"), FORBIDDEN, "before the missing file");
    assert_eq!(
        put(&server, "/storage/o/old/x", "y").send().to_string(),
        FORBIDDEN
    );
    assert_eq!(no_file("/storage/o/open/x"), BARE);
    assert_eq!(
        put(&server, "/storage/o/read/x", "x").send().to_string(),
        NOT_FOUND
    );
    assert_eq!(
        put(&server, "/storage/o/nowhere", "x").send().to_string(),
        NOT_FOUND
    );
    // Nothing of it was stored.
    assert_eq!(server.get("/storage/o/read/x").send().to_string(), NOT_FOUND);
}

#[test]
fn rules_see_the_file_that_is_sent() {
    let rules = "paths:\n  /size:\n    write: 'resource.size === 3'\n  /name:\n    write: \"resource.name === 'a.txt'\"\n  /type:\n    write: \"resource.mimetype === 'text/plain'\"\n  /md5:\n    write: \"resource.md5 === '900150983cd24fb0d6963f7d28e17f72'\"\n";
    let server = storage(rules);
    for path in [
        "/storage/o/size",
        "/storage/o/name",
        "/storage/o/type",
        "/storage/o/md5",
    ] {
        put(&server, path, "abc").send().expect(200);
        let other = form(server.post(path), "file", "b", "image/png", b"abcd").send();
        assert_eq!(other.to_string(), FORBIDDEN, "{path}");
    }
}

#[test]
fn a_large_logo_is_refused_by_the_rule_of_the_example() {
    let server = storage(EXAMPLE);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let access = server.backend_plus().log_in(&ann).access;
    let put = |bytes: usize| {
        let content = vec![b'x'; bytes];
        let request = form(
            server.post("/storage/o/logos/l"),
            "file",
            "l",
            "image/png",
            &content,
        );
        request.bearer(&access).send().status().as_u16()
    };
    assert_eq!([put(199_999), put(200_000)], [200, 403]);
}

#[test]
fn the_rules_metadata_is_written_and_falsy_values_leave_the_old_ones() {
    let rules = "paths:\n  /x:\n    write: 'true'\n    read: 'true'\n    metadata:\n      kind: \"resource.name === 'a.txt' ? 'letter' : ''\"\n      token: \"'chosen'\"\n      broken: 'nobody.knows'\n";
    let server = storage(rules);
    let first = put(&server, "/storage/o/x", "1").send().expect(200);
    assert_eq!(first.at("/Metadata/kind"), "letter");
    assert_ne!(first.at("/Metadata/token"), "chosen", "no rule makes a token");
    assert!(first.json()["Metadata"].get("broken").is_none());
    let second = form(server.post("/storage/o/x"), "file", "b.txt", "text/plain", b"2").send();
    assert_eq!(second.expect(200).at("/Metadata/kind"), "letter");
}

#[test]
fn other_fields_of_the_form_do_not_matter_and_the_first_file_counts() {
    let server = storage(OPEN);
    let body = "--e\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nhello\r\n\
        --e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"1\"\r\n\r\nfirst\r\n\
        --e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"2\"\r\n\r\nsecond\r\n--e--\r\n";
    let answer = server
        .post("/storage/o/x")
        .raw_body(body, "multipart/form-data; boundary=e")
        .send()
        .expect(200);
    assert_eq!(
        answer.at("/ContentType"),
        "application/octet-stream",
        "none was said"
    );
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200 first");
}

#[test]
fn a_broken_form_stores_nothing() {
    let server = storage(OPEN);
    for body in [
        "--e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"1\"\r\n\r\nno end",
        "--e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"1\"\r\n",
        "no form at all",
    ] {
        let answer = server
            .post("/storage/o/x")
            .raw_body(body, "multipart/form-data; boundary=e")
            .send();
        assert_eq!(answer.to_string(), BARE, "{body}");
    }
    let no_boundary = server
        .post("/storage/o/x")
        .raw_body("x", "multipart/form-data")
        .send();
    assert_eq!(no_boundary.to_string(), BARE);
    assert_eq!(server.get("/storage/o/x").send().to_string(), NOT_FOUND);
}

#[test]
fn an_empty_file_is_a_file() {
    let server = storage(OPEN);
    let answer = put(&server, "/storage/o/x", "").send().expect(200);
    assert_eq!(answer.at("/ContentLength"), "0");
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200");
    let range = server.get("/storage/o/x").header("range", "bytes=0-").send();
    assert_eq!(range.status(), 416);
}

#[test]
fn the_admin_secret_replaces_what_nobody_may() {
    let server = storage("paths:\n  /x:\n    create: 'false'\n    read: 'true'\n");
    store(&server, "/storage/o/x", "text/plain", b"1");
    store(&server, "/storage/o/x", "text/plain", b"2");
    let no_file = |path: &str| {
        let request = server.post(path).header("x-admin-secret", SECRET);
        request.send().to_string()
    };
    assert_eq!(no_file("/storage/o/x"), BARE);
    assert_snapshot!(
        server.get("/storage/o/x").send(),
        @"200 2"
    );
}
