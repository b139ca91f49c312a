//! jauth, spoken as its clients do.

use serde_json::{Value, json};

use super::{Answer, PASSWORD, Server, Tokens, name};

#[derive(Clone, Copy)]
pub(crate) struct Jauth<'a>(&'a Server);

/// An account with a name and a password, logged in.
#[derive(Debug)]
pub(crate) struct JauthUser {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) tokens: Tokens,
}

impl Server {
    pub(crate) fn jauth(&self) -> Jauth<'_> {
        Jauth(self)
    }
}

impl Jauth<'_> {
    pub(crate) fn register(self, account: &str) -> Answer {
        self.register_with(json!({ "account": account, "email": "ann@example.org", "password": PASSWORD }))
    }

    pub(crate) fn register_with(self, body: Value) -> Answer {
        self.0.post("/users/email").json(body).send()
    }

    /// A fresh account.
    #[track_caller]
    pub(crate) fn newcomer(self, who: &str) -> JauthUser {
        let account = name(who);
        let id = self.register(&account).expect(200).at("/result/id");
        let tokens = self.log_in(&account);
        JauthUser { id, account, tokens }
    }

    pub(crate) fn try_log_in(self, account: &str, password: &str) -> Answer {
        let body = json!({ "account": account, "password": password });
        self.0.post("/token/email").json(body).send()
    }

    #[track_caller]
    pub(crate) fn log_in(self, account: &str) -> Tokens {
        Tokens::of_jauth(&self.try_log_in(account, PASSWORD))
    }

    pub(crate) fn refresh(self, refresh: &str) -> Answer {
        let body = json!({ "refresh_token": refresh });
        self.0.request(reqwest::Method::PUT, "/token").json(body).send()
    }

    /// Anybody reads it.
    pub(crate) fn show(self, id: &str) -> Answer {
        self.0.get(&format!("/users/-/{id}")).send()
    }

    pub(crate) fn own(self, access: &str) -> Answer {
        self.0.get("/users/-/self").bearer(access).send()
    }

    pub(crate) fn update(self, access: &str, body: Value) -> Answer {
        let request = self.0.request(reqwest::Method::PUT, "/users/-/self");
        request.bearer(access).json(body).send()
    }

    pub(crate) fn change_password(self, access: &str, original: &str, new: &str) -> Answer {
        let body = json!({ "original_password": original, "new_password": new });
        let request = self.0.request(reqwest::Method::PUT, "/users/email/self/password");
        request.bearer(access).json(body).send()
    }

    /// Whether an access token opens this door: who is let in is told what is wrong with the request.
    #[track_caller]
    pub(crate) fn opens(self, access: &str) -> bool {
        let answer = self.update(access, json!({}));
        match answer.status().as_u16() {
            400 => true,
            401 => false,
            _ => panic!("neither in nor out: {answer}"),
        }
    }
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of_jauth(answer: &Answer) -> Self {
        assert_eq!(answer.status(), 200, "{answer}");
        Self {
            access: answer.at("/result/access_token"),
            refresh: answer.at("/result/refresh_token"),
        }
    }
}
