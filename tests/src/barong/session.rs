//! Log-in, log-out, and the cookie between them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_COOKIE, BARONG_PASSWORD, Server, address, within_a_second};

const CLASSIC: &str = "/api/v2/identity/sessions";
/// Where the coded profile speaks in [`both`].
const CODED: &str = "/api/v2/barong/identity/sessions";

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource")])
}

/// What both profiles say, one after the other.
fn said(server: &Server, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|path| server.post(path).json(body.clone()).send().to_string())
}

fn log_in(server: &Server, address: &str, password: &str) -> [String; 2] {
    said(server, &json!({ "email": address, "password": password }))
}

fn log_out(server: &Server, cookie: &str) -> Answer {
    server
        .request(reqwest::Method::DELETE, CLASSIC)
        .cookie(BARONG_COOKIE, cookie)
        .send()
}

fn set_state(server: &Server, address: &str, state: &str) {
    server.cli(&["user", "set-state", "--email", address, state]).ok();
}

/// Whether the gateway makes a token of a session.
fn stands(server: &Server, cookie: &str) -> bool {
    server.barong().knock(cookie, "/api/v2/peatio/x").status() == 200
}

const WRONG: [&str; 2] = [
    r#"401 {"error":"Invalid Email or Password"}"#,
    r#"401 {"errors":["identity.session.invalid_params"]}"#,
];

#[test]
fn a_log_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let answer = server.barong().try_log_in(&ann.to_uppercase(), BARONG_PASSWORD);
    assert_snapshot!(answer, @"200 200");
    let cookie = answer.cookie(BARONG_COOKIE);
    assert_eq!(cookie.value.len(), 43, "256 random bits");
    assert_eq!(cookie.attributes, ["HttpOnly", "SameSite=Lax", "Path=/"]);
    assert_eq!(answer.header("x-csrf-token").unwrap().len(), 64);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert!(stands(&server, &cookie.value));

    let body = json!({ "email": ann, "password": BARONG_PASSWORD });
    let answer = server.post(CODED).json(body).send().expect(200);
    let user = answer.json();
    assert_eq!(user["email"], json!(ann));
    assert_eq!(user["state"], "active");
    assert_eq!(user["level"], 1);
    assert_eq!(user["labels"][0]["key"], "email");
    assert_eq!(user["csrf_token"], json!(answer.header("x-csrf-token").unwrap()));
    assert_ne!(answer.cookie(BARONG_COOKIE).value, cookie.value);
    assert!(
        !server
            .stored()
            .windows(43)
            .any(|bytes| bytes == cookie.value.as_bytes()),
        "only a digest is kept"
    );
}

#[test]
fn behind_https_the_cookie_goes_over_nothing_else() {
    let server = Server::with(&[("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let cookie = server
        .barong()
        .try_log_in(&ann, BARONG_PASSWORD)
        .cookie(BARONG_COOKIE);
    assert_eq!(
        cookie.attributes,
        ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"]
    );
    let gone = log_out(&server, &cookie.value).expect(200).cookie(BARONG_COOKIE);
    assert_eq!(
        gone.attributes,
        ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=0"]
    );
}

#[test]
fn what_is_missing_is_told_and_what_is_blank_is_wrong() {
    let server = both();
    assert_eq!(
        said(&server, &json!({})),
        [
            r#"400 {"error":"email is missing, password is missing"}"#,
            r#"422 {"errors":["identity.session.missing_email","identity.session.missing_password"]}"#,
        ]
    );
    assert_eq!(log_in(&server, "", ""), WRONG);
}

#[test]
fn who_is_unknown_and_who_errs_hear_the_same() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    assert_eq!(log_in(&server, &address("nobody"), BARONG_PASSWORD), WRONG);
    assert_eq!(log_in(&server, "no address", BARONG_PASSWORD), WRONG);
    assert_eq!(log_in(&server, &ann, "wrong"), WRONG);
    assert_eq!(log_in(&server, &ann, &"x".repeat(5_000)), WRONG);
    assert!(
        server
            .post(CLASSIC)
            .json(json!({ "email": ann, "password": "x" }))
            .send()
            .cookies()
            .is_empty()
    );
}

#[test]
fn an_account_not_in_use_is_told_before_the_password() {
    let server = both();
    let ann = address("ann");
    server.barong().register(&ann).expect(201);
    let refused = |code: &str| {
        [
            r#"401 {"error":"Your account is not active"}"#.to_owned(),
            format!(r#"401 {{"errors":["identity.session.{code}"]}}"#),
        ]
    };
    for (state, code) in [
        ("pending", "not_active"),
        ("locked", "not_active"),
        ("banned", "banned"),
        ("deleted", "deleted"),
    ] {
        set_state(&server, &ann, state);
        assert_eq!(log_in(&server, &ann, "wrong"), refused(code), "{state}");
        assert_eq!(log_in(&server, &ann, BARONG_PASSWORD), refused(code), "{state}");
    }
}

#[test]
fn a_second_factor_is_asked_for_after_the_right_password() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let totp = server
        .barong()
        .enable_factor(&server.barong().log_in(&ann).access);
    assert_eq!(log_in(&server, &ann, "wrong"), WRONG);
    let missing = [
        r#"403 {"error":"The account has enabled 2FA but OTP code is missing"}"#,
        r#"401 {"errors":["identity.session.missing_otp"]}"#,
    ];
    assert_eq!(log_in(&server, &ann, BARONG_PASSWORD), missing);
    let with = |code: &str| {
        said(
            &server,
            &json!({ "email": ann, "password": BARONG_PASSWORD, "otp_code": code }),
        )
    };
    assert_eq!(with(" "), missing);
    let wrong = [
        r#"403 {"error":"OTP code is invalid"}"#,
        r#"403 {"errors":["identity.session.invalid_otp"]}"#,
    ];
    assert_eq!(with(&totp.old_code()), wrong);
    assert_eq!(with("nonsense"), wrong);
    let right = server
        .barong()
        .try_log_in_with_code(&ann, BARONG_PASSWORD, &totp.code());
    assert!(stands(&server, &right.expect(200).cookie(BARONG_COOKIE).value));
    assert_eq!(
        with(&totp.same_code()),
        [
            r#"422 {"error":"This code was already used. Wait until the next time period"}"#,
            r#"422 {"errors":["totp.error"]}"#,
        ]
    );
    let body = json!({ "email": ann, "password": "wrong", "otp_code": totp.code() });
    assert_eq!(said(&server, &body), WRONG, "a code makes up for no password");
}

#[test]
fn who_logs_in_again_leaves_the_session_of_their_cookie() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.barong().sign_up(&ann);
    server.barong().sign_up(&bob);
    let first = server.barong().log_in(&ann).cookie;
    let other = server.barong().log_in(&ann).cookie;
    let again = |cookie: &str, address: &str, password: &str| {
        let body = json!({ "email": address, "password": password });
        server
            .post(CLASSIC)
            .json(body)
            .cookie(BARONG_COOKIE, cookie)
            .send()
    };
    again(&first, &bob, "wrong").expect(401);
    assert!(stands(&server, &first), "nothing was proven");
    let second = again(&first, &bob, BARONG_PASSWORD)
        .expect(200)
        .cookie(BARONG_COOKIE)
        .value;
    assert_ne!(first, second);
    assert!(within_a_second(|| !stands(&server, &first)));
    assert!(stands(&server, &second) && stands(&server, &other));
    // A secret that somebody brings is never taken for a session's.
    let planted = again("planted", &ann, BARONG_PASSWORD)
        .expect(200)
        .cookie(BARONG_COOKIE)
        .value;
    assert_ne!(planted, "planted");
    assert!(!stands(&server, "planted"));
}

#[test]
fn a_log_out_ends_one_session_and_takes_the_cookie() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let (first, other) = (server.barong().log_in(&ann), server.barong().log_in(&ann));
    let answer = log_out(&server, &first.cookie);
    assert_snapshot!(answer, @"200 200");
    let gone = answer.cookie(BARONG_COOKIE);
    assert_eq!((gone.value.as_str(), gone.attribute("max-age")), ("", Some("0")));
    assert!(within_a_second(|| !stands(&server, &first.cookie)));
    assert!(stands(&server, &other.cookie));
    // Barong's own tokens are believed until they end; elsewhere they are worth nothing any more.
    assert!(server.barong().opens(&first.access));
    assert!(within_a_second(|| !server.pluto().opens(&first.access)));

    assert_snapshot!(log_out(&server, &first.cookie), @r#"404 {"error":"Record is not found"}"#);
    assert_snapshot!(log_out(&server, "nonsense"), @r#"404 {"error":"Record is not found"}"#);
    let coded = server.request(reqwest::Method::DELETE, CODED).send();
    assert_snapshot!(coded, @r#"404 {"errors":["record.not_found"]}"#);
}

#[test]
fn guessing_is_bounded_for_an_account_and_for_a_client() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    for _ in 0..3 {
        server.barong().try_log_in(&ann, "wrong").expect(401);
    }
    assert_eq!(
        server.barong().try_log_in(&ann, BARONG_PASSWORD).to_string(),
        WRONG[0]
    );

    let server = Server::with(&[
        ("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2"),
        ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource"),
    ]);
    let nobody = address("nobody");
    assert_eq!(log_in(&server, &nobody, "x"), WRONG);
    let refused = server.barong().try_log_in(&nobody, "x");
    assert_snapshot!(refused, @r#"429 {"error":"Too many requests"}"#);
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=31).contains(&seconds), "{seconds}");
    let coded = server
        .post(CODED)
        .json(json!({ "email": nobody, "password": "x" }))
        .send();
    assert_snapshot!(coded, @r#"429 {"errors":["request.too_many_requests"]}"#);
}

#[test]
fn what_was_tried_is_in_the_activity_log() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
    let as_browser = |password: &str| {
        let body = json!({ "email": ann, "password": password });
        server.post(CLASSIC).json(body).header("user-agent", agent).send()
    };
    as_browser("wrong").expect(401);
    let cookie = as_browser(BARONG_PASSWORD)
        .expect(200)
        .cookie(BARONG_COOKIE)
        .value;
    let log_out = server
        .request(reqwest::Method::DELETE, CLASSIC)
        .header("user-agent", agent);
    log_out.cookie(BARONG_COOKIE, &cookie).send().expect(200);
    // Who does not say what they are leaves no record.
    let visit = server.barong().log_in(&ann);
    let log = server
        .get("/api/v2/resource/users/activity/session")
        .bearer(&visit.access)
        .send()
        .expect(200)
        .json();
    let lines: Vec<String> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|line| format!("{} {} {}", line["action"], line["result"], line["data"]))
        .collect();
    assert_eq!(
        lines,
        [
            r#""login" "failed" "{\"reason\":\"Invalid Email or Password\"}""#,
            r#""login" "succeed" null"#,
            r#""logout" "succeed" null"#,
        ]
    );
}
