use insta::assert_snapshot;
use serde_json::json;

use super::{NOBODYS_UUID, post, server_with, somebody, somebody_logged_in};
use crate::harness::{PASSWORD, Server, address};

const NEW: &str = "a new password";
const BAD_TICKET: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired ticket."}"#;

#[track_caller]
fn request(server: &Server, email: &str) -> String {
    post(server, "/auth/change-password/request", json!({ "email": email })).to_string()
}

#[track_caller]
fn reset(server: &Server, ticket: &str, password: &str) -> String {
    let body = json!({ "ticket": ticket, "new_password": password });
    post(server, "/auth/change-password/change", body).to_string()
}

#[test]
fn a_lost_password_is_replaced_by_the_ticket_of_a_mail() {
    let server = Server::start();
    let (ann, before) = somebody_logged_in(&server);
    assert_eq!(request(&server, &ann), "204");
    let ticket = server.mail_to(&ann).header("X-Ticket").unwrap();
    assert_eq!(reset(&server, &ticket, NEW), "204");
    assert_eq!(reset(&server, &ticket, NEW), BAD_TICKET);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
    server.backend_plus().try_log_in(&ann, NEW).expect(200);
    assert!(
        !server.backend_plus().opens(&before.access),
        "sessions under the old password end"
    );
    server.backend_plus().refresh(&before.refresh).expect(401);
}

#[test]
fn a_request_tells_nobody_who_has_an_account() {
    let server = Server::start();
    let pending = address("pending");
    server.backend_plus().register(&pending).expect(204);
    server.mail_to(&pending);
    assert_eq!(request(&server, &address("nobody")), "204");
    assert_eq!(request(&server, &pending), "204");
    assert!(server.unread_mail_to(&pending).is_none());
}

#[test]
fn a_request_tells_it_when_the_operator_wants_it() {
    let server = server_with(&[("REVEAL_UNKNOWN_ACCOUNTS", "true")]);
    let ann = somebody(&server);
    assert_snapshot!(
        request(&server, &address("nobody")),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
    );
    assert_eq!(request(&server, &ann), "204");
}

#[test]
fn a_request_takes_exactly_an_address() {
    let server = Server::start();
    let path = "/auth/change-password/request";
    assert_snapshot!(post(&server, path, json!({})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#);
    let body = json!({ "email": address("ann"), "ticket": NOBODYS_UUID });
    assert_snapshot!(post(&server, path, body), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" is not allowed"}"#);
}

#[test]
fn a_newer_ticket_replaces_the_older_one() {
    let server = Server::start();
    let ann = somebody(&server);
    request(&server, &ann);
    let first = server.mail_to(&ann).header("X-Ticket").unwrap();
    request(&server, &ann);
    let second = server.mail_to(&ann).header("X-Ticket").unwrap();
    assert_eq!(reset(&server, &first, NEW), BAD_TICKET);
    assert_eq!(reset(&server, &second, NEW), "204");
}

#[test]
fn a_reset_checks_its_fields_before_its_ticket() {
    let server = Server::start();
    let change = |body| post(&server, "/auth/change-password/change", body).to_string();
    assert_snapshot!(change(json!({ "ticket": "x" })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" must be a valid GUID"}"#);
    assert_snapshot!(change(json!({ "ticket": NOBODYS_UUID })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_password\" is required"}"#);
    assert_snapshot!(change(json!({ "ticket": NOBODYS_UUID, "new_password": "x" })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_password\" length must be at least 6 characters long"}"#);
    assert_eq!(reset(&server, NOBODYS_UUID, NEW), BAD_TICKET);
}

#[test]
fn who_knows_the_old_password_changes_it_and_ends_the_other_sessions() {
    let server = Server::start();
    for (path, password) in [
        ("/auth/change-password", PASSWORD),
        ("/auth/change-password/change", PASSWORD),
    ] {
        let (ann, here) = somebody_logged_in(&server);
        let there = server.backend_plus().log_in(&ann);
        let change = |old: &str| {
            let body = json!({ "old_password": old, "new_password": NEW });
            server
                .post(path)
                .json(body)
                .bearer(&here.access)
                .send()
                .to_string()
        };
        assert_eq!(
            change("wrong"),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Incorrect password."}"#
        );
        assert_eq!(change(password), "204");
        server.backend_plus().try_log_in(&ann, NEW).expect(200);
        assert!(server.backend_plus().opens(&here.access) && !server.backend_plus().opens(&there.access));
        server.backend_plus().refresh(&there.refresh).expect(401);
        server.backend_plus().refresh(&here.refresh).expect(200);
    }
}

#[test]
fn the_log_in_is_checked_before_the_fields() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    for path in ["/auth/change-password", "/auth/change-password/change"] {
        assert_eq!(
            post(&server, path, json!({})).to_string(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
        );
        let change = |body| {
            server
                .post(path)
                .json(body)
                .bearer(&tokens.access)
                .send()
                .to_string()
        };
        assert_eq!(
            change(json!({})),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"\"old_password\" is required"}"#
        );
        assert_eq!(
            change(json!({ "old_password": "x" })),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_password\" is required"}"#
        );
        assert_eq!(
            change(json!({ "old_password": "x", "new_password": "y" })),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_password\" length must be at least 6 characters long"}"#
        );
    }
}

#[test]
fn switched_off_it_is_not_there() {
    let server = server_with(&[("LOST_PASSWORD_ENABLED", "false")]);
    let (ann, tokens) = somebody_logged_in(&server);
    let not_found = r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#;
    assert_eq!(request(&server, &ann), not_found);
    assert_eq!(reset(&server, NOBODYS_UUID, NEW), not_found);
    let body = json!({ "old_password": PASSWORD, "new_password": NEW });
    server
        .post("/auth/change-password/change")
        .json(body)
        .bearer(&tokens.access)
        .send()
        .expect(204);
}

#[test]
fn without_mail_a_lost_password_is_a_fault() {
    let server = server_with(&[("EMAILS_ENABLED", "false"), ("AUTO_ACTIVATE_NEW_USERS", "true")]);
    assert_snapshot!(
        request(&server, &address("ann")),
        @r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#
    );
}

#[test]
fn an_account_without_a_password_logs_in_with_none_and_sets_its_first() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    server.execute_sql("DELETE FROM password_credentials");
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, PASSWORD),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
    );
    let set = |body| {
        server
            .post("/auth/change-password")
            .json(body)
            .bearer(&tokens.access)
            .send()
            .to_string()
    };
    assert_snapshot!(set(json!({})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"new_password\" is required"}"#);
    assert_eq!(
        set(json!({ "old_password": "whatever", "new_password": NEW })),
        "204"
    );
    server.backend_plus().try_log_in(&ann, NEW).expect(200);
    assert_snapshot!(
        set(json!({ "old_password": "whatever", "new_password": NEW })),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Incorrect password."}"#
    );
}

#[test]
fn an_expired_ticket_is_refused() {
    let server = Server::start();
    let ann = somebody(&server);
    request(&server, &ann);
    let ticket = server.mail_to(&ann).header("X-Ticket").unwrap();
    server.execute_sql("UPDATE tickets SET expires_at = issued_at");
    assert_eq!(reset(&server, &ticket, NEW), BAD_TICKET);
    server.backend_plus().log_in(&ann);
}
