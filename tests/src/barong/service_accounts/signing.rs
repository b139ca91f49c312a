//! Requests that a key of a service account signed.

use std::time::{SystemTime, UNIX_EPOCH};

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use reqwest::Method;
use serde_json::{Value, json};

use super::{CLASSIC, Owner, firm};
use crate::harness::{Answer, bearer, jwt, within_a_second};

const INACTIVE: &str = r#"401 {"errors":["authz.apikey_not_active"]}"#;
const UNKNOWN: &str = r#"401 {"errors":["authz.unexistent_apikey"]}"#;
const NO_SESSION: &str = r#"401 {"errors":["authz.invalid_session"]}"#;

/// A key of a service account, and what it opens.
struct Key<'a> {
    owner: &'a Owner<'a>,
    service: String,
    kid: String,
    secret: String,
}

impl<'a> Key<'a> {
    fn new(owner: &'a Owner<'a>) -> Self {
        let service = owner.service();
        let made = owner.key(&service);
        Self {
            owner,
            service,
            kid: made.at("/kid"),
            secret: made.at("/secret"),
        }
    }

    fn knock(&self) -> Answer {
        let nonce = now().to_string();
        let key = PKey::hmac(self.secret.as_bytes()).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(format!("{nonce}{}", self.kid).as_bytes()).unwrap();
        let signature = hex::encode(signer.sign_to_vec().unwrap());
        let barong = self.owner.firm.server().barong();
        let request = barong.gateway(Method::POST, "/api/v2/peatio/market/orders");
        let request = request
            .header("x-auth-apikey", &self.kid)
            .header("x-auth-nonce", &nonce);
        request.header("x-auth-signature", &signature).send()
    }

    fn update(&self, mut data: Value) -> Answer {
        data["uid"] = json!(self.service);
        self.owner.firm.post("/service_accounts/update", data)
    }
}

/// In milliseconds; no two are the same.
#[expect(clippy::disallowed_methods, reason = "a client looks at its own clock")]
fn now() -> u128 {
    std::thread::sleep(std::time::Duration::from_millis(2));
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

#[test]
fn a_token_says_the_service_account_and_how_far_its_owner_has_come() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    let token = bearer(&key.knock());
    let claims = jwt::payload(&token);
    for (claim, expected) in [
        ("uid", json!(key.service)),
        (
            "email",
            json!(format!("{}@service.invalid", key.service.to_lowercase())),
        ),
        ("role", json!("service_account")),
        ("level", json!(1)),
        ("state", json!("active")),
        ("sub", json!("session")),
    ] {
        assert_eq!(claims[claim], expected, "{claim}");
    }
    assert!(claims.get("sid").is_none(), "{claims}");
    // It is nobody's account, here or at any other door.
    let me = firm.server().barong().me(&token);
    assert_eq!(me.to_string(), r#"404 {"error":"Record is not found"}"#);
    assert!(!firm.server().pluto().opens(&token));
    let keys = format!("{CLASSIC}/service_accounts");
    firm.server().get(&keys).bearer(&token).send().expect(404);

    firm.label(&ann.uid, "phone", "verified");
    assert!(within_a_second(
        || jwt::payload(&bearer(&key.knock()))["level"] == 2
    ));
    key.update(json!({ "service_account_role": "sa_maker" }))
        .expect(201);
    assert!(within_a_second(
        || jwt::payload(&bearer(&key.knock()))["role"] == "sa_maker"
    ));
}

#[test]
fn a_role_of_a_service_account_is_what_the_rules_are_about() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    key.knock().expect(200);
    firm.server().execute_sql(
        "INSERT INTO access_rules (role, verb, path, effect, created_at, updated_at)
         VALUES ('service_account', 'ALL', '/api/v2/peatio/market', 'DROP', 0, 0),
                ('service_account', 'ALL', '/', 'ACCEPT', 0, 0)",
    );
    let refused = r#"401 {"errors":["authz.invalid_permission"]}"#;
    assert!(within_a_second(|| key.knock().to_string() == refused));
}

#[test]
fn a_removed_key_opens_nothing_within_a_second() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    key.knock().expect(200);
    let path = format!("/api_keys/{}", key.kid);
    let body = json!({ "service_account_uid": key.service });
    ann.ask_with_code(Method::DELETE, CLASSIC, &path, body)
        .expect(204);
    assert!(within_a_second(|| key.knock().to_string() == UNKNOWN));
}

#[test]
fn keys_of_a_disabled_service_account_stop_within_a_second_and_stay_out_of_use() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    key.knock().expect(200);
    firm.post("/service_accounts/delete", json!({ "uid": key.service }))
        .expect(200);
    assert!(within_a_second(|| key.knock().to_string() == INACTIVE));
    // As it would be if its owner put it back into use.
    firm.server().execute_sql("UPDATE api_keys SET state = 'active'");
    assert!(within_a_second(|| key.knock().to_string() == NO_SESSION));
}

#[test]
fn a_service_account_that_is_in_use_again_wants_its_keys_put_to_use_again() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    key.update(json!({ "service_account_state": "disabled" }))
        .expect(201);
    key.update(json!({ "service_account_state": "active" }))
        .expect(201);
    assert!(within_a_second(|| key.knock().to_string() == INACTIVE));
    let path = format!("/api_keys/{}", key.kid);
    let body = json!({ "service_account_uid": key.service, "state": "active" });
    ann.ask_with_code(Method::PUT, CLASSIC, &path, body).expect(200);
    assert!(within_a_second(|| key.knock().status() == 200));
}

#[test]
fn it_takes_an_owner_in_order_but_not_their_second_factor() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let key = Key::new(&ann);
    let barong = firm.server().barong();
    barong.otp("disable", &ann.access, &ann.totp.code()).expect(200);
    assert!(within_a_second(|| key.knock().status() == 200));
    let set_state = |state: &str| {
        let set = firm
            .server()
            .cli(&["user", "set-state", "--email", &ann.address, state]);
        set.ok();
    };
    set_state("banned");
    assert!(within_a_second(|| key.knock().to_string() == INACTIVE));
    let shown = firm.post("/service_accounts/get", json!({ "uid": key.service }));
    assert_eq!(shown.expect(200).at("/state"), "banned");
    firm.server().execute_sql("UPDATE api_keys SET state = 'active'");
    assert!(within_a_second(|| key.knock().to_string() == NO_SESSION));
}

#[test]
fn the_keys_of_a_former_owner_stop_within_a_second() {
    let firm = firm();
    let (ann, bob) = (Owner::new(&firm), Owner::new(&firm));
    let key = Key::new(&ann);
    key.knock().expect(200);
    let given = key.update(json!({ "owner_uid": bob.uid })).expect(201);
    assert_eq!(given.at("/user/uid"), bob.uid);
    assert!(within_a_second(|| key.knock().to_string() == INACTIVE));
    assert_eq!(bob.keys(&key.service)[0]["kid"], json!(key.kid));
}
