//! What every answer has in common.

use reqwest::Method;
use serde_json::json;

use crate::harness::sso::{keys, problems};
use crate::harness::{PASSWORD, Server, address};

#[test]
fn paths_and_methods_that_are_not_there_answer_in_the_envelope() {
    let server = Server::start();
    let sso = server.sso();
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/users/a/b",
        "/api/auth/nothing",
        "/api/users/a/b/c/d",
    ] {
        let answer = sso.get(path);
        assert_eq!(problems(&answer), [(404, None)], "{path}: {answer}");
    }
    for (method, path, allow) in [
        (Method::PUT, "/api/users", "GET, HEAD, POST"),
        (Method::POST, "/api/users/me", "GET, HEAD, PATCH"),
        (Method::PUT, "/api/users/x", "GET, HEAD, PATCH, DELETE"),
        (Method::GET, "/api/auth/token", "POST, DELETE"),
        (Method::GET, "/api/auth", "POST"),
    ] {
        let answer = sso.request(method, path).send();
        assert_eq!(problems(&answer), [(405, None)], "{path}: {answer}");
        assert_eq!(answer.header("Allow").as_deref(), Some(allow));
    }
}

#[test]
fn a_slash_at_the_end_makes_no_difference_and_head_answers_as_get() {
    let server = Server::start();
    let sso = server.sso();
    sso.get("/api/users/").expect(200);
    let head = sso.request(Method::HEAD, "/api/users").send().expect(200);
    assert_eq!(head.body(), b"");
}

#[test]
fn a_body_is_json_whatever_it_is_said_to_be() {
    let server = Server::start();
    let sso = server.sso();
    for content_type in ["", "application/x-www-form-urlencoded", "text/plain"] {
        let body = json!({ "email": address("ann"), "password": PASSWORD }).to_string();
        sso.request(Method::POST, "/api/users")
            .raw_body(body, content_type)
            .send()
            .expect(201);
    }
    for bad in ["{", "[]", "email=ann", "\u{0}"] {
        let request = sso.request(Method::POST, "/api/users");
        let answer = request.raw_body(bad, "application/json").send();
        assert_eq!(keys(&answer), ["null"], "{bad:?}: {answer}");
    }
}

#[test]
fn a_body_that_is_too_large_is_told_so() {
    let server = Server::start();
    let sso = server.sso();
    let answer = sso.post("/api/users", json!({ "email": "x".repeat(100_000) }));
    assert_eq!(problems(&answer), [(413, None)], "{answer}");
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let request = sso.request(Method::POST, "/api/users");
    assert_eq!(keys(&request.raw_body(deep, "application/json").send()), ["null"]);
}
