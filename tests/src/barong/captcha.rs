//! Puzzles that tell people from programs, where the operator wants them solved.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::providers::{Manner, Providers, client, paths};
use crate::harness::{BARONG_PASSWORD, Server, address};

const CLASSIC: &str = "/api/v2/identity";
/// Where the coded profile speaks.
const CODED: &str = "/api/v2/barong/identity";

const WRONG: [&str; 2] = [
    r#"422 {"error":"reCAPTCHA verification failed, please try again."}"#,
    r#"422 {"errors":["identity.captcha.verification_failed"]}"#,
];
const MISSING: [&str; 2] = [
    r#"400 {"error":"recaptcha_response is missing"}"#,
    r#"400 {"errors":["identity.captcha.required"]}"#,
];

/// A server that asks the stand-in, with these settings besides.
fn server(providers: &Providers, besides: &[(&str, &str)]) -> Server {
    let url = format!("{}{}", providers.base(), paths::SITE_VERIFY);
    let mut settings = vec![
        ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource"),
        ("CLAVIS_DIALECTS__BARONG__CAPTCHA", "recaptcha"),
        ("CLAVIS_DIALECTS__BARONG__RECAPTCHA_SITE_KEY", "site-key"),
        (
            "CLAVIS_DIALECTS__BARONG__RECAPTCHA_SECRET_KEY",
            client::CAPTCHA_SECRET,
        ),
        ("CLAVIS_DIALECTS__BARONG__RECAPTCHA_VERIFY_URL", &url),
    ];
    settings.extend(besides);
    Server::with(&settings)
}

/// What both profiles say, one after the other.
fn said(server: &Server, path: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|base| {
        let request = server.post(&format!("{base}{path}"));
        request.json(body.clone()).send().to_string()
    })
}

fn with(body: &Value, name: &str, solution: &str) -> Value {
    let mut body = body.clone();
    body[name] = json!(solution);
    body
}

#[test]
fn clients_are_told_which_puzzle_to_show() {
    let providers = Providers::start();
    let server = server(&providers, &[]);
    let told = server.get("/api/v2/identity/configs").send().expect(200);
    assert_eq!(
        (&*told.at("/captcha_type"), &*told.at("/captcha_id")),
        ("recaptcha", "site-key")
    );
}

#[test]
fn whoever_registers_logs_in_or_asks_for_a_mail_solves_a_puzzle_first() {
    let providers = Providers::start();
    let server = server(&providers, &[]);
    let ann = address("ann");
    let credentials = json!({ "email": ann, "password": BARONG_PASSWORD });
    let address = json!({ "email": ann });
    for (path, body) in [
        ("/users", &credentials),
        ("/sessions", &credentials),
        ("/users/password/generate_code", &address),
        ("/users/email/generate_code", &address),
    ] {
        assert_eq!(said(&server, path, body), MISSING, "{path}");
        assert_eq!(
            said(&server, path, &with(body, "captcha_response", " ")),
            MISSING,
            "{path}"
        );
        assert_eq!(
            said(&server, path, &with(body, "captcha_response", "guess")),
            WRONG,
            "{path}"
        );
    }
    // Nobody was made of any of this, and a log-in of nobody is refused only behind the puzzle.
    let unknown = said(
        &server,
        "/sessions",
        &with(&credentials, "captcha_response", client::CAPTCHA_SOLUTION),
    );
    assert_eq!(unknown[0], r#"401 {"error":"Invalid Email or Password"}"#);
    // 2.0.8 calls it by another name.
    let solved = with(&credentials, "recaptcha_response", client::CAPTCHA_SOLUTION);
    let made = server
        .post(&format!("{CLASSIC}/users"))
        .json(solved.clone())
        .send();
    assert_snapshot!(made, @"201 201");
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    assert_snapshot!(server.post(&format!("{CLASSIC}/sessions")).json(solved).send(), @"200 200");
}

#[test]
fn a_puzzle_is_asked_for_where_the_operator_says() {
    let providers = Providers::start();
    let only = (
        "CLAVIS_DIALECTS__BARONG__CAPTCHA_PROTECTED_ENDPOINTS",
        "user_create",
    );
    let server = server(&providers, &[only]);
    let body = json!({ "email": address("ann"), "password": BARONG_PASSWORD });
    assert_eq!(said(&server, "/users", &body), MISSING);
    assert_eq!(
        said(&server, "/sessions", &body)[0],
        r#"401 {"error":"Invalid Email or Password"}"#
    );
    assert_eq!(providers.asked(paths::SITE_VERIFY), 0);
}

#[test]
fn while_nobody_says_whether_puzzles_are_solved_none_is() {
    let providers = Providers::start();
    let server = server(&providers, &[]);
    let body = json!({
        "email": address("ann"), "password": BARONG_PASSWORD, "captcha_response": client::CAPTCHA_SOLUTION,
    });
    for manner in [
        Manner::Answers(500, String::new()),
        Manner::Answers(200, "no JSON".to_owned()),
        Manner::Answers(200, r#"{"success":"yes"}"#.to_owned()),
        Manner::Redirects(format!("{}{}", providers.base(), paths::OIDC_DISCOVERY)),
        Manner::Floods,
        Manner::Hangs,
    ] {
        providers.behave(paths::SITE_VERIFY, manner);
        let refused = server.post(&format!("{CODED}/users")).json(body.clone()).send();
        assert_eq!(refused.to_string(), WRONG[1]);
    }
    providers.behave(paths::SITE_VERIFY, Manner::Well);
    server
        .post(&format!("{CODED}/users"))
        .json(body)
        .send()
        .expect(201);
    assert!(!server.log().contains(client::CAPTCHA_SECRET));
}
