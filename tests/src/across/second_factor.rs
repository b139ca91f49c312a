//! One second factor behind every door: Barong and Backend Plus ask for it, what the others make of it.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Answer, BARONG_PASSWORD, Server, Tokens, Totp, address, jwt, number};

const REDUCED: [(&str, &str); 3] = [
    ("CLAVIS_DIALECTS__BACKEND_PLUS__MFA_ENABLED", "false"),
    ("CLAVIS_DIALECTS__PLUTO__WITHOUT_SECOND_FACTOR", "reduced"),
    ("CLAVIS_DIALECTS__BACKEND_PLUS__WITHOUT_SECOND_FACTOR", "reduced"),
];

/// Enables a factor for an account that logs in with [`BARONG_PASSWORD`].
fn enable(server: &Server, address: &str) -> (String, Totp) {
    let access = server.barong().log_in(address).access;
    let totp = server.barong().enable_factor(&access);
    (access, totp)
}

#[test]
fn doors_that_cannot_ask_for_a_factor_refuse_after_the_right_password_only() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__MFA_ENABLED", "false")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let before = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD));
    let (access, totp) = enable(&server, &ann);

    assert_snapshot!(
        server.pluto().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"status":"error","error":{"code":9003,"message":"Second factor required"}}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"statusCode":403,"error":"Forbidden","message":"Second factor required"}"#
    );
    assert_snapshot!(
        server.pluto().try_log_in(&ann, "wrong"),
        @r#"403 {"status":"error","error":{"code":3001,"message":"Invalid Password"}}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, "wrong"),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
    );
    // Sessions from before were opened without it.
    server.pluto().refresh(&before.refresh).expect(403);

    server.barong().otp("disable", &access, &totp.code()).expect(200);
    server.pluto().try_log_in(&ann, BARONG_PASSWORD).expect(200);
    server
        .backend_plus()
        .try_log_in(&ann, BARONG_PASSWORD)
        .expect(200);
}

/// The second request of a log-in at Backend Plus.
#[track_caller]
fn totp(server: &Server, address: &str, code: &str) -> Answer {
    let first = server
        .backend_plus()
        .try_log_in(address, BARONG_PASSWORD)
        .expect(200);
    assert_eq!(first.at("/mfa"), "true");
    let body = json!({ "code": code, "ticket": first.at("/ticket"), "cookie": false });
    server.post("/auth/mfa/totp").json(body).send()
}

#[test]
fn a_factor_that_was_enabled_at_barong_is_asked_for_at_backend_plus() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let (_, app) = enable(&server, &ann);
    let code = app.code();
    let barong = server.barong().try_log_in_with_code(&ann, BARONG_PASSWORD, &code);
    barong.expect(200);
    // A code that signed in at one door signs in at no other.
    assert_snapshot!(
        totp(&server, &ann, &code),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid two-factor code."}"#
    );
}

#[test]
fn a_factor_that_was_enabled_at_backend_plus_is_asked_for_at_barong() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let tokens = Tokens::of_backend_plus(&server.backend_plus().try_log_in(&ann, BARONG_PASSWORD));
    let app = server.backend_plus().enable_factor(&tokens.access);
    Totp::settle();
    assert_snapshot!(
        server.barong().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"error":"The account has enabled 2FA but OTP code is missing"}"#
    );
    let code = app.code_at(-1);
    let session = totp(&server, &ann, &code).expect(200);
    let replayed = server.barong().try_log_in_with_code(&ann, BARONG_PASSWORD, &code);
    assert_snapshot!(
        replayed,
        @r#"422 {"error":"This code was already used. Wait until the next time period"}"#
    );
    let code = app.code_at(0);
    let log_in = server.barong().try_log_in_with_code(&ann, BARONG_PASSWORD, &code);
    let visit = server.barong().visit(&log_in);
    // Barong forgives a clock that is ahead, Backend Plus does not; and what Barong used up is used up for it.
    let next = app.code_at(1);
    totp(&server, &ann, &next).expect(401);
    server.barong().otp("verify", &visit.access, &next).expect(201);
    let opened = Tokens::of_backend_plus(&session);
    assert!(server.pluto().opens(&opened.access) && server.barong().opens(&opened.access));

    // It is one and the same, so it is taken away at one door for both.
    let body = json!({ "code": code });
    let disable = server.post("/auth/mfa/disable").json(body).bearer(&opened.access);
    disable.send().expect(204);
    server.barong().try_log_in(&ann, BARONG_PASSWORD).expect(200);
}

#[test]
fn a_token_of_barong_opens_the_other_doors_with_its_factor() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let (_, totp) = enable(&server, &ann);
    let log_in = server
        .barong()
        .try_log_in_with_code(&ann, BARONG_PASSWORD, &totp.code());
    let access = server.barong().visit(&log_in).access;
    assert!(server.barong().opens(&access));
    assert!(server.pluto().opens(&access));
    assert!(server.backend_plus().opens(&access));
}

#[test]
fn a_session_of_less_assurance_opens_its_own_door_and_no_other() {
    let server = Server::with(&REDUCED);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    enable(&server, &ann);
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD));
    let backend_plus = Tokens::of_backend_plus(&server.backend_plus().try_log_in(&ann, BARONG_PASSWORD));
    // So do the tokens that a refresh gives.
    let pluto_later = Tokens::of_pluto(&server.pluto().refresh(&pluto.refresh));
    let backend_plus_later = Tokens::of_backend_plus(&server.backend_plus().refresh(&backend_plus.refresh));

    for tokens in [&pluto, &pluto_later] {
        assert!(server.pluto().opens(&tokens.access));
        assert!(!server.backend_plus().opens(&tokens.access));
        assert!(!server.barong().opens(&tokens.access));
        let disable = server.barong().otp("disable", &tokens.access, "123456");
        assert_eq!(disable.to_string(), r#"401 {"error":"Permission Denied"}"#);
    }
    for tokens in [&backend_plus, &backend_plus_later] {
        assert!(server.backend_plus().opens(&tokens.access));
        assert!(!server.pluto().opens(&tokens.access));
        assert!(!server.barong().opens(&tokens.access));
    }
}

#[test]
fn a_session_from_before_the_factor_ends_at_every_door() {
    let server = Server::with(&REDUCED);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD));
    let backend_plus = Tokens::of_backend_plus(&server.backend_plus().try_log_in(&ann, BARONG_PASSWORD));
    assert!(server.barong().opens(&pluto.access) && server.pluto().opens(&backend_plus.access));
    let (own, _) = enable(&server, &ann);
    for access in [&pluto.access, &backend_plus.access] {
        assert!(!server.pluto().opens(access));
        assert!(!server.backend_plus().opens(access));
        assert!(!server.barong().opens(access));
    }
    server.pluto().refresh(&pluto.refresh).expect(403);
    assert!(
        server.pluto().opens(&own),
        "whoever enabled it has shown a code of it"
    );
}

#[test]
fn a_session_of_less_assurance_has_no_authority() {
    let server = Server::with(&REDUCED);
    let root = address("root");
    let arguments = ["user", "create", "--email", &root, "--password", BARONG_PASSWORD];
    let cli = server.cli(&[&arguments[..], &["--role", "admin", "--active"]].concat());
    cli.ok();
    let count = |access: &str| server.get("/v1/user/count").bearer(access).send();
    let full = Tokens::of_pluto(&server.pluto().try_log_in(&root, BARONG_PASSWORD));
    count(&full.access).expect(200);

    enable(&server, &root);
    let reduced = Tokens::of_pluto(&server.pluto().try_log_in(&root, BARONG_PASSWORD));
    let later = Tokens::of_pluto(&server.pluto().refresh(&reduced.refresh));
    for tokens in [&reduced, &later] {
        let claims = jwt::payload(&tokens.access);
        assert!(
            !claims["scopes"].to_string().contains("admin"),
            "no authority is promised: {claims}"
        );
        count(&tokens.access).expect(403);
        let search = server.get("/v1/user/search").query(&[("account", root.as_str())]);
        search.bearer(&tokens.access).send().expect(403);
        server.pluto().info(number(&claims), &tokens.access).expect(200);
    }
    assert!(
        !server.pluto().opens(&full.access),
        "it was opened without the factor"
    );
}

#[test]
fn wrong_codes_and_wrong_passwords_are_counted_apart() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let (access, totp) = enable(&server, &ann);
    for _ in 0..3 {
        let wrong = server.barong().otp("verify", &access, &totp.old_code());
        assert_eq!(wrong.to_string(), r#"422 {"error":"OTP code is invalid"}"#);
    }
    // The factor is closed at every endpoint, and the password is not.
    let code = totp.code();
    let shown = server.barong().try_log_in_with_code(&ann, BARONG_PASSWORD, &code);
    assert_snapshot!(shown, @r#"403 {"error":"OTP code is invalid"}"#);
    let body = json!({ "algorithm": "HS256", "totp_code": code });
    let key = server.post("/api_keys").bearer(&access).json(body).send();
    assert_snapshot!(key, @r#"422 {"error":"OTP code is invalid"}"#);
    assert_snapshot!(
        server.pluto().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"status":"error","error":{"code":9003,"message":"Second factor required"}}"#
    );
}
