//! Hasura Backend Plus, endpoint by endpoint, to the byte.

mod account;
mod activation;
mod anonymous;
mod breached;
mod cookies;
mod email;
mod impersonation;
mod log_in;
mod magic_link;
mod mail;
mod mfa;
mod password;
mod providers;
mod registration;
mod start;
mod storage;
mod token;
mod transport;
mod v2_7;

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Request, Server, Tokens, address};

/// A version-4 UUID that nobody issued.
const NOBODYS_UUID: &str = "b2f6a0cc-3f1e-4d5a-9d6e-0a1b2c3d4e5f";

/// A server with these settings of the dialect, by their short names.
#[track_caller]
fn server_with(settings: &[(&str, &str)]) -> Server {
    let named = named(settings);
    let named: Vec<_> = named
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Server::with(&named)
}

fn named(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let named = settings
        .iter()
        .map(|(name, value)| (setting(name), (*value).to_owned()));
    named.collect()
}

/// The variable of a setting of the dialect.
fn setting(name: &str) -> String {
    format!("CLAVIS_DIALECTS__BACKEND_PLUS__{name}")
}

/// Somebody who has an active account.
#[track_caller]
fn somebody(server: &Server) -> String {
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    ann
}

/// Somebody who is logged in.
#[track_caller]
fn somebody_logged_in(server: &Server) -> (String, Tokens) {
    let ann = somebody(server);
    let tokens = server.backend_plus().log_in(&ann);
    (ann, tokens)
}

/// Logs in with cookies.
#[track_caller]
fn log_in_with_cookies(server: &Server, address: &str) -> Answer {
    server
        .post("/auth/login")
        .json(json!({ "email": address, "password": PASSWORD }))
        .send()
        .expect(200)
}

/// A request with the cookies that an answer set.
fn with_cookies_of(request: Request, answer: &Answer) -> Request {
    let cookies = answer.cookies();
    cookies.iter().fold(request, |request, cookie| {
        request.cookie(&cookie.name, &cookie.value)
    })
}

/// The answer to a post of this body.
#[track_caller]
fn post(server: &Server, path: &str, body: serde_json::Value) -> Answer {
    server.post(path).json(body).send()
}
