//! The few requests that nearly every test of Barong begins with.

use reqwest::Method;
use serde_json::json;

use super::http::Request;
use super::{Answer, Server};

/// The session cookie, whose name the contract fixes.
pub(crate) const COOKIE: &str = "_barong_session";

/// A password that Barong's rules let through, and every other dialect's, too.
pub(crate) const BARONG_PASSWORD: &str = "Kal31ewwqXrew";

/// Barong, under `/api/v2`.
#[derive(Clone, Copy)]
pub(crate) struct Barong<'a>(&'a Server);

/// What a log-in gave: a session in a cookie, and what the gateway makes of it.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The value of the session cookie.
    pub(crate) cookie: String,
    /// What goes into `X-CSRF-Token`.
    pub(crate) csrf: String,
    /// The bearer token.
    pub(crate) access: String,
}

impl Server {
    pub(crate) fn barong(&self) -> Barong<'_> {
        Barong(self)
    }
}

impl Barong<'_> {
    pub(super) fn server(&self) -> &Server {
        self.0
    }

    pub(crate) fn register(self, address: &str) -> Answer {
        self.register_with(address, BARONG_PASSWORD)
    }

    pub(crate) fn register_with(self, address: &str, password: &str) -> Answer {
        self.0
            .post("/api/v2/identity/users")
            .json(json!({ "email": address, "password": password }))
            .send()
    }

    /// Registers and confirms with the token of the mail.
    #[track_caller]
    pub(crate) fn sign_up(self, address: &str) {
        self.register(address).expect(201);
        let token = self.0.mail_to(address).query("token");
        self.confirm(&token).expect(201);
    }

    pub(crate) fn confirm(self, token: &str) -> Answer {
        self.0
            .post("/api/v2/identity/users/email/confirm_code")
            .json(json!({ "token": token }))
            .send()
    }

    pub(crate) fn try_log_in(self, address: &str, password: &str) -> Answer {
        self.0
            .post("/api/v2/identity/sessions")
            .json(json!({ "email": address, "password": password }))
            .send()
    }

    /// As [`Barong::try_log_in`], with a code of the second factor.
    pub(crate) fn try_log_in_with_code(self, address: &str, password: &str, code: &str) -> Answer {
        self.0
            .post("/api/v2/identity/sessions")
            .json(json!({ "email": address, "password": password, "otp_code": code }))
            .send()
    }

    /// Logs in with [`BARONG_PASSWORD`], and fetches a token from the gateway.
    #[track_caller]
    pub(crate) fn log_in(self, address: &str) -> Visit {
        self.log_in_with(address, BARONG_PASSWORD)
    }

    #[track_caller]
    pub(crate) fn log_in_with(self, address: &str, password: &str) -> Visit {
        self.visit(&self.try_log_in(address, password))
    }

    /// What a log-in gave, with a token from the gateway.
    #[track_caller]
    pub(crate) fn visit(self, log_in: &Answer) -> Visit {
        assert_eq!(log_in.status(), 200, "{log_in}");
        let cookie = log_in.cookie(COOKIE).value;
        Visit {
            access: self.token(&cookie),
            csrf: log_in.header("X-CSRF-Token").unwrap_or_default(),
            cookie,
        }
    }

    /// A new account that is confirmed and logged in.
    #[track_caller]
    pub(crate) fn newcomer(self, who: &str) -> Visit {
        let address = super::address(who);
        self.sign_up(&address);
        self.log_in(&address)
    }

    /// The bearer token that the gateway makes of a session.
    #[track_caller]
    pub(crate) fn token(self, cookie: &str) -> String {
        bearer(&self.knock(cookie, "/api/v2/peatio/account/balances"))
    }

    /// Asks the gateway about a `GET` of this path.
    pub(crate) fn knock(self, cookie: &str, path: &str) -> Answer {
        self.gateway(Method::GET, path).cookie(COOKIE, cookie).send()
    }

    /// A question for the gateway: may somebody do this with this path?
    pub(crate) fn gateway(self, method: Method, path: &str) -> Request {
        self.0.request(method, &format!("/api/v2/auth{path}"))
    }

    /// The caller's own account.
    pub(crate) fn me(self, access: &str) -> Answer {
        self.0.get("/api/v2/resource/users/me").bearer(access).send()
    }

    /// Whether an access token opens this door.
    #[track_caller]
    pub(crate) fn opens(self, access: &str) -> bool {
        let answer = self.me(access);
        match answer.status().as_u16() {
            200 => true,
            401 => false,
            _ => panic!("neither in nor out: {answer}"),
        }
    }
}

/// The token in an answer of the gateway.
#[track_caller]
pub(crate) fn bearer(answer: &Answer) -> String {
    assert_eq!(answer.status(), 200, "{answer}");
    let header = answer.header("Authorization");
    let token = header.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    token
        .unwrap_or_else(|| panic!("no bearer token: {header:?}"))
        .to_owned()
}
