use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use super::{post, server_with};
use crate::harness::{Answer, Server};

const NOT_FOUND: &str = r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#;

/// The headers that every answer has, as one text.
fn common(answer: &Answer) -> String {
    let names = [
        "x-dns-prefetch-control",
        "x-frame-options",
        "strict-transport-security",
        "x-download-options",
        "x-content-type-options",
        "x-xss-protection",
        "cache-control",
        "pragma",
        "expires",
        "surrogate-control",
        "vary",
        "access-control-allow-credentials",
        "access-control-allow-origin",
    ];
    let present = names
        .iter()
        .filter_map(|name| Some(format!("{name}: {}", answer.header(name)?)));
    present.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_answer_below_auth_has_the_headers_of_the_contract() {
    let server = Server::start();
    let ask = |request: crate::harness::Request| {
        common(&request.header("origin", "https://app.example.org").send())
    };
    let of_success = ask(server.get("/auth/jwks"));
    assert_snapshot!(of_success, @r"
    x-dns-prefetch-control: off
    x-frame-options: SAMEORIGIN
    strict-transport-security: max-age=15552000; includeSubDomains
    x-download-options: noopen
    x-content-type-options: nosniff
    x-xss-protection: 1; mode=block
    cache-control: no-store, no-cache, must-revalidate, proxy-revalidate
    pragma: no-cache
    expires: 0
    surrogate-control: no-store
    vary: Origin
    access-control-allow-credentials: true
    access-control-allow-origin: https://app.example.org
    ");
    assert_eq!(ask(server.get("/auth/nothing")), of_success);
    assert_eq!(ask(server.post("/auth/login").json(json!({}))), of_success);
    assert_eq!(
        ask(server.post("/auth/login").raw_body("{", "application/json")),
        of_success
    );
    assert_eq!(
        ask(server
            .post("/auth/login")
            .raw_body("x".repeat(110_000), "application/json")),
        of_success
    );
    let elsewhere = ask(server.get("/version"));
    assert!(
        !elsewhere.contains("cache-control") && elsewhere.contains("nosniff"),
        "{elsewhere}"
    );
    assert_eq!(ask(server.get("/healthz")), elsewhere);
    assert_eq!(ask(server.post("/storage/o/x")), elsewhere);
    // Files may be shown in frames.
    let of_file = ask(server.get("/storage/o/x"));
    assert_eq!(of_file, elsewhere.replace("x-frame-options: SAMEORIGIN\n", ""));
}

#[test]
fn without_an_origin_none_is_allowed() {
    let server = Server::start();
    let answer = server.get("/version").send();
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary").as_deref(), Some("Origin"));
}

#[test]
fn a_preflight_is_answered_whatever_the_path() {
    let server = Server::start();
    for path in ["/auth/login", "/auth/nothing", "/storage/x", "/version"] {
        let answer = server
            .request(Method::OPTIONS, path)
            .header("origin", "https://app.example.org")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,x-custom")
            .send();
        assert_eq!(answer.to_string(), "204");
        let header = |name: &str| answer.header(name).unwrap_or_default();
        assert_eq!(header("access-control-allow-origin"), "https://app.example.org");
        assert_eq!(header("access-control-allow-credentials"), "true");
        assert_eq!(
            header("access-control-allow-methods"),
            "GET,HEAD,PUT,PATCH,POST,DELETE"
        );
        assert_eq!(header("access-control-allow-headers"), "authorization,x-custom");
        assert!(header("vary").contains("Origin"));
    }
}

#[test]
fn only_listed_origins_are_allowed_when_some_are_listed() {
    let server = server_with(&[(
        "CORS_ALLOWED_ORIGINS",
        "https://app.example.org,https://admin.example.org",
    )]);
    let allowed = |origin: &str| {
        server
            .get("/auth/jwks")
            .header("origin", origin)
            .send()
            .header("access-control-allow-origin")
    };
    assert_eq!(
        allowed("https://admin.example.org").as_deref(),
        Some("https://admin.example.org")
    );
    for other in [
        "https://evil.example",
        "https://app.example.org.evil.example",
        "http://app.example.org",
        "null",
    ] {
        assert_eq!(allowed(other), None, "{other}");
    }
}

#[test]
fn unknown_paths_and_methods_are_not_found() {
    let server = Server::start();
    let ask = |method: Method, path: &str| server.request(method, path).send().to_string();
    for (method, path) in [
        (Method::GET, "/auth"),
        (Method::GET, "/auth/nothing"),
        (Method::GET, "/auth/login"),
        (Method::PUT, "/auth/login"),
        (Method::POST, "/auth/jwks"),
        (Method::POST, "/auth/LOGIN"),
        (Method::GET, "/auth/mfa/generate"),
        (Method::POST, "/auth/mfa/nothing"),
        (Method::GET, "/auth/providers/github"),
        (Method::GET, "/auth/magic-link"),
        (Method::GET, "/storage"),
        (Method::GET, "/storage/o/x"),
        (Method::POST, "/storage/x/y"),
        (Method::POST, "/version"),
        (Method::DELETE, "/healthz"),
    ] {
        assert_eq!(ask(method.clone(), path), NOT_FOUND, "{method} {path}");
    }
}

#[test]
fn a_slash_at_the_end_does_not_matter() {
    let server = Server::start();
    server.get("/auth/jwks/").send().expect(200);
    post(&server, "/auth/login/", json!({})).expect(400);
    assert_eq!(server.get("/auth/jwks//").send().to_string(), NOT_FOUND);
}

#[test]
fn the_head_of_whatever_can_be_got_can_be_asked_for() {
    let server = Server::start();
    for path in ["/auth/jwks", "/healthz", "/version"] {
        let (head, get) = (server.request(Method::HEAD, path).send(), server.get(path).send());
        assert_eq!(head.to_string(), "200", "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), Some(get.body().len().to_string()));
    }
}

#[test]
fn liveness_and_version_are_texts() {
    let server = Server::start();
    let health = server.get("/healthz").send();
    assert_snapshot!(health, @"200 OK");
    assert_eq!(health.body(), b"OK");
    let version = server.get("/version").send();
    assert!(version.at("/version").starts_with('v'), "{version}");
    assert_eq!(version.json().as_object().unwrap().len(), 1);
    for answer in [health, version] {
        assert_eq!(
            answer.header("content-type").as_deref(),
            Some("text/html; charset=utf-8")
        );
    }
}

#[test]
fn a_body_of_another_type_is_as_if_it_were_empty() {
    let server = Server::start();
    let required = r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#;
    let body = r#"{"email":"ann@example.org","password":"x"}"#;
    for kind in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
    ] {
        let answer = server.post("/auth/login").raw_body(body, kind).send();
        assert_eq!(answer.to_string(), required, "{kind:?}");
    }
    assert_eq!(
        server
            .post("/auth/login")
            .raw_body("", "application/json")
            .send()
            .to_string(),
        required
    );
    let with_charset = server
        .post("/auth/login")
        .raw_body(body, "Application/JSON; charset=UTF-8")
        .send();
    assert_snapshot!(with_charset, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#);
}

#[test]
fn a_body_that_is_no_json_is_refused_without_a_message() {
    let server = Server::start();
    for body in ["{", "nul", "7", "\"x\"", "{\"email\":1,}"] {
        assert_eq!(
            server
                .post("/auth/register")
                .raw_body(body, "application/json")
                .send()
                .to_string(),
            r#"400 {"statusCode":400,"error":"Bad Request"}"#
        );
    }
    assert_eq!(
        server
            .post("/auth/register")
            .raw_body("[]", "application/json")
            .send()
            .to_string(),
        r#"400 {"statusCode":400,"error":"Bad Request","message":"\"value\" must be of type object"}"#
    );
}

#[test]
fn a_body_is_bounded_to_a_hundred_kilobytes() {
    let server = Server::start();
    let send = |length: usize| {
        let body = format!("{{\"email\":\"{}\"}}", "x".repeat(length - 12));
        assert_eq!(body.len(), length);
        server
            .post("/auth/login")
            .raw_body(body, "application/json")
            .send()
            .to_string()
    };
    assert_snapshot!(send(102_400), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" must be a valid email"}"#);
    assert_snapshot!(send(102_401), @r#"413 {"statusCode":413,"error":"Payload Too Large","message":"Request body is too large"}"#);
}

#[test]
fn a_client_is_told_how_many_requests_it_has_left_and_then_to_wait() {
    let server = server_with(&[("MAX_REQUESTS", "3"), ("TIME_FRAME", "600500")]);
    let origin = "https://app.example.org";
    let ask = |path: &str| server.get(path).header("origin", origin).send();
    let left = |answer: &Answer| {
        (
            answer.header("x-ratelimit-limit").unwrap(),
            answer.header("x-ratelimit-remaining").unwrap(),
        )
    };
    let first = ask("/auth/jwks").expect(200);
    assert_eq!(left(&first), ("3".to_owned(), "2".to_owned()));
    assert_eq!(left(&ask("/version")).1, "1");
    assert_eq!(left(&ask("/storage/x")).1, "0");
    let refused = ask("/auth/jwks");
    assert_snapshot!(refused, @r#"429 {"statusCode":429,"error":"Too Many Requests","message":"You are being rate limited."}"#);
    assert_eq!(left(&refused).1, "0");
    assert_eq!(refused.header("retry-after").as_deref(), Some("601"));
    assert_eq!(
        refused.header("x-ratelimit-reset"),
        first.header("x-ratelimit-reset")
    );
    assert_eq!(
        refused.header("access-control-allow-origin").as_deref(),
        Some(origin)
    );
    assert!(common(&refused).contains("no-store"));

    // Liveness and preflights go on, and other dialects have limits of their own.
    let health = ask("/healthz").expect(200);
    assert_eq!(health.header("x-ratelimit-limit"), None);
    server
        .request(Method::OPTIONS, "/auth/login")
        .header("origin", origin)
        .send()
        .expect(204);
    server.get("/v1/healthcheck").send().expect(200);
}

#[test]
fn a_window_ends() {
    let server = server_with(&[("MAX_REQUESTS", "1"), ("TIME_FRAME", "1000")]);
    server.get("/version").send().expect(200);
    server.get("/version").send().expect(429);
    let within = crate::harness::within(std::time::Duration::from_secs(5), || {
        server.get("/version").send().status() == 200
    });
    assert!(within);
}

#[test]
fn in_dev_mode_requests_are_not_counted() {
    let mut settings = super::named(&[("MAX_REQUESTS", "1")]);
    settings.push(("CLAVIS_DEV".to_owned(), "true".to_owned()));
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = Server::with(&settings);
    for _ in 0..3 {
        let answer = server.get("/version").send().expect(200);
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
}

#[test]
fn the_whole_of_auth_or_its_passwords_can_be_switched_off() {
    let server = server_with(&[("AUTH_ENABLED", "false")]);
    for (method, path) in [
        (Method::GET, "/auth/jwks"),
        (Method::POST, "/auth/login"),
        (Method::POST, "/auth/delete"),
    ] {
        assert_eq!(server.request(method, path).send().to_string(), NOT_FOUND);
    }
    server.get("/healthz").send().expect(200);

    let server = server_with(&[("AUTH_LOCAL_USERS_ENABLED", "false")]);
    for path in [
        "register",
        "login",
        "logout",
        "change-password",
        "change-password/request",
    ] {
        assert_eq!(
            post(&server, &format!("/auth/{path}"), json!({})).to_string(),
            NOT_FOUND
        );
    }
    server.get("/auth/jwks").send().expect(200);
}
