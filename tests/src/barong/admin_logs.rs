//! What was done, and how many there are: `/admin/activities`, `/admin/metrics`, `/admin/levels`.

use reqwest::Method;
use serde_json::{Value, json};

use super::office::{Office, Someone, column, fields};

#[test]
fn what_people_did_is_listed_the_newest_first() {
    let office = Office::open();
    let clerk = office.hire("support");
    let ann = office.newcomer("ann");
    let barong = office.0.barong();
    barong.try_log_in(&ann.address, "wrong").expect(401);
    let log = |query: &str| office.look(&format!("/activities?{query}"), &clerk).expect(200);
    let by_ann = format!("uid={}", ann.uid);
    let all = log(&by_ann);
    assert_eq!(column(&all, "action")[..2], ["login", "login"]);
    assert_eq!(column(&all, "result")[..2], ["failed", "succeed"]);
    let newest = &all.json()[0];
    assert_eq!(fields(&newest.to_string()).len(), 11, "{newest}");
    assert_eq!(
        (&newest["category"], &newest["topic"]),
        (&json!("user"), &json!("session"))
    );
    assert_eq!(
        newest["data"],
        r#"{"reason":"Invalid Email or Password","note":"Detected suspicious browser"}"#
    );
    assert_eq!(
        newest["user"],
        json!({ "uid": ann.uid, "email": ann.address, "role": "member" })
    );
    let count = |query: &str| log(query).header("Total").unwrap();
    assert_eq!(count(&format!("{by_ann}&topic=session&result=failed")), "1");
    assert_eq!(count(&format!("{by_ann}&action=login&result=succeed")), "1");
    assert_eq!(count(&format!("email={}&topic=session", ann.address)), "2");
    assert_eq!(count(&format!("{by_ann}&to=1")), "0");
    assert_eq!(count(&format!("{by_ann}&from=4000000000")), "0");
    let one = log(&format!("{by_ann}&limit=1&page=2&topic=session"));
    assert_eq!(column(&one, "result"), ["succeed"]);
    for nobody in [
        "uid=x'",
        "uid=IDNOBODY",
        "email=nobody",
        "email=nobody@example.org",
        "topic=nothing",
        "action=nothing",
    ] {
        assert_eq!(log(nobody).to_string(), "200 []", "{nobody}");
    }
}

#[test]
fn what_administrators_did_names_them_and_whom_they_did_it_to() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    office.file_of(&ann, &admin);
    let role = json!({ "uid": ann.uid, "role": "support" });
    office.ask(Method::POST, "/users/role", &admin, role).expect(201);
    let banned = json!({ "uid": ann.uid, "state": "banned" });
    office.ask(Method::PUT, "/users", &admin, banned).expect(200);
    let himself = json!({ "uid": admin.uid, "state": "banned" });
    office.ask(Method::PUT, "/users", &admin, himself).expect(422);
    let log = |query: &str| {
        office
            .look(&format!("/activities/admin?{query}"), &admin)
            .expect(200)
    };
    let about_ann = log(&format!("target_uid={}", ann.uid));
    let said = |field: &str| column(&about_ann, field);
    assert_eq!(said("topic"), ["account", "role", "account"]);
    assert_eq!(said("action"), ["set_state", "set", "read"]);
    assert_eq!(said("detail"), ["banned", "support", "null"]);
    for entry in about_ann.json().as_array().unwrap() {
        assert_eq!(entry["category"], "admin");
        assert_eq!(entry["user"]["uid"], json!(admin.uid));
        assert_eq!(entry["target"]["uid"], json!(ann.uid));
    }
    let denied = log(&format!("uid={}&result=denied", admin.uid));
    assert_eq!(column(&denied, "action"), ["denied"]);
    assert_eq!(denied.json()[0]["target"]["uid"], json!(admin.uid));
    let users = office
        .look(&format!("/activities?uid={}", ann.uid), &admin)
        .expect(200);
    assert!(!column(&users, "topic").contains(&"role".to_owned()), "{users}");
    assert_eq!(
        office.said_of("/activities?result=perhaps", &admin),
        [
            r#"400 {"error":"result is invalid"}"#,
            r#"422 {"errors":["admin.activity.invalid_result"]}"#
        ]
    );
}

#[test]
fn who_was_refused_is_in_the_log() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    office.look("/users", &ann).expect(401);
    let denied = office
        .look(&format!("/activities?uid={}&result=denied", ann.uid), &admin)
        .expect(200);
    assert_eq!(column(&denied, "detail"), ["accounts.read"]);
}

#[test]
fn nothing_that_was_looked_for_is_in_the_log() {
    let office = Office::open();
    let admin = office.hire("admin");
    office
        .look("/users?email=somebody.special@example.org", &admin)
        .expect(200);
    let log = office.look("/activities/admin", &admin).expect(200);
    assert!(
        column(&log, "detail").contains(&"accounts by email".to_owned()),
        "{log}"
    );
    assert!(!log.text().contains("somebody.special"), "{log}");
}

#[test]
fn numbers_tell_who_is_there_and_who_came() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    office.0.barong().try_log_in(&ann.address, "wrong").expect(401);
    office
        .0
        .barong()
        .register(&crate::harness::address("bob"))
        .expect(201);
    let metrics =
        |query: &str, who: &Someone| office.look(&format!("/metrics{query}"), who).expect(200).json();
    let now = metrics("", &admin);
    assert_eq!(
        now,
        json!({
            "signups": 3, "successful_logins": 2, "failed_logins": 1, "pending_applications": 0,
            "pending_documents": 0, "pending_profiles": 0, "users": 3,
            "users_by_state": { "pending": 1, "active": 2, "locked": 0, "banned": 0, "deleted": 0 },
        })
    );
    office.hand_in_profile(&ann);
    let early = metrics("?created_from=1&created_to=2", &office.hire("accountant"));
    assert_eq!(
        (
            &early["signups"],
            &early["successful_logins"],
            &early["pending_profiles"]
        ),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(
        office.said_of("/metrics?created_from=x", &admin)[0],
        r#"400 {"error":"created_from is invalid"}"#
    );
}

#[test]
fn levels_are_those_of_the_settings() {
    let office = Office::with(&[(
        "CLAVIS_DIALECTS__BARONG__LEVELS",
        "email:verified,document:verified",
    )]);
    let levels = office.look("/levels", &office.hire("support")).expect(200);
    let shown: Vec<Value> = serde_json::from_str(&levels.text()).unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (&shown[1]["id"], &shown[1]["key"], &shown[1]["value"]),
        (&json!(2), &json!("document"), &json!("verified"))
    );
}
