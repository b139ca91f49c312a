use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{post, server_with, somebody};
use crate::harness::{PASSWORD, Server, address, jwt};

const WRONG: &str = r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#;

#[test]
fn the_order_of_refusals_is_that_of_the_contract() {
    let server = Server::start();
    let ann = address("ann");
    let log_in = |password: &str| server.backend_plus().try_log_in(&ann, password).to_string();
    assert_snapshot!(
        post(&server, "/auth/login", json!({ "email": ann })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"password\" is required"}"#
    );
    assert_snapshot!(log_in("wrong"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#);
    server.backend_plus().register(&ann).expect(204);
    assert_snapshot!(log_in("wrong"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#);
    let ticket = server.mail_to(&ann).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    assert_eq!(log_in("wrong"), WRONG);
    assert_eq!(server.backend_plus().try_log_in(&ann, PASSWORD).status(), 200);
}

#[test]
fn a_short_password_is_wrong_but_not_invalid() {
    let server = Server::start();
    let ann = somebody(&server);
    assert_eq!(server.backend_plus().try_log_in(&ann, "x").to_string(), WRONG);
}

#[test]
fn a_session_shows_the_user_and_where_the_tokens_are() {
    let server = Server::start();
    let ann = somebody(&server);
    let session = server
        .backend_plus()
        .try_log_in(&ann.replace("ann", "Ann"), PASSWORD)
        .expect(200);
    let json = session.json();
    let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert_eq!(json["jwt_expires_in"], 900_000);
    assert_eq!(
        json["user"],
        json!({ "id": json["user"]["id"], "display_name": ann, "email": ann })
    );
    assert!(uuid::Uuid::parse_str(&session.at("/user/id")).is_ok());
    assert_eq!(
        uuid::Uuid::parse_str(&session.at("/refresh_token"))
            .unwrap()
            .get_version_num(),
        4
    );
    assert_eq!(
        session.header("content-type").as_deref(),
        Some("application/json; charset=utf-8")
    );
    let text = session.text();
    let places = [
        "\"jwt_token\"",
        "\"jwt_expires_in\"",
        "\"user\"",
        "\"refresh_token\"",
    ];
    let places: Vec<_> = places.iter().map(|key| text.find(key)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{text}");

    let in_cookies = super::log_in_with_cookies(&server, &ann);
    assert!(in_cookies.json().get("refresh_token").is_none());
}

#[test]
fn a_false_text_asks_for_no_cookies_either() {
    let server = Server::start();
    let ann = somebody(&server);
    let body = json!({ "email": ann, "password": PASSWORD, "cookie": "false" });
    let session = post(&server, "/auth/login", body).expect(200);
    assert!(!session.at("/refresh_token").is_empty());
    for cookie in session.cookies() {
        assert_eq!(cookie.value, "");
    }
}

#[test]
fn a_token_is_what_hasura_reads_and_verifies_with_the_published_key() {
    let server = Server::start();
    let ann = somebody(&server);
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    let token = session.at("/jwt_token");
    let header = jwt::header(&token);
    let mut members: Vec<_> = header.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["alg", "kid"]);
    assert_eq!(header["alg"], "RS256");
    let jwks = server.get("/auth/jwks").send().expect(200).json();
    let claims = jwt::verify(&token, &jwks).unwrap();
    let user = session.at("/user/id");
    assert_eq!(
        claims["https://hasura.io/jwt/claims"],
        json!({
            "x-hasura-user-id": user,
            "x-hasura-allowed-roles": ["user"],
            "x-hasura-default-role": "user",
        })
    );
    assert_eq!(claims["sub"], json!(user));
    assert_eq!(claims["iss"], json!(server.url("")));
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
    assert!(uuid::Uuid::parse_str(claims["sid"].as_str().unwrap()).is_ok());
    assert_eq!(claims.as_object().unwrap().len(), 6);
}

#[test]
fn a_token_is_shaped_by_the_settings() {
    let server = server_with(&[
        ("JWT_ALGORITHM", "HS256"),
        ("JWT_KEY", "a secret of 32 bytes that Hasura knows too"),
        ("JWT_CLAIMS_NAMESPACE", "https://example.org/claims"),
        ("JWT_ISSUER", "me"),
        ("JWT_EXPIRES_IN", "5"),
    ]);
    let ann = somebody(&server);
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    assert_eq!(session.json()["jwt_expires_in"], 300_000);
    let token = session.at("/jwt_token");
    assert_eq!(jwt::header(&token), json!({ "alg": "HS256" }));
    let claims = jwt::verify_with_secret(&token, b"a secret of 32 bytes that Hasura knows too").unwrap();
    assert_eq!(
        claims["https://example.org/claims"]["x-hasura-default-role"],
        "user"
    );
    assert_eq!(claims["iss"], "me");
    assert_snapshot!(
        server.get("/auth/jwks").send(),
        @r#"501 {"statusCode":501,"error":"Not Implemented","message":"JWKS is not implemented on this server."}"#
    );
    assert!(server.backend_plus().opens(&token), "at home");
}

#[test]
fn lifetimes_for_all_dialects_win_over_its_own() {
    let mut settings = super::named(&[("JWT_EXPIRES_IN", "5"), ("JWT_REFRESH_EXPIRES_IN", "5")]);
    settings.push(("CLAVIS_TOKENS__ACCESS_TTL_SECONDS".to_owned(), "60".to_owned()));
    settings.push(("CLAVIS_TOKENS__REFRESH_TTL_SECONDS".to_owned(), "120".to_owned()));
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = Server::with(&settings);
    let ann = somebody(&server);
    let session = super::log_in_with_cookies(&server, &ann);
    assert_eq!(session.json()["jwt_expires_in"], 60_000);
    assert_eq!(session.cookie("refresh_token").attribute("max-age"), Some("120"));
}

#[test]
fn unknown_fields_are_refused_at_last() {
    let server = Server::start();
    let body =
        |extra: Value| json!({ "email": "ann@example.org", "password": "x", "cookie": true, "extra": extra });
    assert_snapshot!(
        post(&server, "/auth/login", body(json!(1))),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"extra\" is not allowed"}"#
    );
    // Anonymous users are not offered.
    assert_snapshot!(
        post(&server, "/auth/login", json!({ "anonymous": true })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#
    );
}

#[test]
fn unknown_and_inactive_accounts_can_be_answered_as_a_wrong_password() {
    let server = server_with(&[("HIDE_UNKNOWN_ACCOUNTS", "true")]);
    let (ann, pending) = (somebody(&server), address("pending"));
    server.backend_plus().register(&pending).expect(204);
    for who in [&ann, &pending, &address("nobody")] {
        assert_eq!(
            server.backend_plus().try_log_in(who, "wrong").to_string(),
            WRONG,
            "{who}"
        );
    }
    server.backend_plus().log_in(&ann);
}

#[test]
fn a_client_that_logs_in_too_often_is_told_to_wait() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2")]);
    let log_in = || server.backend_plus().try_log_in(&address("nobody"), "x");
    log_in().expect(400);
    log_in().expect(400);
    let answer = log_in();
    assert_snapshot!(answer, @r#"429 {"statusCode":429,"error":"Too Many Requests","message":"Too many requests"}"#);
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // What is invalid anyway does not count, and other requests go on.
    post(&server, "/auth/login", json!({})).expect(400);
    server.get("/auth/jwks").send().expect(200);
}
