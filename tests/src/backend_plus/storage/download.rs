//! `GET /storage/o/…`.

use reqwest::Method;

use super::{FORBIDDEN, NOT_FOUND, OPEN, form, head, put, storage, storage_with, store};
use crate::harness::Request;

const DIGITS: &str = "0123456789";

#[test]
fn a_file_is_sent_with_the_headers_of_the_contract() {
    let server = storage(OPEN);
    let stored = put(&server, "/storage/o/x", DIGITS).send().expect(200);
    let answer = server
        .get("/storage/o/x")
        .header("origin", "https://app.example.org")
        .send();
    assert_eq!(answer.to_string(), format!("200 {DIGITS}"));
    let header = |name: &str| answer.header(name).unwrap_or_default();
    assert_eq!(header("content-type"), "text/plain");
    assert_eq!(header("content-length"), "10");
    assert_eq!(header("content-disposition"), "inline;");
    assert_eq!(header("cache-control"), "public, max-age=31557600");
    assert_eq!(header("etag"), stored.at("/ETag"));
    assert!(header("last-modified").ends_with(" GMT"));
    assert_eq!(header("content-security-policy"), "sandbox");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), None);
    assert_eq!(answer.header("pragma"), None);
    assert_eq!(header("access-control-allow-origin"), "https://app.example.org");
    assert_eq!(header("access-control-allow-credentials"), "true");
    assert_eq!(header("vary"), "Origin");
}

#[test]
fn head_is_get_without_a_body() {
    let server = storage(OPEN);
    store(&server, "/storage/o/x", "text/plain", DIGITS.as_bytes());
    for path in [
        "/storage/o/x",
        "/storage/x",
        "/storage/m/x",
        "/storage/o/",
        "/storage/m/",
    ] {
        let (get, head) = (server.get(path).send(), server.request(Method::HEAD, path).send());
        assert_eq!(head.to_string(), "200", "{path}");
        for name in [
            "content-type",
            "content-disposition",
            "etag",
            "last-modified",
            "cache-control",
        ] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
    let answer = server.request(Method::HEAD, "/storage/o/x").send();
    assert_eq!(answer.header("content-length").as_deref(), Some("10"));
    assert_eq!(
        server.request(Method::HEAD, "/storage/o/y").send().to_string(),
        "404"
    );
}

#[test]
fn a_missing_file_is_told_before_a_forbidden_one() {
    let server = storage("paths:\n  /:x:\n    read: 'false'\n    create: 'true'\n");
    assert_eq!(server.get("/storage/o/x").send().to_string(), NOT_FOUND);
    put(&server, "/storage/o/x", "x").send().expect(200);
    assert_eq!(server.get("/storage/o/x").send().to_string(), FORBIDDEN);
    let range = server.get("/storage/o/x").header("range", "bytes=0-0").send();
    assert_eq!(range.to_string(), FORBIDDEN);
}

#[test]
fn ranges_are_sent_and_broken_ones_are_not_there() {
    let server = storage(OPEN);
    store(&server, "/storage/o/x", "text/plain", DIGITS.as_bytes());
    let ask = |range: &str| {
        let answer = server.get("/storage/o/x").header("range", range).send();
        let head = head(&answer, &["content-range", "accept-ranges", "content-length"]);
        format!("{head} | {}", answer.text())
    };
    assert_eq!(ask("bytes=2-4"), "206 | bytes 2-4/10 | bytes | 3 | 234");
    assert_eq!(ask("bytes=7-"), "206 | bytes 7-9/10 | bytes | 3 | 789");
    assert_eq!(ask("bytes=-2"), "206 | bytes 8-9/10 | bytes | 2 | 89");
    assert_eq!(ask("bytes=0-"), "206 | bytes 0-9/10 | bytes | 10 | 0123456789");
    assert_eq!(
        ask("bytes=9-99999999999999999999999999"),
        "206 | bytes 9-9/10 | bytes | 1 | 9"
    );
    for unsatisfiable in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999999999-"] {
        let answer = ask(unsatisfiable);
        assert!(
            answer.starts_with("416 | bytes */10 | ")
                && answer.ends_with(
                    r#" | {"statusCode":416,"error":"Range Not Satisfiable","message":"Range Not Satisfiable"}"#
                ),
            "{answer}"
        );
    }
    for broken in [
        "bytes=4-2",
        "bytes=a-b",
        "bytes",
        "lines=0-1",
        "bytes=0-1,3-4",
        "bytes=--3",
    ] {
        assert_eq!(ask(broken), "200 |  |  | 10 | 0123456789", "{broken}");
    }
}

#[test]
fn every_answer_may_be_read_from_other_origins() {
    let server = storage(OPEN);
    let stored = put(&server, "/storage/o/x", DIGITS).send();
    let etag = stored.at("/ETag");
    for (name, value, status) in [
        ("range", "bytes=0-1", 206),
        ("range", "bytes=50-", 416),
        ("if-none-match", etag.as_str(), 304),
    ] {
        let answer = server
            .get("/storage/o/x")
            .header(name, value)
            .header("origin", "https://app.example.org")
            .send()
            .expect(status);
        assert_eq!(
            answer.header("access-control-allow-origin").as_deref(),
            Some("https://app.example.org")
        );
    }
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let server = storage(OPEN);
    let etag = put(&server, "/storage/o/x", DIGITS).send().at("/ETag");
    let get = || server.get("/storage/o/x");
    let modified = get().send().header("last-modified").unwrap();
    let ask = |request: Request| request.send().to_string();
    let all = format!("200 {DIGITS}");
    assert_eq!(ask(get().header("if-none-match", &etag)), "304");
    assert_eq!(
        ask(get().header("if-none-match", &format!("\"a\", W/{etag}"))),
        "304"
    );
    assert_eq!(ask(get().header("if-none-match", "\"a\"")), all);
    assert_eq!(ask(get().header("if-modified-since", &modified)), "304");
    assert_eq!(
        ask(get()
            .header("if-modified-since", &modified)
            .header("if-none-match", "\"a\"")),
        all
    );
    assert_eq!(
        ask(get().header("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT")),
        all
    );
    let part = |condition: &str| ask(get().header("range", "bytes=0-1").header("if-range", condition));
    assert_eq!(part(&etag), "206 01");
    assert_eq!(part(&modified), "206 01");
    assert_eq!(part("\"a\""), all);
    let kept = get().header("if-none-match", &etag).send();
    assert_eq!(
        head(&kept, &["etag", "cache-control", "last-modified"]),
        format!("304 | {etag} | public, max-age=31557600 | {modified}")
    );
}

#[test]
fn what_only_some_may_read_is_private() {
    let rules = "paths:\n  /mine:\n    create: 'true'\n    read: '!!request.auth'\n  /ours:\n    create: 'true'\n    read: 'true'\n";
    let server = storage_with(
        rules,
        &[("STORAGE_CACHE_CONTROL", "public, max-age=60, immutable")],
    );
    let (_, tokens) = super::super::somebody_logged_in(&server);
    for path in ["/storage/o/mine", "/storage/o/ours"] {
        put(&server, path, "x").send().expect(200);
    }
    let kept = |request: Request| request.send().expect(200).header("cache-control").unwrap();
    let (mine, ours) = ("/storage/o/mine", "/storage/o/ours");
    assert_eq!(
        kept(server.get(mine).bearer(&tokens.access)),
        "private, max-age=60, immutable"
    );
    assert_eq!(
        kept(server.get(ours).bearer(&tokens.access)),
        "public, max-age=60, immutable"
    );
    assert_eq!(kept(server.get(ours)), "public, max-age=60, immutable");
}

#[test]
fn documents_that_could_run_scripts_are_attachments() {
    let server = storage(OPEN);
    let ask = |media_type: &str| {
        form(
            server.post("/storage/o/x"),
            "file",
            "x",
            media_type,
            b"<script>alert(1)</script>",
        )
        .send()
        .expect(200);
        let answer = server.get("/storage/o/x").send();
        head(
            &answer,
            &[
                "content-disposition",
                "content-security-policy",
                "x-content-type-options",
            ],
        )
    };
    for active in [
        "text/html",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/xml",
        "TEXT/HTML;charset=utf-8",
    ] {
        assert_eq!(ask(active), "200 | attachment; | sandbox | nosniff", "{active}");
    }
    for passive in ["image/png", "application/pdf", "text/plain", "video/mp4"] {
        assert_eq!(ask(passive), "200 | inline; | sandbox | nosniff", "{passive}");
    }
}
