use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use super::{NOBODYS_UUID, post, server_with};
use crate::harness::{PASSWORD, Server, address};

const BAD_TICKET: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired ticket."}"#;

/// A newcomer and the ticket of their mail.
#[track_caller]
fn newcomer(server: &Server) -> (String, String) {
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let ticket = server.mail_to(&ann).query("ticket");
    (ann, ticket)
}

#[test]
fn a_ticket_activates_once() {
    let server = Server::start();
    let (ann, ticket) = newcomer(&server);
    assert_snapshot!(server.backend_plus().activate(&ticket), @"204");
    server.backend_plus().log_in(&ann);
    assert_eq!(server.backend_plus().activate(&ticket).to_string(), BAD_TICKET);
    assert_eq!(
        server.backend_plus().activate(NOBODYS_UUID).to_string(),
        BAD_TICKET
    );
}

#[test]
fn a_ticket_is_a_random_uuid_in_any_case() {
    let server = Server::start();
    let (ann, ticket) = newcomer(&server);
    let guid = r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" must be a valid GUID"}"#;
    assert_eq!(server.backend_plus().activate("x").to_string(), guid);
    assert_eq!(
        server
            .backend_plus()
            .activate("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
            .to_string(),
        guid
    );
    assert_eq!(server.get("/auth/activate?ticket=x").send().to_string(), guid);
    assert_snapshot!(post(&server, "/auth/activate", json!({})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" is required"}"#);
    assert_snapshot!(
        server.get("/auth/activate").query(&[("ticket", ticket.as_str()), ("x", "1")]).send(),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"x\" is not allowed"}"#
    );
    server.backend_plus().activate(&ticket.to_uppercase()).expect(204);
    server.backend_plus().log_in(&ann);
}

#[test]
fn the_link_answers_with_a_text_where_no_url_is_set() {
    let server = Server::start();
    let (ann, ticket) = newcomer(&server);
    let path = format!("/auth/activate?ticket={ticket}");
    let answer = server.get(&path).send();
    assert_snapshot!(answer, @"200 Your account is active. You can close this page and log in.");
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
    assert!(answer.cookies().is_empty());
    server.backend_plus().log_in(&ann);
    assert_eq!(server.get(&path).send().to_string(), BAD_TICKET);
}

#[test]
fn the_link_leads_to_the_urls_that_are_set() {
    let server = server_with(&[
        ("REDIRECT_URL_SUCCESS", "https://app.example.org/welcome?a=b#top"),
        ("REDIRECT_URL_ERROR", "myapp://sorry"),
    ]);
    let (ann, ticket) = newcomer(&server);
    let follow = || {
        server
            .get(&format!("/auth/account/activate?ticket={ticket}"))
            .send()
            .expect(302)
    };
    let answer = follow();
    assert_eq!(
        answer.header("location").as_deref(),
        Some("https://app.example.org/welcome?a=b#top")
    );
    assert!(answer.cookies().is_empty());
    server.backend_plus().log_in(&ann);
    assert_eq!(follow().header("location").as_deref(), Some("myapp://sorry"));
}

#[test]
fn asking_for_the_head_of_the_link_activates_nothing() {
    let server = Server::start();
    let (ann, ticket) = newcomer(&server);
    let head = |ticket: &str| {
        server
            .request(Method::HEAD, &format!("/auth/activate?ticket={ticket}"))
            .send()
    };
    assert_snapshot!(head(&ticket), @"200");
    assert_snapshot!(head(NOBODYS_UUID), @"401");
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(400);
    server.backend_plus().activate(&ticket).expect(204);
}

#[test]
fn an_expired_ticket_activates_nothing() {
    let server = Server::start();
    let (ann, ticket) = newcomer(&server);
    server.execute_sql("UPDATE tickets SET expires_at = issued_at");
    assert_eq!(server.backend_plus().activate(&ticket).to_string(), BAD_TICKET);
    let link = format!("/auth/activate?ticket={ticket}");
    assert_snapshot!(server.request(Method::HEAD, &link).send(), @"401");
    assert_eq!(server.get(&link).send().to_string(), BAD_TICKET);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(400);
}
