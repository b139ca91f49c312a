use super::Browser;
use crate::harness::{PASSWORD, Server, address};

const ACTIVE_ALREADY: &str = "Your account is active already. You can log in.";

#[test]
fn the_button_activates_and_nothing_before_it_does() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let pending = server
        .backend_plus()
        .try_log_in(&ann, PASSWORD)
        .expect(400)
        .text();
    let browser = Browser::start();
    let link = server.mail_to(&ann).link();
    for _ in 0..2 {
        browser.go_to(&link);
        browser.shows(200, "Activate your account", "Press the button");
        let still = server.backend_plus().try_log_in(&ann, PASSWORD);
        assert_eq!(still.expect(400).text(), pending);
    }
    browser.press("Activate");
    browser.shows(200, "Your account is active", "You can log in now.");
    server.backend_plus().log_in(&ann);
}

#[test]
fn activating_again_does_no_harm_and_says_so() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let link = server.mail_to(&ann).link();
    let browser = Browser::start();
    browser.go_to(&link);
    browser.press("Activate");
    // The form is sent again, as by somebody who thinks that nothing happened.
    browser.reload();
    browser.shows(409, "That did not work", ACTIVE_ALREADY);
    browser.go_to(&link);
    browser.press("Activate");
    browser.shows(409, "That did not work", ACTIVE_ALREADY);
    server.backend_plus().log_in(&ann);
}

#[test]
fn plutos_link_verifies_by_its_button_and_once() {
    let server = Server::start();
    let bob = address("bob");
    server.pluto().register(&bob).expect(200);
    let pending = server.pluto().try_log_in(&bob, PASSWORD).expect(403).text();
    assert!(pending.contains("2003"), "{pending}");
    let link = server.mail_to(&bob).link();
    let browser = Browser::start();
    browser.go_to(&link);
    browser.shows(200, "Activate your account", "Press the button");
    let still = server.pluto().try_log_in(&bob, PASSWORD);
    assert_eq!(still.expect(403).text(), pending);
    browser.press("Activate");
    browser.shows(200, "Your account is active", "You can log in now.");
    server.pluto().log_in(&bob);
    browser.reload();
    browser.shows(409, "That did not work", ACTIVE_ALREADY);
    server.pluto().log_in(&bob);
}

#[test]
fn a_link_that_is_cut_off_says_so() {
    let server = Server::start();
    let browser = Browser::start();
    for path in [
        "/mail/activate",
        "/mail/verify",
        "/mail/reset",
        "/mail/email",
        "/mail/reset?token=",
    ] {
        browser.go_to(&server.url(path));
        browser.shows(400, "That did not work", "This link is not complete.");
    }
}

#[test]
fn whoever_comes_from_an_application_is_led_back_to_it() {
    let app = "https://app.example.org/welcome?a=b#top";
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__REDIRECT_URL_SUCCESS", app)]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let browser = Browser::start();
    browser.go_to(&server.mail_to(&ann).link());
    browser.press("Activate");
    browser.shows(200, "Your account is active", "You can log in now.");
    assert_eq!(browser.target("Continue"), app);
}
