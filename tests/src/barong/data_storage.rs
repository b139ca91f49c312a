//! What clients leave with accounts: `/data_storage`, and what administrators do about it.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::office::{Office, Someone, codes, fields};
use crate::harness::Answer;

const MOUNTS: [&str; 2] = ["/api/v2/resource", "/api/v2/barong/resource"];
const REMOVAL: &str = "/users/data_storage";

fn record_at(office: &Office, mount: &str, who: &Someone, body: Value) -> Answer {
    let request = office.0.post(&format!("{mount}/data_storage"));
    request.json(body).bearer(&who.visit.access).send()
}

fn record(office: &Office, who: &Someone, title: &str, data: &str) -> Answer {
    record_at(office, MOUNTS[0], who, json!({ "title": title, "data": data }))
}

/// What both profiles say, one after the other.
fn said(office: &Office, who: &Someone, body: &Value) -> [String; 2] {
    MOUNTS.map(|mount| record_at(office, mount, who, body.clone()).to_string())
}

/// The account as its owner sees it in the coded profile.
fn me(office: &Office, who: &Someone) -> Value {
    let request = office.0.get("/api/v2/barong/resource/users/me");
    request.bearer(&who.visit.access).send().expect(200).json()
}

fn private_labels(user: &Value) -> Vec<String> {
    let labels = user["labels"].as_array().expect("labels");
    let private = labels.iter().filter(|label| label["scope"] == "private");
    private
        .map(|label| {
            format!(
                "{}:{}",
                label["key"].as_str().unwrap(),
                label["value"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn a_text_is_recorded_shown_and_labelled() {
    let office = Office::open();
    let ann = office.newcomer("ann");
    let text = r#"{"company":"Acme GmbH"}"#;
    assert_snapshot!(record(&office, &ann, "Company", text), @"201 201");
    let user = me(&office, &ann);
    let shown = &user["data_storages"][0];
    assert_eq!(
        fields(&shown.to_string()).len(),
        4,
        "title, data and two moments: {shown}"
    );
    assert_eq!(
        (&shown["title"], &shown["data"]),
        (&json!("company"), &json!(text))
    );
    assert_eq!(private_labels(&user), ["email:verified", "company:recorded"]);
    assert_eq!(user["level"], 1, "it raises no level");
    let admin = office.hire("admin");
    assert_eq!(office.file_of(&ann, &admin)["data_storages"][0]["data"], text);
    // Whoever reviews nobody sees that it is there.
    let support = office.hire("support");
    let seen = office.look_coded(&format!("/users/{}", ann.uid), &support);
    let seen = seen.expect(200).json()["data_storages"][0].clone();
    assert_eq!((&seen["title"], &seen["data"]), (&json!("company"), &Value::Null));
    let stored = String::from_utf8_lossy(&office.0.stored()).into_owned();
    assert!(!stored.contains("Acme") && !stored.contains(&hex::encode("Acme")));
}

#[test]
fn what_is_wrong_with_a_text_is_told() {
    let office = Office::open();
    let ann = office.newcomer("ann");
    assert_eq!(
        said(&office, &ann, &json!({ "data": " " })),
        [
            r#"400 {"error":"title is missing, title is empty, data is empty"}"#,
            r#"422 {"errors":["resource.data_storage.missing_title","resource.data_storage.empty_title","resource.data_storage.empty_data"]}"#
        ]
    );
    assert_eq!(
        said(&office, &ann, &json!({ "title": ["x"], "data": { "a": 1 } })),
        [
            r#"400 {"error":"title is invalid, data is invalid"}"#,
            r#"422 {"errors":["invalid","invalid"]}"#
        ]
    );
    assert_eq!(
        said(
            &office,
            &ann,
            &json!({ "title": "a b", "data": "x".repeat(5121) })
        ),
        [
            r#"422 {"error":"Title is invalid and Data is too long (maximum is 5120 characters)"}"#,
            r#"422 {"errors":["title.invalid","data.too_long"]}"#
        ]
    );
    assert_eq!(
        said(&office, &ann, &json!({ "title": "x".repeat(65), "data": "x" })),
        [
            r#"422 {"error":"Title is too long (maximum is 64 characters)"}"#,
            r#"422 {"errors":["title.too_long"]}"#
        ]
    );
    record(&office, &ann, "wishes", "a").expect(201);
    assert_eq!(
        said(&office, &ann, &json!({ "title": "WISHES", "data": "b" })),
        [
            r#"422 {"error":"Title has already been taken"}"#,
            r#"422 {"errors":["title.taken"]}"#
        ]
    );
    assert_eq!(me(&office, &ann)["data_storages"][0]["data"], "a");
}

#[test]
fn nobody_labels_themselves_verified_or_banned_by_recording() {
    let office = Office::open();
    let ann = office.newcomer("ann");
    for title in [
        "email", "phone", "document", "profile", "otp", "address", "ban", "lock", "delete",
    ] {
        assert_eq!(
            said(&office, &ann, &json!({ "title": title, "data": "x" })),
            [
                r#"422 {"error":"Title is reserved"}"#,
                r#"422 {"errors":["title.exclusion"]}"#
            ],
            "{title}"
        );
    }
    let admin = office.hire("admin");
    office.label(&admin, &ann, "vip", "gold").expect(201);
    assert_eq!(
        record(&office, &ann, "vip", "x").to_string(),
        r#"422 {"error":"Title has already been taken"}"#
    );
    assert_eq!(private_labels(&me(&office, &ann)), ["email:verified", "vip:gold"]);
}

#[test]
fn an_account_has_only_so_many_and_a_locked_one_records_none() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    for nth in 0..20 {
        record(&office, &ann, &format!("title-{nth}"), "x").expect(201);
    }
    assert_eq!(
        said(&office, &ann, &json!({ "title": "one-more", "data": "x" })),
        [
            r#"422 {"error":"Maximum number of data storages was reached"}"#,
            r#"422 {"errors":["resource.data_storage.limit_reached"]}"#
        ]
    );
    let state = json!({ "uid": ann.uid, "state": "locked" });
    office.ask(Method::PUT, "/users", &admin, state).expect(200);
    assert_eq!(
        said(&office, &ann, &json!({ "title": "one-more", "data": "x" })),
        [
            r#"401 {"error":"Permission Denied"}"#,
            r#"401 {"errors":["jwt.decode_and_verify"]}"#
        ]
    );
}

#[test]
fn it_takes_a_token_and_a_mount() {
    let office = Office::open();
    let body = json!({ "title": "wishes", "data": "x" });
    let nobody = MOUNTS.map(|mount| {
        let request = office.0.post(&format!("{mount}/data_storage"));
        request.json(body.clone()).send().to_string()
    });
    assert_eq!(
        nobody,
        [
            r#"401 {"error":"Permission Denied"}"#,
            r#"401 {"errors":["jwt.decode_and_verify"]}"#
        ]
    );
    let ann = office.newcomer("ann");
    let read = office.0.get("/api/v2/resource/data_storage");
    assert_snapshot!(read.bearer(&ann.visit.access).send(), @r#"404 {"error":"Route is not found"}"#);
    let at_root = office.0.post("/data_storage").json(body);
    assert_eq!(at_root.bearer(&ann.visit.access).send().status(), 404);
}

#[test]
fn an_administrator_removes_a_text_and_its_label() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    record(&office, &ann, "wishes", "a").expect(201);
    let remove = |body: &Value| office.said(&Method::DELETE, REMOVAL, &admin, body);
    assert_eq!(
        remove(&json!({})),
        [
            r#"400 {"error":"uid is missing, uid is empty, title is missing, title is empty"}"#,
            r#"422 {"errors":["admin.user.missing_uid","admin.user.empty_uid","admin.user.missing_title","admin.user.empty_title"]}"#
        ]
    );
    assert_eq!(
        remove(&json!({ "uid": "IDNOBODY", "title": "wishes" })),
        codes(404, "admin.user.doesnt_exist")
    );
    for title in ["other", "a b"] {
        assert_eq!(
            remove(&json!({ "uid": ann.uid, "title": title })),
            codes(404, "admin.data_storage.doesnt_exist")
        );
    }
    let asked = json!({ "uid": ann.uid, "title": "wishes" });
    assert_eq!(
        remove(&asked),
        [
            "200 200".to_owned(),
            r#"404 {"errors":["admin.data_storage.doesnt_exist"]}"#.to_owned()
        ]
    );
    let user = me(&office, &ann);
    assert_eq!(user["data_storages"], json!([]));
    assert_eq!(private_labels(&user), ["email:verified"]);
    record(&office, &ann, "wishes", "b").expect(201);
}
