//! How parameters travel and what every answer looks like.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, Server, address, name};

#[test]
fn parameters_come_as_json_form_or_query() {
    let server = Server::start();
    let send = |address: &str| {
        let who = name("ann");
        let fields =
            [("mail", address), ("name", &who), ("password", PASSWORD)].map(|(k, v)| (k, v.to_owned()));
        let borrowed: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let post = || server.post("/v1/register");
        let json = json!({ "mail": format!("j{address}"), "name": name("ann"), "password": PASSWORD });
        post().json(json).send().expect(200);
        post().form(&borrowed).send().expect(200);
        let query = [
            ("mail", format!("q{address}")),
            ("name", name("ann")),
            ("password", PASSWORD.to_owned()),
        ];
        let query: Vec<_> = query.iter().map(|(k, v)| (*k, v.as_str())).collect();
        post().query(&query).send().expect(200);
    };
    send(&address("ann"));
}

#[test]
fn the_query_string_wins_over_the_body() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    let body = json!({ "mail": ann, "name": name("x"), "password": PASSWORD });
    let answer = server
        .post("/v1/register")
        .query(&[("mail", &bob)])
        .json(body)
        .send()
        .expect(200);
    assert_eq!(answer.at("/body/mail"), bob);
}

#[test]
fn a_get_takes_its_parameters_from_a_json_body_too() {
    let server = Server::start();
    let token = super::Someone::new(&server, "ann").tokens.access;
    let verify = || server.get("/v1/token/access/verify");
    let by_query = verify().query(&[("token", &token)]).send().expect(200);
    let by_body = verify().json(json!({ "token": token })).send().expect(200);
    assert_eq!(by_query.text(), by_body.text());
    let wins = verify()
        .query(&[("token", &token)])
        .json(json!({ "token": "x" }))
        .send();
    assert_eq!(wins.text(), by_query.text());
}

#[test]
fn a_body_of_another_type_is_ignored() {
    let server = Server::start();
    let body = json!({ "mail": address("ann"), "name": name("ann"), "password": PASSWORD }).to_string();
    insta::allow_duplicates! {
        for content_type in ["", "text/plain", "multipart/form-data; boundary=x"] {
            assert_snapshot!(
                server.post("/v1/register").raw_body(body.clone(), content_type).send(),
                @r#"400 {"status":"error","error":{"code":1001,"message":"Bad Request"}}"#
            );
        }
    }
    server
        .post("/v1/register")
        .raw_body(body, "application/json;charset=UTF-8")
        .send()
        .expect(200);
}

#[test]
fn what_does_not_parse_or_convert_is_a_bad_request() {
    let server = Server::start();
    let json = "application/json";
    insta::allow_duplicates! {
        for body in [
            "{",
            "[]",
            "1",
            r#"{"mail":1}"#,
            r#"{"mail":["a@b"]}"#,
            r#"{"mail":"a\u0000@b"}"#,
        ] {
            assert_snapshot!(
                server.post("/v1/password/reset/mail").raw_body(body, json).send(),
                @r#"400 {"status":"error","error":{"code":1001,"message":"Bad Request"}}"#
            );
        }
    }
    let optional = r#"{"account":"nobody","password":"x","app_id":"pluto","device_id":5}"#;
    let answer = server.post("/v1/login/account").raw_body(optional, json).send();
    assert_eq!(
        super::code(&answer),
        1001,
        "an optional field of the wrong type: {answer}"
    );
    let unknown = r#"{"account":"nobody","password":"x","app_id":"pluto","other":5,"device_id":null}"#;
    let answer = server.post("/v1/login/account").raw_body(unknown, json).send();
    assert_eq!(
        super::code(&answer),
        2005,
        "an unknown field is ignored: {answer}"
    );
    let escaped = server.post("/v1/password/reset/mail?mail=%ff").send();
    assert_eq!(super::code(&escaped), 1001, "{escaped}");
}

#[test]
fn a_body_has_a_limit() {
    let server = Server::start();
    let body = json!({ "mail": "x".repeat(110_000) });
    assert_snapshot!(
        server.post("/v1/password/reset/mail").json(body).send(),
        @r#"413 {"status":"error","error":{"code":9004,"message":"Request body is too large"}}"#
    );
}

#[test]
fn an_unknown_path_is_told_to_programs_as_json_and_to_browsers_as_a_page() {
    let server = Server::start();
    insta::allow_duplicates! {
        for path in [
            "/v1",
            "/v1/nothing",
            "/v1/rbac/nothing",
            "/web/nothing",
            "/v1/register/",
        ] {
            assert_snapshot!(
                server.get(path).send(),
                @r#"404 {"status":"error","error":{"code":1005,"message":"Path not found"}}"#
            );
            let page = server
                .get(path)
                .header("accept", "text/html,application/xhtml+xml")
                .send()
                .expect(404);
            assert_eq!(
                page.header("content-type").as_deref(),
                Some("text/html; charset=utf-8")
            );
            assert!(
                page.text().contains("1005") && page.text().contains("Page not found"),
                "{page}"
            );
        }
    }
}

#[test]
fn a_wrong_method_is_told_those_that_there_are() {
    let server = Server::start();
    for (method, path, allowed) in [
        (Method::GET, "/v1/register", "POST"),
        (Method::PUT, "/v1/login/account", "POST"),
        (Method::POST, "/v1/healthcheck", "GET, HEAD"),
        (Method::POST, "/v1/token/access/verify", "GET, HEAD"),
        (Method::DELETE, "/v1/user/info/1", "GET, HEAD, PATCH, PUT"),
        (Method::DELETE, "/web/password/reset/x", "GET, HEAD, POST"),
        (Method::HEAD, "/web/mail/verify/x", "GET"),
    ] {
        let answer = server.request(method, path).send();
        assert_eq!(answer.status(), 405, "{path}: {answer}");
        assert_eq!(answer.header("allow").as_deref(), Some(allowed), "{path}");
    }
}

#[test]
fn the_health_check_tells_the_version() {
    let server = Server::start();
    let answer = server.get("/v1/healthcheck").send();
    assert_eq!(
        answer.to_string(),
        format!(
            r#"200 {{"status":"ok","body":{{"version":"{}"}}}}"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
}

#[test]
fn the_later_spellings_of_the_account_endpoints_are_the_same() {
    let server = Server::start();
    let ann = address("ann");
    let registration = json!({ "mail": ann, "name": name("ann"), "password": PASSWORD });
    server
        .post("/v1/user/register")
        .json(registration)
        .send()
        .expect(200);
    server.mail_to(&ann);
    server
        .post("/v1/user/register/verify/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let token = server.mail_to(&ann).query("token");
    server
        .get(&format!("/web/mail/verify/{token}"))
        .send()
        .expect(200);
    server
        .post("/v1/user/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let log_in = json!({ "account": ann, "password": PASSWORD, "app_id": "pluto" });
    server
        .post("/v1/user/login/account")
        .json(log_in)
        .send()
        .expect(200);
}
