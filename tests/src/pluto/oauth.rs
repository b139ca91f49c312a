//! `OAuth2`: clients, what they get, and the pages on which people let them act.

mod across;
mod clients;
mod codes;
mod grants;
mod pages;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Someone, code, create_application};
use crate::harness::{Answer, PASSWORD, Request, Server, jwt};

/// Where the clients of these tests have people sent back to.
const CALLBACK: &str = "https://shop.example/callback";
const SECRET: &str = "a secret of a client";

/// A client that an administrator approved.
struct Client<'a> {
    server: &'a Server,
    key: String,
}

fn register(server: &Server, token: &str, body: &Value) -> Answer {
    server
        .post("/v1/oauth/client")
        .json(body.clone())
        .bearer(token)
        .send()
}

fn set_status(server: &Server, token: &str, key: &str, status: &str) -> Answer {
    server
        .request(reqwest::Method::PUT, "/v1/oauth/client/status")
        .json(json!({ "key": key, "status": status }))
        .bearer(token)
        .send()
}

fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

impl<'a> Client<'a> {
    #[track_caller]
    fn approved(server: &'a Server, root: &Someone, key: &str) -> Self {
        let body = json!({ "key": key, "secret": SECRET, "redirect_uri": CALLBACK });
        register(server, &root.tokens.access, &body).expect(200);
        set_status(server, &root.tokens.access, key, "approved").expect(200);
        Self {
            server,
            key: key.to_owned(),
        }
    }

    fn with_secret(&self, secret: &str, body: &Value) -> Answer {
        self.server
            .post("/v1/oauth/tokens")
            .json(body.clone())
            .header("authorization", &basic(&self.key, secret))
            .send()
    }

    fn tokens(&self, body: &Value) -> Answer {
        self.with_secret(SECRET, body)
    }

    fn for_password(&self, someone: &Someone, application: &str, scopes: &str) -> Answer {
        self.tokens(&json!({
            "grant_type": "password", "user": someone.address, "password": PASSWORD,
            "app_id": application, "scopes": scopes,
        }))
    }

    fn refresh(&self, token: &str, application: &str, scopes: &str) -> Answer {
        self.tokens(&json!({
            "grant_type": "refresh_token", "refresh_token": token, "app_id": application, "scopes": scopes,
        }))
    }

    fn redeem(&self, code: &str) -> Answer {
        self.tokens(&json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK }))
    }
}

/// Somebody at a browser, logged in on a page.
struct Visitor<'a> {
    server: &'a Server,
    cookie: String,
    application: String,
}

impl<'a> Visitor<'a> {
    #[track_caller]
    fn new(server: &'a Server, someone: &Someone, application: &str) -> Self {
        let answer = server
            .post("/web/login")
            .query(&[("app_id", application)])
            .form(&[("account", &someone.address), ("password", PASSWORD)])
            .send()
            .expect(302);
        Self {
            server,
            cookie: answer.cookie("access_token").value,
            application: application.to_owned(),
        }
    }

    fn with_cookie(&self, request: Request) -> Answer {
        request.cookie("access_token", &self.cookie).send()
    }

    fn look(&self, query: &[(&str, &str)]) -> Answer {
        let mut all = vec![("app_id", self.application.as_str())];
        all.extend_from_slice(query);
        self.with_cookie(self.server.get("/web/authorize").query(&all))
    }

    /// Looks at the page and posts its form, with these fields in the place of those that it has.
    #[track_caller]
    fn press(&self, decision: &str, query: &[(&str, &str)], changed: &[(&str, &str)]) -> Answer {
        let page = self.look(query).expect(200);
        let mut fields = hidden_fields(&page.text());
        fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let mut fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.extend_from_slice(changed);
        fields.push(("decision", decision));
        self.with_cookie(self.server.post("/web/authorize").form(&fields))
    }

    /// A code for a client.
    #[track_caller]
    fn code(&self, client: &Client<'_>, query: &[(&str, &str)]) -> String {
        let mut all = vec![("client_id", client.key.as_str()), ("response_type", "code")];
        all.extend_from_slice(query);
        let answer = self.press("allow", &all, &[]).expect(302);
        sent_back(&answer, "code").expect("a code")
    }
}

/// The hidden fields of a page's form; none of the values of these tests is escaped.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let fields = page.split("<input type=\"hidden\" name=\"").skip(1);
    fields
        .filter_map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"")?;
            let (value, _) = rest.split_once('"')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// What a redirect to the client says, in its query or its fragment.
fn sent_back(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("location").expect("it leads somewhere");
    let url = url::Url::parse(&location).expect("a client's address is whole");
    let in_query = url.query_pairs().find(|(given, _)| given == name);
    let in_query = in_query.map(|(_, value)| value.into_owned());
    let fragment = url.fragment().unwrap_or_default().as_bytes().to_vec();
    let in_fragment = url::form_urlencoded::parse(&fragment)
        .find(|(given, _)| given == name)
        .map(|(_, value)| value.into_owned());
    in_query.or(in_fragment)
}

fn scopes(token: &str) -> Value {
    jwt::payload(token)["scopes"].clone()
}

/// An application whose members have the scope `shop.read` by default and may ask for `shop.write`.
#[track_caller]
fn shop(server: &Server, root: &Someone, member: &Someone) {
    create_application(server, "shop");
    let admin = |path: &str, body: Value| {
        let request = server.post(path).json(body).bearer(&root.tokens.access);
        request.send().expect(200)
    };
    admin(
        "/v1/rbac/role/create",
        json!({ "app_id": "shop", "name": "member" }),
    );
    admin(
        "/v1/rbac/scope/create",
        json!({ "app_id": "shop", "name": "shop.read" }),
    );
    admin(
        "/v1/rbac/scope/create",
        json!({ "app_id": "shop", "name": "shop.write" }),
    );
    let list = |path: &str, pointer: &str| {
        let request = server.get(path).query(&[("app_id", "shop")]);
        let listed = request.bearer(&root.tokens.access).send().expect(200).json();
        listed.pointer(pointer).cloned().expect("it was made")
    };
    let role = list("/v1/rbac/role/list", "/body/roles/0/id");
    let scopes = list("/v1/rbac/scope/list", "/body/scopes");
    let (read, write) = (&scopes[0]["id"], &scopes[1]["id"]);
    admin(
        "/v1/rbac/role/scope",
        json!({ "role_id": role, "scopes": [read, write] }),
    );
    admin(
        "/v1/rbac/role/scope/default",
        json!({ "role_id": role, "scope_id": read }),
    );
    admin(
        "/v1/rbac/user/application/role",
        json!({ "user_id": member.number, "app_id": "shop", "role_id": role }),
    );
}
