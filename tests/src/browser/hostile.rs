//! What strangers wrote is text, in the browser too.

use serde_json::json;

use super::Browser;
use crate::harness::{PASSWORD, Server, address, unique};

/// Each would open a dialog or leave a mark if it were taken for anything but text.
const HOSTILE: [&str; 4] = [
    "<script>window.ran=1;alert(1)</script>",
    "\"><img src=x onerror=\"window.ran=1;alert(1)\">",
    "'><svg onload='window.ran=1;alert(1)'>",
    "</title></textarea><body onload=window.ran=1>",
];

/// No element of the page is of a stranger's making.
#[track_caller]
fn only_text(browser: &Browser) {
    let made = "return [...document.querySelectorAll('script, img, svg, iframe, object, style, [onload], [onerror], [style]')].map((it) => it.outerHTML)";
    assert_eq!(browser.evaluate(made), json!([]));
    assert_eq!(browser.evaluate("return window.ran || 0"), 0);
}

/// A server whose mails carry the name of the person in their subject.
fn server_with_names_in_subjects(folder: &std::path::Path) -> Server {
    let own = folder.join("activate-account");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("subject.ejs"), "Welcome <%= display_name %>").unwrap();
    std::fs::write(own.join("html.ejs"), "<p><%= display_name %> <%= link %></p>").unwrap();
    std::fs::write(own.join("text.ejs"), "Hello <%= display_name %>: <%= link %>").unwrap();
    Server::with(&[
        ("CLAVIS_DEV", "true"),
        (
            "CLAVIS_DIALECTS__BACKEND_PLUS__TEMPLATES_DIR",
            folder.to_str().unwrap(),
        ),
        (
            "CLAVIS_DIALECTS__BACKEND_PLUS__REGISTRATION_CUSTOM_FIELDS",
            "display_name",
        ),
    ])
}

#[test]
fn a_hostile_name_is_shown_as_text_in_the_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_names_in_subjects(folder.path());
    let guarded = Browser::start();
    let unguarded = Browser::start();
    unguarded.ignore_content_policies();
    for name in HOSTILE {
        let ann = address("ann");
        let body = json!({ "email": ann, "password": PASSWORD, "user_data": { "display_name": name } });
        server.post("/auth/register").json(body).send().expect(204);
        let mail = server.mail_to(&ann);
        assert_eq!(mail.subject, format!("Welcome {name}"));
        // The policy is the second line: without it the page must be as harmless.
        for browser in [&guarded, &unguarded] {
            browser.go_to(&server.url("/dev/mailbox"));
            browser.shows(200, "Mailbox", name);
            only_text(browser);
            browser.follow(&mail.subject);
            browser.shows(200, &mail.subject, &format!("Hello {name}"));
            only_text(browser);
            assert_eq!(browser.done(browser.driver().title()), mail.subject);
        }
    }
}

#[test]
fn a_name_that_looks_like_a_link_leads_nowhere_but_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_names_in_subjects(folder.path());
    let ann = address("ann");
    let name = "x javascript:alert(1) data:text/html,<script>alert(1)</script> http://evil.example/\"onmouseover=\"alert(1)";
    let body = json!({ "email": ann, "password": PASSWORD, "user_data": { "display_name": name } });
    server.post("/auth/register").json(body).send().expect(204);
    let mail = server.mail_to(&ann);
    let browser = Browser::start();
    browser.ignore_content_policies();
    browser.go_to(&server.url("/dev/mailbox"));
    browser.follow(&mail.subject);
    only_text(&browser);
    let links = browser.evaluate("return [...document.querySelectorAll('a')].map((link) => link.protocol)");
    assert!(
        links
            .as_array()
            .unwrap()
            .iter()
            .all(|protocol| protocol == "http:"),
        "{links}"
    );
    assert_eq!(
        browser.evaluate("return document.querySelectorAll('[onmouseover]').length"),
        0
    );
}

#[test]
fn a_hostile_ticket_stays_in_its_field() {
    let server = Server::start();
    let browser = Browser::start();
    browser.ignore_content_policies();
    for hostile in HOSTILE {
        let open = |path: &str, field: &str| {
            let mut url = url::Url::parse(&server.url(path)).unwrap();
            url.query_pairs_mut().append_pair(field, hostile);
            browser.go_to(url.as_str());
            only_text(&browser);
        };
        for (path, field, button) in [
            ("/mail/activate", "ticket", "Activate"),
            ("/mail/verify", "token", "Activate"),
            ("/mail/email", "ticket", "Confirm"),
        ] {
            open(path, field);
            let value = format!("return document.querySelector('[name={field}]').value");
            assert_eq!(browser.evaluate(&value), hostile);
            browser.press(button);
            browser.shows(403, "That did not work", super::NOT_VALID);
            only_text(&browser);
        }
        open("/mail/reset", "token");
        browser.shows(403, "That did not work", super::NOT_VALID);
    }
}

#[test]
fn a_hostile_path_is_shown_as_text_by_pluto() {
    let server = Server::start();
    let browser = Browser::start();
    browser.ignore_content_policies();
    for hostile in HOSTILE {
        for path in ["/web/mail/verify", "/web/password/reset"] {
            let mut url = url::Url::parse(&server.url(path)).unwrap();
            url.path_segments_mut().unwrap().push(hostile);
            browser.go_to(url.as_str());
            only_text(&browser);
        }
    }
    let (bob, name) = (address("bob"), format!("<script>alert({})</script>", unique()));
    server.pluto().register_as(&bob, &name).expect(200);
    let token = server.mail_to(&bob).query("token");
    browser.go_to(&server.url(&format!("/web/mail/verify/{token}")));
    browser.shows(200, "Mail address verified", "You can log in now.");
    only_text(&browser);
}
