//! Where the last release answered otherwise than the documentation promises.

use insta::assert_snapshot;
use serde_json::json;

use super::cookies::assert_cleared;
use super::{NOBODYS_UUID, post, server_with};
use crate::harness::{Answer, PASSWORD, Server, address, jwt};

const INTERNAL: &str =
    r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#;

#[track_caller]
fn server(settings: &[(&str, &str)]) -> Server {
    let all: Vec<_> = [("PROFILE", "v2.7")].iter().chain(settings).copied().collect();
    server_with(&all)
}

#[track_caller]
fn register(server: &Server, email: &str, extra: &[(&str, serde_json::Value)]) -> Answer {
    let mut body = json!({ "email": email, "password": PASSWORD });
    for (name, value) in extra {
        body[name] = value.clone();
    }
    post(server, "/auth/register", body)
}

#[test]
fn a_registration_that_awaits_activation_shows_the_user_and_no_tokens() {
    let server = server(&[]);
    let ann = address("ann");
    let answer = register(&server, &ann, &[]).expect(200);
    let user = json!({ "id": answer.at("/user/id"), "display_name": ann, "email": ann });
    assert_eq!(
        answer.json(),
        json!({ "jwt_token": null, "jwt_expires_in": null, "user": user })
    );
    assert!(answer.cookies().is_empty());
    assert_snapshot!(
        register(&server, &ann, &[]),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists but is not activated."}"#
    );
    let bob = register(&server, &address("bob"), &[("cookie", json!(false))]).expect(200);
    assert_cleared(&bob);
    assert!(bob.json().get("refresh_token").is_none());
}

#[test]
fn a_registration_of_an_active_account_is_a_log_in() {
    let server = server(&[("AUTO_ACTIVATE_NEW_USERS", "true")]);
    let ann = address("ann");
    let answer = register(&server, &ann, &[]).expect(200);
    assert_eq!(answer.cookies().len(), 2);
    assert!(answer.json().get("refresh_token").is_none());
    assert!(server.backend_plus().opens(&answer.at("/jwt_token")));
    assert_eq!(jwt::payload(&answer.at("/jwt_token"))["iss"], "nhost");
    assert_snapshot!(
        register(&server, &ann, &[]),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
    let bob = register(&server, &address("bob"), &[("cookie", json!(false))]).expect(200);
    assert_cleared(&bob);
    server
        .backend_plus()
        .refresh(&bob.at("/refresh_token"))
        .expect(200);
}

#[test]
fn the_link_of_an_activation_logs_in() {
    let server = server(&[
        ("REDIRECT_URL_SUCCESS", "https://app.example.org/?a=b#top"),
        ("REDIRECT_URL_ERROR", "https://app.example.org/sorry"),
    ]);
    let ann = address("ann");
    register(&server, &ann, &[]).expect(200);
    let link = format!("/auth/activate?ticket={}", server.mail_to(&ann).query("ticket"));
    let answer = server.get(&link).send().expect(302);
    let location = answer.header("location").unwrap();
    let token = location
        .strip_prefix("https://app.example.org/?a=b&refresh_token=")
        .unwrap();
    let token = token.strip_suffix("#top").unwrap();
    assert_eq!(answer.cookie("refresh_token").value, token);
    server.backend_plus().refresh(token).expect(200);
    let again = server.get(&link).send().expect(302);
    assert_eq!(
        again.header("location").as_deref(),
        Some("https://app.example.org/sorry")
    );
    assert!(again.cookies().is_empty());
}

#[test]
fn the_link_of_an_activation_can_be_told_to_set_no_cookies() {
    let server = server(&[("REDIRECT_URL_SUCCESS", "https://app.example.org/")]);
    let ann = address("ann");
    register(&server, &ann, &[]).expect(200);
    let ticket = server.mail_to(&ann).query("ticket");
    let answer = server
        .get(&format!("/auth/activate?ticket={ticket}&cookie=false"))
        .send()
        .expect(302);
    assert_cleared(&answer);
    assert!(answer.header("location").unwrap().contains("?refresh_token="));
}

#[test]
fn without_a_url_the_link_leads_nowhere_but_has_activated() {
    let server = server(&[]);
    let ann = address("ann");
    register(&server, &ann, &[]).expect(200);
    let ticket = server.mail_to(&ann).query("ticket");
    assert_eq!(
        server
            .get(&format!("/auth/activate?ticket={ticket}"))
            .send()
            .to_string(),
        INTERNAL
    );
    server.backend_plus().log_in(&ann);
    assert_snapshot!(
        server.get(&format!("/auth/activate?ticket={NOBODYS_UUID}")).send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired ticket."}"#
    );
}

#[test]
fn the_texts_are_those_of_the_release() {
    let server = server(&[]);
    let ann = address("ann");
    register(&server, &ann, &[]).expect(200);
    let ticket = server.mail_to(&ann).query("ticket");
    assert_snapshot!(server.backend_plus().activate(&ticket), @"204");
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, "wrong"),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Username and password do not match"}"#
    );
    let tokens = server.backend_plus().log_in(&ann);
    let body = json!({ "old_password": "wrong", "new_password": "another password" });
    assert_snapshot!(
        server.post("/auth/change-password").json(body).bearer(&tokens.access).send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Incorrect current password."}"#
    );
    assert_snapshot!(
        server.post("/auth/token/revoke").send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Not logged in"}"#
    );
}

#[test]
fn a_log_out_without_a_token_is_refused_and_clears_cookies() {
    let server = server(&[]);
    let answer = server.post("/auth/logout").send();
    assert_snapshot!(answer, @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired refresh token."}"#);
    assert_cleared(&answer);
    server
        .post("/auth/logout")
        .cookie("refresh_token", NOBODYS_UUID)
        .send()
        .expect(204);
}

#[test]
fn what_is_switched_off_is_a_fault() {
    let server = server(&[
        ("CHANGE_EMAIL_ENABLED", "false"),
        ("AUTO_ACTIVATE_NEW_USERS", "true"),
    ]);
    let ann = address("ann");
    let token = register(&server, &ann, &[("cookie", json!(false))])
        .expect(200)
        .at("/jwt_token");
    // Deletion and lost passwords are off by default here.
    for path in [
        "/auth/delete",
        "/auth/change-password/request",
        "/auth/change-email/request",
    ] {
        assert_eq!(
            server
                .post(path)
                .json(json!({}))
                .bearer(&token)
                .send()
                .to_string(),
            INTERNAL,
            "{path}"
        );
    }
}

#[test]
fn what_is_switched_on_is_there() {
    let server = server(&[
        ("ALLOW_USER_SELF_DELETE", "true"),
        ("LOST_PASSWORD_ENABLED", "true"),
    ]);
    let ann = address("ann");
    register(&server, &ann, &[]).expect(200);
    let ticket = server.mail_to(&ann).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    post(&server, "/auth/change-password/request", json!({ "email": ann })).expect(204);
    let tokens = server.backend_plus().log_in(&ann);
    server
        .post("/auth/delete")
        .bearer(&tokens.access)
        .send()
        .expect(204);
}
