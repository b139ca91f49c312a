//! The labels that people give themselves: `/labels`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, address};

const CLASSIC: &str = "/api/v2/resource";
const CODED: &str = "/api/v2/barong/resource";

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)])
}

/// What both profiles say, one after the other.
fn said(server: &Server, method: &Method, path: &str, access: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|mount| {
        let request = server.request(method.clone(), &format!("{mount}/labels{path}"));
        request.json(body.clone()).bearer(access).send().to_string()
    })
}

fn give(server: &Server, access: &str, key: &str, value: &str) -> Answer {
    let label = json!({ "key": key, "value": value });
    let request = server.post(&format!("{CLASSIC}/labels")).json(label);
    request.bearer(access).send()
}

/// An answer without what differs from day to day.
fn without_times(answer: &Answer) -> String {
    let mut text = answer.to_string();
    for name in ["created_at", "updated_at"] {
        let parts: Vec<_> = text.split(&format!("\"{name}\":\"")).collect();
        let rest = parts.iter().skip(1).map(|part| {
            let (time, rest) = part.split_once('"').expect("it is a text");
            assert!(time.len() == 20 && time.ends_with('Z'), "no milliseconds: {time}");
            format!("\"{name}\":T{rest}")
        });
        text = [parts[0].to_owned()].into_iter().chain(rest).collect();
    }
    text
}

#[test]
fn labels_are_given_changed_and_taken_back() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    let at = |method: Method, path: &str| {
        let request = server.request(method, &format!("{CLASSIC}/labels{path}"));
        request.bearer(&access)
    };
    assert_snapshot!(
        without_times(&give(&server, &access, " Hobby ", "Chess")),
        @r#"201 {"key":"hobby","value":"chess","scope":"public","created_at":T,"updated_at":T}"#
    );
    assert_snapshot!(
        without_times(&at(Method::GET, "/Hobby").send()),
        @r#"200 {"key":"hobby","value":"chess","scope":"public","created_at":T,"updated_at":T}"#
    );
    let change = at(Method::PATCH, "/hobby/").json(json!({ "value": "go-game" }));
    assert_snapshot!(
        without_times(&change.send()),
        @r#"200 {"key":"hobby","value":"go-game","scope":"public","created_at":T,"updated_at":T}"#
    );
    assert_snapshot!(
        without_times(&at(Method::GET, "").send()),
        @r#"200 [{"key":"email","value":"verified","scope":"private","created_at":T,"updated_at":T},{"key":"hobby","value":"go-game","scope":"public","created_at":T,"updated_at":T}]"#
    );
    let removed = at(Method::DELETE, "/hobby").send();
    assert_eq!((removed.status().as_u16(), removed.body()), (204, b"".as_slice()));
    assert_snapshot!(at(Method::DELETE, "/hobby").send(), @r#"404 {"error":"Record is not found"}"#);
}

#[test]
fn a_label_that_cannot_be_is_refused_in_both_profiles() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    give(&server, &access, "hobby", "chess").expect(201);
    let (post, get, patch, delete) = (Method::POST, Method::GET, Method::PATCH, Method::DELETE);
    let nothing = json!({});
    for (method, path) in [
        (&post, ""),
        (&get, ""),
        (&get, "/hobby"),
        (&patch, "/hobby"),
        (&delete, "/hobby"),
    ] {
        assert_eq!(
            said(&server, method, path, "nobody", &nothing),
            [
                r#"401 {"error":"Permission Denied"}"#,
                r#"401 {"errors":["jwt.decode_and_verify"]}"#
            ]
        );
    }
    let check = |method: &Method, path: &str, body: Value, expected: [&str; 2]| {
        assert_eq!(
            said(&server, method, path, &access, &body),
            expected,
            "{method} {path} {body}"
        );
    };
    check(
        &post,
        "",
        json!({ "value": "" }),
        [
            r#"400 {"error":"key is missing, key is empty, value is empty"}"#,
            r#"422 {"errors":["resource.label.missing_key","resource.label.empty_key","resource.label.empty_value"]}"#,
        ],
    );
    check(
        &post,
        "",
        json!({ "key": "a b", "value": "x" }),
        [
            r#"422 {"error":"Key is invalid and Value is too short (minimum is 3 characters)"}"#,
            r#"422 {"errors":["key.invalid","value.too_short"]}"#,
        ],
    );
    check(
        &post,
        "",
        json!({ "key": "x".repeat(256), "value": "ключ" }),
        [
            r#"422 {"error":"Key is too long (maximum is 255 characters) and Value is invalid"}"#,
            r#"422 {"errors":["key.too_long","value.invalid"]}"#,
        ],
    );
    check(
        &post,
        "",
        json!({ "key": "HOBBY", "value": "other" }),
        [
            r#"422 {"error":"Key has already been taken"}"#,
            r#"422 {"errors":["key.taken"]}"#,
        ],
    );
}

#[test]
fn private_and_unknown_labels_are_refused_in_both_profiles() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    give(&server, &access, "hobby", "chess").expect(201);
    let (post, get, patch, delete) = (Method::POST, Method::GET, Method::PATCH, Method::DELETE);
    let check = |method: &Method, path: &str, body: Value, expected: [&str; 2]| {
        assert_eq!(
            said(&server, method, path, &access, &body),
            expected,
            "{method} {path} {body}"
        );
    };
    let private = [
        r#"400 {"error":"resource.labels.private"}"#,
        r#"400 {"errors":["resource.labels.private"]}"#,
    ];
    check(
        &post,
        "",
        json!({ "key": "phone", "value": "verified", "scope": "private" }),
        private,
    );
    check(&patch, "/email", json!({ "value": "rejected" }), private);
    check(&patch, "/email", json!({ "value": "x" }), private);
    check(&delete, "/email", json!({}), private);
    check(
        &patch,
        "/hobby",
        json!({}),
        [
            r#"400 {"error":"value is missing, value is empty"}"#,
            r#"422 {"errors":["resource.label.missing_value","resource.label.empty_value"]}"#,
        ],
    );
    check(
        &patch,
        "/hobby",
        json!({ "value": "a:b" }),
        [
            r#"422 {"error":"Value is invalid"}"#,
            r#"422 {"errors":["value.invalid"]}"#,
        ],
    );
    let unknown = [
        r#"404 {"error":"Record is not found"}"#,
        r#"404 {"errors":["record.not_found"]}"#,
    ];
    for path in ["/nothing", "/a%20b", "/%00", "/x"] {
        check(&get, path, json!({}), unknown);
        check(&patch, path, json!({ "value": "some" }), unknown);
        check(&delete, path, json!({}), unknown);
    }
}

#[test]
fn a_label_of_ones_own_proves_nothing_and_hides_what_was_said_until_it_goes() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    for (key, value) in [
        ("phone", "verified"),
        ("document", "verified"),
        ("email", "mine"),
        ("ban", "true"),
    ] {
        give(&server, &access, key, value).expect(201);
    }
    let me = server.barong().me(&access);
    assert_eq!((me.at("/level"), me.at("/state")), ("1".into(), "active".into()));
    let email = |method: Method| {
        let request = server.request(method, &format!("{CLASSIC}/labels/email"));
        request.bearer(&access).send()
    };
    assert_eq!(email(Method::GET).at("/scope"), "public");
    email(Method::DELETE).expect(204);
    assert_eq!(email(Method::GET).at("/scope"), "private");
    email(Method::DELETE).expect(400);
}

#[test]
fn labels_belong_to_their_account() {
    let server = Server::start();
    let (ann, bob) = (server.barong().newcomer("ann"), server.barong().newcomer("bob"));
    give(&server, &ann.access, "hobby", "chess").expect(201);
    let hobby = server.get(&format!("{CLASSIC}/labels/hobby"));
    hobby.bearer(&bob.access).send().expect(404);
    give(&server, &bob.access, "hobby", "chess").expect(201);
}

#[test]
fn who_is_locked_reads_their_labels_and_changes_none() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    give(&server, &access, "hobby", "chess").expect(201);
    server.cli(&["user", "set-state", "--email", &ann, "locked"]).ok();
    let label = json!({ "key": "other", "value": "value" });
    for (method, path) in [
        (Method::POST, ""),
        (Method::PATCH, "/hobby"),
        (Method::DELETE, "/hobby"),
    ] {
        assert_eq!(
            said(&server, &method, path, &access, &label),
            [
                r#"401 {"error":"Permission Denied"}"#,
                r#"401 {"errors":["jwt.decode_and_verify"]}"#
            ]
        );
    }
    let hobby = server.get(&format!("{CLASSIC}/labels/hobby"));
    assert_eq!(hobby.bearer(&access).send().at("/value"), "chess");
}

#[test]
fn labels_are_below_the_mounts_only() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    assert_snapshot!(server.get("/labels").bearer(&access).send(), @r#"404 {"error":"not_found"}"#);
}
