//! Whatever is sent, the answer is one of the dialect that owns the path: never a fault, never silence, never
//! another dialect's words.

mod bodies;
mod heads;
mod later_doors;
mod paths;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, Request, Server, Tokens, address, jwt, name, number};

/// Whose words an answer must be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    BackendPlus,
    Jauth,
    Pluto,
    Sso,
    /// Pages for people, whose errors are HTML.
    Pages,
}

/// A path that takes a body, and a body that it takes.
struct Endpoint {
    owner: Owner,
    method: Method,
    path: String,
    /// The required texts among its fields; the others are optional.
    required: &'static [&'static str],
    body: Value,
    bearer: Option<String>,
}

impl Endpoint {
    fn request(&self, server: &Server) -> Request {
        let request = server.request(self.method.clone(), &self.path);
        match &self.bearer {
            Some(token) => request.bearer(token),
            None => request,
        }
    }
}

/// What is wrong with an answer to bad input; `None` when nothing is.
fn complaint(owner: Owner, answer: &Answer) -> Option<String> {
    let status = answer.status().as_u16();
    let fits = match owner {
        _ if status >= 500 => false,
        _ if status < 400 => true,
        Owner::BackendPlus => is_backend_plus_error(answer),
        Owner::Jauth => later_doors::is_jauth_error(answer),
        Owner::Sso => later_doors::is_sso_error(answer),
        // The contract leaves the body of a 405 open.
        Owner::Pluto => status == 405 || is_pluto_error(answer),
        Owner::Pages => answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html")),
    };
    (!fits).then(|| answer.to_string().chars().take(300).collect())
}

fn is_backend_plus_error(answer: &Answer) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_slice(answer.body()) else {
        return false;
    };
    let reason = answer.status().canonical_reason().unwrap_or_default();
    let known = body
        .keys()
        .all(|key| ["statusCode", "error", "message"].contains(&key.as_str()));
    let message = body.get("message").is_none_or(Value::is_string);
    let expected = (Some(&json!(answer.status().as_u16())), Some(&json!(reason)));
    known && message && (body.get("statusCode"), body.get("error")) == expected
}

fn is_pluto_error(answer: &Answer) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_slice(answer.body()) else {
        return false;
    };
    let Some(Value::Object(error)) = body.get("error") else {
        return false;
    };
    body.len() == 2
        && body["status"] == "error"
        && error.len() == 2
        && error.get("code").is_some_and(Value::is_u64)
        && error.get("message").is_some_and(Value::is_string)
}

/// A server on which whoever registers is active at once.
fn server() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__AUTO_ACTIVATE_NEW_USERS", "true")])
}

/// Every endpoint that takes a body, each with an account of its own and a body that is right.
fn endpoints(server: &Server) -> Vec<Endpoint> {
    let mut all = backend_plus(server);
    all.extend(pluto(server));
    all.extend(later_doors::jauth(server));
    all.extend(later_doors::sso(server));
    all
}

fn newcomer(server: &Server) -> (String, Tokens) {
    let address = address("user");
    server.backend_plus().register(&address).expect(204);
    let tokens = server.backend_plus().log_in(&address);
    (address, tokens)
}

fn backend_plus(server: &Server) -> Vec<Endpoint> {
    let endpoint = |path: &str, required, body, bearer: bool| {
        let bearer = bearer.then(|| newcomer(server).1.access);
        Endpoint {
            owner: Owner::BackendPlus,
            method: Method::POST,
            path: path.to_owned(),
            required,
            body,
            bearer,
        }
    };
    let (user, _) = newcomer(server);
    let ticket = "b2f6a0cc-3f1e-4d5a-9d6e-0a1b2c3d4e5f";
    vec![
        endpoint(
            "/auth/register",
            &["email", "password"],
            json!({ "email": address("new"), "password": PASSWORD, "user_data": {}, "cookie": false,
                "register_options": { "allowed_roles": ["user"], "default_role": "user" } }),
            false,
        ),
        endpoint(
            "/auth/login",
            &["email", "password"],
            json!({ "email": user, "password": PASSWORD, "cookie": false }),
            false,
        ),
        endpoint("/auth/activate", &["ticket"], json!({ "ticket": ticket }), false),
        endpoint(
            "/auth/change-password/request",
            &["email"],
            json!({ "email": user }),
            false,
        ),
        endpoint(
            "/auth/change-password/change",
            &["new_password"],
            json!({ "ticket": ticket, "new_password": PASSWORD }),
            false,
        ),
        endpoint(
            "/auth/change-password",
            &["old_password", "new_password"],
            json!({ "old_password": PASSWORD, "new_password": PASSWORD }),
            true,
        ),
        endpoint(
            "/auth/change-email/request",
            &["new_email"],
            json!({ "new_email": address("new") }),
            true,
        ),
        endpoint(
            "/auth/change-email/change",
            &["ticket"],
            json!({ "ticket": ticket }),
            false,
        ),
        endpoint("/auth/token/refresh", &[], json!({}), false),
        endpoint("/auth/token/revoke", &[], json!({}), true),
        endpoint("/auth/logout", &[], json!({ "all": true }), false),
        endpoint("/auth/delete", &[], json!({}), true),
    ]
}

fn pluto(server: &Server) -> Vec<Endpoint> {
    let endpoint = |method, path: &str, required, body, bearer| Endpoint {
        owner: Owner::Pluto,
        method,
        path: path.to_owned(),
        required,
        body,
        bearer,
    };
    let (user, _) = newcomer(server);
    let tokens = server.pluto().log_in(&user);
    let number = number(&jwt::payload(&tokens.access));
    let root = address("root");
    server
        .cli(&[
            "user",
            "create",
            "--email",
            &root,
            "--password",
            PASSWORD,
            "--role",
            "admin",
            "--active",
        ])
        .ok();
    let root = server.pluto().log_in(&root).access;
    vec![
        endpoint(
            Method::POST,
            "/v1/register",
            &["mail", "name", "password"],
            json!({ "mail": address("new"), "name": name("new"), "password": PASSWORD }),
            None,
        ),
        endpoint(
            Method::POST,
            "/v1/register/verify/mail",
            &["mail"],
            json!({ "mail": user }),
            None,
        ),
        endpoint(
            Method::POST,
            "/v1/login/account",
            &["account", "password", "app_id"],
            json!({ "account": user, "password": PASSWORD, "app_id": "pluto", "device_id": "phone" }),
            None,
        ),
        endpoint(
            Method::POST,
            "/v1/password/reset/mail",
            &["mail"],
            json!({ "mail": user }),
            None,
        ),
        endpoint(
            Method::POST,
            "/v1/token/refresh",
            &["refresh_token", "app_id"],
            json!({ "refresh_token": tokens.refresh, "app_id": "pluto", "scopes": "a,b" }),
            None,
        ),
        endpoint(
            Method::GET,
            "/v1/token/access/verify",
            &["token"],
            json!({ "token": tokens.access }),
            None,
        ),
        endpoint(
            Method::PATCH,
            &format!("/v1/user/info/{number}"),
            &[],
            json!({ "name": name("other"), "gender": "x", "avatar": "https://example.org/a.png" }),
            Some(tokens.access),
        ),
        endpoint(
            Method::GET,
            "/v1/user/search",
            &["account"],
            json!({ "account": user }),
            Some(root.clone()),
        ),
        endpoint(Method::GET, "/v1/user/count", &[], json!({}), Some(root)),
    ]
}
