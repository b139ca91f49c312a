//! Pluto's own pages, which its contract's links lead to.

use super::{Browser, NEW_PASSWORD, pluto_reset_token};
use crate::harness::{PASSWORD, Server, address};

#[test]
fn the_contracts_link_verifies_and_a_second_visit_says_that_it_was() {
    let server = Server::with(&[("CLAVIS_HTTP__MAIL_LINKS", "contract")]);
    let bob = address("bob");
    server.pluto().register(&bob).expect(200);
    let link = server.mail_to(&bob).link();
    let browser = Browser::start();
    browser.go_to(&link);
    browser.shows(200, "Mail address verified", "You can log in now.");
    server.pluto().log_in(&bob);
    browser.reload();
    browser.shows(400, "The mail address was not verified", "Error 2004");
    server.pluto().log_in(&bob);
}

#[test]
fn whoever_holds_a_worthless_link_gets_a_new_one() {
    let server = Server::start();
    let bob = address("bob");
    server.pluto().register(&bob).expect(200);
    server.mail_to(&bob);
    let browser = Browser::start();
    browser.go_to(&server.url("/web/mail/verify/nonsense"));
    browser.shows(403, "The mail address was not verified", "Error 3003");
    browser.press_in_vain("Send");
    browser.fill("Mail address", &address("nobody"));
    browser.press("Send");
    browser.shows(
        403,
        "The mail address was not verified",
        "No account has this mail address.",
    );
    browser.fill("Mail address", &bob);
    browser.press("Send");
    browser.shows(200, "Mail sent", "Follow the link in the mail.");
    browser.go_to(&server.mail_to(&bob).link());
    browser.press("Activate");
    server.pluto().log_in(&bob);
}

#[test]
fn a_password_is_chosen_once_and_a_slip_costs_nothing() {
    let server = Server::start();
    let bob = address("bob");
    server.pluto().sign_up(&bob);
    let page = server.url(&format!(
        "/web/password/reset/{}",
        pluto_reset_token(&server, &bob)
    ));
    let browser = Browser::start();
    browser.go_to(&page);
    browser.shows(200, "Choose a new password", "New password");
    browser.press_in_vain("Set password");
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("New password again", "a quite similar phrase");
    browser.press("Set password");
    browser.shows(
        400,
        "Choose a new password",
        "The two passwords are not the same.",
    );
    server.pluto().log_in(&bob);
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("New password again", NEW_PASSWORD);
    browser.press("Set password");
    browser.shows(200, "Password changed", "Log in with your new password.");
    server.pluto().try_log_in(&bob, NEW_PASSWORD).expect(200);
    server.pluto().try_log_in(&bob, PASSWORD).expect(403);
    browser.go_to(&page);
    browser.shows(403, "The password was not changed", "Error");
}
