//! Private labels, and the level and state that follow from them.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, NOT_FOUND, steady};
use crate::harness::management::Management;
use crate::harness::{Answer, BARONG_PASSWORD, within_a_second};

fn label(uid: &str, key: &str, value: &str) -> Value {
    json!({ "user_uid": uid, "key": key, "value": value })
}

fn change(management: &Management, data: Value) -> Answer {
    management.ask(Method::PUT, "/labels", data)
}

fn remove(management: &Management, uid: &str, key: &str) -> Answer {
    management.post("/labels/delete", json!({ "user_uid": uid, "key": key }))
}

/// State and level.
#[track_caller]
fn standing(management: &Management, uid: &str) -> (String, String) {
    let user = management.user(uid);
    (user.at("/state"), user.at("/level"))
}

fn is(state: &str, level: &str) -> (String, String) {
    (state.to_owned(), level.to_owned())
}

#[test]
fn a_label_is_made_changed_listed_and_removed() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let list = || management.post("/labels/list", json!({ "user_uid": uid }));
    assert_snapshot!(list(), @"201 []");
    assert_snapshot!(
        steady(&management.post("/labels", label(&uid, "  Email ", "Verified"))),
        @r#"201 {"key":"email","value":"verified","scope":"private","created_at":"<time>","updated_at":"<time>"}"#
    );
    assert_eq!(standing(&management, &uid), is("active", "1"));
    assert_snapshot!(
        steady(&list()),
        @r#"201 [{"key":"email","value":"verified","scope":"private","created_at":"<time>","updated_at":"<time>"}]"#
    );
    assert_snapshot!(
        steady(&change(&management, label(&uid, "email", "pending"))),
        @r#"200 {"key":"email","value":"pending","scope":"private","created_at":"<time>","updated_at":"<time>"}"#
    );
    // The level goes, and nobody becomes pending again.
    assert_eq!(standing(&management, &uid), is("active", "0"));
    let removed = remove(&management, &uid, "EMAIL");
    assert_eq!((removed.status().as_u16(), removed.body()), (204, &b""[..]));
    assert_snapshot!(list(), @"201 []");
}

#[test]
fn the_level_stops_at_the_first_gap() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    management.label(&uid, "document", "verified");
    assert_eq!(standing(&management, &uid), is("pending", "0"));
    management.label(&uid, "email", "verified");
    assert_eq!(standing(&management, &uid), is("active", "1"));
    management.label(&uid, "phone", "verified");
    assert_eq!(standing(&management, &uid), is("active", "3"));
    change(&management, label(&uid, "phone", "rejected")).expect(200);
    assert_eq!(standing(&management, &uid), is("active", "1"));
}

#[test]
fn a_trigger_takes_an_account_out_of_use_at_once() {
    let management = Management::start();
    let server = management.server();
    for (who, key, state) in [
        ("ada", "ban", "banned"),
        ("bob", "lock", "locked"),
        ("eve", "delete", "deleted"),
    ] {
        let address = format!("{who}@example.org");
        let uid = management.newcomer(&address);
        management.label(&uid, "email", "verified");
        let tokens = crate::harness::Tokens::of_backend_plus(
            &server.backend_plus().try_log_in(&address, BARONG_PASSWORD),
        );
        assert!(server.backend_plus().opens(&tokens.access));
        management.label(&uid, key, "yes-indeed");
        assert_eq!(management.user(&uid).at("/state"), state);
        assert!(
            within_a_second(|| !server.backend_plus().opens(&tokens.access)),
            "{key}"
        );
        assert_ne!(
            server.barong().try_log_in(&address, BARONG_PASSWORD).status(),
            200
        );
    }
}

#[test]
fn a_label_is_made_once_and_changed_only_where_it_is() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    assert_eq!(
        change(&management, label(&uid, "vip", "gold")).to_string(),
        NOT_FOUND
    );
    management.label(&uid, "vip", "gold");
    assert_snapshot!(
        management.post("/labels", label(&uid, "vip", "silver")),
        @r#"422 {"error":{"key":["has already been taken"]}}"#
    );
    let mut replacing = label(&uid, "residence", "verified");
    replacing["replace"] = json!(true);
    replacing["description"] = json!("seen by the clerk");
    change(&management, replacing).expect(200);
    let mut bare = label(&uid, "citizenship", "verified");
    bare["replace"] = json!(false);
    assert_eq!(change(&management, bare).to_string(), NOT_FOUND);
}

#[test]
fn what_is_wrong_with_a_label_is_told_by_field() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let make = |data: Value| management.post("/labels", data).to_string();
    let missing = "user_uid is missing, user_uid is empty, key is missing, key is empty, value is missing, value is empty";
    assert_eq!(make(json!({})), format!(r#"422 {{"error":"{missing}"}}"#));
    assert_snapshot!(
        make(json!({ "user_uid": uid, "key": "", "value": null })),
        @r#"422 {"error":"key is empty, value is empty"}"#
    );
    assert_snapshot!(
        make(label(&uid, "a b", "№")),
        @r#"422 {"error":{"key":["is invalid"],"value":["is too short (minimum is 3 characters)","is invalid"]}}"#
    );
    assert_snapshot!(
        make(label(&uid, "vip", &"x".repeat(256))),
        @r#"422 {"error":{"value":["is too long (maximum is 255 characters)"]}}"#
    );
    let mut long = label(&uid, "vip", "gold");
    long["description"] = json!("x".repeat(256));
    assert_snapshot!(make(long), @r#"422 {"error":"description is invalid"}"#);
    assert_snapshot!(
        change(&management, label(&uid, "a b", "gold")),
        @r#"422 {"error":{"key":["is invalid"]}}"#
    );
}

#[test]
fn labels_of_nobody_are_not_found() {
    let management = Management::start();
    for uid in [NOBODY, "no uid"] {
        let answers = [
            management.post("/labels/list", json!({ "user_uid": uid })),
            management.post("/labels", label(uid, "vip", "gold")),
            change(&management, label(uid, "vip", "gold")),
            remove(&management, uid, "vip"),
        ];
        for answer in answers {
            assert_eq!(answer.to_string(), NOT_FOUND);
        }
    }
    let uid = management.newcomer("ada@example.org");
    for key in ["vip", "a b", "№"] {
        assert_eq!(remove(&management, &uid, key).to_string(), NOT_FOUND);
    }
    assert_snapshot!(
        management.post("/labels/list", json!({})),
        @r#"422 {"error":"user_uid is missing, user_uid is empty"}"#
    );
    assert_snapshot!(
        management.post("/labels/delete", json!({ "user_uid": uid })),
        @r#"422 {"error":"key is missing, key is empty"}"#
    );
}

#[test]
fn what_people_say_of_themselves_is_listed_and_not_touched() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    management.label(&uid, "email", "verified");
    let server = management.server();
    let access = server.barong().log_in("ada@example.org").access;
    let own = json!({ "key": "theme", "value": "dark" });
    server
        .post("/api/v2/resource/labels")
        .bearer(&access)
        .json(own)
        .send()
        .expect(201);
    let listed = management
        .post("/labels/list", json!({ "user_uid": uid }))
        .expect(201);
    assert_eq!(
        (listed.at("/1/key"), listed.at("/1/scope")),
        ("theme".to_owned(), "public".to_owned())
    );
    assert_eq!(remove(&management, &uid, "theme").to_string(), NOT_FOUND);
    assert_eq!(
        change(&management, label(&uid, "theme", "light")).to_string(),
        NOT_FOUND
    );
    management.label(&uid, "theme", "light");
}

#[test]
fn people_are_found_by_their_labels() {
    let management = Management::start();
    let (ada, bob) = (
        management.newcomer("ada@example.org"),
        management.newcomer("bob@example.org"),
    );
    management.newcomer("eve@example.org");
    management.label(&bob, "vip", "gold");
    management.label(&ada, "vip", "silver");
    let filter = |data: Value| management.post("/labels/filter/users", data);
    assert_snapshot!(
        steady(&filter(json!({ "key": "vip", "value": "silver", "scope": "private" }))),
        @r#"200 [{"email":"ada@example.org","uid":"<uid>","role":"member","level":0,"otp":false,"state":"pending","profile":null,"created_at":"<time>","updated_at":"<time>"}]"#
    );
    let uids = |data: Value| -> Vec<String> {
        let found = filter(data).expect(200).json();
        let found = found.as_array().unwrap().iter();
        found
            .map(|user| user["uid"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(uids(json!({ "key": "VIP" })), [ada.clone(), bob.clone()]);
    assert_eq!(uids(json!({ "key": "vip", "page": 2, "limit": 1 })), [bob]);
    for data in [
        json!({ "key": "vip", "scope": "public" }),
        json!({ "key": "vip", "scope": "sideways" }),
        json!({ "key": "vip", "value": "№" }),
        json!({ "key": "a b" }),
        json!({ "key": "email" }),
    ] {
        assert_eq!(filter(data).to_string(), "200 []");
    }
    assert_snapshot!(filter(json!({})), @r#"422 {"error":"key is missing, key is empty"}"#);
    assert_snapshot!(
        filter(json!({ "key": "vip", "value": "", "page": "x" })),
        @r#"422 {"error":"value is empty, page is invalid"}"#
    );
}
