//! People at Barong's door: their cookies, tokens and signed requests.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use reqwest::blocking::{Client, Response};
use reqwest::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use totp_lite::{Sha1, totp_custom};

use crate::database::PASSWORD;
use crate::server::Server;

/// What every request to a gateway passes through.
pub(crate) const GATE: &str = "/api/v2/auth/api/v2/peatio/account";
/// The program that the sessions belong to: a gateway refuses a cookie that another one shows.
pub(crate) const AGENT: &str = "clavis-bench";

/// How many milliseconds of nonces there are: the gateway believes none that is further from now than ten seconds.
const NONCES: usize = 4000;
/// How far ahead the first nonce is: what is prepared now is sent a little later.
const AHEAD: u64 = 4000;

/// Somebody who is logged in.
pub(crate) struct Person {
    /// The cookie, as it is sent.
    pub(crate) cookie: String,
    /// A token, from the gateway.
    pub(crate) token: String,
}

/// A key that signs requests.
pub(crate) struct Key {
    kid: String,
    secret: String,
}

/// Makes accounts and logs them in.
pub(crate) fn people(client: &Client, server: &Server, prefix: &str, count: u32) -> Result<Vec<Person>> {
    (0..count)
        .map(|index| {
            let address = format!("{prefix}-{index}@bench.example.org");
            let account = json!({ "email": address, "password": PASSWORD });
            good(client.post(server.at("/auth/register")).json(&account).send()?)?;
            let answer = client
                .post(server.at("/api/v2/identity/sessions"))
                .header("User-Agent", AGENT)
                .json(&account)
                .send()?;
            let answer = good(answer)?;
            let cookie = answer
                .headers()
                .get(SET_COOKIE)
                .context("a log-in gave no cookie")?;
            let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
            let answer = client
                .get(server.at(GATE))
                .header("User-Agent", AGENT)
                .header(COOKIE, &cookie)
                .send()?;
            let answer = good(answer)?;
            let token = answer
                .headers()
                .get(AUTHORIZATION)
                .context("the gateway gave no token")?;
            let token = token.to_str()?.trim_start_matches("Bearer ").to_owned();
            Ok(Person { cookie, token })
        })
        .collect()
}

/// Makes a key for each of these people, with the second factor that keys stand behind.
pub(crate) fn keys(client: &Client, server: &Server, people: &[Person]) -> Result<Vec<Key>> {
    people.iter().map(|person| key(client, server, person)).collect()
}

fn key(client: &Client, server: &Server, person: &Person) -> Result<Key> {
    let post = |path: &str, body: Value| -> Result<Value> {
        let answer = client
            .post(server.at(path))
            .bearer_auth(&person.token)
            .json(&body)
            .send()?;
        Ok(good(answer)?.json()?)
    };
    let shown = post("/otp/generate_qrcode", json!({}))?;
    let url = shown
        .pointer("/data/url")
        .and_then(Value::as_str)
        .context("a second factor has no URL")?;
    let secret = url
        .split("secret=")
        .nth(1)
        .and_then(|rest| rest.split('&').next())
        .context("a second factor's URL has no secret")?;
    let secret = BASE32_NOPAD.decode(secret.as_bytes())?;
    let now = now()?;
    let code = |step: u64| totp_custom::<Sha1>(30, 6, &secret, (now / 30_000 - 1 + step) * 30);
    post("/otp/enable", json!({ "code": code(0) }))?;
    let made = post("/api_keys", json!({ "algorithm": "HS256", "totp_code": code(1) }))?;
    let text = |name: &str| {
        made.get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .context("a key is not whole")
    };
    Ok(Key {
        kid: text("kid")?,
        secret: text("secret")?,
    })
}

/// Requests signed for the next seconds, each with a nonce of its own, in the order of their nonces.
pub(crate) fn signed(keys: &[Key]) -> Result<String> {
    let first = now()? + AHEAD;
    let secrets: Vec<_> = keys
        .iter()
        .map(|key| Ok((key, PKey::hmac(key.secret.as_bytes())?)))
        .collect::<Result<_>>()?;
    let mut lines = String::new();
    for nonce in (first..).take(NONCES) {
        for (key, secret) in &secrets {
            let mut signer = Signer::new(MessageDigest::sha256(), secret)?;
            signer.update(format!("{nonce}{}", key.kid).as_bytes())?;
            let signature = HEXLOWER.encode(&signer.sign_to_vec()?);
            writeln!(lines, "{} {nonce} {signature}", key.kid)?;
        }
    }
    Ok(lines)
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "signed requests are signed now")]
fn now() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    u64::try_from(since.as_millis()).context("the clock is far off")
}

fn good(answer: Response) -> Result<Response> {
    let (status, url) = (answer.status(), answer.url().path().to_owned());
    ensure!(
        status.is_success(),
        "{url} answered {status}: {}",
        answer.text().unwrap_or_default()
    );
    Ok(answer)
}
