//! The caller's own account: `/users/me` and `/users/password`.

mod departure;
mod password;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, Server, address};

const CLASSIC: &str = "/api/v2/resource";
const CODED: &str = "/api/v2/barong/resource";
const NEW_PASSWORD: &str = "Xwqe213PZCXwe";
const BEARER: [&str; 2] = [
    r#"401 {"error":"Permission Denied"}"#,
    r#"401 {"errors":["jwt.decode_and_verify"]}"#,
];
const NOT_FOUND: [&str; 2] = [
    r#"404 {"error":"Record is not found"}"#,
    r#"404 {"errors":["record.not_found"]}"#,
];

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)])
}

fn ask(server: &Server, method: Method, path: &str, access: &str, body: Value) -> Answer {
    server.request(method, path).json(body).bearer(access).send()
}

/// What both profiles say, one after the other.
fn said(server: &Server, method: &Method, path: &str, access: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|mount| {
        let path = format!("{mount}{path}");
        ask(server, method.clone(), &path, access, body.clone()).to_string()
    })
}

/// The names of an object's fields, in the order in which they are on the wire.
fn fields(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let object = answer.json();
    let mut names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    // What lies deeper may have fields of the same name, and those here end the object.
    names.sort_by_key(|name| text.rfind(&format!("\"{name}\":")));
    names
}

fn passwords(old: &str, new: &str, again: &str) -> Value {
    json!({ "old_password": old, "new_password": new, "confirm_password": again })
}

fn change(server: &Server, access: &str, old: &str, new: &str) -> Answer {
    let path = format!("{CLASSIC}/users/password");
    ask(server, Method::PUT, &path, access, passwords(old, new, new))
}

fn leave(server: &Server, access: &str, body: Value) -> Answer {
    ask(
        server,
        Method::DELETE,
        &format!("{CLASSIC}/users/me"),
        access,
        body,
    )
}

#[test]
fn the_classic_profile_shows_the_columns_and_the_profile() {
    let server = Server::start();
    let ann = address("Ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    let me = server.barong().me(&access).expect(200);
    let (uid, id) = (me.at("/uid"), me.at("/id"));
    let digits = uid.strip_prefix("ID").unwrap();
    assert!(digits.len() == 10 && digits.bytes().all(|b| b"0123456789ABCDEF".contains(&b)));
    let (created_at, updated_at) = (me.at("/created_at"), me.at("/updated_at"));
    for time in [&created_at, &updated_at] {
        assert!(time.len() == 24 && time.ends_with('Z'), "milliseconds: {time}");
    }
    // The address is shown as it was typed.
    assert_eq!(
        me.text(),
        format!(
            concat!(
                r#"{{"id":{},"uid":"{}","email":"{}","role":"member","level":1,"otp":false,"state":"active","#,
                r#""created_at":"{}","updated_at":"{}","profile":null}}"#
            ),
            id, uid, ann, created_at, updated_at
        )
    );
    let profile = super::profiles::ada();
    ask(&server, Method::POST, "/profiles", &access, profile).expect(201);
    let me = server.get("/users/me").bearer(&access).send();
    assert!(
        me.text().ends_with(
            r#","profile":{"first_name":"Ada","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"London","country":"GBR","metadata":{"gender":"female"}}}"#
        ),
        "{me}"
    );
    assert!(!me.text().contains("argon2"), "{me}");
}

#[test]
fn the_internal_number_is_hidden_on_demand() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__SHOW_IDS", "false")]);
    let access = server.barong().newcomer("ann").access;
    assert_eq!(fields(&server.barong().me(&access))[..2], ["uid", "email"]);
}

#[test]
fn the_coded_profile_shows_everything_that_is_known() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    let path = format!("{CODED}/users/me");
    let me = server.get(&path).bearer(&access).send().expect(200);
    assert_eq!(
        fields(&me),
        [
            "email",
            "uid",
            "role",
            "level",
            "otp",
            "state",
            "referral_uid",
            "data",
            "username",
            "labels",
            "phones",
            "profiles",
            "data_storages",
            "created_at",
            "updated_at"
        ]
    );
    assert_eq!(me.at("/labels/0/key"), "email");
    assert_eq!(
        (me.at("/phones"), me.at("/profiles"), me.at("/data_storages")),
        ("[]".into(), "[]".into(), "[]".into())
    );
    assert_eq!(
        (me.at("/data"), me.at("/username"), me.at("/referral_uid")),
        ("null".into(), "null".into(), "null".into())
    );
    assert_eq!(me.at("/created_at").len(), 20, "no milliseconds: {me}");
    let profile = super::profiles::ada();
    ask(
        &server,
        Method::POST,
        &format!("{CODED}/profiles"),
        &access,
        profile,
    )
    .expect(201);
    let phone = json!({ "phone_number": "33600000471" });
    ask(&server, Method::POST, &format!("{CODED}/phones"), &access, phone).expect(201);
    let me = server.get(&path).bearer(&access).send();
    assert_eq!(me.at("/profiles/0/last_name"), "L*******");
    assert_eq!(
        me.at("/phones/0"),
        r#"{"country":"FR","number":"33*****0471","validated_at":null}"#
    );
}

#[test]
fn clients_keep_a_json_text_with_the_account() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    let path = format!("{CODED}/users/me");
    let put = |body: Value| ask(&server, Method::PUT, &path, &access, body);
    let data = r#"{"theme":"dark","n":1}"#;
    assert_eq!(put(json!({ "data": data })).expect(200).at("/data"), data);
    assert_eq!(put(json!({})).expect(200).at("/data"), data, "left out, it stays");
    assert_eq!(server.get(&path).bearer(&access).send().at("/data"), data);
    let form = server.request(Method::PUT, "/users/me").form(&[("data", "[1]")]);
    let classic = form.bearer(&access).send().expect(200);
    assert_eq!(fields(&classic)[0], "id", "as it is read there");
    assert_eq!(server.get(&path).bearer(&access).send().at("/data"), "[1]");
    let (most, more) = (
        format!("\"{}\"", "ä".repeat(1022)),
        format!("\"{}\"", "ä".repeat(1023)),
    );
    put(json!({ "data": most })).expect(200);
    for wrong in ["{theme:dark}", "{} {}", &more] {
        assert_eq!(
            said(
                &server,
                &Method::PUT,
                "/users/me",
                &access,
                &json!({ "data": wrong })
            ),
            [
                r#"422 {"error":"data.invalid_format"}"#,
                r#"422 {"errors":["data.invalid_format"]}"#
            ]
        );
    }
    for (wrong, expected) in [
        (
            json!(" "),
            [
                r#"400 {"error":"data is empty"}"#,
                r#"422 {"errors":["resource.user.empty_data"]}"#,
            ],
        ),
        (
            json!({ "no": "text" }),
            [
                r#"400 {"error":"data is invalid"}"#,
                r#"422 {"errors":["data.invalid_format"]}"#,
            ],
        ),
    ] {
        assert_eq!(
            said(
                &server,
                &Method::PUT,
                "/users/me",
                &access,
                &json!({ "data": wrong })
            ),
            expected
        );
    }
    assert_eq!(
        said(&server, &Method::PUT, "/users/me", "nobody", &json!({})),
        BEARER
    );
}

#[test]
fn who_is_locked_reads_their_account_and_changes_nothing() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    for state in ["locked", "banned"] {
        server.cli(&["user", "set-state", "--email", &ann, state]).ok();
        assert_eq!(server.barong().me(&access).expect(200).at("/state"), state);
        for (method, path, body) in [
            (Method::PUT, "/users/me", json!({ "data": "{}" })),
            (
                Method::DELETE,
                "/users/me",
                json!({ "password": BARONG_PASSWORD }),
            ),
            (
                Method::PUT,
                "/users/password",
                passwords(BARONG_PASSWORD, NEW_PASSWORD, NEW_PASSWORD),
            ),
        ] {
            assert_eq!(
                said(&server, &method, path, &access, &body),
                BEARER,
                "{state} {method} {path}"
            );
        }
    }
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    server.barong().log_in(&ann);
}

#[test]
fn an_account_without_the_token_is_not_found() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    server
        .cli(&["user", "set-state", "--email", &ann, "deleted"])
        .ok();
    for (method, path, body) in [
        (Method::GET, "/users/me", json!({})),
        (Method::PUT, "/users/me", json!({})),
        (Method::DELETE, "/users/me", json!({ "password": "x" })),
        (Method::PUT, "/users/password", passwords("a", "b", "b")),
    ] {
        assert_eq!(
            said(&server, &method, path, &access, &body),
            NOT_FOUND,
            "{method} {path}"
        );
    }
}
