//! API keys, each errand behind a code of the second factor. A code is good once, so that most tests have an account
//! for every two of them.

mod gate;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Totp};

/// Where the coded profile speaks.
const CODED: &str = "/api/v2/barong/resource";
const CLASSIC: &str = "/api/v2/resource";
const UNKNOWN: &str = "0123456789abcdef";

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)])
}

/// Somebody with a second factor, and three codes of it less one.
struct Careful<'a> {
    server: &'a Server,
    access: String,
    totp: Totp,
}

impl<'a> Careful<'a> {
    fn new(server: &'a Server) -> Self {
        let access = server.barong().newcomer("ann").access;
        let totp = server.barong().enable_factor(&access);
        Self { server, access, totp }
    }

    fn ask(&self, method: Method, mount: &str, kid: &str, body: &Value) -> Answer {
        let path = format!("{mount}/api_keys{kid}");
        let request = self.server.request(method, &path).bearer(&self.access);
        request.json(body.clone()).send()
    }

    /// As [`Careful::ask`], with a fresh code.
    fn ask_with_code(&self, method: Method, mount: &str, kid: &str, mut body: Value) -> Answer {
        body["totp_code"] = json!(self.totp.code());
        self.ask(method, mount, kid, &body)
    }

    fn create(&self, body: Value) -> Answer {
        self.ask_with_code(Method::POST, CLASSIC, "", body)
    }

    /// A new key's id.
    fn kid(&self) -> String {
        self.create(json!({ "algorithm": "HS256", "scope": "trade" }))
            .expect(201)
            .at("/kid")
    }

    /// The keys as the coded profile shows them, which asks for no code.
    fn keys(&self) -> Value {
        self.ask(Method::GET, CODED, "", &json!({})).expect(200).json()
    }
}

#[test]
fn a_new_key_tells_its_secret_once() {
    let server = both();
    let ann = Careful::new(&server);
    let made = ann.create(json!({ "algorithm": "HS256", "scope": "trade,, read ,", "kid": "mine" }));
    let key = made.clone().expect(201).json();
    let (kid, secret) = (made.at("/kid"), made.at("/secret"));
    for (text, length) in [(&kid, 16), (&secret, 32)] {
        assert_eq!(text.len(), length, "{made}");
        assert!(
            text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            "{made}"
        );
    }
    let created = made.at("/created_at");
    assert_eq!(created.len(), "2018-12-06T10:00:00Z".len(), "{made}");
    assert!(created.ends_with('Z'), "{made}");
    assert_eq!(
        made.text(),
        format!(
            r#"{{"kid":"{kid}","algorithm":"HS256","scope":["trade",""," read "],"state":"active","secret":"{secret}","created_at":"{created}","updated_at":"{created}"}}"#
        )
    );

    let mut without_secret = key;
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(ann.keys(), json!([without_secret]));
    let list = ann.ask_with_code(Method::GET, CLASSIC, "/", json!({}));
    assert_eq!(list.expect(200).json(), json!([without_secret]));
}

#[test]
fn a_key_may_be_for_nothing() {
    let server = Server::start();
    let ann = Careful::new(&server);
    let made = ann.create(json!({ "algorithm": "HS256" })).expect(201);
    assert_eq!(made.at("/scope"), "[]");
}

#[track_caller]
fn refused(method: &Method, kid: &str, body: Value, classic: &str, coded: &str) {
    let server = both();
    let ann = Careful::new(&server);
    let answer = ann.ask_with_code(method.clone(), CLASSIC, kid, body.clone());
    assert_eq!(answer.to_string(), classic, "{method} {body}");
    let answer = ann.ask_with_code(method.clone(), CODED, kid, body.clone());
    assert_eq!(answer.to_string(), coded, "{method} {body}");
    assert_eq!(ann.keys(), json!([]));
}

#[test]
fn a_key_has_an_algorithm() {
    refused(
        &Method::POST,
        "",
        json!({}),
        r#"400 {"error":"algorithm is missing, algorithm is empty"}"#,
        r#"422 {"errors":["resource.api_key.missing_algorithm","resource.api_key.empty_algorithm"]}"#,
    );
    refused(
        &Method::POST,
        "",
        json!({ "algorithm": "", "kid": " ", "scope": "" }),
        r#"400 {"error":"algorithm is empty, kid is empty, scope is empty"}"#,
        r#"422 {"errors":["resource.api_key.empty_algorithm","resource.api_key.empty_kid","resource.api_key.empty_scope"]}"#,
    );
    refused(
        &Method::POST,
        "",
        json!({ "algorithm": "RS256" }),
        r#"422 {"error":"Algorithm is not included in the list"}"#,
        r#"422 {"errors":["algorithm.inclusion"]}"#,
    );
}

#[test]
fn a_keys_texts_have_their_bounds() {
    refused(
        &Method::POST,
        "",
        json!({ "algorithm": "none", "scope": "x".repeat(2049) }),
        r#"422 {"error":"Algorithm is not included in the list and Scope is too long"}"#,
        r#"422 {"errors":["algorithm.inclusion","scope.too_long"]}"#,
    );
    refused(
        &Method::POST,
        "",
        json!({ "algorithm": ["HS256"], "scope": {"a": 1} }),
        r#"400 {"error":"algorithm is invalid, scope is invalid"}"#,
        r#"422 {"errors":["invalid","invalid"]}"#,
    );
}

#[test]
fn stronger_algorithms_are_for_the_classic_profile_alone() {
    let server = both();
    let ann = Careful::new(&server);
    let made = ann.create(json!({ "algorithm": "HS512" })).expect(201);
    assert_eq!(made.at("/algorithm"), "HS512");
    let coded = ann.ask_with_code(Method::POST, CODED, "", json!({ "algorithm": "HS512" }));
    assert_snapshot!(coded, @r#"422 {"errors":["algorithm.inclusion"]}"#);
}

#[test]
fn a_change_without_scopes_takes_them_away() {
    let server = both();
    let ann = Careful::new(&server);
    let kid = ann.kid();
    let path = format!("/{kid}");
    let changed = ann.ask_with_code(Method::PATCH, CLASSIC, &path, json!({ "state": "inactive" }));
    let (created, updated) = (changed.at("/created_at"), changed.at("/updated_at"));
    assert_eq!(
        changed.to_string(),
        format!(
            r#"200 {{"kid":"{kid}","algorithm":"HS256","scope":[],"state":"inactive","created_at":"{created}","updated_at":"{updated}"}}"#
        )
    );
    assert!(updated >= created);
    assert_eq!(ann.keys(), json!([changed.json()]));
}

#[test]
fn a_change_sets_what_it_is_given() {
    let server = both();
    let ann = Careful::new(&server);
    let path = format!("/{}/", ann.kid());
    let body = json!({ "scope": "read,trade", "state": "resting" });
    let changed = ann.ask_with_code(Method::PATCH, CODED, &path, body).expect(200);
    assert_eq!(changed.at("/scope"), r#"["read","trade"]"#);
    assert_eq!(changed.at("/state"), "resting");
    assert_eq!(ann.keys()[0]["state"], "resting");
}

#[test]
fn a_change_is_refused_for_parameters_then_for_the_key_then_for_the_rules() {
    let unknown = format!("/{UNKNOWN}");
    refused(
        &Method::PATCH,
        &unknown,
        json!({ "state": "", "scope": " " }),
        r#"400 {"error":"scope is empty, state is empty"}"#,
        r#"422 {"errors":["resource.api_key.empty_scope","resource.api_key.empty_state"]}"#,
    );
    let not_found = [
        r#"404 {"error":"Record is not found"}"#,
        r#"404 {"errors":["record.not_found"]}"#,
    ];
    let long = json!({ "state": "x".repeat(256) });
    refused(&Method::PATCH, &unknown, long.clone(), not_found[0], not_found[1]);
    refused(&Method::DELETE, &unknown, json!({}), not_found[0], not_found[1]);

    let server = both();
    let ann = Careful::new(&server);
    let path = format!("/{}", ann.kid());
    assert_snapshot!(
        ann.ask_with_code(Method::PATCH, CLASSIC, &path, long),
        @r#"422 {"error":"State is too long"}"#
    );
    assert_eq!(ann.keys()[0]["scope"], json!(["trade"]), "nothing was changed");
}

#[test]
fn a_removed_key_is_gone() {
    let server = both();
    let ann = Careful::new(&server);
    let path = format!("{CLASSIC}/api_keys/{}", ann.kid());
    let code = ann.totp.code();
    let removed = server
        .request(Method::DELETE, &path)
        .query(&[("totp_code", &code)]);
    let removed = removed.bearer(&ann.access).send();
    assert_eq!((removed.status().as_u16(), removed.body()), (204, &b""[..]));
    assert_eq!(ann.keys(), json!([]));
}

#[test]
fn keys_come_in_pages_and_in_the_order_they_were_made() {
    let server = both();
    let ann = Careful::new(&server);
    let made = [ann.kid(), ann.kid()];
    let page = |page: &str| {
        let list = server.get(&format!("{CODED}/api_keys"));
        let list = list.query(&[("page", page), ("limit", "1")]);
        list.bearer(&ann.access).send().expect(200)
    };
    let kids = |answer: &Answer| -> Vec<String> {
        let keys = answer.json();
        let keys = keys.as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let (first, second) = (page("1"), page("2"));
    assert_eq!(
        (kids(&first), kids(&second)),
        (vec![made[0].clone()], vec![made[1].clone()])
    );
    let headers = ["Page", "Per-Page", "Total"].map(|name| second.header(name).unwrap());
    assert_eq!(headers, ["2", "1", "2"]);
    let next = server.url(&format!("{CODED}/api_keys?page=2&limit=1"));
    assert!(
        first.header("Link").unwrap().contains(&next),
        "{:?}",
        first.header("Link")
    );
    assert_eq!(kids(&page("3")), [""; 0]);

    let all = ann.ask(Method::GET, CODED, "", &json!({}));
    assert_eq!(kids(&all), made);
    let bad = server
        .get(&format!("{CODED}/api_keys"))
        .query(&[("page", "0"), ("limit", "101")]);
    assert_snapshot!(
        bad.bearer(&ann.access).send(),
        @r#"422 {"errors":["non_positive_page","invalid_limit"]}"#
    );
}

#[test]
fn the_classic_profile_tells_the_length_of_the_list_as_well() {
    let server = Server::start();
    let ann = Careful::new(&server);
    let list = ann.ask_with_code(Method::GET, CLASSIC, "", json!({})).expect(200);
    let headers = ["Page", "Per-Page", "Total"].map(|name| list.header(name).unwrap());
    assert_eq!(
        (list.text().as_str(), headers),
        ("[]", ["1", "1000", "0"].map(str::to_owned))
    );
    let bad = ann.ask_with_code(Method::GET, CLASSIC, "", json!({ "page": "x" }));
    assert_snapshot!(bad, @r#"400 {"error":"page is invalid"}"#);
}

#[test]
fn keys_sign_no_more_without_the_factor() {
    let server = both();
    let ann = Careful::new(&server);
    ann.kid();
    server
        .barong()
        .otp("disable", &ann.access, &ann.totp.code())
        .expect(200);
    assert_eq!(ann.keys()[0]["state"], "inactive");
}

#[test]
fn what_is_no_errand_is_no_route() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    for (method, kid) in [
        (Method::PUT, ""),
        (Method::DELETE, ""),
        (Method::GET, "/0123456789abcdef"),
        (Method::POST, "/0123456789abcdef"),
        (Method::PATCH, "/0123456789abcdef/secret"),
    ] {
        for (mount, expected) in [
            (CLASSIC, r#"404 {"error":"Route is not found"}"#),
            (CODED, r#"404 {"errors":["record.not_found"]}"#),
        ] {
            let path = format!("{mount}/api_keys{kid}");
            let answer = server.request(method.clone(), &path).bearer(&access).send();
            assert_eq!(answer.to_string(), expected, "{method} {path}");
        }
    }
}
