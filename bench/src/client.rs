//! Logs in before a measurement, so that there are tokens to refresh and to check.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use reqwest::blocking::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::PASSWORD;
use crate::server::Server;

/// Log-ins at once.
const AT_ONCE: u32 = 8;

/// Through which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    BackendPlus,
    Pluto,
}

/// What a log-in gave.
#[derive(Debug)]
pub(crate) struct Session {
    /// The account's number, which Pluto's paths have.
    pub(crate) number: u32,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// Logs in to so many accounts, spread over all there are. The same account comes again when there are fewer.
pub(crate) fn sessions(
    client: &Client,
    server: &Server,
    door: Door,
    accounts: u32,
    count: u32,
) -> Result<Vec<Session>> {
    let step = (accounts / count).max(1);
    thread::scope(|scope| {
        let logging_in: Vec<_> = (0..AT_ONCE)
            .map(|first| {
                let mine = (first..count).step_by(AT_ONCE as usize);
                scope.spawn(move || -> Result<Vec<Session>> {
                    mine.map(|index| log_in(client, server, door, index * step % accounts + 1))
                        .collect()
                })
            })
            .collect();
        let mut sessions = Vec::with_capacity(count as usize);
        for thread in logging_in {
            sessions.extend(thread.join().map_err(|_| anyhow!("a log-in panicked"))??);
        }
        Ok(sessions)
    })
}

#[derive(Deserialize)]
struct PlutoAnswer {
    body: PlutoTokens,
}

#[derive(Deserialize)]
struct PlutoTokens {
    access_token: String,
    refresh_token: String,
}

#[derive(Deserialize)]
struct BackendPlusTokens {
    jwt_token: String,
    refresh_token: String,
}

fn log_in(client: &Client, server: &Server, door: Door, number: u32) -> Result<Session> {
    let address = format!("user{number}@bench.example.org");
    let (path, body) = match door {
        Door::Pluto => (
            "/v1/login/account",
            json!({ "account": address, "password": PASSWORD, "app_id": "pluto" }),
        ),
        Door::BackendPlus => (
            "/auth/login",
            json!({ "email": address, "password": PASSWORD, "cookie": false }),
        ),
    };
    let answer = client.post(server.at(path)).json(&body).send()?;
    let status = answer.status();
    let answer: Value = answer.json().context("a log-in was not answered with JSON")?;
    ensure!(
        status.is_success(),
        "a log-in was refused with {status}: {answer}"
    );
    let (access_token, refresh_token) = match door {
        Door::Pluto => {
            let tokens = serde_json::from_value::<PlutoAnswer>(answer)?.body;
            (tokens.access_token, tokens.refresh_token)
        }
        Door::BackendPlus => {
            let tokens: BackendPlusTokens = serde_json::from_value(answer)?;
            (tokens.jwt_token, tokens.refresh_token)
        }
    };
    Ok(Session {
        number,
        access_token,
        refresh_token,
    })
}
