//! The hosted pages as a person meets them: in a real browser, by what is read and pressed.
//!
//! Needs `chromium` and `chromedriver` in the path. With `CLAVIS_TEST_SHOTS=<folder>` the looks of every kind of
//! page are kept there as pictures.

mod activation;
mod address;
mod consent;
mod driver;
mod hostile;
mod instrument;
mod looks;
mod mailbox;
mod page;
mod reset;
mod web;

use driver::Browser;
use serde_json::json;

use crate::harness::{Mail, Server};

/// What the pages behind HBP's links say of a ticket that was spent.
const NOT_VALID: &str = "This link is not valid, or it was used already.";

/// A password that nobody has yet.
const NEW_PASSWORD: &str = "a quite different phrase";

/// The mail that Backend Plus sends to somebody who lost the password.
#[track_caller]
fn lost_password(server: &Server, address: &str) -> Mail {
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": address }))
        .send()
        .expect(204);
    server.mail_to(address)
}

/// The mail that Backend Plus sends to the address that is to be the new one.
#[track_caller]
fn new_address(server: &Server, old: &str, new: &str) -> Mail {
    let tokens = server.backend_plus().log_in(old);
    server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }))
        .bearer(&tokens.access)
        .send()
        .expect(204);
    server.mail_to(new)
}

/// The token of the mail that Pluto sends to somebody who lost the password.
#[track_caller]
fn pluto_reset_token(server: &Server, address: &str) -> String {
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": address }))
        .send()
        .expect(200);
    server.mail_to(address).query("token")
}
