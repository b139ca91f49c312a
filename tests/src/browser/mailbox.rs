use super::Browser;
use crate::harness::{Server, address};

#[test]
fn in_dev_mode_a_newcomer_activates_from_the_mailbox() {
    let server = Server::with(&[("CLAVIS_DEV", "true")]);
    let browser = Browser::start();
    browser.go_to(&server.url("/dev/mailbox"));
    browser.shows(200, "Mailbox", "No mail yet.");
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let mail = server.mail_to(&ann);
    browser.reload();
    browser.shows(200, "Mailbox", &ann);
    browser.follow(&mail.subject);
    browser.shows(200, &mail.subject, &mail.query("ticket"));
    browser.follow("All mails");
    browser.shows(200, "Mailbox", &ann);
    browser.follow(&mail.subject);
    browser.follow(&mail.link());
    browser.press("Activate");
    browser.shows(200, "Your account is active", "You can log in now.");
    server.backend_plus().log_in(&ann);
}

#[test]
fn the_newest_mail_is_on_top() {
    let server = Server::with(&[("CLAVIS_DEV", "true")]);
    let (ann, bob) = (address("ann"), address("bob"));
    for who in [&ann, &bob] {
        server.backend_plus().register(who).expect(204);
        server.mail_to(who);
    }
    let browser = Browser::start();
    browser.go_to(&server.url("/dev/mailbox"));
    let text = browser.text();
    assert!(text.find(&bob).unwrap() < text.find(&ann).unwrap(), "{text}");
}

#[test]
fn a_mail_that_is_not_there_and_a_server_that_is_not_in_dev_mode_show_none() {
    let browser = Browser::start();
    let server = Server::with(&[("CLAVIS_DEV", "true")]);
    for id in ["nothing", "..%2f..%2fmaster.key"] {
        browser.go_to(&server.url(&format!("/dev/mailbox/{id}")));
        browser.shows(404, "Not found", "There is no such mail.");
    }
    let server = Server::start();
    server.get("/dev/mailbox").send().expect(404);
}
