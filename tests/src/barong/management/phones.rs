//! Phones that other servers have verified.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{NOBODY, NOT_FOUND, steady};
use crate::harness::management::Management;

const NUMBER: &str = "+44 07418084106";

#[test]
fn a_phone_is_added_as_verified_listed_and_removed() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    management.label(&uid, "email", "verified");
    let list = || management.post("/phones/get", json!({ "uid": uid }));
    assert_snapshot!(list(), @"201 []");
    assert_snapshot!(
        steady(&management.post("/phones", json!({ "uid": uid, "number": NUMBER }))),
        @r#"201 {"country":"GB","number":"447418084106","validated_at":"<time>"}"#
    );
    assert_snapshot!(
        steady(&list()),
        @r#"201 [{"country":"GB","number":"447418084106","validated_at":"<time>"}]"#
    );
    assert_eq!(management.user(&uid).at("/level"), "2");
    assert_snapshot!(
        steady(&management.post("/phones/delete", json!({ "uid": uid, "number": "447418084106" }))),
        @r#"201 {"country":"GB","number":"447418084106","validated_at":"<time>"}"#
    );
    assert_snapshot!(list(), @"201 []");
    assert_eq!(management.user(&uid).at("/level"), "1");
    assert_eq!(
        management
            .post("/phones/delete", json!({ "uid": uid, "number": NUMBER }))
            .to_string(),
        NOT_FOUND
    );
}

#[test]
fn a_number_is_one_accounts() {
    let management = Management::start();
    let (ada, bob) = (
        management.newcomer("ada@example.org"),
        management.newcomer("bob@example.org"),
    );
    management
        .post("/phones", json!({ "uid": ada, "number": NUMBER }))
        .expect(201);
    for uid in [&ada, &bob] {
        assert_eq!(
            management
                .post("/phones", json!({ "uid": uid, "number": "447418084106" }))
                .to_string(),
            r#"400 {"error":"Phone number already exists"}"#
        );
    }
    assert_eq!(
        management
            .post("/phones/delete", json!({ "uid": bob, "number": NUMBER }))
            .to_string(),
        NOT_FOUND
    );
}

#[test]
fn what_is_no_phone_or_nobodys_is_refused() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let missing = "uid is missing, uid is empty, number is missing, number is empty";
    for path in ["/phones", "/phones/delete"] {
        let answer = management.post(path, json!({}));
        assert_eq!(answer.to_string(), format!(r#"422 {{"error":"{missing}"}}"#));
    }
    assert_snapshot!(
        management.post("/phones/get", json!({ "uid": " " })),
        @r#"422 {"error":"uid is empty"}"#
    );
    assert_snapshot!(
        management.post("/phones", json!({ "uid": uid, "number": "123" })),
        @r#"400 {"error":"Phone number is invalid"}"#
    );
    let nobodys = |path: &str, data: Value| {
        assert_eq!(management.post(path, data).to_string(), NOT_FOUND, "{path}");
    };
    nobodys("/phones", json!({ "uid": NOBODY, "number": NUMBER }));
    nobodys("/phones/get", json!({ "uid": NOBODY }));
    nobodys("/phones/delete", json!({ "uid": NOBODY, "number": NUMBER }));
    nobodys("/phones/delete", json!({ "uid": uid, "number": "123" }));
}
