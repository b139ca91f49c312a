//! `/v1/rbac`: applications, roles and scopes, and who holds which role.

mod applications;
mod assignment;
mod authority;
mod roles;

use std::sync::Barrier;
use std::thread;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Someone, code};
use crate::harness::{Answer, Server};

/// An administrator at work.
struct Desk<'a> {
    server: &'a Server,
    admin: Someone,
}

impl<'a> Desk<'a> {
    #[track_caller]
    fn open(server: &'a Server) -> Self {
        Self {
            server,
            admin: Someone::admin(server),
        }
    }

    fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body)
    }

    fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.server
            .request(method, &format!("/v1/rbac/{path}"))
            .bearer(&self.admin.tokens.access)
            .json(body)
            .send()
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.server
            .get(&format!("/v1/rbac/{path}"))
            .query(query)
            .bearer(&self.admin.tokens.access)
            .send()
    }

    /// A new application and its id.
    #[track_caller]
    fn application(&self, name: &str) -> u64 {
        let made = self
            .post("application/create", json!({ "name": name }))
            .expect(200);
        id(&made.json()["body"]["application"])
    }

    /// A new role and its id.
    #[track_caller]
    fn role(&self, application: u64, name: &str) -> u64 {
        let body = json!({ "app_id": application, "name": name });
        self.post("role/create", body).expect(200);
        named(&self.roles(application), name)
    }

    /// A new scope and its id.
    #[track_caller]
    fn scope(&self, application: u64, name: &str) -> u64 {
        let body = json!({ "app_id": application, "name": name });
        self.post("scope/create", body).expect(200);
        let scopes = self.get("scope/list", &[("app_id", &application.to_string())]);
        named(&scopes.expect(200).json()["body"]["scopes"], name)
    }

    #[track_caller]
    fn roles(&self, application: u64) -> Value {
        let listed = self.get("role/list", &[("app_id", &application.to_string())]);
        listed.expect(200).json()["body"]["roles"].clone()
    }

    /// The id of the application `pluto`.
    #[track_caller]
    fn pluto(&self) -> u64 {
        let listed = self.get("scope/list", &[("app_id", "pluto")]).expect(200);
        id(&listed.json()["body"]["application"])
    }

    #[track_caller]
    fn give(&self, role: u64, scopes: &[u64]) {
        let body = json!({ "role_id": role, "scopes": scopes });
        self.post("role/scope", body).expect(200);
    }

    #[track_caller]
    fn assign(&self, who: &Someone, application: u64, role: u64) {
        let body = json!({ "user_id": who.number, "app_id": application, "role_id": role });
        self.post("user/application/role", body).expect(200);
    }
}

/// The answers to the same thing done by so many at the same moment; each is told which one it is.
fn at_once(count: usize, act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let (start, act) = (&start, &act);
        let threads: Vec<_> = (0..count)
            .map(|which| {
                scope.spawn(move || {
                    start.wait();
                    act(which)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[track_caller]
fn id(shown: &Value) -> u64 {
    shown["id"].as_u64().unwrap_or_else(|| panic!("no id: {shown}"))
}

/// The id of the one of this name in a list.
#[track_caller]
fn named(list: &Value, name: &str) -> u64 {
    let found = list.as_array().unwrap().iter().find(|one| one["name"] == name);
    id(found.unwrap_or_else(|| panic!("no {name}: {list}")))
}

/// Every endpoint, with a method that it takes.
const ENDPOINTS: [(Method, &str); 17] = [
    (Method::POST, "application/create"),
    (Method::GET, "application/list"),
    (Method::POST, "application/update-i18n-name"),
    (Method::PUT, "application/update-i18n-name"),
    (Method::GET, "application/i18n-name"),
    (Method::POST, "application/role/default"),
    (Method::PUT, "application/role/default"),
    (Method::POST, "role/create"),
    (Method::GET, "role/list"),
    (Method::POST, "role/scope"),
    (Method::PUT, "role/scope"),
    (Method::POST, "role/scope/default"),
    (Method::PUT, "role/scope/default"),
    (Method::POST, "scope/create"),
    (Method::GET, "scope/list"),
    (Method::POST, "user/application/role"),
    (Method::PUT, "user/application/role"),
];

#[test]
fn whatever_is_sent_who_calls_is_looked_at_first() {
    let server = Server::start();
    super::create_application(&server, "shop");
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let address = &desk.admin.address;
    let at_shop = server
        .pluto()
        .try_log_in_to("shop", address, crate::harness::PASSWORD)
        .at("/body/access_token");
    for (method, path) in ENDPOINTS {
        let path = format!("/v1/rbac/{path}");
        let ask = |token: Option<&str>| {
            let request = server
                .request(method.clone(), &path)
                .raw_body("{", "application/json");
            let request = match token {
                Some(token) => request.bearer(token),
                None => request,
            };
            let answer = request.send();
            (answer.status().as_u16(), code(&answer))
        };
        assert_eq!(ask(None), (401, 1003), "{method} {path}");
        assert_eq!(ask(Some("a.b.c")), (403, 3003), "{method} {path}");
        assert_eq!(ask(Some(&at_shop)), (403, 3009), "{method} {path}");
        assert_eq!(ask(Some(&ann.tokens.access)), (403, 4008), "{method} {path}");
        assert_eq!(
            ask(Some(&desk.admin.tokens.access)),
            (400, 1001),
            "{method} {path}"
        );
    }
}

#[test]
fn a_method_that_is_none_of_theirs_is_refused() {
    let server = Server::start();
    for (_, path) in ENDPOINTS {
        let path = format!("/v1/rbac/{path}");
        let refused = server.request(Method::DELETE, &path).send();
        assert_eq!(refused.status(), 405, "{path}: {refused}");
        assert!(
            refused
                .header("allow")
                .is_some_and(|allow| !allow.contains("DELETE"))
        );
    }
    let nowhere = server.get("/v1/rbac/nowhere").send();
    assert_eq!((nowhere.status().as_u16(), code(&nowhere)), (404, 1005));
}
