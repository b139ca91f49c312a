//! The rows of jauth and of the SSO users API.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Endpoint, Owner};
use crate::harness::{Answer, PASSWORD, Server, address, name};

/// `{"success":false,"result":"" or null,"reason":"…"}`.
pub(super) fn is_jauth_error(answer: &Answer) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_slice(answer.body()) else {
        return false;
    };
    let result = body.get("result");
    body.len() == 3
        && body.get("success") == Some(&json!(false))
        && (result == Some(&json!("")) || result == Some(&Value::Null))
        && body.get("reason").is_some_and(Value::is_string)
}

/// `{"success":false,"errors":[{"message":"…","code":400,"key":"…" or null}]}`.
pub(super) fn is_sso_error(answer: &Answer) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_slice(answer.body()) else {
        return false;
    };
    let Some(Value::Array(errors)) = body.get("errors") else {
        return false;
    };
    let fits = |error: &Value| {
        let members = error.as_object().map(serde_json::Map::len);
        members == Some(3)
            && error["message"].is_string()
            && error["code"] == json!(answer.status().as_u16())
            && (error["key"].is_string() || error["key"].is_null())
    };
    body.len() == 2
        && body.get("success") == Some(&json!(false))
        && !errors.is_empty()
        && errors.iter().all(fits)
}

pub(super) fn jauth(server: &Server) -> Vec<Endpoint> {
    let ann = server.jauth().newcomer("ann");
    let endpoint = |method, path: &str, required, body, bearer: bool| Endpoint {
        owner: Owner::Jauth,
        method,
        path: path.to_owned(),
        required,
        body,
        bearer: bearer.then(|| ann.tokens.access.clone()),
    };
    vec![
        endpoint(
            Method::POST,
            "/users/email",
            &["account", "email", "password"],
            json!({ "account": name("new"), "email": address("new"), "password": PASSWORD, "extra": {} }),
            false,
        ),
        endpoint(
            Method::POST,
            "/users/third_party",
            &["third_party_token"],
            json!({ "user_type": 3, "third_party_token": "token", "extra": {} }),
            false,
        ),
        endpoint(
            Method::POST,
            "/token/email",
            &["account", "password"],
            json!({ "account": ann.account, "password": PASSWORD }),
            false,
        ),
        endpoint(
            Method::PUT,
            "/token",
            &["refresh_token"],
            json!({ "refresh_token": ann.tokens.refresh }),
            false,
        ),
        endpoint(
            Method::PUT,
            "/users/-/self",
            &["email"],
            json!({ "email": address("new"), "extra": {} }),
            true,
        ),
        endpoint(
            Method::PUT,
            "/users/email/self/password",
            &["original_password", "new_password"],
            json!({ "original_password": "another", "new_password": PASSWORD }),
            true,
        ),
    ]
}

pub(super) fn sso(server: &Server) -> Vec<Endpoint> {
    let back_end = server.sso();
    let ann = address("ann");
    let id = back_end.make(&ann);
    let endpoint = |method, path: &str, required, body| Endpoint {
        owner: Owner::Sso,
        method,
        path: path.to_owned(),
        required,
        body,
        bearer: Some(back_end.token.clone()),
    };
    vec![
        endpoint(
            Method::POST,
            "/api/users",
            &["email"],
            json!({ "email": address("new"), "password": PASSWORD, "first_name": "Ann", "active": true }),
        ),
        endpoint(
            Method::POST,
            "/api/auth",
            &["email", "password"],
            json!({ "email": address("new"), "password": PASSWORD }),
        ),
        endpoint(
            Method::POST,
            "/api/auth/token",
            &["email", "password"],
            json!({ "email": ann, "password": PASSWORD }),
        ),
        endpoint(
            Method::PUT,
            "/api/auth/activation",
            &["token"],
            json!({ "token": "b2f6a0cc-3f1e-4d5a-9d6e-0a1b2c3d4e5f" }),
        ),
        endpoint(
            Method::PATCH,
            &format!("/api/users/{id}"),
            &[],
            json!({ "first_name": "Ann", "last_name": "Lee" }),
        ),
    ]
}
