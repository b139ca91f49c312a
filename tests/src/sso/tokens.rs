//! Back ends' tokens: made, listed and taken back by the operator, and who they open the door to.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Server, address, sso::problems, within_a_second};

#[test]
fn the_bearer_is_looked_at_before_anything_else() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let user = sso.log_in(&ann);
    let nobody = "/api/users/7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11";
    for (method, path) in [
        (Method::GET, "/api/users"),
        (Method::POST, "/api/users"),
        (Method::GET, nobody),
        (Method::PATCH, nobody),
        (Method::DELETE, nobody),
        (Method::DELETE, "/api/users/me"),
        (Method::POST, "/api/auth/token"),
        (Method::DELETE, "/api/auth/token"),
        (Method::POST, "/api/auth"),
        (Method::PUT, "/api/auth/activation"),
        (Method::GET, "/api/attributes"),
        (Method::GET, "/api/users/x/attributes"),
        (Method::PUT, "/api/users/x/attributes/y"),
        (Method::GET, "/api/users/x/optins"),
    ] {
        let request = || server.request(method.clone(), path).raw_body("{", "text/plain");
        for nobody in [
            request(),
            request().bearer("unknown"),
            request().header("Authorization", "Basic x"),
        ] {
            let answer = nobody.send();
            assert_eq!(problems(&answer), [(401, None)], "{method} {path}: {answer}");
            assert_eq!(answer.header("WWW-Authenticate").as_deref(), Some("Bearer"));
        }
        let answer = request().bearer(&user).send();
        assert_eq!(problems(&answer), [(403, None)], "{method} {path}: {answer}");
    }
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let answer = sso.request(method.clone(), "/api/users/me").send();
        assert_eq!(problems(&answer), [(403, None)], "{method}: {answer}");
    }
    assert_snapshot!(
        server.get("/api/users").send(),
        @r#"401 {"success":false,"errors":[{"message":"Nicht angemeldet","code":401,"key":null}]}"#
    );
}

#[test]
fn a_token_is_printed_once_and_kept_nowhere() {
    let server = Server::start();
    let token = server.cli(&["admin-token", "create", "--name", "shop"]).ok();
    let token = token.trim();
    assert!(
        token.starts_with("clavis_admin_") && !token.contains('.'),
        "{token}"
    );
    server.get("/api/users").bearer(token).send().expect(200);
    let stored = String::from_utf8_lossy(&server.stored()).into_owned();
    assert!(!stored.contains(token));
    let listed = server.cli(&["admin-token", "list"]).ok();
    assert!(
        listed.starts_with("shop: in force") && !listed.contains(token),
        "{listed}"
    );
    let refused = server.cli(&["admin-token", "create", "--name", "shop"]).refused();
    assert!(refused.contains("exists"), "{refused}");
}

#[test]
fn a_token_of_another_server_is_taken_over_to_the_letter() {
    let server = Server::start();
    let old = "17|Zk3.legacy-token_of+the=old/server";
    let create = ["admin-token", "create", "--name", "legacy", "--token", old];
    assert_eq!(server.cli(&create).ok().trim(), old);
    server.get("/api/users").bearer(old).send().expect(200);
    server
        .get("/api/users")
        .bearer(&old.to_lowercase())
        .send()
        .expect(401);
    let short = ["admin-token", "create", "--name", "short", "--token", "hunter2"];
    assert!(server.cli(&short).refused().contains("--token"));
}

#[test]
fn a_token_taken_back_opens_nothing_a_second_later() {
    let server = Server::start();
    let sso = server.sso();
    sso.get("/api/users").expect(200);
    let listed = server.cli(&["--json", "admin-token", "list"]).ok();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let name = listed["tokens"][0]["name"].as_str().unwrap().to_owned();
    assert_ne!(listed["tokens"][0]["last_used_at"], json!(null), "it was used");
    server.cli(&["admin-token", "revoke", "--name", &name]).ok();
    assert!(within_a_second(|| sso.get("/api/users").status() == 401));
    assert!(
        server
            .cli(&["admin-token", "revoke", "--name", &name])
            .refused()
            .contains("no token")
    );
}

#[test]
fn a_back_ends_token_opens_no_other_door() {
    let server = Server::start();
    let sso = server.sso();
    assert!(!server.backend_plus().opens(&sso.token));
    assert!(!server.pluto().opens(&sso.token));
    assert!(!server.barong().opens(&sso.token));
}
