//! Pluto: every endpoint, every refusal, in the order that its clients know.

mod admin;
mod avatar;
mod binding;
mod envelope;
mod limits;
mod log_in;
mod oauth;
mod pages;
mod profile;
mod rbac;
mod recover;
mod register;
mod social;
mod token;
mod user_public;
mod user_search;

use serde_json::Value;

use crate::harness::{Answer, Server, Tokens, jwt, number};

/// A verified account, logged in to the application `pluto`.
struct Someone {
    address: String,
    name: String,
    tokens: Tokens,
    number: u64,
}

impl Someone {
    #[track_caller]
    fn new(server: &Server, who: &str) -> Self {
        let (address, name) = (crate::harness::address(who), crate::harness::name(who));
        server.pluto().sign_up_as(&address, &name);
        let tokens = server.pluto().log_in(&address);
        let number = number(&jwt::payload(&tokens.access));
        Self {
            address,
            name,
            tokens,
            number,
        }
    }

    /// An administrator that the command line made.
    #[track_caller]
    fn admin(server: &Server) -> Self {
        let (address, name) = (crate::harness::address("root"), crate::harness::name("root"));
        let password = crate::harness::PASSWORD;
        let arguments = ["user", "create", "--email", &address, "--password", password];
        let cli = server.cli(&[&arguments[..], &["--name", &name, "--role", "admin", "--active"]].concat());
        cli.ok();
        let tokens = server.pluto().log_in(&address);
        let number = number(&jwt::payload(&tokens.access));
        Self {
            address,
            name,
            tokens,
            number,
        }
    }

    fn path(&self) -> String {
        format!("/v1/user/info/{}", self.number)
    }

    fn info(&self, server: &Server) -> Value {
        server
            .pluto()
            .info(self.number, &self.tokens.access)
            .expect(200)
            .json()["body"]
            .clone()
    }
}

/// The code of a refusal.
#[track_caller]
fn code(answer: &Answer) -> u64 {
    answer.json()["error"]["code"]
        .as_u64()
        .unwrap_or_else(|| panic!("no refusal: {answer}"))
}

#[track_caller]
fn create_application(server: &Server, name: &str) {
    let cli = server.cli(&["app", "create", "--name", name]);
    cli.ok();
}

/// Sets an account's state from the command line.
#[track_caller]
fn set_state(server: &Server, address: &str, state: &str) {
    let cli = server.cli(&["user", "set-state", "--email", address, state]);
    cli.ok();
}
