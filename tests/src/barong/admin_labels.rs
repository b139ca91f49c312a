//! Labels in administrators' hands: `/admin/users/labels`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::office::{Office, Someone, codes, column, fields};

const LABELS: &str = "/users/labels";

fn wanted(whom: &Someone, key: &str, value: &str, scope: &str) -> Value {
    json!({ "uid": whom.uid, "key": key, "value": value, "scope": scope })
}

#[test]
fn a_label_is_made_changed_and_removed() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let ask = |method: Method, path: &str, body: Value| office.ask(method, path, &admin, body);
    let mut body = json!({ "uid": ann.uid, "key": "VIP", "value": "Yes", "description": "since 2019" });
    let made = ask(Method::POST, LABELS, body.clone()).expect(201);
    assert_eq!(
        fields(&made.text()),
        ["key", "value", "scope", "description", "created_at", "updated_at"]
    );
    let shown = |answer: &crate::harness::Answer| {
        ["key", "value", "scope", "description"].map(|field| answer.at(&format!("/{field}")))
    };
    assert_eq!(shown(&made), ["vip", "yes", "public", "since 2019"]);
    assert_eq!(
        office.said(&Method::POST, LABELS, &admin, &body),
        [
            r#"422 {"error":"Key has already been taken"}"#,
            r#"422 {"errors":["key.taken"]}"#
        ]
    );
    body["replace"] = json!(true);
    body["value"] = json!("very");
    assert_eq!(shown(&ask(Method::POST, LABELS, body).expect(201))[1], "very");
    let changed = ask(Method::PUT, LABELS, wanted(&ann, "vip", "less", "public")).expect(200);
    assert_eq!(shown(&changed), ["vip", "less", "public", "since 2019"]);
    let by_post = ask(
        Method::POST,
        "/users/labels/update",
        wanted(&ann, "vip", "not", "public"),
    );
    assert_eq!(shown(&by_post.expect(201))[1], "not");
    let listed = office
        .look(&format!("{LABELS}?uid={}", ann.uid), &admin)
        .expect(200);
    assert_eq!(column(&listed, "key"), ["email", "vip"]);

    let which = json!({ "uid": ann.uid, "key": "vip", "scope": "public" });
    assert_snapshot!(ask(Method::DELETE, LABELS, which.clone()), @"200 200");
    assert_eq!(
        office.said(&Method::DELETE, LABELS, &admin, &which),
        codes(404, "admin.label.doesnt_exist")
    );
    assert_eq!(
        office.said(
            &Method::PUT,
            LABELS,
            &admin,
            &wanted(&ann, "vip", "yes", "public")
        ),
        codes(404, "admin.label.doesnt_exist")
    );
}

#[test]
fn a_label_that_is_to_be_replaced_is_made_where_there_is_none() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let ask = |method: Method, path: &str, key: &str, replace: Value| {
        let mut body = wanted(&ann, key, "yes", "public");
        body["replace"] = replace;
        office.ask(method, path, &admin, body)
    };
    for replace in [json!(null), json!(false), json!("false"), json!(0)] {
        ask(Method::PUT, LABELS, "vip", replace).expect(404);
    }
    assert_snapshot!(ask(Method::PUT, LABELS, "vip", json!("perhaps")), @r#"400 {"error":"replace is invalid"}"#);
    for _ in 0..2 {
        let made = ask(Method::PUT, LABELS, "vip", json!(true)).expect(200);
        assert_eq!(
            [made.at("/key"), made.at("/value"), made.at("/scope")],
            ["vip", "yes", "public"]
        );
    }
    ask(Method::POST, "/users/labels/update", "vop", json!("true")).expect(201);
    let listed = office
        .look(&format!("{LABELS}?uid={}", ann.uid), &admin)
        .expect(200);
    assert_eq!(column(&listed, "key"), ["email", "vip", "vop"]);
}

#[test]
fn level_and_state_follow_from_private_labels() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let shown = |field: &str| office.file_of(&ann, &admin)[field].clone();
    assert_eq!(shown("level"), 1);
    office.label(&admin, &ann, "phone", "verified").expect(201);
    assert_eq!(shown("level"), 2);
    let public = json!({ "uid": ann.uid, "key": "document", "value": "verified" });
    office.ask(Method::POST, LABELS, &admin, public).expect(201);
    assert_eq!(shown("level"), 2, "a public label proves nothing");
    office.label(&admin, &ann, "phone", "rejected").expect(201);
    assert_eq!(shown("level"), 1);
    office.label(&admin, &ann, "suspicious", "yes").expect(201);
    assert_eq!(shown("state"), "locked");
    assert_eq!(
        office
            .0
            .barong()
            .try_log_in(&ann.address, crate::harness::BARONG_PASSWORD)
            .to_string(),
        r#"401 {"error":"Your account is not active"}"#
    );
    // What a label did stays done when it goes.
    let which = json!({ "uid": ann.uid, "key": "suspicious", "scope": "private" });
    office.ask(Method::DELETE, LABELS, &admin, which).expect(200);
    assert_eq!(shown("state"), "locked");
}

#[test]
fn labels_lead_to_their_holders() {
    let office = Office::open();
    let (admin, clerk) = (office.hire("admin"), office.hire("support"));
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    office.label(&admin, &ann, "phone", "verified").expect(201);
    office.label(&admin, &bob, "phone", "pending").expect(201);
    let holders = |query: &str| {
        column(
            &office.look(&format!("{LABELS}?{query}"), &clerk).expect(200),
            "uid",
        )
    };
    assert_eq!(holders("key=phone"), [ann.uid.clone(), bob.uid.clone()]);
    assert_eq!(
        holders("key=phone&value=verified"),
        std::slice::from_ref(&ann.uid)
    );
    assert_eq!(
        holders("key=phone&scope=private&page=2&limit=1"),
        std::slice::from_ref(&bob.uid)
    );
    for nobody in [
        "key=phone&scope=public",
        "key=%27",
        "key=phone&value=%27",
        "key=xyz",
    ] {
        assert!(holders(nobody).is_empty(), "{nobody}");
    }
    let counted = office.look("/users/labels/list", &clerk).expect(200).json();
    let counted = counted.as_array().unwrap();
    assert_eq!(
        counted[0],
        json!({ "key": "email", "value": "verified", "count": 4 })
    );
    assert!(counted.contains(&json!({ "key": "phone", "value": "pending", "count": 1 })));
}

#[test]
fn a_label_that_cannot_be_is_refused() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    assert_eq!(
        office.said(&Method::POST, LABELS, &admin, &json!({})),
        [
            r#"400 {"error":"uid is missing, uid is empty, key is missing, key is empty, value is missing, value is empty"}"#,
            r#"422 {"errors":["admin.label.missing_uid","admin.label.empty_uid","admin.label.missing_key","admin.label.empty_key","admin.label.missing_value","admin.label.empty_value"]}"#
        ]
    );
    assert_eq!(
        office.said(
            &Method::PUT,
            LABELS,
            &admin,
            &json!({ "uid": ann.uid, "key": "vip", "value": "yes" })
        ),
        [
            r#"400 {"error":"scope is missing, scope is empty"}"#,
            r#"422 {"errors":["admin.label.missing_scope","admin.label.empty_scope"]}"#
        ]
    );
    assert_eq!(
        office.said(
            &Method::POST,
            LABELS,
            &admin,
            &wanted(&ann, "vip", "yes", "secret")
        ),
        [
            r#"400 {"error":"scope is invalid"}"#,
            r#"422 {"errors":["admin.label.invalid_scope"]}"#
        ]
    );
    assert_eq!(
        office.said(
            &Method::POST,
            LABELS,
            &admin,
            &wanted(&ann, "v!", "yes", "public")
        ),
        [
            r#"422 {"error":"Key is too short (minimum is 3 characters) and Key is invalid"}"#,
            r#"422 {"errors":["key.too_short","key.invalid"]}"#
        ]
    );
    let mut described = wanted(&ann, "vip", "yes", "public");
    described["description"] = json!("x".repeat(256));
    assert_eq!(
        office.said(&Method::POST, LABELS, &admin, &described),
        [
            r#"400 {"error":"description is invalid"}"#,
            r#"422 {"errors":["admin.label.invalid_description"]}"#
        ]
    );
    let mut nobodys = wanted(&ann, "vip", "yes", "public");
    nobodys["uid"] = json!("IDNOBODY");
    assert_eq!(
        office.said(&Method::POST, LABELS, &admin, &nobodys),
        codes(404, "admin.user.doesnt_exist")
    );
    assert_eq!(
        office.said_of("/users/labels?uid=IDNOBODY", &admin),
        codes(404, "admin.user.doesnt_exist")
    );
    assert_eq!(
        office.said_of(LABELS, &admin)[0],
        r#"400 {"error":"key is missing, key is empty"}"#
    );
}
