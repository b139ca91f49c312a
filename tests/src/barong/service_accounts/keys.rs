//! Keys of service accounts, each errand behind a code of their owners' second factor. A code is good once, so that most
//! tests have an owner for every two of them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CLASSIC, CODED, Owner, firm};

const UNKNOWN: &str = "/api_keys/0123456789abcdef";
const NOT_FOUND: [&str; 2] = [
    r#"404 {"error":"Record is not found"}"#,
    r#"404 {"errors":["record.not_found"]}"#,
];

#[test]
fn a_new_key_tells_its_secret_once_and_is_not_its_owners_own() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let service = ann.service();
    let made = ann.key(&service);
    let (kid, secret, created) = (made.at("/kid"), made.at("/secret"), made.at("/created_at"));
    assert_eq!((kid.len(), secret.len()), (16, 32), "{made}");
    assert_eq!(
        made.text(),
        format!(
            r#"{{"kid":"{kid}","algorithm":"HS256","scope":["trade"],"state":"active","secret":"{secret}","created_at":"{created}","updated_at":"{created}"}}"#
        )
    );
    let mut without_secret = made.json();
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(ann.keys(&service), json!([without_secret]));
    let body = json!({ "service_account_uid": service });
    let list = ann.ask_with_code(Method::GET, CLASSIC, "/api_keys/", body);
    assert_eq!(list.header("total").as_deref(), Some("1"));
    assert_eq!(list.expect(200).json(), json!([without_secret]));
    let own = format!("{CODED}/api_keys");
    let own = firm.server().get(&own).bearer(&ann.access).send();
    assert_eq!(own.to_string(), "200 []");
}

#[test]
fn a_key_is_changed_and_removed() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let service = ann.service();
    let made = ann.key(&service);
    let path = format!("/api_keys/{}", made.at("/kid"));
    let body = json!({ "service_account_uid": service, "state": "inactive" });
    let changed = ann.ask_with_code(Method::PUT, CLASSIC, &path, body).expect(200);
    let mut expected = made.json();
    expected.as_object_mut().unwrap().remove("secret");
    expected["scope"] = json!([]);
    expected["state"] = json!("inactive");
    expected["updated_at"] = json!(changed.at("/updated_at"));
    assert_eq!(changed.json(), expected, "a scope that is left out is emptied");
    assert_eq!(ann.keys(&service), json!([expected]));
    let path = format!("{path}/?service_account_uid={service}");
    let removed = ann.ask_with_code(Method::DELETE, CLASSIC, &path, json!({}));
    assert_eq!((removed.status().as_u16(), removed.text()), (204, String::new()));
    assert_eq!(ann.keys(&service), json!([]));
}

#[test]
fn the_gate_is_the_owners_and_asks_before_anything_else_is_looked_at() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let nobody = firm.server().barong().newcomer("bob").access;
    let errands = [
        (Method::GET, "/api_keys"),
        (Method::POST, "/api_keys"),
        (Method::PUT, UNKNOWN),
        (Method::DELETE, UNKNOWN),
    ];
    for (method, path) in errands {
        let path_of = |mount: &str| format!("{mount}/service_accounts{path}");
        let request = firm.server().request(method.clone(), &path_of(CLASSIC));
        assert_eq!(
            request.bearer(&nobody).json(json!({})).send().to_string(),
            r#"400 {"error":"Only accounts with enabled 2FA alowed"}"#,
            "{method}"
        );
        let ask = |body: &Value| ann.ask(method.clone(), CLASSIC, path, body).to_string();
        for body in [json!({}), json!({ "totp_code": " " })] {
            assert_eq!(ask(&body), r#"422 {"error":"OTP code is missing"}"#, "{method}");
        }
        assert_eq!(
            ask(&json!({ "totp_code": "000" })),
            r#"422 {"error":"OTP code is invalid"}"#,
            "{method}"
        );
        // The coded profile looks at the parameters first, and shows keys without a code.
        let ask = |body: &Value| ann.ask(method.clone(), CODED, path, body).to_string();
        let missing = ask(&json!({}));
        assert!(
            missing.starts_with(
                r#"422 {"errors":["resource.api_key.missing_service_account_uid","resource.api_key.empty_service_account_uid""#
            ),
            "{missing}"
        );
        if method != Method::GET {
            let body = json!({ "service_account_uid": "SI0000000000", "algorithm": "HS256" });
            assert_eq!(
                ask(&body),
                r#"422 {"errors":["resource.api_key.missing_totp"]}"#,
                "{method}"
            );
        }
    }
}

#[test]
fn a_code_is_good_for_one_errand() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let body =
        json!({ "service_account_uid": ann.service(), "algorithm": "HS256", "totp_code": ann.totp.code() });
    ann.ask(Method::POST, CLASSIC, "/api_keys", &body).expect(201);
    assert_eq!(
        ann.ask(Method::POST, CLASSIC, "/api_keys", &body).to_string(),
        r#"422 {"error":"This code was already used. Wait until the next time period"}"#
    );
}

#[test]
fn parameters_are_told_in_their_order() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let service = "service_account_uid is missing, service_account_uid is empty";
    assert_eq!(
        ann.ask_with_code(Method::POST, CLASSIC, "/api_keys", json!({}))
            .to_string(),
        format!(r#"400 {{"error":"{service}, algorithm is missing, algorithm is empty"}}"#)
    );
    let empty = json!({ "service_account_uid": "", "scope": "", "state": " " });
    assert_eq!(
        ann.ask_with_code(Method::PUT, CLASSIC, UNKNOWN, empty)
            .to_string(),
        r#"400 {"error":"service_account_uid is empty, scope is empty, state is empty"}"#
    );
    let bob = Owner::new(&firm);
    for method in [Method::GET, Method::DELETE] {
        let path = if method == Method::GET {
            "/api_keys"
        } else {
            UNKNOWN
        };
        assert_eq!(
            bob.ask_with_code(method.clone(), CLASSIC, path, json!({}))
                .to_string(),
            format!(r#"400 {{"error":"{service}"}}"#),
            "{method}"
        );
    }
}

#[test]
fn a_key_has_an_algorithm() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let service = ann.service();
    let ask = |mount: &str, algorithm: &str| {
        let body = json!({ "service_account_uid": service, "algorithm": algorithm });
        ann.ask_with_code(Method::POST, mount, "/api_keys", body)
            .to_string()
    };
    assert_eq!(
        ask(CLASSIC, "RS256"),
        r#"422 {"error":"Algorithm is not included in the list"}"#
    );
    assert_eq!(ask(CODED, "HS512"), r#"422 {"errors":["algorithm.inclusion"]}"#);
    assert_eq!(ann.keys(&service), json!([]));
}

/// With somebody's service account, a uid that is nobody's, a person's, and no uid at all.
#[track_caller]
fn nobodys(method: &Method, path: &str, profile: usize) {
    let mount = [CLASSIC, CODED][profile];
    let firm = firm();
    let ann = Owner::new(&firm);
    let service = ann.service();
    for strange in [service.as_str(), "SI0000000000"] {
        let bob = Owner::new(&firm);
        let body = json!({ "service_account_uid": strange, "algorithm": "HS256" });
        let answer = bob.ask_with_code(method.clone(), mount, path, body);
        assert_eq!(answer.to_string(), NOT_FOUND[profile], "{method} {strange}");
    }
    for strange in [ann.uid.as_str(), "no uid"] {
        let body = json!({ "service_account_uid": strange, "algorithm": "HS256" });
        let answer = ann.ask_with_code(method.clone(), mount, path, body);
        assert_eq!(answer.to_string(), NOT_FOUND[profile], "{method} {strange}");
    }
    assert_eq!(ann.keys(&service), json!([]));
}

#[test]
fn another_persons_service_account_is_as_good_as_none() {
    nobodys(&Method::GET, "/api_keys", 0);
    nobodys(&Method::GET, "/api_keys", 1);
    nobodys(&Method::POST, "/api_keys", 0);
    nobodys(&Method::POST, "/api_keys", 1);
}

#[test]
fn a_key_of_nobody_or_of_another_is_neither_changed_nor_removed() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let (service, other) = (ann.service(), ann.service());
    let path = format!("/api_keys/{}", ann.key(&service).at("/kid"));
    let body = json!({ "service_account_uid": other });
    let answer = ann.ask_with_code(Method::PUT, CLASSIC, &path, body);
    assert_eq!(answer.to_string(), NOT_FOUND[0]);
    for method in [Method::PUT, Method::DELETE] {
        let bob = Owner::new(&firm);
        for (mount, expected) in [CLASSIC, CODED].into_iter().zip(NOT_FOUND) {
            let body = json!({ "service_account_uid": bob.service() });
            let answer = bob.ask_with_code(method.clone(), mount, &path, body);
            assert_eq!(answer.to_string(), expected, "{method}");
        }
    }
    // Neither through the door for people's own keys.
    let carl = Owner::new(&firm);
    let mine = carl.service();
    let kid = carl.key(&mine).at("/kid");
    let own = format!("{CLASSIC}/api_keys/{kid}?totp_code={}", carl.totp.code());
    let own = firm
        .server()
        .request(Method::DELETE, &own)
        .bearer(&carl.access)
        .send();
    assert_eq!(own.to_string(), NOT_FOUND[0]);
    assert_eq!(carl.keys(&mine)[0]["kid"], json!(kid));
}
