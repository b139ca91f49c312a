use insta::assert_snapshot;
use serde_json::json;

use super::{NOBODYS_UUID, post, server_with, somebody_logged_in};
use crate::harness::{Answer, Server, Tokens, address};

#[track_caller]
fn request(server: &Server, tokens: &Tokens, new: &str) -> Answer {
    server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }))
        .bearer(&tokens.access)
        .send()
}

#[track_caller]
fn change(server: &Server, ticket: &str) -> String {
    post(server, "/auth/change-email/change", json!({ "ticket": ticket })).to_string()
}

const BAD_TICKET: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired ticket."}"#;
const TAKEN: &str = r#"400 {"statusCode":400,"error":"Bad Request","message":"Cannot use this email."}"#;

#[test]
fn a_new_address_is_proven_by_the_ticket_mailed_to_it_and_the_old_one_is_told() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let new = address("new");
    assert_snapshot!(request(&server, &tokens, &new), @"204");
    server.backend_plus().log_in(&ann);
    let ticket = server.mail_to(&new).header("X-Ticket").unwrap();
    assert_eq!(change(&server, &ticket), "204");
    let told = server.mail_to(&ann);
    assert_eq!(
        told.subject,
        "The email attached to your account has been changed"
    );
    assert_eq!(told.header("X-Ticket"), None);
    server.backend_plus().log_in(&new);
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, "x"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
    );
    assert_eq!(change(&server, &ticket), BAD_TICKET);
}

#[test]
fn a_request_checks_who_calls_then_the_fields_then_the_address() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let (bob, _) = somebody_logged_in(&server);
    let path = "/auth/change-email/request";
    assert_snapshot!(post(&server, path, json!({})), @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#);
    assert_snapshot!(
        server.post(path).json(json!({})).bearer(&tokens.access).send(),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_email\" is required"}"#
    );
    assert_snapshot!(request(&server, &tokens, "x"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_email\" must be a valid email"}"#);
    for taken in [&ann, &bob, &bob.to_uppercase().replace(".ORG", ".org")] {
        assert_eq!(request(&server, &tokens, taken).to_string(), TAKEN);
    }
}

#[test]
fn a_change_checks_its_ticket() {
    let server = Server::start();
    assert_snapshot!(change(&server, "x"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" must be a valid GUID"}"#);
    assert_snapshot!(change(&server, NOBODYS_UUID), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#);
}

#[test]
fn an_expired_ticket_changes_nothing() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let new = address("new");
    request(&server, &tokens, &new).expect(204);
    let ticket = server.mail_to(&new).header("X-Ticket").unwrap();
    server.execute_sql("UPDATE tickets SET expires_at = issued_at");
    assert_eq!(change(&server, &ticket), BAD_TICKET);
    server.backend_plus().log_in(&ann);
}

#[test]
fn an_address_taken_meanwhile_stays_whose_it_is() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let new = address("new");
    request(&server, &tokens, &new).expect(204);
    let ticket = server.mail_to(&new).header("X-Ticket").unwrap();
    server.backend_plus().sign_up(&new);
    assert_eq!(change(&server, &ticket), TAKEN);
    let (at_ann, at_new) = (
        server.backend_plus().log_in(&ann),
        server.backend_plus().log_in(&new),
    );
    assert!(server.backend_plus().opens(&at_ann.access) && server.backend_plus().opens(&at_new.access));
}

#[test]
fn the_direct_change_is_there_only_where_addresses_are_not_verified() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let body = json!({ "new_email": address("new") });
    assert_snapshot!(
        server.post("/auth/change-email").json(body).bearer(&tokens.access).send(),
        @r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
    );
}

#[test]
fn the_direct_change_takes_effect_at_once_and_tells_the_old_address() {
    let server = server_with(&[("VERIFY_EMAILS", "false"), ("AUTO_ACTIVATE_NEW_USERS", "true")]);
    let (ann, bob, new) = (address("ann"), address("bob"), address("new"));
    server.backend_plus().register(&ann).expect(204);
    server.backend_plus().register(&bob).expect(204);
    let tokens = server.backend_plus().log_in(&ann);
    let change = |new: &str| {
        server
            .post("/auth/change-email")
            .json(json!({ "new_email": new }))
            .bearer(&tokens.access)
            .send()
            .to_string()
    };
    assert_snapshot!(
        post(&server, "/auth/change-email", json!({})),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
    );
    assert_eq!(change(&bob), TAKEN);
    assert_eq!(change(&ann), TAKEN);
    assert_eq!(change(&new), "204");
    server.backend_plus().log_in(&new);
    assert_eq!(
        server.mail_to(&ann).subject,
        "The email attached to your account has been changed"
    );
    // The way by mail stays open too.
    request(&server, &tokens, &address("newer")).expect(204);
}

#[test]
fn the_old_address_is_not_told_when_the_operator_does_not_want_it() {
    let server = server_with(&[
        ("VERIFY_EMAILS", "false"),
        ("AUTO_ACTIVATE_NEW_USERS", "true"),
        ("NOTIFY_EMAIL_CHANGE", "false"),
    ]);
    let (ann, new) = (address("ann"), address("new"));
    server.backend_plus().register(&ann).expect(204);
    let tokens = server.backend_plus().log_in(&ann);
    let body = json!({ "new_email": new });
    server
        .post("/auth/change-email")
        .json(body)
        .bearer(&tokens.access)
        .send()
        .expect(204);
    // A mail queued later is delivered: nothing was queued before it.
    request(&server, &tokens, &address("newer")).expect(204);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while server.mails().is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(server.mails().len(), 1);
    assert!(server.unread_mail_to(&ann).is_none());
}

#[test]
fn switched_off_none_of_it_is_there() {
    let server = server_with(&[("CHANGE_EMAIL_ENABLED", "false"), ("VERIFY_EMAILS", "false")]);
    for path in [
        "/auth/change-email",
        "/auth/change-email/request",
        "/auth/change-email/change",
    ] {
        assert_eq!(
            post(&server, path, json!({})).to_string(),
            r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
        );
    }
}
