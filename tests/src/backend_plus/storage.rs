//! Files under keys of the clients' choice: `/storage`.

mod bounds;
mod deletion;
mod directories;
mod download;
mod faults;
mod images;
mod metadata;
mod paths;
mod rules;
mod upload;

use reqwest::Method;
use tempfile::TempDir;

use super::server_with;
use crate::harness::{Answer, Request, Server, address};

const SECRET: &str = "s3cret of the back end";
const NOT_FOUND: &str = r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#;
const FORBIDDEN: &str = r#"403 {"statusCode":403,"error":"Forbidden","message":"Forbidden"}"#;
/// Without a message, as ever.
const BARE: &str = r#"400 {"statusCode":400,"error":"Bad Request"}"#;

/// The rules of the contract's worked example.
const EXAMPLE: &str = r#"
functions:
  signedIn: 'return !!request.auth'
  sameUser:
    params: [id]
    code: "return !!request.auth && request.auth['user-id'] === id"
  hasRole:
    params: [r]
    code: "return !!request.auth && request.auth['allowed-roles'].indexOf(r) >= 0"
  shareLink: 'return !!request.query.token && request.query.token === resource.Metadata.token'
paths:
  /invoices/:customer/:
    list: "sameUser(customer) || hasRole('accountant')"
  /invoices/:customer/:name:
    get: "sameUser(customer) || hasRole('accountant') || shareLink()"
    create: "hasRole('accountant')"
    delete: "hasRole('accountant')"
  /logos/*:
    read: 'true'
    write: "signedIn() && resource.size < 200000"
"#;

/// Rules that let everybody do everything.
const OPEN: &str = "paths:\n  /*:\n    read: 'true'\n    write: 'true'\n";

/// A server with rules, and the folder of its rules file.
struct Storage {
    server: Server,
    _folder: TempDir,
}

impl std::ops::Deref for Storage {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// A server with these rules, and an admin secret.
#[track_caller]
fn storage(rules: &str) -> Storage {
    storage_with(rules, &[])
}

#[track_caller]
fn storage_with(rules: &str, settings: &[(&str, &str)]) -> Storage {
    let (folder, path) = rules_file(rules);
    let mut all = vec![
        ("STORAGE_RULES", path.as_str()),
        ("HASURA_GRAPHQL_ADMIN_SECRET", SECRET),
    ];
    all.extend_from_slice(settings);
    Storage {
        server: server_with(&all),
        _folder: folder,
    }
}

fn rules_file(rules: &str) -> (TempDir, String) {
    let folder = tempfile::Builder::new()
        .prefix("clavis-rules-")
        .tempdir()
        .expect("a temporary directory");
    let path = folder.path().join("rules.yaml");
    std::fs::write(&path, rules).expect("the directory is ours");
    let path = path.display().to_string();
    (folder, path)
}

/// A form with one file in the field of that name.
fn form(request: Request, field: &str, name: &str, media_type: &str, content: &[u8]) -> Request {
    let edge = "clavis-edge-7d3c";
    let head = format!(
        "--{edge}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    let body = [head.as_bytes(), content, format!("\r\n--{edge}--\r\n").as_bytes()].concat();
    request.raw_body(body, &format!("multipart/form-data; boundary={edge}"))
}

/// Stores a text.
fn put(server: &Server, path: &str, content: &str) -> Request {
    form(
        server.post(path),
        "file",
        "a.txt",
        "text/plain",
        content.as_bytes(),
    )
}

/// Stores something with the admin secret.
#[track_caller]
fn store(server: &Server, path: &str, media_type: &str, content: &[u8]) -> Answer {
    form(server.post(path), "file", "a.txt", media_type, content)
        .header("x-admin-secret", SECRET)
        .send()
        .expect(200)
}

/// The answer's head in a few words: its status and these headers.
fn head(answer: &Answer, names: &[&str]) -> String {
    let headers = names.iter().map(|name| answer.header(name).unwrap_or_default());
    let status = answer.status().as_u16().to_string();
    std::iter::once(status)
        .chain(headers)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// Somebody with the role of an accountant, somebody with none, and the id of the latter.
#[track_caller]
fn accountant_and_customer(server: &Server) -> (String, String, String) {
    let accountant = address("accountant");
    let body = serde_json::json!({
        "email": accountant, "password": crate::harness::PASSWORD,
        "register_options": { "allowed_roles": ["user", "accountant"] },
    });
    super::post(server, "/auth/register", body).expect(204);
    let ticket = server.mail_to(&accountant).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    let accountant = server.backend_plus().log_in(&accountant).access;
    let (_, customer) = super::somebody_logged_in(server);
    let id = crate::harness::jwt::payload(&customer.access)["sub"]
        .as_str()
        .expect("a subject")
        .to_owned();
    (accountant, customer.access, id)
}

const ROLES: &[(&str, &str)] = &[("ALLOWED_USER_ROLES", "user,accountant")];

#[test]
fn the_worked_example_of_the_contract() {
    let server = storage_with(EXAMPLE, ROLES);
    let (accountant, customer, c1) = accountant_and_customer(&server);
    let jan = format!("/storage/o/invoices/{c1}/jan.pdf");
    let stored = put(&server, &jan, "January")
        .bearer(&accountant)
        .send()
        .expect(200);
    let token = stored.at("/Metadata/token");
    assert_eq!(
        put(&server, &jan, "again").bearer(&accountant).send().to_string(),
        FORBIDDEN,
        "there is neither update nor write"
    );
    let read = |request: Request| request.send().to_string();
    assert_eq!(read(server.get(&jan).bearer(&customer)), "200 January");
    assert_eq!(read(server.get(&jan).query(&[("token", &token)])), "200 January");
    assert_eq!(read(server.get(&jan)), FORBIDDEN);
    let list = server
        .get(&format!("/storage/m/invoices/{c1}/"))
        .bearer(&customer)
        .send()
        .expect(200);
    assert_eq!(list.json().as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list.at("/0/key"), format!("invoices/{c1}/jan.pdf"));
    let feb = format!("/storage/o/invoices/{c1}/feb.pdf");
    assert_eq!(
        read(server.get(&feb)),
        NOT_FOUND,
        "missing is said before forbidden"
    );
    let logo = "/storage/o/logos/x.png";
    put(&server, logo, "logo").bearer(&customer).send().expect(200);
    assert_eq!(
        read(server.request(Method::DELETE, logo).bearer(&customer)),
        FORBIDDEN,
        "what is there has no size"
    );
    assert_eq!(read(server.get("/storage/o/reports/x")), NOT_FOUND, "no pattern");
}

#[test]
fn an_object_is_found_under_every_spelling() {
    let server = storage(OPEN);
    put(&server, "/storage/o/a%20b/c.txt", "text").send().expect(200);
    for path in ["/storage/a%20b/c.txt", "/storage/o/a%20b/c.txt"] {
        assert_eq!(server.get(path).send().to_string(), "200 text");
    }
    for path in ["/storage/m/a%20b/c.txt", "/storage/meta/a%20b/c.txt"] {
        assert_eq!(server.get(path).send().at("/key"), "a%20b/c.txt");
    }
    // `o`, `m` and `meta` are no part of a key.
    put(&server, "/storage/o/m/x", "below m").send().expect(200);
    assert_eq!(server.get("/storage/m/x").send().to_string(), NOT_FOUND);
    assert_eq!(server.get("/storage/o/m/x").send().to_string(), "200 below m");
    for nowhere in ["/storage", "/storage/o", "/storage/m", "/storage/meta"] {
        assert_eq!(server.get(nowhere).send().to_string(), NOT_FOUND, "{nowhere}");
    }
}

#[test]
fn methods_that_storage_does_not_know_are_not_found() {
    let server = storage(OPEN);
    store(&server, "/storage/o/x", "text/plain", b"x");
    for method in [Method::PUT, Method::PATCH] {
        assert_eq!(
            server.request(method, "/storage/o/x").send().to_string(),
            NOT_FOUND
        );
    }
}

#[test]
fn the_cookie_of_a_log_in_counts_as_its_token_does_and_what_proves_nothing_is_nobody() {
    let server = storage(
        "paths:\n  /:user/x:\n    create: 'false'\n    read: \"!!request.auth && request.auth['x-hasura-user-id'] === user\"\n",
    );
    let ann = super::somebody(&server);
    let answer = super::log_in_with_cookies(&server, &ann);
    let path = format!("/storage/o/{}/x", answer.at("/user/id"));
    store(&server, &path, "text/plain", b"x");
    let get = |request: Request| request.send().to_string();
    assert_eq!(get(super::with_cookies_of(server.get(&path), &answer)), "200 x");
    assert_eq!(get(server.get(&path).bearer(&answer.at("/jwt_token"))), "200 x");
    assert_eq!(get(server.get(&path).bearer("not a token")), FORBIDDEN);
    assert_eq!(
        get(server.get(&path).cookie("permission_variables", "s%3Aforged.x")),
        FORBIDDEN
    );
}
