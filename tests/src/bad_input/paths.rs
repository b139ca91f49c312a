//! Paths that nobody serves, and what one dialect must not tell of another.

use insta::assert_snapshot;
use reqwest::Method;

use super::{Owner, complaint, is_backend_plus_error, is_pluto_error, server};
use crate::harness::Answer;

/// Headers that only Backend Plus sends.
const BACKEND_PLUS_HEADERS: [&str; 6] = [
    "x-dns-prefetch-control",
    "strict-transport-security",
    "x-download-options",
    "x-xss-protection",
    "surrogate-control",
    "access-control-allow-credentials",
];

#[test]
fn an_unknown_path_is_answered_by_its_owner() {
    let server = server();
    assert_snapshot!(
        server.get("/auth/nothing").send(),
        @r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
    );
    assert_snapshot!(
        server.get("/storage/o/nothing").send(),
        @r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
    );
    assert_snapshot!(
        server.get("/v1/nothing").send(),
        @r#"404 {"status":"error","error":{"code":1005,"message":"Path not found"}}"#
    );
    let page = server
        .get("/web/nothing")
        .header("accept", "text/html,*/*")
        .send()
        .expect(404);
    assert!(
        page.header("content-type").unwrap().starts_with("text/html"),
        "{page}"
    );
    assert_snapshot!(
        server.get("/web/nothing").header("accept", "application/json").send(),
        @r#"404 {"status":"error","error":{"code":1005,"message":"Path not found"}}"#
    );
}

#[test]
fn what_nobody_owns_is_answered_by_nobody() {
    let server = server();
    for path in [
        "/",
        "/nowhere",
        "/authority",
        "/v1x",
        "/v10/register",
        "/webs",
        "/favicon.ico",
        "/AUTH/login",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = server
                .request(method.clone(), path)
                .header("origin", "https://app.example")
                .send();
            assert_eq!(
                answer.to_string(),
                r#"404 {"error":"not_found"}"#,
                "{method} {path}"
            );
            assert_eq!(
                answer.header("content-type").as_deref(),
                Some("application/json"),
                "{path}"
            );
            assert_speaks_for_nobody(&answer, path);
        }
    }
}

#[test]
fn a_wrong_method_is_answered_as_the_owner_answers_it() {
    let server = server();
    for path in [
        "/auth/register",
        "/auth/login",
        "/auth/delete",
        "/auth/change-password/request",
    ] {
        let answer = server.get(path).send();
        assert_eq!(answer.status(), 404, "{path}: {answer}");
        assert!(is_backend_plus_error(&answer), "{path}: {answer}");
    }
    for path in [
        "/v1/register",
        "/v1/login/account",
        "/v1/token/refresh",
        "/v1/password/reset/mail",
    ] {
        let answer = server.request(Method::DELETE, path).send();
        assert_eq!(answer.status(), 405, "{path}: {answer}");
        assert!(!is_backend_plus_error(&answer), "{path}: {answer}");
    }
}

#[test]
fn nothing_of_backend_plus_leaks_to_others() {
    let server = server();
    let ask = |path: &str| server.get(path).header("origin", "https://app.example").send();
    let of_backend_plus = ask("/auth/nothing");
    for name in BACKEND_PLUS_HEADERS {
        assert!(
            of_backend_plus.header(name).is_some(),
            "Backend Plus lacks {name}"
        );
    }
    assert_eq!(
        of_backend_plus.header("access-control-allow-origin").as_deref(),
        Some("https://app.example")
    );
    for path in [
        "/v1/healthcheck",
        "/v1/nothing",
        "/web/nothing",
        "/readyz",
        "/nowhere",
    ] {
        assert_speaks_for_nobody(&ask(path), path);
    }
    let preflight = |path: &str| {
        let request = server
            .request(Method::OPTIONS, path)
            .header("origin", "https://app.example");
        request.header("access-control-request-method", "POST").send()
    };
    preflight("/auth/login").expect(204);
    let answer = preflight("/v1/login/account");
    assert!(answer.header("access-control-allow-origin").is_none(), "{answer}");
}

#[test]
fn nothing_of_pluto_leaks_to_backend_plus() {
    let server = server();
    // Pluto's spellings mean nothing at Backend Plus.
    let form = server
        .post("/auth/login")
        .form(&[("email", "a@example.org"), ("password", "x")])
        .send();
    assert_snapshot!(form, @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#);
    let query = server
        .post("/auth/login")
        .query(&[("email", "a@example.org"), ("password", "x")])
        .send();
    assert_snapshot!(query, @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#);
    for (method, path) in [
        (Method::GET, "/auth/v1/healthcheck"),
        (Method::POST, "/auth/v1/register"),
    ] {
        let answer = server.request(method, path).send().expect(404);
        assert!(
            is_backend_plus_error(&answer) && !is_pluto_error(&answer),
            "{answer}"
        );
    }
}

#[test]
fn strange_paths_are_never_a_fault() {
    let server = server();
    let tails = [
        "%00",
        "%ff",
        "%2e%2e%2f",
        "..%5c",
        "'",
        "%E2%80%AE",
        "-1",
        "18446744073709551616",
        "1e3",
        "0x1",
        "a/b/c",
    ];
    let prefixes = [
        (Owner::BackendPlus, "/auth/"),
        (Owner::BackendPlus, "/storage/"),
        (Owner::Pluto, "/v1/"),
        (Owner::Pluto, "/v1/user/info/"),
        (Owner::Jauth, "/users/-/"),
        (Owner::Jauth, "/token/"),
        (Owner::Sso, "/api/users/"),
        (Owner::Sso, "/api/auth/"),
    ];
    for (owner, prefix) in prefixes {
        for tail in tails {
            let answer = server.get(&format!("{prefix}{tail}")).send();
            assert_eq!(complaint(owner, &answer), None, "{prefix}{tail}");
        }
    }
    for prefix in [
        "/web/mail/verify/",
        "/web/password/reset/",
        "/mail/reset?token=",
        "/mail/activate?ticket=",
    ] {
        for tail in tails {
            let answer = server
                .get(&format!("{prefix}{tail}"))
                .header("accept", "text/html")
                .send();
            assert_eq!(complaint(Owner::Pages, &answer), None, "{prefix}{tail}");
        }
    }
    for path in [
        "/auth/../v1/healthcheck",
        "//auth/login",
        "/auth//login",
        "/./auth/jwks",
        "/v1/..;/auth/jwks",
    ] {
        let raw = server
            .exchange(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        assert!(raw.starts_with("HTTP/1.1 404"), "{path}: {raw}");
    }
}

#[track_caller]
fn assert_speaks_for_nobody(answer: &Answer, path: &str) {
    for name in BACKEND_PLUS_HEADERS
        .into_iter()
        .chain(["access-control-allow-origin"])
    {
        assert!(answer.header(name).is_none(), "{path} has {name}");
    }
    assert!(!is_backend_plus_error(answer), "{path}: {answer}");
}
