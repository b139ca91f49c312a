use serde_json::json;

use super::{named, post, server_with, somebody, somebody_logged_in};
use crate::harness::{Mail, Server, address};

/// A mail of each kind that carries a ticket.
fn letters(server: &Server) -> [Mail; 3] {
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let activation = server.mail_to(&ann);
    let (bob, tokens) = somebody_logged_in(server);
    post(server, "/auth/change-password/request", json!({ "email": bob })).expect(204);
    let new = address("new");
    let request = server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }));
    request.bearer(&tokens.access).send().expect(204);
    [activation, server.mail_to(&bob), server.mail_to(&new)]
}

#[test]
fn our_mails_lead_to_pages_and_show_the_ticket() {
    let server = Server::start();
    let expected = [
        ("Confirm your email address", "/mail/activate"),
        ("Reset your password", "/mail/reset"),
        ("Change your email address", "/mail/email"),
    ];
    for (mail, (subject, path)) in letters(&server).iter().zip(expected) {
        assert_eq!(mail.subject, subject);
        let ticket = mail.header("X-Ticket").unwrap();
        assert_eq!(uuid::Uuid::parse_str(&ticket).unwrap().get_version_num(), 4);
        assert_eq!(mail.link(), format!("{}{path}?ticket={ticket}", server.url("")));
        assert_eq!(
            mail.text.matches(&ticket).count(),
            2,
            "in the link and by itself: {}",
            mail.text
        );
        assert_eq!(mail.html.matches(&ticket).count(), 2, "{}", mail.html);
    }
}

#[test]
fn the_contracts_link_is_there_for_who_wants_it() {
    let server = Server::with(&[("CLAVIS_HTTP__MAIL_LINKS", "contract")]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let mail = server.mail_to(&ann);
    assert_eq!(
        mail.path(),
        format!("/auth/activate?ticket={}", mail.header("X-Ticket").unwrap())
    );
    server.get(&mail.path()).send().expect(200);
    server.backend_plus().log_in(&ann);
}

#[test]
fn the_header_can_be_left_out() {
    let server = server_with(&[("TICKET_HEADER", "false")]);
    for mail in letters(&server) {
        assert_eq!(mail.header("X-Ticket"), None);
        assert!(!mail.query("ticket").is_empty());
    }
}

#[test]
fn an_operators_templates_take_the_place_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("activate-account");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("subject.ejs"), "Welcome, <%= display_name %>\n").unwrap();
    let html =
        "<p>Hi <%= display_name %>: <a href=\"<%= url %>/auth/activate?ticket=<%= ticket %>\">go</a></p>";
    std::fs::write(own.join("html.ejs"), html).unwrap();
    let server = server_with(&[
        ("TEMPLATES_DIR", folder.path().to_str().unwrap()),
        ("REGISTRATION_CUSTOM_FIELDS", "display_name"),
    ]);
    let ann = address("ann");
    let called = |name: &str| {
        let body = json!({ "email": ann, "password": crate::harness::PASSWORD, "user_data": { "display_name": name } });
        post(&server, "/auth/register", body)
    };
    let several_lines = called("<b>Ann\r\nBcc: x@example.org").expect(400);
    assert!(
        several_lines.text().contains("control characters"),
        "{several_lines}"
    );
    called("<b>Ann Bcc: x@example.org").expect(204);
    let mail = server.mail_to(&ann);
    assert_eq!(mail.subject, "Welcome, <b>Ann Bcc: x@example.org");
    assert_eq!(mail.to, [ann]);
    let ticket = mail.header("X-Ticket").unwrap();
    let link = format!("{}/auth/activate?ticket={ticket}", server.url(""));
    assert!(
        mail.html.contains("Hi &lt;b&gt;Ann") && mail.html.contains(&link),
        "{}",
        mail.html
    );
    // Letters without a template keep ours.
    let bob = address("bob");
    server.backend_plus().register(&bob).expect(204);
    let ticket = server.mail_to(&bob).header("X-Ticket").unwrap();
    server.backend_plus().activate(&ticket).expect(204);
    post(&server, "/auth/change-password/request", json!({ "email": bob })).expect(204);
    assert_eq!(server.mail_to(&bob).subject, "Reset your password");
}

#[test]
fn one_account_is_not_flooded_with_mail() {
    let mut settings = named(&[]);
    settings.push((
        "CLAVIS_LIMITS__MAILS_PER_ACCOUNT_PER_HOUR".to_owned(),
        "3".to_owned(),
    ));
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = Server::with(&settings);
    let ann = somebody(&server);
    for _ in 0..2 {
        post(&server, "/auth/change-password/request", json!({ "email": ann })).expect(204);
        server.mail_to(&ann);
    }
    let tokens = server.backend_plus().log_in(&ann);
    let request = server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": address("new") }));
    insta::assert_snapshot!(
        request.bearer(&tokens.access).send(),
        @r#"429 {"statusCode":429,"error":"Too Many Requests","message":"Too many requests"}"#
    );
    post(&server, "/auth/change-password/request", json!({ "email": ann })).expect(204);
    assert!(server.unread_mail_to(&ann).is_none());
}
