//! The few requests that nearly every test begins with, through either door.

use serde_json::{Value, json};

use super::{Answer, PASSWORD, Server, name};

/// Hasura Backend Plus, spoken without cookies.
#[derive(Clone, Copy)]
pub(crate) struct BackendPlus<'a>(&'a Server);

/// Pluto, for the application `pluto`.
#[derive(Clone, Copy)]
pub(crate) struct Pluto<'a>(&'a Server);

/// What a log-in or a refresh gave.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Server {
    pub(crate) fn backend_plus(&self) -> BackendPlus<'_> {
        BackendPlus(self)
    }

    pub(crate) fn pluto(&self) -> Pluto<'_> {
        Pluto(self)
    }
}

impl<'a> BackendPlus<'a> {
    pub(super) fn server(self) -> &'a Server {
        self.0
    }

    pub(crate) fn register(self, address: &str) -> Answer {
        self.0
            .post("/auth/register")
            .json(json!({ "email": address, "password": PASSWORD }))
            .send()
    }

    /// Registers and activates with the ticket of the mail.
    #[track_caller]
    pub(crate) fn sign_up(self, address: &str) {
        self.register(address).expect(204);
        let ticket = self.0.mail_to(address).query("ticket");
        self.activate(&ticket).expect(204);
    }

    pub(crate) fn activate(self, ticket: &str) -> Answer {
        self.0
            .post("/auth/activate")
            .json(json!({ "ticket": ticket }))
            .send()
    }

    pub(crate) fn try_log_in(self, address: &str, password: &str) -> Answer {
        let body = json!({ "email": address, "password": password, "cookie": false });
        self.0.post("/auth/login").json(body).send()
    }

    #[track_caller]
    pub(crate) fn log_in(self, address: &str) -> Tokens {
        Tokens::of_backend_plus(&self.try_log_in(address, PASSWORD))
    }

    pub(crate) fn refresh(self, refresh: &str) -> Answer {
        self.0
            .post("/auth/token/refresh")
            .query(&[("refresh_token", refresh)])
            .send()
    }

    /// Whether an access token opens this door: who is let in is told what is wrong with the request.
    #[track_caller]
    pub(crate) fn opens(self, access: &str) -> bool {
        let answer = self
            .0
            .post("/auth/change-email/request")
            .json(json!({}))
            .bearer(access)
            .send();
        match answer.status().as_u16() {
            400 => true,
            401 => false,
            _ => panic!("neither in nor out: {answer}"),
        }
    }
}

impl Pluto<'_> {
    pub(crate) fn register(self, address: &str) -> Answer {
        self.register_as(address, &name("user"))
    }

    pub(crate) fn register_as(self, address: &str, name: &str) -> Answer {
        let body = json!({ "mail": address, "name": name, "password": PASSWORD });
        self.0.post("/v1/register").json(body).send()
    }

    /// Registers and verifies with the token of the mail.
    #[track_caller]
    pub(crate) fn sign_up(self, address: &str) {
        self.sign_up_as(address, &name("user"));
    }

    #[track_caller]
    pub(crate) fn sign_up_as(self, address: &str, name: &str) {
        self.register_as(address, name).expect(200);
        let token = self.0.mail_to(address).query("token");
        self.0
            .get(&format!("/web/mail/verify/{token}"))
            .send()
            .expect(200);
    }

    pub(crate) fn try_log_in(self, account: &str, password: &str) -> Answer {
        self.try_log_in_to("pluto", account, password)
    }

    pub(crate) fn try_log_in_to(self, application: &str, account: &str, password: &str) -> Answer {
        let body = json!({ "account": account, "password": password, "app_id": application });
        self.0.post("/v1/login/account").json(body).send()
    }

    #[track_caller]
    pub(crate) fn log_in(self, account: &str) -> Tokens {
        Tokens::of_pluto(&self.try_log_in(account, PASSWORD))
    }

    pub(crate) fn refresh(self, refresh: &str) -> Answer {
        let body = json!({ "refresh_token": refresh, "app_id": "pluto" });
        self.0.post("/v1/token/refresh").json(body).send()
    }

    pub(crate) fn info(self, number: u64, access: &str) -> Answer {
        self.0
            .get(&format!("/v1/user/info/{number}"))
            .bearer(access)
            .send()
    }

    /// Whether an access token opens this door: who is let in is told what is wrong with the request.
    #[track_caller]
    pub(crate) fn opens(self, access: &str) -> bool {
        let answer = self.0.get("/v1/user/info/nobody").bearer(access).send();
        match answer.status().as_u16() {
            400 => true,
            403 => false,
            _ => panic!("neither in nor out: {answer}"),
        }
    }
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of_backend_plus(answer: &Answer) -> Self {
        assert_eq!(answer.status(), 200, "{answer}");
        Self {
            access: answer.at("/jwt_token"),
            refresh: answer.at("/refresh_token"),
        }
    }

    #[track_caller]
    pub(crate) fn of_pluto(answer: &Answer) -> Self {
        assert_eq!(answer.status(), 200, "{answer}");
        Self {
            access: answer.at("/body/access_token"),
            refresh: answer.at("/body/refresh_token"),
        }
    }
}

/// The account's number, which Pluto's tokens carry.
#[track_caller]
pub(crate) fn number(pluto_claims: &Value) -> u64 {
    pluto_claims["sub"]
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {pluto_claims}"))
}
