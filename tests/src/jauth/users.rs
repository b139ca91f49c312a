//! `GET /users/-/{id}`, `GET` and `PUT /users/-/self`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{reason, settled};
use crate::harness::{PASSWORD, Server, address, jwt};

const USER_NOT_FOUND: &str = r#"404 {"success":false,"result":null,"reason":"user not found"}"#;
const NOBODY: &str = "0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59";

#[test]
fn anybody_reads_an_account_that_was_made_here() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let shown = server.jauth().show(&ann.id).expect(200);
    assert_eq!(shown.text(), server.jauth().own(&ann.tokens.access).text());
    assert_eq!(shown.at("/result/id"), ann.id);
    assert_eq!(
        server.jauth().show(&ann.id.to_uppercase()).expect(200).text(),
        shown.text()
    );
    // Whatever the header says.
    let request = server.get(&format!("/users/-/{}", ann.id)).bearer("nonsense");
    assert_eq!(request.send().expect(200).text(), shown.text());
}

#[test]
fn who_is_not_there_or_has_no_id_at_all_is_not_found() {
    let server = Server::start();
    for id in [NOBODY, "1", "SELF", "ann", "0b6a1c9e", "%00", "self:x", "*"] {
        assert_eq!(server.jauth().show(id).to_string(), USER_NOT_FOUND, "{id}");
    }
}

#[test]
fn who_came_through_another_door_is_shown_to_nobody_but_themselves() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let tokens = server.jauth().log_in(&ann);
    let own = server.jauth().own(&tokens.access).expect(200);
    assert_eq!(
        own.at("/result/account"),
        ann,
        "the log-in address stands for the name"
    );
    assert_eq!(own.at("/result/is_email_verified"), "true");
    let id = own.at("/result/id");
    assert_eq!(server.jauth().show(&id).to_string(), USER_NOT_FOUND);
}

#[test]
fn the_operator_may_ask_for_a_token_before_anybody_is_shown() {
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__REQUIRE_TOKEN_FOR_USERS", "true")]);
    let (ann, bob) = (server.jauth().newcomer("ann"), server.jauth().newcomer("bob"));
    assert_snapshot!(
        server.jauth().show(&ann.id),
        @r#"401 {"success":false,"result":"","reason":"token is not delivered"}"#
    );
    let show = |id: &str, access: &str| server.get(&format!("/users/-/{id}")).bearer(access).send();
    assert_snapshot!(
        show(&ann.id, "nonsense"),
        @r#"401 {"success":false,"result":"","reason":"invalid token"}"#
    );
    assert_eq!(
        show(&ann.id, &bob.tokens.access).expect(200).at("/result/id"),
        ann.id
    );
    let eve = address("eve");
    server.backend_plus().sign_up(&eve);
    let eve = server.jauth().log_in(&eve);
    let id = server.jauth().own(&eve.access).at("/result/id");
    assert_eq!(show(&id, &bob.tokens.access).to_string(), USER_NOT_FOUND);
    show(&id, &eve.access).expect(200);
}

#[test]
fn a_token_is_taken_from_the_header_to_the_letter() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let own = |header: Option<String>| {
        let request = server.get("/users/-/self");
        match header {
            Some(value) => request.header("authorization", &value).send(),
            None => request.send(),
        }
    };
    let access = &ann.tokens.access;
    own(Some(format!("Bearer {access}"))).expect(200);
    assert_snapshot!(own(None), @r#"401 {"success":false,"result":"","reason":"token is not delivered"}"#);
    for other in [
        format!("bearer {access}"),
        format!("BEARER {access}"),
        format!("JWT {access}"),
        access.clone(),
        "Bearer".to_owned(),
    ] {
        assert_eq!(reason(&own(Some(other)).expect(401)), "token is not delivered");
    }
    for other in [
        format!("Bearer  {access}"),
        format!("Bearer {access}x"),
        "Bearer a.b.c".to_owned(),
        "Bearer x".to_owned(),
    ] {
        assert_eq!(reason(&own(Some(other)).expect(401)), "invalid token");
    }
    for part in 0..3 {
        let tampered = jwt::tampered(access, part);
        assert_eq!(
            reason(&own(Some(format!("Bearer {tampered}"))).expect(401)),
            "invalid token"
        );
    }
}

#[test]
fn an_account_changes_its_address_and_replaces_its_object() {
    let server = Server::start();
    let body = json!({ "account": "ann", "email": "ann@example.org", "password": PASSWORD, "extra": { "a": 1, "b": 2 } });
    server.jauth().register_with(body).expect(200);
    let access = server.jauth().log_in("ann").access;
    let change = json!({ "email": "new@example.org", "extra": { "b": 3 } });
    assert_snapshot!(
        server.jauth().update(&access, change),
        @r#"200 {"success":true,"result":true,"reason":null}"#
    );
    assert_snapshot!(
        settled(&server.jauth().own(&access)),
        @r#"200 {"success":true,"result":{"id":"ID","email":"new@example.org","type":1,"status":0,"extra":{"b":3},"is_email_verified":false,"created_at":"CREATED","modified_at":"MODIFIED","account":"ann"},"reason":null}"#
    );
    // Nothing changed, and that is no failure.
    server
        .jauth()
        .update(
            &access,
            json!({ "email": "new@example.org", "extra": { "b": 3 } }),
        )
        .expect(200);
    server.jauth().try_log_in("new@example.org", PASSWORD).expect(404);
}

#[test]
fn a_change_of_the_address_shown_leaves_the_one_to_log_in_by() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let access = server.jauth().log_in(&ann).access;
    server
        .jauth()
        .update(&access, json!({ "email": ann, "extra": {} }))
        .expect(200);
    assert_eq!(
        server.jauth().own(&access).at("/result/is_email_verified"),
        "true",
        "it is the same"
    );
    server
        .jauth()
        .update(&access, json!({ "email": "new@example.org", "extra": {} }))
        .expect(200);
    let own = server.jauth().own(&access);
    assert_eq!(own.at("/result/email"), "new@example.org");
    assert_eq!(own.at("/result/is_email_verified"), "false");
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    server
        .backend_plus()
        .try_log_in("new@example.org", PASSWORD)
        .expect(400);
}

#[test]
fn the_token_is_checked_before_the_body_and_the_body_before_the_address() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let access = &ann.tokens.access;
    let request = server
        .request(reqwest::Method::PUT, "/users/-/self")
        .raw_body("{", "");
    assert_eq!(reason(&request.send().expect(401)), "token is not delivered");
    let request = server
        .request(reqwest::Method::PUT, "/users/-/self")
        .bearer(access);
    assert_eq!(
        reason(&request.raw_body("{", "").send().expect(400)),
        "Not JSON type"
    );
    assert_eq!(
        reason(&server.jauth().update(access, json!({})).expect(400)),
        "Unexpected missing value for: UpdateUserRequest.email"
    );
    assert_eq!(
        reason(
            &server
                .jauth()
                .update(access, json!({ "email": "bad" }))
                .expect(400)
        ),
        "Unexpected missing value for: UpdateUserRequest.extra"
    );
    for extra in [Value::Null, json!([]), json!("x")] {
        let answer = server
            .jauth()
            .update(access, json!({ "email": "bad", "extra": extra }));
        let text = reason(&answer.expect(400));
        assert!(
            text.ends_with("to '<class 'dict'>' for 'UpdateUserRequest.extra'"),
            "{text}"
        );
    }
    assert_snapshot!(
        server.jauth().update(access, json!({ "email": "a+b@example.org", "extra": {} })),
        @r#"400 {"success":false,"result":null,"reason":"a+b@example.org is invalid email format"}"#
    );
}
