//! Requests that a key signed.

use std::time::{SystemTime, UNIX_EPOCH};

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use reqwest::Method;
use serde_json::json;

use super::{NO_SESSION, PATH};
use crate::harness::{Server, Totp, address, bearer, jwt, within_a_second};

const HEADERS: &str = r#"422 {"errors":["authz.invalid_api_key_headers"]}"#;
const NONCE_EXPIRED: &str = r#"401 {"errors":["authz.nonce_expired"]}"#;
const WRONG_SIGNATURE: &str = r#"401 {"errors":["authz.invalid_signature"]}"#;
const INACTIVE: &str = r#"401 {"errors":["authz.apikey_not_active"]}"#;

/// A key of somebody with a second factor.
struct Key<'a> {
    server: &'a Server,
    address: String,
    access: String,
    totp: Totp,
    kid: String,
    secret: String,
}

impl<'a> Key<'a> {
    fn new(server: &'a Server) -> Self {
        let address = address("ann");
        server.barong().sign_up(&address);
        let access = server.barong().log_in(&address).access;
        let totp = server.barong().enable_factor(&access);
        let body = json!({ "algorithm": "HS256", "scope": "trade", "totp_code": totp.code() });
        let made = server
            .post("/api/v2/resource/api_keys")
            .bearer(&access)
            .json(body)
            .send();
        let made = made.expect(201);
        Self {
            server,
            address,
            access,
            totp,
            kid: made.at("/kid"),
            secret: made.at("/secret"),
        }
    }

    fn sign(&self, nonce: &str) -> String {
        let key = PKey::hmac(self.secret.as_bytes()).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(nonce.as_bytes()).unwrap();
        signer.update(self.kid.as_bytes()).unwrap();
        hex::encode(signer.sign_to_vec().unwrap())
    }

    fn send(&self, kid: &str, nonce: &str, signature: &str) -> crate::harness::Answer {
        let request = self.server.barong().gateway(Method::POST, PATH);
        let request = request.header("x-auth-apikey", kid).header("x-auth-nonce", nonce);
        request.header("x-auth-signature", signature).send()
    }

    /// A request signed at a moment, in milliseconds from now.
    fn at(&self, offset: i64) -> crate::harness::Answer {
        let nonce = (now() + offset).to_string();
        self.send(&self.kid, &nonce, &self.sign(&nonce))
    }
}

#[expect(clippy::disallowed_methods, reason = "a client looks at its own clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn a_signed_request_gets_a_token_of_the_owner_without_a_session() {
    let server = Server::start();
    let key = Key::new(&server);
    let token = bearer(&key.at(0));
    let claims = jwt::payload(&token);
    assert_eq!(claims["email"], json!(key.address));
    assert_eq!(claims["sub"], "session");
    assert!(claims.get("sid").is_none(), "{claims}");
    assert!(server.barong().opens(&token));
    assert!(!server.pluto().opens(&token), "a key opens no other door");
    assert_eq!(bearer(&key.at(1)), token, "the same for a while");
}

#[test]
fn all_three_headers_are_there_or_none() {
    let server = Server::start();
    let headers = ["X-Auth-Apikey", "x-auth-nonce", "X-AUTH-SIGNATURE"];
    for present in 1..7_u8 {
        let mut request = server.barong().gateway(Method::GET, PATH);
        for (index, name) in headers.into_iter().enumerate() {
            if present & (1 << index) != 0 {
                request = request.header(name, "1");
            }
        }
        assert_eq!(request.send().to_string(), HEADERS, "{present:03b}");
    }
    for blank in 0..3 {
        let mut request = server.barong().gateway(Method::GET, PATH);
        for (index, name) in headers.into_iter().enumerate() {
            request = request.header(name, if index == blank { " " } else { "1" });
        }
        assert_eq!(request.send().to_string(), HEADERS, "{blank}");
    }
    // A cookie makes up for nothing.
    let visit = server.barong().newcomer("ann");
    let request = server
        .barong()
        .gateway(Method::GET, PATH)
        .header("x-auth-nonce", "1");
    let answer = request
        .cookie(crate::harness::BARONG_COOKIE, &visit.cookie)
        .send();
    assert_eq!(answer.to_string(), HEADERS);
}

#[test]
fn the_checks_have_their_order() {
    let server = Server::start();
    let key = Key::new(&server);
    let unknown = r#"401 {"errors":["authz.unexistent_apikey"]}"#;
    for kid in ["0123456789abcdef", "no such thing", "ключ", &"x".repeat(1_000)] {
        assert_eq!(
            key.send(kid, "nonsense", "nonsense").to_string(),
            unknown,
            "{kid}"
        );
    }
    let not_a_time = r#"401 {"errors":["authz.nonce_not_valid_timestamp"]}"#;
    for nonce in ["nonsense", "0", "-1", "1.5", "١٧٦٧", "é"] {
        assert_eq!(
            key.send(&key.kid, nonce, "nonsense").to_string(),
            not_a_time,
            "{nonce}"
        );
    }
    for offset in [-60_000, -5_500, 6_000, 60_000] {
        assert_eq!(key.at(offset).to_string(), NONCE_EXPIRED, "{offset}");
    }
    for digits in [15, 16, 19, 20, 40, 1_000] {
        let nonce = "9".repeat(digits);
        assert_eq!(
            key.send(&key.kid, &nonce, &key.sign(&nonce)).to_string(),
            NONCE_EXPIRED,
            "{digits}"
        );
    }
    let nonce = now().to_string();
    let right = key.sign(&nonce);
    for wrong in [
        "nonsense".to_owned(),
        right.to_uppercase(),
        "подпись".to_owned(),
        right.get(..63).unwrap().to_owned(),
        format!("{right}0"),
        key.sign(&format!("{nonce}0")),
    ] {
        assert_eq!(
            key.send(&key.kid, &nonce, &wrong).to_string(),
            WRONG_SIGNATURE,
            "{wrong}"
        );
    }
    key.send(&key.kid, &nonce, &right).expect(200);
    key.at(-4_000).expect(200);
    key.at(4_000).expect(200);
}

#[test]
fn a_signature_is_good_once() {
    let server = Server::start();
    let key = Key::new(&server);
    let nonce = now().to_string();
    let signature = key.sign(&nonce);
    key.send(&key.kid, &nonce, &signature).expect(200);
    assert_eq!(key.send(&key.kid, &nonce, &signature).to_string(), NONCE_EXPIRED);
    let padded = format!("0{nonce}");
    assert_eq!(
        key.send(&key.kid, &padded, &key.sign(&padded)).to_string(),
        NONCE_EXPIRED,
        "the same moment, however it is written"
    );
    key.at(1).expect(200);
}

#[test]
fn what_becomes_of_a_key_is_noticed_within_a_second() {
    let server = Server::start();
    let key = Key::new(&server);
    key.at(0).expect(200);
    let code = key.totp.code();
    let path = format!("/api/v2/resource/api_keys/{}", key.kid);
    let body = json!({ "state": "inactive", "totp_code": code });
    let patched = server
        .request(Method::PATCH, &path)
        .bearer(&key.access)
        .json(body)
        .send();
    patched.expect(200);
    assert!(within_a_second(|| key.at(0).to_string() == INACTIVE));
    // What a key is, is told only to who holds its secret.
    let nonce = now().to_string();
    assert_eq!(
        key.send(&key.kid, &nonce, "nonsense").to_string(),
        WRONG_SIGNATURE
    );
}

#[test]
fn an_owner_who_is_shut_out_signs_no_more() {
    let server = Server::start();
    let key = Key::new(&server);
    key.at(0).expect(200);
    server
        .cli(&["user", "set-state", "--email", &key.address, "banned"])
        .ok();
    assert!(within_a_second(|| key.at(0).to_string() == INACTIVE));
    server
        .cli(&["user", "set-state", "--email", &key.address, "active"])
        .ok();
    assert!(
        within_a_second(|| key.at(0).to_string() == INACTIVE),
        "the keys stay out of use"
    );
}

#[test]
fn an_owner_without_a_second_factor_signs_no_more() {
    let server = Server::start();
    let key = Key::new(&server);
    key.at(0).expect(200);
    server
        .barong()
        .otp("disable", &key.access, &key.totp.code())
        .expect(200);
    assert!(within_a_second(|| key.at(0).to_string() == INACTIVE));
    // As they would be if somebody put the key back into use.
    server.execute_sql("UPDATE api_keys SET state = 'active'");
    let without = r#"401 {"errors":["authz.disabled_2fa"]}"#;
    assert!(within_a_second(|| key.at(0).to_string() == without));
    server.execute_sql("UPDATE accounts SET state = 'locked'");
    assert!(within_a_second(|| key.at(0).to_string() == NO_SESSION));
}
