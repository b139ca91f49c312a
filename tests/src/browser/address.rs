use super::{Browser, NOT_VALID, new_address};
use crate::harness::{PASSWORD, Server, address};

#[test]
fn the_button_changes_the_address_and_nothing_before_it_does() {
    let server = Server::start();
    let (old, new) = (address("ann"), address("new"));
    server.backend_plus().sign_up(&old);
    let link = new_address(&server, &old, &new).link();
    let browser = Browser::start();
    browser.go_to(&link);
    browser.shows(200, "Confirm your new address", "Press the button");
    server.backend_plus().log_in(&old);
    server.backend_plus().try_log_in(&new, PASSWORD).expect(400);
    browser.press("Confirm");
    browser.shows(200, "Your address was changed", "Log in with the new address");
    server.backend_plus().log_in(&new);
    server.backend_plus().try_log_in(&old, PASSWORD).expect(400);
    browser.reload();
    browser.shows(403, "That did not work", NOT_VALID);
    server.backend_plus().log_in(&new);
}

#[test]
fn an_address_that_somebody_took_meanwhile_is_refused() {
    let server = Server::start();
    let (old, new) = (address("ann"), address("new"));
    server.backend_plus().sign_up(&old);
    let link = new_address(&server, &old, &new).link();
    server.backend_plus().sign_up(&new);
    let browser = Browser::start();
    browser.go_to(&link);
    browser.press("Confirm");
    browser.shows(
        409,
        "That did not work",
        "This address belongs to another account by now.",
    );
    server.backend_plus().log_in(&old);
}
