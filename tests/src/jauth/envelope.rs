//! The envelope, bodies of every kind, and what browsers are told.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::reason;
use crate::harness::{PASSWORD, Server};

/// Every endpoint that reads a body and wants no token.
const READERS: [(&str, &str, &str); 5] = [
    ("POST", "/users/email", "CreateEmailUserRequest"),
    ("POST", "/users/third_party", "CreateThirdPartyUserRequest"),
    ("POST", "/token/email", "CreateEmailUserTokenRequest"),
    ("POST", "/token/third_party", "CreateThirdPartyUserTokenRequest"),
    ("PUT", "/token", "RefreshTokenRequest"),
];

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

#[test]
fn what_is_no_json_is_told_at_every_endpoint() {
    let server = Server::start();
    let deep = format!(r#"{{"extra":{}{}}}"#, r#"{"a":"#.repeat(1000), "}".repeat(1000));
    let bodies: [&[u8]; 8] = [
        b"",
        b" ",
        b"{",
        b"{]",
        b"\xff\xfe",
        b"account=ann",
        b"{\"a\":1}x",
        deep.as_bytes(),
    ];
    for (name, path, _) in READERS {
        for body in bodies {
            for content_type in ["", "application/json", "text/plain", "multipart/form-data"] {
                let request = server.request(method(name), path).raw_body(body, content_type);
                assert_eq!(
                    request.send().to_string(),
                    r#"400 {"success":false,"result":"","reason":"Not JSON type"}"#,
                    "{path}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_object_is_told_by_its_type() {
    let server = Server::start();
    for (name, path, class) in READERS {
        for (body, got) in [
            ("[]", "list"),
            ("null", "NoneType"),
            ("1", "int"),
            ("1.5", "float"),
            ("\"x\"", "str"),
            ("true", "bool"),
        ] {
            let answer = server
                .request(method(name), path)
                .raw_body(body, "")
                .send()
                .expect(400);
            assert_eq!(
                reason(&answer),
                format!("Cannot deserialize '<class '{got}'>' to '<class '{class}'>'")
            );
        }
    }
}

#[test]
fn a_body_is_read_whatever_type_it_says_it_has() {
    let server = Server::start();
    for (account, content_type) in [
        ("a1", ""),
        ("a2", "text/plain"),
        ("a3", "application/x-www-form-urlencoded"),
    ] {
        let body = json!({ "account": account, "email": "ann@example.org", "password": PASSWORD });
        let request = server
            .post("/users/email")
            .raw_body(body.to_string(), content_type);
        request.send().expect(200);
    }
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let server = Server::start();
    let body = |bytes: usize| {
        let body = json!({ "account": "ann", "email": "ann@example.org", "password": PASSWORD, "extra": { "a": "" } });
        let room = bytes - body.to_string().len();
        let mut body = body;
        body["extra"]["a"] = Value::from("x".repeat(room));
        body
    };
    assert_snapshot!(
        server.post("/users/email").json(body(64 * 1024 + 1)).send(),
        @r#"413 {"success":false,"result":"","reason":"Request body is too large"}"#
    );
    server
        .post("/users/email")
        .json(body(64 * 1024))
        .send()
        .expect(200);
}

#[test]
fn pages_of_any_origin_are_let_in_at_every_route() {
    let server = Server::start();
    let origin = "https://app.example.org";
    for path in [
        "/users/-/self",
        "/users/email",
        "/token",
        "/token/",
        "/token/self",
        "/users/nowhere",
        "/internal/x",
    ] {
        let preflight = server
            .request(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization, x-any")
            .send()
            .expect(200);
        let header = |name: &str| preflight.header(name).unwrap_or_default();
        assert_eq!(header("access-control-allow-origin"), origin, "{path}");
        assert_eq!(header("access-control-allow-credentials"), "true", "{path}");
        assert_eq!(
            header("access-control-allow-headers"),
            "authorization, x-any",
            "{path}"
        );
        assert!(header("access-control-allow-methods").contains("PUT"), "{path}");
        assert!(
            preflight.headers("vary").iter().any(|vary| vary == "Origin"),
            "{path}"
        );

        let answer = server.get(path).header("origin", origin).send();
        assert_eq!(
            answer.header("access-control-allow-origin").as_deref(),
            Some(origin),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials").as_deref(),
            Some("true"),
            "{path}"
        );
        assert_eq!(answer.header("vary").as_deref(), Some("Origin"), "{path}");
    }
    let without = server.get("/users/-/self").send();
    assert_eq!(without.header("access-control-allow-origin"), None);
}

#[test]
fn no_cookie_is_believed() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let request = server
        .get("/users/-/self")
        .cookie("access_token", &ann.tokens.access);
    assert_eq!(reason(&request.send().expect(401)), "token is not delivered");
}
