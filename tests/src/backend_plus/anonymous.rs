//! People who log in without saying who they are, and those who do later.

use insta::assert_snapshot;
use serde_json::json;

use super::{post, server_with, somebody_logged_in, with_cookies_of};
use crate::harness::{Answer, PASSWORD, Server, Tokens, address, jwt};

const ON: (&str, &str) = ("ANONYMOUS_USERS_ENABLED", "true");

#[track_caller]
fn enter(server: &Server) -> Answer {
    post(
        server,
        "/auth/login",
        json!({ "anonymous": true, "cookie": false }),
    )
    .expect(200)
}

fn claims(access: &str) -> serde_json::Value {
    jwt::payload(access)["https://hasura.io/jwt/claims"].clone()
}

#[test]
fn somebody_without_a_name_gets_a_session_with_the_anonymous_role_only() {
    let server = server_with(&[ON]);
    let session = enter(&server);
    let user = json!({ "id": session.at("/user/id"), "display_name": "Anonymous user", "email": null });
    assert_eq!(session.json()["user"], user);
    assert_eq!(session.at("/jwt_expires_in"), "900000");
    let tokens = Tokens::of_backend_plus(&session);
    assert_eq!(
        claims(&tokens.access),
        json!({
            "x-hasura-user-id": session.at("/user/id"),
            "x-hasura-allowed-roles": ["anonymous"],
            "x-hasura-default-role": "anonymous",
        })
    );
    let later = server.backend_plus().refresh(&tokens.refresh).expect(200);
    assert_eq!(
        claims(&later.at("/jwt_token"))["x-hasura-allowed-roles"],
        json!(["anonymous"])
    );
    // Everybody is somebody of their own.
    assert_ne!(enter(&server).at("/user/id"), session.at("/user/id"));
}

#[test]
fn the_session_comes_in_cookies_unless_it_is_said_otherwise() {
    let server = server_with(&[ON, ("DEFAULT_ANONYMOUS_ROLE", "guest")]);
    for body in [
        json!({ "anonymous": true }),
        json!({ "anonymous": "true", "cookie": true }),
    ] {
        let session = post(&server, "/auth/login", body).expect(200);
        assert_eq!(session.json().get("refresh_token"), None);
        assert_eq!(
            claims(&session.at("/jwt_token"))["x-hasura-default-role"],
            json!("guest")
        );
        let refresh = with_cookies_of(server.post("/auth/token/refresh"), &session);
        refresh.send().expect(200);
    }
    let session = enter(&server);
    super::cookies::assert_cleared(&session);
}

#[test]
fn a_request_without_a_name_is_checked_as_others_are() {
    let server = server_with(&[ON]);
    let log_in = |body| post(&server, "/auth/login", body);
    assert_snapshot!(
        log_in(json!({ "anonymous": "yes" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"anonymous\" must be a boolean"}"#
    );
    assert_snapshot!(
        log_in(json!({ "anonymous": true, "email": 7 })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" must be a string"}"#
    );
    assert_snapshot!(
        log_in(json!({ "anonymous": true, "x": 1 })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"x\" is not allowed"}"#
    );
    assert_snapshot!(
        log_in(json!({ "anonymous": false })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#
    );
    log_in(json!({ "anonymous": true, "email": "not looked at", "password": "x" })).expect(200);
    // Ordinary log-ins go on as ever, `cookie` included.
    let (ann, _) = somebody_logged_in(&server);
    let body = json!({ "anonymous": false, "email": ann, "password": PASSWORD, "cookie": false });
    log_in(body).expect(200);
}

#[test]
fn switched_off_everybody_has_a_name() {
    let server = Server::start();
    assert_snapshot!(
        post(&server, "/auth/login", json!({ "anonymous": true })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#
    );
    let body = json!({ "email": address("ann"), "password": "x", "anonymous": true });
    assert_snapshot!(
        post(&server, "/auth/login", body),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"anonymous\" is not allowed"}"#
    );
}

#[test]
fn a_session_without_a_name_opens_no_other_door() {
    let server = server_with(&[ON]);
    let tokens = Tokens::of_backend_plus(&enter(&server));
    assert!(server.backend_plus().opens(&tokens.access));
    assert!(!server.pluto().opens(&tokens.access));
    assert!(!server.barong().opens(&tokens.access));
}

#[test]
fn whoever_registers_later_stays_the_same_user() {
    let server = server_with(&[ON]);
    let (ann, session) = (address("ann"), enter(&server));
    let tokens = Tokens::of_backend_plus(&session);
    let body = json!({ "email": ann, "password": PASSWORD });
    let register = || {
        server
            .post("/auth/register")
            .json(body.clone())
            .bearer(&tokens.access)
    };
    register().send().expect(204);
    // As any account it awaits activation, and whoever is somebody now logs in as that.
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, PASSWORD),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
    server.backend_plus().refresh(&tokens.refresh).expect(401);
    assert!(!server.backend_plus().opens(&tokens.access));
    let ticket = server.mail_to(&ann).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    let later = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    let user = json!({ "id": session.at("/user/id"), "display_name": ann, "email": ann });
    assert_eq!(later.json()["user"], user);
    assert_eq!(
        claims(&later.at("/jwt_token"))["x-hasura-allowed-roles"],
        json!(["user"]),
        "the anonymous role is gone"
    );
    server.backend_plus().refresh(&tokens.refresh).expect(401);
}

#[test]
fn whoever_registers_later_is_refused_as_anybody() {
    let server = server_with(&[ON]);
    let (ann, _) = somebody_logged_in(&server);
    let tokens = Tokens::of_backend_plus(&enter(&server));
    let body = json!({ "email": ann, "password": PASSWORD });
    let register = server.post("/auth/register").json(body).bearer(&tokens.access);
    assert_snapshot!(
        register.send(),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
    assert!(
        server.backend_plus().opens(&tokens.access),
        "and stays who they are"
    );
}

#[test]
fn an_account_of_somebody_is_not_taken_over_by_a_registration() {
    let server = server_with(&[ON, ("PROFILE", "v2.7"), ("AUTO_ACTIVATE_NEW_USERS", "true")]);
    let register = |address: &str, access: &str| {
        let body = json!({ "email": address, "password": PASSWORD, "cookie": false });
        server
            .post("/auth/register")
            .json(body)
            .bearer(access)
            .send()
            .expect(200)
    };
    let first = enter(&server);
    let (ann, bob, eve) = (address("ann"), address("bob"), address("eve"));
    let upgraded = register(&ann, &first.at("/jwt_token"));
    assert_eq!(upgraded.at("/user/id"), first.at("/user/id"));
    assert_eq!(upgraded.at("/user/email"), ann);
    let another = register(&bob, &upgraded.at("/jwt_token"));
    assert_ne!(another.at("/user/id"), first.at("/user/id"));
    // A token that opens nothing is as if it were not there.
    register(&eve, "nonsense");
    assert_eq!(
        server.backend_plus().try_log_in(&ann, PASSWORD).at("/user/id"),
        first.at("/user/id")
    );
}

#[test]
fn accounts_without_a_name_are_made_no_faster_than_others_log_in() {
    let server = Server::with(&[
        ("CLAVIS_DIALECTS__BACKEND_PLUS__ANONYMOUS_USERS_ENABLED", "true"),
        ("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2"),
    ]);
    enter(&server);
    enter(&server);
    let refused = post(&server, "/auth/login", json!({ "anonymous": true }));
    assert_snapshot!(
        refused,
        @r#"429 {"statusCode":429,"error":"Too Many Requests","message":"Too many requests"}"#
    );
}
