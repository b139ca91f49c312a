//! Which path is whose, and which methods it has.

use insta::assert_snapshot;
use reqwest::Method;

use crate::harness::Server;

#[test]
fn what_is_no_path_is_told_in_the_envelope() {
    let server = Server::start();
    for path in [
        "/users",
        "/users/",
        "/users/nowhere",
        "/users/-/",
        "/users/-/a/b",
        "/token/nowhere",
        "/token/self/x",
        "/users/email/self",
    ] {
        assert_eq!(
            server.get(path).send().to_string(),
            r#"404 {"success":false,"result":"","reason":"Not Found"}"#,
            "{path}"
        );
    }
    assert_snapshot!(server.get("/usersx").send(), @r#"404 {"error":"not_found"}"#);
    assert_snapshot!(server.get("/tokens").send(), @r#"404 {"error":"not_found"}"#);
}

#[test]
fn a_method_that_is_not_there_is_told_with_those_that_are() {
    let server = Server::start();
    for (path, methods) in [
        ("/users/-/self", "GET, HEAD, PUT"),
        ("/users/-/0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59", "GET, HEAD"),
        ("/users/email", "POST"),
        ("/users/third_party", "POST"),
        ("/users/email/self/password", "PUT"),
        ("/users/email/self/password:reset", "POST"),
        ("/users/-/self:verify", "POST"),
        ("/token/email", "POST"),
        ("/token/third_party", "POST"),
        ("/token/self", "GET, HEAD, POST"),
        ("/token", "PUT"),
        ("/token/", "PUT"),
    ] {
        let answer = server.request(Method::DELETE, path).send();
        assert_eq!(
            answer.to_string(),
            r#"405 {"success":false,"result":"","reason":"Method Not Allowed"}"#,
            "{path}"
        );
        assert_eq!(answer.header("allow").as_deref(), Some(methods), "{path}");
    }
}

#[test]
fn a_head_is_answered_as_a_get_without_the_body() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let path = format!("/users/-/{}", ann.id);
    let head = server.request(Method::HEAD, &path).send().expect(200);
    assert_eq!(head.text(), "");
    let length = server.get(&path).send().body().len().to_string();
    assert_eq!(head.header("content-length"), Some(length));
}

#[test]
fn the_neighbours_below_users_keep_their_paths() {
    let server = Server::start();
    for path in ["/users/me", "/users/activity/all"] {
        let answer = server.get(path).send();
        assert_eq!(answer.status(), 401, "{path}: {answer}");
        assert!(!answer.text().contains("success"), "{path}: {answer}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn switched_off_it_leaves_nothing_behind() {
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__ENABLED", "false")]);
    for path in [
        "/users/-/self",
        "/users/email",
        "/token",
        "/token/self",
        "/internal/x",
    ] {
        assert_eq!(
            server.get(path).send().to_string(),
            r#"404 {"error":"not_found"}"#,
            "{path}"
        );
    }
}
