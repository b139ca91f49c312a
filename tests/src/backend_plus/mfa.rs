//! The second factor: set up, asked for at a log-in, taken away.

use insta::assert_snapshot;
use serde_json::json;

use super::{NOBODYS_UUID, post, server_with, somebody_logged_in, with_cookies_of};
use crate::harness::{Answer, PASSWORD, Server, Tokens, Totp, jwt};

const BAD_CODE: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid two-factor code."}"#;
const BAD_TICKET: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired ticket."}"#;

/// Somebody whose log-ins ask for a second factor.
#[track_caller]
fn somebody_with_factor(server: &Server) -> (String, Tokens, Totp) {
    let (ann, tokens) = somebody_logged_in(server);
    let totp = server.backend_plus().enable_factor(&tokens.access);
    (ann, tokens, totp)
}

/// A log-in with the password, which awaits the second factor.
#[track_caller]
fn ticket(server: &Server, address: &str) -> String {
    server
        .backend_plus()
        .try_log_in(address, PASSWORD)
        .expect(200)
        .at("/ticket")
}

#[track_caller]
fn totp(server: &Server, ticket: &str, code: &str) -> Answer {
    let body = json!({ "code": code, "ticket": ticket, "cookie": false });
    post(server, "/auth/mfa/totp", body)
}

#[track_caller]
fn as_caller(server: &Server, endpoint: &str, access: &str, body: serde_json::Value) -> Answer {
    let request = server.post(&format!("/auth/mfa/{endpoint}")).json(body);
    request.bearer(access).send()
}

#[test]
fn a_secret_comes_as_text_and_as_a_picture_of_its_url() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let generated = as_caller(&server, "generate", &tokens.access, json!({})).expect(200);
    let keys: Vec<_> = generated.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["image_url", "otp_secret"]);
    let secret = generated.at("/otp_secret");
    assert_eq!(secret.len(), 32);
    assert!(
        secret
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte))
    );
    assert!(
        generated
            .at("/image_url")
            .starts_with("data:image/png;base64,iVBORw0KGgo")
    );
    // Without a body at all, and another secret each time.
    let again = server.post("/auth/mfa/generate").bearer(&tokens.access).send();
    assert_ne!(again.expect(200).at("/otp_secret"), secret);
}

#[test]
fn a_factor_is_enabled_by_a_code_of_the_secret_that_waits() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let enable = |body| as_caller(&server, "enable", &tokens.access, body);
    assert_snapshot!(
        enable(json!({})),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"code\" is required"}"#
    );
    assert_snapshot!(
        enable(json!({ "code": 123_456 })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"code\" must be a string"}"#
    );
    assert_snapshot!(
        enable(json!({ "code": "12345" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"code\" length must be 6 characters long"}"#
    );
    assert_snapshot!(
        enable(json!({ "code": "123456", "x": 1 })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"x\" is not allowed"}"#
    );
    assert_snapshot!(
        enable(json!({ "code": "123456" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"OTP secret is not set."}"#
    );
    let totp = server.backend_plus().generate_factor(&tokens.access);
    assert_eq!(enable(json!({ "code": totp.old_code() })).to_string(), BAD_CODE);
    assert_eq!(enable(json!({ "code": "abcdef" })).to_string(), BAD_CODE);
    Totp::settle();
    assert_eq!(
        enable(json!({ "code": totp.code_at(1) })).to_string(),
        BAD_CODE,
        "never the next"
    );
    assert_eq!(enable(json!({ "code": totp.code_at(-2) })).to_string(), BAD_CODE);
    enable(json!({ "code": totp.code_at(-1) })).expect(204);
    assert_snapshot!(
        enable(json!({ "code": totp.code_at(0) })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"MFA is already enabled."}"#
    );
    assert_snapshot!(
        as_caller(&server, "generate", &tokens.access, json!({})),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"MFA is already enabled."}"#
    );
}

#[test]
fn a_log_in_with_a_factor_gives_a_ticket_and_nothing_else() {
    let server = Server::start();
    let (ann, _, _) = somebody_with_factor(&server);
    for cookie in [true, false] {
        let body = json!({ "email": ann, "password": PASSWORD, "cookie": cookie });
        let answer = post(&server, "/auth/login", body).expect(200);
        let ticket = answer.at("/ticket");
        assert_eq!(answer.text(), format!(r#"{{"mfa":true,"ticket":"{ticket}"}}"#));
        assert_eq!(uuid::Uuid::parse_str(&ticket).unwrap().get_version_num(), 4);
        assert!(answer.cookies().is_empty());
    }
    server.backend_plus().try_log_in(&ann, "wrong").expect(401);
}

#[test]
fn a_ticket_and_a_code_open_a_session_once() {
    let server = Server::start();
    let (ann, _, app) = somebody_with_factor(&server);
    Totp::settle();
    let first = ticket(&server, &ann);
    let session = totp(&server, &first, &app.code_at(-1)).expect(200);
    assert_eq!(session.at("/user/email"), ann);
    assert_eq!(session.at("/jwt_expires_in"), "900000");
    let tokens = Tokens::of_backend_plus(&session);
    assert!(server.backend_plus().opens(&tokens.access));
    server.backend_plus().refresh(&tokens.refresh).expect(200);
    assert_eq!(totp(&server, &first, &app.code_at(0)).to_string(), BAD_TICKET);

    // With cookies, unless it is said otherwise.
    let second = ticket(&server, &ann);
    let body = json!({ "code": app.code_at(0), "ticket": second });
    let session = post(&server, "/auth/mfa/totp", body).expect(200);
    assert_eq!(session.json().get("refresh_token"), None);
    let names: Vec<_> = session.cookies().into_iter().map(|cookie| cookie.name).collect();
    assert_eq!(names, ["refresh_token", "permission_variables"]);
    with_cookies_of(server.post("/auth/token/refresh"), &session)
        .send()
        .expect(200);
}

#[test]
fn the_second_request_is_refused_in_the_order_of_the_contract() {
    let server = Server::start();
    let (ann, tokens, app) = somebody_with_factor(&server);
    let good = ticket(&server, &ann);
    assert_snapshot!(
        post(&server, "/auth/mfa/totp", json!({ "ticket": "x", "cookie": "x" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"code\" is required"}"#
    );
    assert_snapshot!(
        post(&server, "/auth/mfa/totp", json!({ "code": "123456", "ticket": "x" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"ticket\" must be a valid GUID"}"#
    );
    assert_snapshot!(
        post(&server, "/auth/mfa/totp", json!({ "code": "123456", "ticket": good, "cookie": 7 })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"cookie\" must be a boolean"}"#
    );
    assert_eq!(totp(&server, NOBODYS_UUID, "123456").to_string(), BAD_TICKET);
    assert_eq!(totp(&server, &good, &app.old_code()).to_string(), BAD_CODE);
    Totp::settle();
    assert_eq!(
        totp(&server, &good, &app.code_at(1)).to_string(),
        BAD_CODE,
        "never the next"
    );

    as_caller(
        &server,
        "disable",
        &tokens.access,
        json!({ "code": app.code_at(0) }),
    )
    .expect(204);
    assert_snapshot!(
        totp(&server, &good, &app.code_at(0)),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"MFA is not enabled."}"#
    );
}

#[test]
fn an_account_that_was_locked_meanwhile_is_not_let_in() {
    let server = Server::start();
    let (ann, _, app) = somebody_with_factor(&server);
    let good = ticket(&server, &ann);
    server.cli(&["user", "set-state", "--email", &ann, "locked"]).ok();
    assert_snapshot!(
        totp(&server, &good, &app.code_at(0)),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
}

#[test]
fn a_ticket_ends_with_the_password_it_was_given_for() {
    let server = Server::start();
    let (ann, tokens, app) = somebody_with_factor(&server);
    let before = ticket(&server, &ann);
    let body = json!({ "old_password": PASSWORD, "new_password": "another password" });
    let change = server.post("/auth/change-password").json(body);
    change.bearer(&tokens.access).send().expect(204);
    assert_eq!(totp(&server, &before, &app.code_at(0)).to_string(), BAD_TICKET);
}

#[test]
fn a_ticket_ends_with_a_newer_one_and_with_the_account() {
    let server = Server::start();
    let (ann, tokens, app) = somebody_with_factor(&server);
    let first = ticket(&server, &ann);
    let second = ticket(&server, &ann);
    assert_eq!(totp(&server, &first, &app.code_at(0)).to_string(), BAD_TICKET);
    server
        .post("/auth/delete")
        .bearer(&tokens.access)
        .send()
        .expect(204);
    assert_eq!(totp(&server, &second, &app.code_at(0)).to_string(), BAD_TICKET);
}

#[test]
fn a_ticket_ends_when_everything_is_revoked_and_after_an_hour() {
    let server = Server::start();
    let (ann, tokens, app) = somebody_with_factor(&server);
    let first = ticket(&server, &ann);
    server
        .post("/auth/token/revoke")
        .bearer(&tokens.access)
        .send()
        .expect(204);
    assert_eq!(totp(&server, &first, &app.code_at(0)).to_string(), BAD_TICKET);
    let second = ticket(&server, &ann);
    let hour = 3_600_000_000_u64;
    server.execute_sql(&format!(
        "UPDATE pending_log_ins SET expires_at = expires_at - {hour}"
    ));
    assert_eq!(totp(&server, &second, &app.code_at(0)).to_string(), BAD_TICKET);
}

#[test]
fn a_wrong_code_leaves_the_ticket_good_a_few_times() {
    let server = Server::start();
    let (ann, _, app) = somebody_with_factor(&server);
    let patient = ticket(&server, &ann);
    for _ in 0..4 {
        assert_eq!(totp(&server, &patient, &app.old_code()).to_string(), BAD_CODE);
    }
    totp(&server, &patient, &app.code_at(0)).expect(200);

    let hasty = ticket(&server, &ann);
    for _ in 0..5 {
        assert_eq!(totp(&server, &hasty, &app.old_code()).to_string(), BAD_CODE);
    }
    assert_eq!(totp(&server, &hasty, &app.old_code()).to_string(), BAD_TICKET);
}

#[test]
fn wrong_codes_close_the_factor_whatever_the_ticket() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let (ann, tokens, app) = somebody_with_factor(&server);
    for _ in 0..3 {
        let fresh = ticket(&server, &ann);
        assert_eq!(totp(&server, &fresh, &app.old_code()).to_string(), BAD_CODE);
    }
    let fresh = ticket(&server, &ann);
    let right = app.code_at(0);
    assert_eq!(totp(&server, &fresh, &right).to_string(), BAD_CODE);
    let disable = as_caller(&server, "disable", &tokens.access, json!({ "code": right }));
    assert_eq!(disable.to_string(), BAD_CODE);
}

#[test]
fn a_code_that_signed_in_signs_in_no_more_and_may_still_take_the_factor_away() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let app = server.backend_plus().generate_factor(&tokens.access);
    Totp::settle();
    let code = app.code_at(0);
    // One code for all of it, within its thirty seconds.
    as_caller(&server, "enable", &tokens.access, json!({ "code": code })).expect(204);
    totp(&server, &ticket(&server, &ann), &code).expect(200);
    let again = ticket(&server, &ann);
    assert_eq!(totp(&server, &again, &code).to_string(), BAD_CODE);
    assert_eq!(
        totp(&server, &again, &app.code_at(-1)).to_string(),
        BAD_CODE,
        "nor an older one"
    );
    as_caller(&server, "disable", &tokens.access, json!({ "code": code })).expect(204);
    server.backend_plus().log_in(&ann);
}

#[test]
fn a_factor_is_taken_away_by_a_code_of_it() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let disable = |body| as_caller(&server, "disable", &tokens.access, body);
    assert_snapshot!(
        disable(json!({ "code": "" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"code\" is not allowed to be empty"}"#
    );
    assert_snapshot!(
        disable(json!({ "code": "123456" })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"MFA is already disabled."}"#
    );
    let app = server.backend_plus().enable_factor(&tokens.access);
    assert_eq!(disable(json!({ "code": app.old_code() })).to_string(), BAD_CODE);
    disable(json!({ "code": app.code_at(0) })).expect(204);
    server.backend_plus().log_in(&ann);
    // The secret is gone with it.
    let enable = as_caller(
        &server,
        "enable",
        &tokens.access,
        json!({ "code": app.code_at(0) }),
    );
    assert!(enable.to_string().contains("OTP secret is not set."), "{enable}");
}

#[test]
fn nobody_sets_up_a_factor_without_being_logged_in() {
    let server = Server::start();
    let v2_7 = server_with(&[("PROFILE", "v2.7")]);
    for endpoint in ["generate", "enable", "disable"] {
        let path = format!("/auth/mfa/{endpoint}");
        assert_eq!(
            post(&server, &path, json!({})).to_string(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
        );
        assert_eq!(
            post(&v2_7, &path, json!({})).to_string(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Not logged in"}"#
        );
    }
}

#[test]
fn a_session_that_was_opened_without_the_factor_ends_when_it_is_enabled() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let other = server.backend_plus().log_in(&ann);
    server.backend_plus().enable_factor(&tokens.access);
    server.backend_plus().refresh(&other.refresh).expect(401);
    server.backend_plus().refresh(&tokens.refresh).expect(200);
}

#[test]
fn switched_off_there_is_no_factor() {
    let server = server_with(&[("MFA_ENABLED", "false")]);
    let v2_7 = server_with(&[("MFA_ENABLE", "false"), ("PROFILE", "v2.7")]);
    for endpoint in ["generate", "enable", "disable", "totp"] {
        let path = format!("/auth/mfa/{endpoint}");
        assert_eq!(
            post(&server, &path, json!({})).to_string(),
            r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
        );
        post(&v2_7, &path, json!({})).expect(500);
    }
}

#[test]
fn the_admin_secret_stands_in_for_the_password_and_not_for_the_factor() {
    let server = server_with(&[
        ("USER_IMPERSONATION_ENABLED", "true"),
        ("HASURA_GRAPHQL_ADMIN_SECRET", "s3cret"),
    ]);
    let (ann, _, app) = somebody_with_factor(&server);
    let body = json!({ "email": ann, "password": "x", "cookie": false });
    let request = server
        .post("/auth/login")
        .json(body)
        .header("x-admin-secret", "s3cret");
    let answer = request.send().expect(200);
    assert_eq!(answer.at("/mfa"), "true");
    totp(&server, &answer.at("/ticket"), &app.code_at(0)).expect(200);
}

#[test]
fn the_ticket_and_the_secret_are_kept_unreadable() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    let generated = as_caller(&server, "generate", &tokens.access, json!({})).expect(200);
    let secret = generated.at("/otp_secret");
    let app = Totp::of_base32(&secret);
    as_caller(
        &server,
        "enable",
        &tokens.access,
        json!({ "code": app.code_at(0) }),
    )
    .expect(204);
    let ticket = ticket(&server, &ann);
    let stored = server.stored();
    for kept in [&secret, &ticket] {
        let found = stored.windows(kept.len()).any(|window| window == kept.as_bytes());
        assert!(!found, "{kept} is in the database");
    }
    assert!(!server.log().contains(&ticket) && !server.log().contains(&secret));
}

#[test]
fn a_session_with_the_factor_says_what_any_other_says() {
    let server = Server::start();
    let (ann, _, app) = somebody_with_factor(&server);
    let session = totp(&server, &ticket(&server, &ann), &app.code_at(0)).expect(200);
    let claims = jwt::payload(&session.at("/jwt_token"));
    assert_eq!(
        claims["https://hasura.io/jwt/claims"]["x-hasura-allowed-roles"],
        json!(["user"])
    );
}
