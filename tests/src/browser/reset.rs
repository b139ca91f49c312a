use super::{Browser, NEW_PASSWORD, NOT_VALID, lost_password, pluto_reset_token};
use crate::harness::{PASSWORD, Server, address};

#[test]
fn a_password_is_chosen_once_and_the_old_one_is_worth_nothing() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let link = lost_password(&server, &ann).link();
    let browser = Browser::start();
    browser.go_to(&link);
    browser.shows(200, "Choose a new password", "New password");
    server.backend_plus().log_in(&ann);
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("Once more", NEW_PASSWORD);
    browser.press("Change the password");
    browser.shows(200, "Your password was changed", "Log in with the new password.");
    server.backend_plus().try_log_in(&ann, NEW_PASSWORD).expect(200);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);

    // The same form once more, then the same link.
    browser.reload();
    browser.shows(403, "That did not work", NOT_VALID);
    browser.go_to(&link);
    browser.shows(403, "That did not work", NOT_VALID);
    server.backend_plus().try_log_in(&ann, NEW_PASSWORD).expect(200);
}

#[test]
fn a_slip_is_told_and_costs_nothing() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let browser = Browser::start();
    browser.go_to(&lost_password(&server, &ann).link());
    browser.press_in_vain("Change the password");
    for (first, second, told) in [
        (
            NEW_PASSWORD,
            "a quite similar phrase",
            "The two passwords differ.",
        ),
        ("no", "no", "at least 6 characters"),
    ] {
        browser.fill("New password", first);
        browser.fill("Once more", second);
        browser.press("Change the password");
        browser.shows(400, "Choose a new password", told);
        assert_eq!(
            browser.evaluate("return document.querySelector('[role=alert]').innerText.length > 0"),
            true
        );
        server.backend_plus().log_in(&ann);
    }
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("Once more", NEW_PASSWORD);
    browser.press("Change the password");
    browser.shows(200, "Your password was changed", "Log in");
    server.backend_plus().try_log_in(&ann, NEW_PASSWORD).expect(200);
}

#[test]
fn what_was_typed_is_not_written_into_the_page_or_its_address() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let browser = Browser::start();
    browser.go_to(&lost_password(&server, &ann).link());
    assert_eq!(
        browser.evaluate("return [...document.querySelectorAll('input:not([type=hidden])')].every((field) => field.type === 'password' && field.autocomplete === 'new-password')"),
        true
    );
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("Once more", "another");
    browser.press("Change the password");
    let source = browser.done(browser.driver().source());
    assert!(
        !source.contains(NEW_PASSWORD) && !source.contains("another"),
        "{source}"
    );
    let url = browser.done(browser.driver().current_url());
    assert_eq!(url.query(), None, "{url}");
}

#[test]
fn plutos_link_changes_the_password_too() {
    let server = Server::start();
    let bob = address("bob");
    server.pluto().sign_up(&bob);
    let token = pluto_reset_token(&server, &bob);
    let browser = Browser::start();
    let link = server.url(&format!("/mail/reset?token={token}"));
    browser.go_to(&link);
    browser.fill("New password", NEW_PASSWORD);
    browser.fill("Once more", NEW_PASSWORD);
    browser.press("Change the password");
    browser.shows(200, "Your password was changed", "Log in with the new password.");
    browser.go_to(&link);
    browser.shows(403, "That did not work", NOT_VALID);
    server.pluto().try_log_in(&bob, NEW_PASSWORD).expect(200);
    server.pluto().try_log_in(&bob, PASSWORD).expect(403);
}
