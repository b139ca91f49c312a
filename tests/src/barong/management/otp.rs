//! The server's own signature for whoever shows a code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use josekit::jwk::JwkSet;
use josekit::jws::{JwsVerifier as _, RS256};
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, NOT_FOUND};
use crate::harness::management::{Management, claims, signed, signers};
use crate::harness::{Server, Totp};

const SIGN: &str = "/api/v2/management/otp/sign";

/// Somebody with a second factor.
fn with_factor(management: &Management) -> (String, Totp) {
    let uid = management.newcomer("ada@example.org");
    management.label(&uid, "email", "verified");
    let barong = management.server().barong();
    let access = barong.log_in("ada@example.org").access;
    (uid, barong.enable_factor(&access))
}

/// Whether one of the published keys made this signature.
fn is_published(server: &Server, envelope: &Value, signature: &Value) -> bool {
    let jwks = server.get("/.well-known/jwks.json").send().expect(200).text();
    let jwks = JwkSet::from_bytes(jwks).expect("a set of keys");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let message = format!("{}.{}", text(&signature["protected"]), text(&envelope["payload"]));
    let bytes = URL_SAFE_NO_PAD
        .decode(text(&signature["signature"]))
        .expect("base64");
    let mut keys = jwks
        .keys()
        .into_iter()
        .filter(|key| key.algorithm() == Some("RS256"));
    keys.any(|key| {
        let verifier = RS256.verifier_from_jwk(key).expect("a key");
        verifier.verify(message.as_bytes(), &bytes).is_ok()
    })
}

#[test]
fn a_request_gets_the_servers_signature_for_a_code() {
    let management = Management::start();
    let (uid, totp) = with_factor(&management);
    let withdrawal = signed(
        &claims(json!({ "uid": "withdraw", "amount": "0.1" })),
        &[&signers().applogic],
    );
    let code = totp.code();
    let answer = management.post(
        "/otp/sign",
        json!({ "user_uid": uid, "otp_code": code, "jwt": withdrawal }),
    );
    let countersigned = answer.expect(201).json();
    assert_eq!(countersigned["payload"], withdrawal["payload"]);
    assert_eq!(countersigned["signatures"][0], withdrawal["signatures"][0]);
    let own = &countersigned["signatures"][1];
    assert_eq!(own["header"], json!({ "kid": "barong" }));
    let protected = URL_SAFE_NO_PAD
        .decode(own["protected"].as_str().unwrap())
        .unwrap();
    assert_eq!(protected, br#"{"alg":"RS256"}"#);
    assert!(is_published(management.server(), &countersigned, own));
    let mut other = countersigned.clone();
    other["payload"] = json!("e30");
    assert!(!is_published(management.server(), &other, own));

    // The code is spent, here and at every other door.
    let again = json!({ "user_uid": uid, "otp_code": code, "jwt": withdrawal });
    assert_snapshot!(
        management.post("/otp/sign", again),
        @r#"422 {"error":"This code was already used. Wait until the next time period"}"#
    );
    let log_in = management.server().barong().try_log_in_with_code(
        "ada@example.org",
        crate::harness::BARONG_PASSWORD,
        &totp.same_code(),
    );
    assert_ne!(log_in.status(), 200);
}

#[test]
fn without_another_the_request_itself_is_signed() {
    let management = Management::start();
    let (uid, totp) = with_factor(&management);
    let body = signed(
        &claims(json!({ "user_uid": uid, "otp_code": totp.code(), "amount": "0.1" })),
        &[&signers().applogic],
    );
    let answer = management.send(Method::POST, SIGN, body.clone());
    let countersigned = answer.expect(201).json();
    assert_eq!(countersigned["payload"], body["payload"]);
    let own = &countersigned["signatures"][1];
    assert!(is_published(management.server(), &countersigned, own));
    // As a text it is taken, too; the server's signature is there once.
    let data = json!({ "user_uid": uid, "otp_code": totp.code(), "jwt": countersigned.to_string() });
    let again = management.post("/otp/sign", data).expect(201).json();
    assert_eq!(again["signatures"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_code_that_is_not_good_gets_nothing() {
    let management = Management::start();
    let (uid, totp) = with_factor(&management);
    let bob = management.newcomer("bob@example.org");
    let sign = |uid: &str, code: &str| {
        let data = json!({ "user_uid": uid, "otp_code": code });
        management.post("/otp/sign", data).to_string()
    };
    assert_snapshot!(sign(&uid, &totp.old_code()), @r#"422 {"error":"OTP code is invalid"}"#);
    assert_snapshot!(sign(&uid, "no code"), @r#"422 {"error":"OTP code is invalid"}"#);
    assert_snapshot!(sign(&bob, "123456"), @r#"422 {"error":"Account has not enabled 2FA"}"#);
    assert_eq!(sign(NOBODY, "123456"), NOT_FOUND);
    assert_snapshot!(
        management.post("/otp/sign", json!({})),
        @r#"422 {"error":"user_uid is missing, user_uid is empty, otp_code is missing, otp_code is empty"}"#
    );
}

#[test]
fn guessing_ends_whatever_the_servers_say() {
    let management = Management::start();
    let (uid, totp) = with_factor(&management);
    let sign = |code: &str| {
        let data = json!({ "user_uid": uid, "otp_code": code });
        management.post("/otp/sign", data)
    };
    for _ in 0..10 {
        sign(&totp.old_code()).expect(422);
    }
    assert_snapshot!(sign(&totp.code()), @r#"422 {"error":"OTP code is invalid"}"#);
}

#[test]
fn what_would_be_a_token_is_not_signed_and_costs_no_code() {
    let management = Management::start();
    let (uid, totp) = with_factor(&management);
    let code = totp.code();
    let sign = |jwt: Value| {
        let data = json!({ "user_uid": uid, "otp_code": code, "jwt": jwt });
        management.post("/otp/sign", data)
    };
    let envelope = |claims: &Value| signed(claims, &[&signers().applogic]);
    for jwt in [
        json!("no envelope"),
        json!(""),
        json!([]),
        json!(7),
        json!({}),
        json!({ "payload": "e30", "signatures": 1 }),
        json!({ "payload": "!", "signatures": [] }),
        envelope(&json!({ "uid": uid, "exp": 4_102_444_800_u64 })),
        envelope(&json!({ "sub": "session", "exp": 4_102_444_800_u64 })),
        envelope(&json!({ "event": { "name": "model.user.created" } })),
    ] {
        assert_eq!(sign(jwt).to_string(), r#"422 {"error":"jwt is invalid"}"#);
    }
    assert_eq!(sign(envelope(&claims(json!({})))).status(), 201);
}
