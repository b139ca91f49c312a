//! New passwords that attackers know are refused.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use super::{post, setting};
use crate::harness::{Answer, BreachServer, PASSWORD, Server, address, fails_to_start};

const WEAK: &str = r#"400 {"statusCode":400,"error":"Bad Request","message":"Password is too weak."}"#;
const INTERNAL: &str =
    r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#;
/// A password that servers and lists of these tests know.
const KNOWN: &str = "letmein99";
/// Its SHA-1: what is told of it, and the rest.
const TOLD: &str = "20C02";
const REST: &str = "F5C23E5FD1BDF7CE0FA09553AF818C782CF";

#[track_caller]
fn server(settings: &[(&str, &str)]) -> Server {
    let on = setting("HIBP_ENABLED");
    let mut all = vec![(on.as_str(), "true")];
    all.extend(settings);
    Server::with(&all)
}

#[track_caller]
fn register(server: &Server, password: &str) -> Answer {
    let body = json!({ "email": address("ann"), "password": password });
    post(server, "/auth/register", body)
}

/// A server that asks another, which knows one password.
#[track_caller]
fn asking(settings: &[(&str, &str)]) -> (Server, BreachServer) {
    let breaches = BreachServer::start();
    breaches.answer(
        200,
        &format!("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{REST}:3\r\n"),
    );
    let url = breaches.url();
    let mut all = vec![("CLAVIS_PASSWORD__BREACHED_RANGE_URL", url.as_str())];
    all.extend(settings);
    (server(&all), breaches)
}

#[test]
fn a_known_password_is_refused_and_the_server_learns_five_digits_of_its_hash() {
    let (server, breaches) = asking(&[]);
    assert_eq!(register(&server, KNOWN).to_string(), WEAK);
    let asked = breaches.asked().join("");
    assert!(
        asked.starts_with(&format!("GET /range/{TOLD} HTTP/1.1\r\n")),
        "{asked}"
    );
    assert!(
        asked.to_lowercase().contains("\r\nadd-padding: true\r\n"),
        "{asked}"
    );
    assert!(!asked.contains(REST) && !asked.contains(KNOWN));
    register(&server, PASSWORD).expect(204);
    assert!(breaches.asked()[1].starts_with("GET /range/ABF7A HTTP/1.1\r\n"));
}

#[test]
fn padding_is_nobodys_password() {
    let (server, breaches) = asking(&[]);
    breaches.answer(200, &format!("{REST}:0\r\n"));
    register(&server, KNOWN).expect(204);
}

#[test]
fn whether_a_password_is_known_is_looked_at_after_the_address_and_before_the_roles() {
    let (server, _) = asking(&[]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let body = |email: &str| {
        let options = json!({ "allowed_roles": [] });
        json!({ "email": email, "password": KNOWN, "register_options": options })
    };
    assert_snapshot!(
        post(&server, "/auth/register", body(&ann)),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
    assert_eq!(
        post(&server, "/auth/register", body(&address("new"))).to_string(),
        WEAK
    );
}

#[test]
fn a_known_password_replaces_no_other() {
    let (server, _) = asking(&[]);
    let (ann, tokens) = super::somebody_logged_in(&server);
    let change = |old: &str, new: &str| {
        let body = json!({ "old_password": old, "new_password": new });
        let request = server.post("/auth/change-password").json(body);
        request.bearer(&tokens.access).send()
    };
    assert_eq!(
        change("wrong", KNOWN).to_string(),
        WEAK,
        "before the old one is looked at"
    );
    assert_eq!(change(PASSWORD, KNOWN).to_string(), WEAK);

    post(&server, "/auth/change-password/request", json!({ "email": ann })).expect(204);
    let ticket = server.mail_to(&ann).query("ticket");
    let reset = |password: &str| {
        let body = json!({ "ticket": ticket, "new_password": password });
        post(&server, "/auth/change-password/change", body)
    };
    assert_eq!(reset(KNOWN).to_string(), WEAK);
    // Nor on the page that mails lead to.
    let form = [
        ("ticket", ticket.as_str()),
        ("password", KNOWN),
        ("confirm", KNOWN),
    ];
    let page = server.post("/mail/reset").form(&form).send().expect(400);
    assert!(
        page.text().contains("This password is known from a breach."),
        "{page}"
    );
    reset("another password").expect(204);
}

#[test]
fn a_log_in_with_a_known_password_is_nobodys_business() {
    let (server, breaches) = asking(&[]);
    breaches.answer(200, "");
    let ann = address("ann");
    post(
        &server,
        "/auth/register",
        json!({ "email": ann, "password": KNOWN }),
    )
    .expect(204);
    server
        .backend_plus()
        .activate(&server.mail_to(&ann).query("ticket"))
        .expect(204);
    breaches.answer(200, &format!("{REST}:3"));
    server.backend_plus().try_log_in(&ann, KNOWN).expect(200);
}

#[test]
fn a_server_that_makes_no_sense_lets_no_password_through() {
    let (server, breaches) = asking(&[]);
    for (status, body) in [
        (500, String::new()),
        (404, String::new()),
        (302, String::new()),
        (200, "<html>".to_owned()),
        (200, format!("{REST}:many")),
        (200, "x".repeat(600 * 1024)),
    ] {
        breaches.answer(status, &body);
        assert_eq!(register(&server, PASSWORD).to_string(), INTERNAL);
    }
    assert!(server.log().contains("a new password was refused unseen"));
    assert!(!server.log().contains("ABF7A"), "the log has no part of a hash");
}

#[test]
fn a_server_that_is_too_slow_is_not_waited_for() {
    let (server, breaches) = asking(&[]);
    breaches.delay(Duration::from_secs(20));
    let begun = std::time::Instant::now();
    register(&server, PASSWORD).expect(500);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_operator_may_let_passwords_through_unseen() {
    let (server, breaches) = asking(&[("CLAVIS_PASSWORD__BREACHED_UNAVAILABLE", "accept")]);
    breaches.answer(503, "");
    register(&server, PASSWORD).expect(204);
    breaches.answer(200, &format!("{REST}:3"));
    assert_eq!(register(&server, KNOWN).to_string(), WEAK);
}

#[test]
fn a_list_is_looked_at_before_anybody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt");
    std::fs::write(&path, format!("{TOLD}{REST}:12\nqwertyuiop\n")).unwrap();
    let list = ("CLAVIS_PASSWORD__BREACHED_LIST", path.to_str().unwrap());
    let alone = server(&[list]);
    assert_eq!(register(&alone, KNOWN).to_string(), WEAK);
    assert_eq!(register(&alone, "qwertyuiop").to_string(), WEAK);
    register(&alone, PASSWORD).expect(204);

    let (both, breaches) = asking(&[list]);
    assert_eq!(register(&both, "qwertyuiop").to_string(), WEAK);
    assert!(breaches.asked().is_empty());
    register(&both, PASSWORD).expect(204);
    assert_eq!(breaches.asked().len(), 1);
}

#[test]
fn what_cannot_be_looked_up_is_refused_at_start() {
    let on = setting("HIBP_ENABLED");
    let failure = fails_to_start(&[(&on, "true")]);
    assert!(
        failure
            .stderr
            .contains("password.breached_list or password.breached_range_url"),
        "{}",
        failure.stderr
    );
    let failure = fails_to_start(&[("CLAVIS_PASSWORD__BREACHED_LIST", "/nowhere/list.txt")]);
    assert!(
        failure.stderr.contains("password.breached_list"),
        "{}",
        failure.stderr
    );
    let url = "http://passwords.example.org/range";
    let failure = fails_to_start(&[("CLAVIS_PASSWORD__BREACHED_RANGE_URL", url)]);
    assert!(
        failure
            .stderr
            .contains("password.breached_range_url: expected an https URL"),
        "{}",
        failure.stderr
    );
}

#[test]
fn switched_off_nothing_is_looked_up() {
    let breaches = BreachServer::start();
    breaches.answer(200, &format!("{REST}:3"));
    let server = Server::with(&[("CLAVIS_PASSWORD__BREACHED_RANGE_URL", &breaches.url())]);
    register(&server, KNOWN).expect(204);
    assert!(breaches.asked().is_empty());
}
