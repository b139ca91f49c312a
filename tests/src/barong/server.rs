//! What clients ask about the server, and what is no path of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, Server};

const CLASSIC: &str = "/api/v2/identity";
/// Where the coded profile speaks in [`both`].
const CODED: &str = "/api/v2/barong/identity";

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource")])
}

fn post(server: &Server, base: &str, path: &str, body: Value) -> Answer {
    server.post(&format!("{base}{path}")).json(body).send()
}

#[test]
fn what_is_told_about_the_server_needs_no_token() {
    let server = both();
    for base in [
        "/api/v2/identity",
        "/api/v2/public",
        "/api/v2/barong/identity",
        "/api/v2/barong/public",
    ] {
        let get = |path: &str| server.get(&format!("{base}{path}")).send();
        assert_eq!(get("/ping").to_string(), r#"200 {"ping":"pong"}"#);
        assert_eq!(get("/ping/").to_string(), r#"200 {"ping":"pong"}"#);
        assert!(get("/time").expect(200).json()["time"].as_i64().unwrap() > 1_700_000_000);
        assert_eq!(
            get("/version").expect(200).at("/version"),
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(
            get("/configs").to_string(),
            concat!(
                r#"200 {"session_expire_time":1800,"captcha_type":"none","captcha_id":null,"#,
                r#""phone_verification_type":"twilio_sms","password_min_entropy":14,"#,
                r#""password_regexp":"(?=.*[[:lower:]])(?=.*[[:upper:]])(?=.*[[:digit:]]).{8,80}"}"#
            )
        );
        let validate = |body: Value| post(&server, base, "/password/validate", body);
        let entropy = |password: &str| {
            let answer = validate(json!({ "password": password })).expect(201);
            answer.json()["entropy"].as_f64().unwrap()
        };
        assert!(entropy("Simple") < 14.0 && entropy(BARONG_PASSWORD) >= 14.0);
        assert!(entropy(&"x".repeat(10_000)) >= 0.0);
        assert!(!validate(json!({})).status().is_success());
    }
    let head = server.request(Method::HEAD, "/api/v2/identity/ping").send();
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
}

#[test]
fn a_client_that_asks_for_a_captcha_is_told_to_go_on_without() {
    let server = Server::start();
    let ask = || {
        server
            .get("/api/v2/identity/users/register_geetest")
            .send()
            .expect(200)
            .json()
    };
    let (one, other) = (ask(), ask());
    assert_eq!(one["success"], 0);
    assert_eq!(one["gt"], "");
    assert_eq!(one["challenge"].as_str().unwrap().len(), 32);
    assert_ne!(one["challenge"], other["challenge"]);
}

#[test]
fn what_is_no_route_is_told_without_a_token() {
    let server = both();
    for (method, path) in [
        (Method::GET, "/users"),
        (Method::DELETE, "/users"),
        (Method::POST, "/ping"),
        (Method::GET, "/nowhere"),
        (Method::GET, "/sessions"),
        (Method::GET, "/users/access"),
        (Method::POST, "/sessions/auth0"),
        (Method::GET, ""),
    ] {
        let at = |base: &str| {
            server
                .request(method.clone(), &format!("{base}{path}"))
                .send()
                .to_string()
        };
        assert_eq!(
            at(CLASSIC),
            r#"404 {"error":"Route is not found"}"#,
            "{method} {path}"
        );
        assert_eq!(
            at(CODED),
            r#"404 {"errors":["record.not_found"]}"#,
            "{method} {path}"
        );
    }
    server.get("/identity/ping").send().expect(404);
}
