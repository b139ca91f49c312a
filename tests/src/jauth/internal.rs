//! `/internal`, for other servers, and what people do with the tokens that these mail.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{reason, set_state};
use crate::harness::{Answer, PASSWORD, Server, jwt, within_a_second};

const KEY: &str = "a key between servers";
const OTHER_KEY: &str = "another key";

fn server() -> Server {
    let keys = format!("{KEY}, {OTHER_KEY}");
    Server::with(&[("CLAVIS_DIALECTS__JAUTH__INTERNAL_API_KEYS", &keys)])
}

fn mint(server: &Server, what: &str, id: &str) -> Answer {
    server
        .post(&format!("/internal/token/{what}"))
        .header("X-Server-Key", KEY)
        .json(json!({ "user_id": id }))
        .send()
}

#[track_caller]
fn minted(server: &Server, what: &str, id: &str) -> String {
    mint(server, what, id).expect(200).at("/result/temp_token")
}

fn verify(server: &Server, token: &str) -> Answer {
    server
        .post("/users/-/self:verify")
        .json(json!({ "temp_token": token }))
        .send()
}

fn reset(server: &Server, token: &str, password: &str) -> Answer {
    let body = json!({ "temp_token": token, "new_password": password });
    server.post("/users/email/self/password:reset").json(body).send()
}

#[test]
fn nothing_is_told_without_a_key() {
    let server = server();
    for path in [
        "/internal",
        "/internal/",
        "/internal/token/email_verify",
        "/internal/token/password_reset",
        "/internal/nowhere",
    ] {
        let keys = [
            None,
            Some(""),
            Some("wrong"),
            Some("key between servers"),
            Some("a key between servers, another key"),
        ];
        for key in keys {
            let request = server.post(path).json(json!({}));
            let request = match key {
                Some(key) => request.header("X-Server-Key", key),
                None => request,
            };
            assert_eq!(
                request.send().to_string(),
                r#"403 {"success":false,"result":"","reason":"api server key validating failed"}"#,
                "{path} {key:?}"
            );
        }
        for key in [KEY, OTHER_KEY] {
            let answer = server
                .post(path)
                .header("x-server-key", key)
                .json(json!({}))
                .send();
            assert_ne!(answer.status(), 403, "{path}");
        }
    }
    assert_snapshot!(
        server.get("/internal/nowhere").header("x-server-key", KEY).send(),
        @r#"404 {"success":false,"result":"","reason":"Not Found"}"#
    );
}

#[test]
fn without_keys_in_the_settings_nobody_has_one() {
    let server = Server::start();
    for key in ["", "x"] {
        let request = server
            .post("/internal/token/email_verify")
            .header("x-server-key", key);
        request.json(json!({})).send().expect(403);
    }
}

#[test]
fn an_address_is_verified_by_the_token_that_was_mailed_to_it() {
    let server = server();
    let ann = server.jauth().newcomer("ann");
    let answer = mint(&server, "email_verify", &ann.id).expect(200);
    let token = answer.at("/result/temp_token");
    assert_eq!(
        answer.text(),
        format!(r#"{{"success":true,"result":{{"temp_token":"{token}"}},"reason":null}}"#)
    );
    assert_eq!(jwt::payload(&token)["iss"], "jauth-temp-email");
    assert_eq!(
        server.jauth().show(&ann.id).at("/result/is_email_verified"),
        "false"
    );
    assert_snapshot!(verify(&server, &token), @r#"200 {"success":true,"result":true,"reason":null}"#);
    assert_eq!(
        server.jauth().show(&ann.id).at("/result/is_email_verified"),
        "true"
    );

    let access = &ann.tokens.access;
    server
        .jauth()
        .update(access, json!({ "email": "ann@example.org", "extra": {} }))
        .expect(200);
    assert_eq!(
        server.jauth().show(&ann.id).at("/result/is_email_verified"),
        "true",
        "it is the same"
    );
    server
        .jauth()
        .update(access, json!({ "email": "b@example.org", "extra": {} }))
        .expect(200);
    assert_eq!(
        server.jauth().show(&ann.id).at("/result/is_email_verified"),
        "false"
    );
    assert_eq!(
        reason(&verify(&server, &token).expect(401)),
        "invalid token",
        "it is for another address"
    );
    server
        .jauth()
        .update(access, json!({ "email": "ann@example.org", "extra": {} }))
        .expect(200);
    assert_eq!(
        server.jauth().show(&ann.id).at("/result/is_email_verified"),
        "false",
        "it was another since"
    );
}

#[test]
fn a_password_is_reset_once_by_the_token_that_was_mailed() {
    let server = server();
    let ann = server.jauth().newcomer("ann");
    let token = minted(&server, "password_reset", &ann.id);
    assert_eq!(jwt::payload(&token)["iss"], "jauth-temp-password-reset");
    assert_snapshot!(
        reset(&server, &token, "short"),
        @r#"400 {"success":false,"result":null,"reason":"password policy is not satisfied"}"#
    );
    assert_snapshot!(
        reset(&server, &token, "a new password"),
        @r#"200 {"success":true,"result":true,"reason":null}"#
    );
    assert_snapshot!(
        reset(&server, &token, "another password"),
        @r#"401 {"success":false,"result":"","reason":"invalid token"}"#
    );
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(403);
    server
        .jauth()
        .try_log_in(&ann.account, "a new password")
        .expect(200);
    assert!(within_a_second(|| !server.jauth().opens(&ann.tokens.access)));
    server.jauth().refresh(&ann.tokens.refresh).expect(404);
}

#[test]
fn a_reset_is_worth_nothing_after_the_password_was_changed() {
    let server = server();
    let ann = server.jauth().newcomer("ann");
    let token = minted(&server, "password_reset", &ann.id);
    server
        .jauth()
        .change_password(&ann.tokens.access, PASSWORD, "a new password")
        .expect(200);
    assert_eq!(
        reason(&reset(&server, &token, "another password").expect(401)),
        "invalid token"
    );
}

#[test]
fn a_token_is_good_for_what_it_was_made_for_only() {
    let server = server();
    let ann = server.jauth().newcomer("ann");
    let (of_email, of_reset) = (
        minted(&server, "email_verify", &ann.id),
        minted(&server, "password_reset", &ann.id),
    );
    for token in [&of_reset, &ann.tokens.access, "x", "", "a.b.c"] {
        assert_eq!(reason(&verify(&server, token).expect(401)), "invalid token");
    }
    for token in [&of_email, &ann.tokens.access, "x", "", "a.b.c"] {
        assert_eq!(
            reason(&reset(&server, token, "a new password").expect(401)),
            "invalid token"
        );
    }
    for token in [&of_email, &of_reset] {
        assert_eq!(reason(&server.jauth().own(token).expect(401)), "invalid token");
        assert_eq!(
            reason(&server.post("/token/self").bearer(token).send().expect(401)),
            "invalid token"
        );
        assert!(!server.pluto().opens(token));
        assert!(!server.backend_plus().opens(token));
    }
}

#[test]
fn who_is_not_there_gets_no_token() {
    let server = server();
    let gone = server.jauth().newcomer("gone");
    set_state(&server, &gone.id, "withdrawn");
    let root = crate::harness::address("root");
    let arguments = [
        "user",
        "create",
        "--email",
        &root,
        "--password",
        PASSWORD,
        "--role",
        "admin",
        "--active",
    ];
    server.cli(&arguments).ok();
    let root = server
        .jauth()
        .own(&server.jauth().log_in(&root).access)
        .at("/result/id");
    for what in ["email_verify", "password_reset"] {
        // Not of who came through another door, either: that would be power over administrators.
        for id in ["x", "0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59", &gone.id, &root] {
            assert_eq!(
                mint(&server, what, id).to_string(),
                r#"404 {"success":false,"result":null,"reason":"user not found"}"#
            );
        }
        for body in [json!({}), json!({ "user_id": Value::Null })] {
            let request = server
                .post(&format!("/internal/token/{what}"))
                .header("x-server-key", KEY);
            request.json(body).send().expect(400);
        }
    }
}
