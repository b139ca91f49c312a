//! The gateway's question: may this request go on, and with which token?

mod keys;

use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::{
    Answer, BARONG_COOKIE, BARONG_PASSWORD, Server, Visit, address, bearer, jwt, within_a_second,
};

const PATH: &str = "/api/v2/peatio/market/orders";

const NO_SESSION: &str = r#"401 {"errors":["authz.invalid_session"]}"#;
const MISMATCH: &str = r#"401 {"errors":["authz.client_session_mismatch"]}"#;
const BLOCKED: &str = r#"401 {"errors":["authz.permission_denied"]}"#;

/// Somebody who is logged in.
fn someone(server: &Server) -> (String, Visit) {
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    (ann, visit)
}

/// The answer to a question that is put to the letter: clients tidy paths up.
fn raw(server: &Server, path: &str, headers: &str) -> (u16, String) {
    raw_as(server, "GET", path, headers)
}

fn raw_as(server: &Server, method: &str, path: &str, headers: &str) -> (u16, String) {
    let authority = server.authority();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{headers}\r\n");
    let answer = server.exchange(head.as_bytes());
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer}")), answer)
}

fn has_token(answer: &Answer) -> bool {
    answer.header("authorization").is_some()
}

#[test]
fn a_session_becomes_a_token_that_says_who() {
    let server = Server::start();
    let (ann, visit) = someone(&server);
    let answer = server.barong().knock(&visit.cookie, PATH);
    assert_snapshot!(answer, @"200");
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    let token = bearer(&answer);
    let claims = jwt::verify(&token, &server.get("/auth/jwks").send().expect(200).json()).unwrap();
    let me = server.barong().me(&token).expect(200);
    for (claim, expected) in [
        ("uid", json!(me.at("/uid"))),
        ("email", json!(ann)),
        ("role", json!("member")),
        ("level", json!(1)),
        ("state", json!("active")),
        ("sub", json!("session")),
        ("iss", json!("barong")),
        ("aud", json!(["peatio", "barong"])),
    ] {
        assert_eq!(claims[claim], expected, "{claim}");
    }
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        6000
    );
    assert_eq!(claims["jti"].as_str().unwrap().len(), 20);
    assert!(claims["sid"].is_string(), "{claims}");
    assert_eq!(jwt::header(&token)["alg"], "RS256");
    assert_eq!(
        bearer(&server.barong().knock(&visit.cookie, "/anything/else?at=all")),
        token,
        "the same for a while"
    );
    assert_ne!(
        server.barong().log_in(&ann).access,
        token,
        "a session has its own"
    );
}

#[test]
fn a_role_stands_in_the_token() {
    let server = Server::start();
    let root = address("root");
    let arguments = ["user", "create", "--email", &root, "--password", BARONG_PASSWORD];
    server
        .cli(&[&arguments[..], &["--role", "admin", "--active"]].concat())
        .ok();
    let access = server.barong().log_in(&root).access;
    assert_eq!(jwt::payload(&access)["role"], "admin");
}

#[test]
fn every_method_is_asked_about_and_what_changes_something_needs_the_csrf_token() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    let other = someone(&server).1;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let answer = server
            .barong()
            .gateway(method.clone(), PATH)
            .cookie(BARONG_COOKIE, &visit.cookie)
            .send();
        assert!(answer.status() == 200 && has_token(&answer), "{method}: {answer}");
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
    ] {
        let ask = |csrf: Option<&str>| {
            let request = server
                .barong()
                .gateway(method.clone(), PATH)
                .cookie(BARONG_COOKIE, &visit.cookie);
            let answer = match csrf {
                Some(csrf) => request.header("x-csrf-token", csrf).send(),
                None => request.send(),
            };
            (answer.to_string(), has_token(&answer))
        };
        let missing = (r#"401 {"errors":["authz.missing_csrf_token"]}"#.to_owned(), false);
        let mismatch = (
            r#"401 {"errors":["authz.csrf_token_mismatch"]}"#.to_owned(),
            false,
        );
        assert_eq!(ask(None), missing, "{method}");
        assert_eq!(ask(Some("")), missing, "{method}");
        assert_eq!(ask(Some("nonsense")), mismatch, "{method}");
        assert_eq!(ask(Some(&other.csrf)), mismatch, "{method}: another session's");
        assert_eq!(ask(Some(&visit.csrf)), ("200".to_owned(), true), "{method}");
    }
}

#[test]
fn the_csrf_token_is_a_setting_and_older_releases_know_none() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    for mount in ["/api/v2", "/api/v2/barong"] {
        let path = format!("{mount}/identity/sessions/authorize{PATH}");
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = server.request(method.clone(), &path);
            let answer = request.cookie(BARONG_COOKIE, &visit.cookie).send();
            assert!(
                answer.status() == 200 && has_token(&answer),
                "{method} {path}: {answer}"
            );
        }
        assert_eq!(server.post(&path).send().to_string(), NO_SESSION);
    }
    let blocked = server
        .get("/api/v2/identity/sessions/authorize/api/v2/barong/management/x")
        .send();
    assert_eq!(blocked.to_string(), BLOCKED);

    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__CSRF_PROTECTION", "false")]);
    let (_, visit) = someone(&server);
    let answer = server
        .barong()
        .gateway(Method::POST, PATH)
        .cookie(BARONG_COOKIE, &visit.cookie)
        .send();
    assert!(answer.status() == 200 && has_token(&answer), "{answer}");
}

#[test]
fn without_a_session_there_is_no_token() {
    let server = Server::start();
    let knock = |cookie: &str| server.barong().knock(cookie, PATH).to_string();
    assert_eq!(
        server.barong().gateway(Method::GET, PATH).send().to_string(),
        NO_SESSION
    );
    assert_eq!(knock(""), NO_SESSION);
    assert_eq!(knock("nonsense"), NO_SESSION);
    assert_eq!(knock(&"x".repeat(5_000)), NO_SESSION);
    // A bearer token is none.
    let (_, visit) = someone(&server);
    assert_eq!(
        server
            .barong()
            .gateway(Method::GET, PATH)
            .bearer(&visit.access)
            .send()
            .to_string(),
        NO_SESSION
    );
    let headless = raw(
        &server,
        "/api/v2/auth/x",
        "Cookie: _barong_session=\u{7f}\u{e9}\r\n",
    );
    assert!(headless.0 == 400 || headless.0 == 401, "{}", headless.1);
}

#[test]
fn blocked_and_passed_paths_are_told_before_anything_else() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    for path in [
        "/api/v2/barong/management/users/get",
        "/api/v2/peatio/management",
        "/API/V2/Barong/Management",
    ] {
        let request = server
            .barong()
            .gateway(Method::POST, path)
            .cookie(BARONG_COOKIE, &visit.cookie);
        let answer = request
            .header("x-csrf-token", &visit.csrf)
            .header("x-auth-apikey", "")
            .send();
        assert_eq!(answer.to_string(), BLOCKED, "{path}");
    }
    for path in [
        "/api/v2/barong/identity/sessions",
        "/api/v2/barong/public/ping",
        "/api/v2/peatio/public/markets",
        "/api/v2/ranger/public",
        "/api/v2/applogic/public/x?y=z",
    ] {
        let request = server
            .barong()
            .gateway(Method::POST, path)
            .cookie(BARONG_COOKIE, &visit.cookie);
        let answer = request.header("x-auth-apikey", "").send();
        assert!(answer.status() == 200 && !has_token(&answer), "{path}: {answer}");
    }
    let settings = [
        ("CLAVIS_DIALECTS__BARONG__GATEWAY_BLOCK", "/private"),
        ("CLAVIS_DIALECTS__BARONG__GATEWAY_PASS", "/open,/wide"),
    ];
    let server = Server::with(&settings);
    let ask = |path: &str| server.barong().gateway(Method::GET, path).send().to_string();
    assert_eq!(ask("/private/x"), BLOCKED);
    assert_eq!(ask("/wide/x"), "200");
    assert_eq!(ask("/wider/x"), NO_SESSION);
    assert_eq!(ask("/api/v2/barong/identity/x"), NO_SESSION);
}

#[test]
fn a_method_is_the_same_in_whatever_case_of_its_letters() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    let cookie = format!("Cookie: {BARONG_COOKIE}={}\r\n", visit.cookie);
    let csrf = format!("{cookie}X-CSRF-Token: {}\r\n", visit.csrf);
    let path = format!("/api/v2/auth{PATH}");
    for method in ["post", "Post", "pUT", "patch", "delete", "trace", "POST"] {
        let (status, answer) = raw_as(&server, method, &path, &cookie);
        assert!(
            status == 401 && answer.contains("authz.missing_csrf_token"),
            "{method}: {answer}"
        );
        let (status, answer) = raw_as(&server, method, &path, &csrf);
        assert_eq!(status, 200, "{method}: {answer}");
    }
    for method in ["get", "Head", "OPTIONS", "Propfind"] {
        let (status, answer) = raw_as(&server, method, &path, &cookie);
        assert_eq!(status, 200, "{method}: {answer}");
    }
    for method in ["M-SEARCH", "POST!", "P0ST", "_"] {
        let (status, answer) = raw_as(&server, method, &path, &csrf);
        assert!(
            status == 401 && answer.contains("authz.permission_denied"),
            "{method}: {answer}"
        );
    }
}

#[test]
fn a_session_is_its_browsers_whatever_alphabet_that_is_called_in() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    for (own, others) in [
        ("Бровзер/1", ["Бровзер/2", "curl/8.10.1", ""]),
        ("curl/8.10.1", ["Бровзер/1", "curl/8.10.2", ""]),
    ] {
        let body = json!({ "email": ann, "password": BARONG_PASSWORD });
        let request = server.post("/api/v2/identity/sessions").json(body);
        let visit = request.header("User-Agent", own).send().expect(200);
        let cookie = visit.cookie(BARONG_COOKIE).value;
        let ask = |user_agent: &str| {
            let request = server.barong().gateway(Method::GET, PATH);
            let request = request.cookie(BARONG_COOKIE, &cookie);
            request.header("User-Agent", user_agent).send().to_string()
        };
        assert_eq!(ask(own), "200", "{own}");
        for other in others {
            assert_eq!(ask(other), MISMATCH, "{own} {other}");
        }
        assert_eq!(ask(own), "200", "{own}");
    }
}

#[test]
fn a_path_that_may_mean_two_things_is_nobodys() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    let cookie = format!("Cookie: {BARONG_COOKIE}={}\r\n", visit.cookie);
    for path in [
        "/api/v2/barong//management/users",
        "//api/v2/barong/management",
        "/api/v2/barong/./management",
        "/api/v2/barong/identity/../management/users",
        "/api/v2/barong/identity/%2e%2e/management",
        "/api/v2/barong/identity/%2E%2E/management",
        "/api/v2/barong/identity/..%2fmanagement",
        "/api/v2/barong/identity%2f..%2fmanagement",
        "/api/v2/barong/identity/%252e%252e/management",
        "/api/v2/barong/identity/..%5cmanagement",
        "/api/v2/barong/identity/..;/management",
        "/api/v2/barong;x=y/management",
        "/api/v2/barong/identity%23/../management",
        "/api/v2/barong/identity/%23",
        "/api/v2/barong/identity%3f",
        "/api/v2/barong/%6danagement/users",
        "/api/v2/barong/identity/%00",
        "/api/v2/barong/identity/%0d%0a",
        "/api/v2/barong/identity/%ff",
    ] {
        let (status, answer) = raw(&server, &format!("/api/v2/auth{path}"), &cookie);
        assert!(
            status == 401 && answer.contains("authz.permission_denied"),
            "{path}: {answer}"
        );
    }
    for path in [
        "/api/v2/peatio/caf%C3%A9",
        "/api/v2/peatio/a%2Bb",
        "/api/v2/peatio/%78",
    ] {
        let (status, answer) = raw(&server, &format!("/api/v2/auth{path}"), &cookie);
        assert_eq!(status, 200, "{path}: {answer}");
    }
}

#[test]
fn what_ends_a_session_is_noticed_within_a_second() {
    let server = Server::start();
    let (ann, visit) = someone(&server);
    assert_eq!(server.barong().knock(&visit.cookie, PATH).status(), 200);
    for state in ["locked", "banned"] {
        server.cli(&["user", "set-state", "--email", &ann, state]).ok();
        let not_active = r#"401 {"errors":["authz.user_not_active"]}"#;
        assert!(within_a_second(|| {
            server.barong().knock(&visit.cookie, PATH).to_string() == not_active
        }));
    }
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    assert!(
        within_a_second(|| server.barong().knock(&visit.cookie, PATH).to_string() == NO_SESSION),
        "it does not come back"
    );
}

#[test]
fn what_is_said_of_an_account_is_so_within_a_second() {
    let server = Server::start();
    let (_, visit) = someone(&server);
    let level = || jwt::payload(&server.barong().token(&visit.cookie))["level"].clone();
    assert_eq!(level(), 1);
    // As another process would.
    server.execute_sql("DELETE FROM labels");
    assert!(within_a_second(|| level() == 0));
}

#[test]
fn a_session_belongs_to_the_client_that_opened_it() {
    let server = Server::with(&[("CLAVIS_HTTP__TRUSTED_PROXIES", "127.0.0.1")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let log_in = |agent: &str, from: &str| {
        let body = json!({ "email": ann, "password": BARONG_PASSWORD });
        let request = server.post("/api/v2/identity/sessions").json(body);
        let answer = request
            .header("user-agent", agent)
            .header("x-forwarded-for", from)
            .send();
        answer.expect(200).cookie(BARONG_COOKIE).value
    };
    let knock = |cookie: &str, agent: Option<&str>, from: &str| {
        let request = server
            .barong()
            .gateway(Method::GET, PATH)
            .cookie(BARONG_COOKIE, cookie);
        let request = match agent {
            Some(agent) => request.header("user-agent", agent),
            None => request,
        };
        request.header("x-forwarded-for", from).send().to_string()
    };
    let v4 = log_in("Firefox", "192.0.2.1");
    assert_eq!(knock(&v4, Some("Firefox"), "192.0.2.1"), "200");
    assert_eq!(
        knock(&v4, Some("Firefox"), "192.0.255.254"),
        "200",
        "the same /16"
    );
    assert_eq!(knock(&v4, Some("Firefox"), "192.1.2.1"), MISMATCH);
    assert_eq!(knock(&v4, Some("Firefox"), "2001:db8::1"), MISMATCH);
    assert_eq!(knock(&v4, Some("firefox"), "192.0.2.1"), MISMATCH);
    assert_eq!(knock(&v4, None, "192.0.2.1"), MISMATCH);
    assert_eq!(
        knock(&v4, Some("Firefox"), "192.0.2.1"),
        "200",
        "it is still there for its own client"
    );
    let v6 = log_in("Firefox", "2001:db8:1:2:3:4:5:6");
    assert_eq!(
        knock(&v6, Some("Firefox"), "2001:db8:1:2:3:4:ffff:1"),
        "200",
        "the same /96"
    );
    assert_eq!(knock(&v6, Some("Firefox"), "2001:db8:1:2:3:5:5:6"), MISMATCH);
    let long = "long ".repeat(200);
    let of_long = log_in(long.trim(), "192.0.2.1");
    assert_eq!(knock(&of_long, Some(long.trim()), "192.0.2.1"), "200");
}

#[test]
fn a_session_lasts_as_long_as_it_is_used() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__SESSION_EXPIRE_TIME", "2")]);
    let (ann, used) = someone(&server);
    let unused = server.barong().log_in(&ann);
    for _ in 0..16 {
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(server.barong().knock(&used.cookie, PATH).to_string(), "200");
    }
    assert_eq!(server.barong().knock(&unused.cookie, PATH).to_string(), MISMATCH);
}

#[test]
fn sessions_outlast_a_restart() {
    let mut server = Server::start();
    let (_, visit) = someone(&server);
    server.restart();
    let token = server.barong().token(&visit.cookie);
    assert!(server.barong().opens(&token) && server.barong().opens(&visit.access));
    let request = server
        .barong()
        .gateway(Method::POST, PATH)
        .cookie(BARONG_COOKIE, &visit.cookie);
    request.header("x-csrf-token", &visit.csrf).send().expect(200);
}
