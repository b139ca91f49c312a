//! The few requests that nearly every test of the SSO users API begins with.

use reqwest::Method;
use serde_json::{Value, json};

use super::http::Request;
use super::{Answer, PASSWORD, Server, unique};

/// A back end with a token of its own.
#[derive(Clone)]
pub(crate) struct Sso<'a> {
    server: &'a Server,
    pub(crate) token: String,
}

impl Server {
    /// The API, for a back end that the operator has just given a token.
    #[track_caller]
    pub(crate) fn sso(&self) -> Sso<'_> {
        let name = format!("back-end-{}", unique());
        let made = self
            .cli(&["--json", "admin-token", "create", "--name", &name])
            .ok();
        let made: Value = serde_json::from_str(&made).expect("one JSON object");
        let token = made["token"].as_str().expect("a token").to_owned();
        Sso { server: self, token }
    }
}

impl Sso<'_> {
    /// A request with the back end's token.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send()
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(body).send()
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path).json(body).send()
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send()
    }

    /// Makes a user, active and with [`PASSWORD`], and returns the id.
    #[track_caller]
    pub(crate) fn make(&self, address: &str) -> String {
        self.make_with(json!({ "email": address, "password": PASSWORD, "active": true }))
    }

    #[track_caller]
    pub(crate) fn make_with(&self, body: Value) -> String {
        self.post("/api/users", body).expect(201).at("/data/id")
    }

    pub(crate) fn change(&self, id: &str, body: Value) -> Answer {
        self.request(Method::PATCH, &format!("/api/users/{id}"))
            .json(body)
            .send()
    }

    pub(crate) fn show(&self, id: &str) -> Answer {
        self.get(&format!("/api/users/{id}"))
    }

    pub(crate) fn try_log_in(&self, address: &str, password: &str) -> Answer {
        self.post(
            "/api/auth/token",
            json!({ "email": address, "password": password }),
        )
    }

    /// A user's token.
    #[track_caller]
    pub(crate) fn log_in(&self, address: &str) -> String {
        self.try_log_in(address, PASSWORD).expect(200).at("/data/token")
    }

    /// The user's own request.
    pub(crate) fn me(&self, token: &str) -> Answer {
        self.server.get("/api/users/me").bearer(token).send()
    }

    /// Whether a token opens this door.
    #[track_caller]
    pub(crate) fn opens(&self, token: &str) -> bool {
        let answer = self.me(token);
        match answer.status().as_u16() {
            200 => true,
            401 => false,
            _ => panic!("neither in nor out: {answer}"),
        }
    }
}

/// The fields at fault, each with its code, in their order.
#[track_caller]
pub(crate) fn problems(answer: &Answer) -> Vec<(u64, Option<String>)> {
    let json = answer.json();
    assert_eq!(json["success"], json!(false), "{answer}");
    let errors = json["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no errors: {answer}"));
    let problems = errors.iter().map(|error| {
        assert!(
            error["message"].as_str().is_some_and(|text| !text.is_empty()),
            "{answer}"
        );
        let code = error["code"].as_u64().unwrap_or_default();
        assert_eq!(code, u64::from(answer.status().as_u16()), "{answer}");
        (code, error["key"].as_str().map(str::to_owned))
    });
    problems.collect()
}

/// The keys at fault of a 400.
#[track_caller]
pub(crate) fn keys(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status(), 400, "{answer}");
    let keys = problems(answer).into_iter();
    keys.map(|(_, key)| key.unwrap_or_else(|| "null".to_owned()))
        .collect()
}
