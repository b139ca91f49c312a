//! Accounts in administrators' hands: `/admin/users`, `/admin/users/role`, `/admin/users/comments`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::office::{CLASSIC, DENIED, Office, Someone, codes, fields};
use super::registration::ODD_ADDRESSES;
use crate::harness::{BARONG_PASSWORD, address};

fn update(office: &Office, who: &Someone, whom: &Someone, change: Value) -> [String; 2] {
    let mut body = change;
    body["uid"] = json!(whom.uid);
    office.said(&Method::PUT, "/users", who, &body)
}

fn set(office: &Office, who: &Someone, whom: &Someone, name: &str, value: &str) -> String {
    let mut body = json!({ "uid": whom.uid });
    body[name] = json!(value);
    office.ask(Method::PUT, "/users", who, body).to_string()
}

fn give(office: &Office, who: &Someone, whom: &Someone, role: &str) -> String {
    let body = json!({ "uid": whom.uid, "role": role });
    office.ask(Method::POST, "/users/role", who, body).to_string()
}

#[test]
fn a_banned_account_is_out_and_may_be_let_in_again() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    assert_eq!(set(&office, &admin, &ann, "state", "banned"), "200 200");
    let log_in = || office.0.barong().try_log_in(&ann.address, BARONG_PASSWORD);
    assert_snapshot!(log_in(), @r#"401 {"error":"Your account is not active"}"#);
    assert_snapshot!(
        office.0.barong().knock(&ann.visit.cookie, "/api/v2/peatio/orders"),
        @r#"401 {"errors":["authz.user_not_active"]}"#
    );
    assert_eq!(
        update(&office, &admin, &ann, json!({ "state": "banned" })),
        codes(422, "admin.user.state_no_change")
    );
    let body = json!({ "uid": ann.uid, "state": "active" });
    let by_post = office.ask(Method::POST, "/users/update", &admin, body);
    assert_snapshot!(by_post, @"201 201");
    log_in().expect(200);
    assert_eq!(set(&office, &admin, &ann, "state", "deleted"), "200 200");
    assert_eq!(
        update(&office, &admin, &ann, json!({ "state": "active" })),
        codes(422, "admin.user.deleted")
    );
    assert_eq!(office.file_of(&ann, &admin)["state"], "deleted");
}

#[test]
fn a_second_factor_is_taken_away_and_never_given() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    assert_eq!(
        update(&office, &admin, &ann, json!({ "otp": true })),
        codes(422, "admin.user.enable_2fa")
    );
    assert_eq!(
        update(&office, &admin, &ann, json!({ "otp": false })),
        codes(422, "admin.user.otp_no_change")
    );
    office.0.barong().enable_factor(&ann.visit.access);
    assert_eq!(office.file_of(&ann, &admin)["otp"], true);
    assert_eq!(set(&office, &admin, &ann, "otp", "false"), "200 200");
    assert_eq!(office.file_of(&ann, &admin)["otp"], false);
    office.0.barong().log_in(&ann.address);
}

#[test]
fn a_new_address_logs_in_and_the_old_one_is_told() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let new = address("new");
    assert_eq!(set(&office, &admin, &ann, "email", &new), "200 200");
    office.0.barong().log_in(&new);
    let told = office.0.mail_to(&ann.address);
    assert_eq!(told.to, std::slice::from_ref(&ann.address));
    let file = office.file_of(&ann, &admin);
    assert_eq!((&file["email"], &file["level"]), (&json!(new), &json!(0)));
    assert_eq!(
        update(&office, &admin, &ann, json!({ "email": new.to_uppercase() })),
        codes(422, "admin.user.email_no_change")
    );
    assert_eq!(
        update(&office, &admin, &ann, json!({ "email": admin.address })),
        [
            r#"422 {"error":"Email has already been taken"}"#,
            r#"422 {"errors":["email.taken"]}"#
        ]
    );
}

#[test]
fn one_thing_is_changed_at_a_time() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let not_one = [
        r#"400 {"error":"exactly one of state, otp, email must be provided"}"#,
        r#"422 {"errors":["admin.user.one_of_state_otp_email"]}"#,
    ];
    assert_eq!(update(&office, &admin, &ann, json!({})), not_one);
    let two = json!({ "state": "banned", "otp": false });
    assert_eq!(update(&office, &admin, &ann, two), not_one);
    for (change, text, code) in [
        (
            json!({ "state": "asleep" }),
            "state is invalid",
            "admin.user.invalid_state",
        ),
        (
            json!({ "state": "withdrawn" }),
            "state is invalid",
            "admin.user.invalid_state",
        ),
        (json!({ "otp": "perhaps" }), "otp is invalid", "invalid"),
    ] {
        assert_eq!(
            update(&office, &admin, &ann, change.clone()),
            [
                format!(r#"400 {{"error":"{text}"}}"#),
                format!(r#"422 {{"errors":["{code}"]}}"#)
            ],
            "{change}"
        );
    }
    for odd in ODD_ADDRESSES.into_iter().chain(["nobody"]) {
        assert_eq!(
            update(&office, &admin, &ann, json!({ "email": odd })),
            [
                r#"422 {"error":["Email is invalid"]}"#,
                r#"422 {"errors":["email.invalid"]}"#
            ],
            "{odd:?}"
        );
    }
    assert_eq!(
        office.said(&Method::PUT, "/users", &admin, &json!({ "state": "active" })),
        [
            r#"400 {"error":"uid is missing, uid is empty"}"#,
            r#"422 {"errors":["admin.user.missing_uid","admin.user.empty_uid"]}"#
        ]
    );
    let nobody = json!({ "uid": "IDNOBODY", "state": "active" });
    assert_eq!(
        office.said(&Method::PUT, "/users", &admin, &nobody),
        codes(404, "admin.user.doesnt_exist")
    );
}

#[test]
fn nobody_changes_themselves() {
    let office = Office::open();
    let root = office.hire("superadmin");
    let himself = codes(422, "admin.user.update_himself");
    for change in [
        json!({ "state": "banned" }),
        json!({ "otp": false }),
        json!({ "email": "x@example.org" }),
    ] {
        assert_eq!(update(&office, &root, &root, change), himself);
    }
    let role = json!({ "uid": root.uid, "role": "member" });
    assert_eq!(office.said(&Method::POST, "/users/role", &root, &role), himself);
    let label = json!({ "uid": root.uid, "key": "document", "value": "verified", "scope": "private" });
    assert_eq!(
        office.said(&Method::POST, "/users/labels", &root, &label),
        himself
    );
    let comment = json!({ "uid": root.uid, "title": "Fine", "data": "Very" });
    assert_eq!(
        office.said(&Method::POST, "/users/comments", &root, &comment),
        himself
    );
}

#[test]
fn only_superadmins_touch_and_make_superadmins() {
    let office = Office::open();
    let (root, second) = (office.hire("superadmin"), office.hire("superadmin"));
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let refused = codes(422, "admin.user.superadmin_change");
    assert_eq!(
        update(&office, &admin, &root, json!({ "state": "banned" })),
        refused
    );
    assert_eq!(
        update(&office, &admin, &root, json!({ "email": "mine@example.org" })),
        refused
    );
    for (whom, role) in [(&root, "member"), (&ann, "superadmin")] {
        let body = json!({ "uid": whom.uid, "role": role });
        assert_eq!(office.said(&Method::POST, "/users/role", &admin, &body), refused);
    }
    let label = json!({ "uid": root.uid, "key": "ban", "value": "yes" });
    assert_eq!(
        office.said(&Method::POST, "/users/labels", &admin, &label),
        refused
    );
    assert_eq!(give(&office, &root, &ann, "superadmin"), "201 201");
    assert_eq!(office.file_of(&ann, &admin)["role"], "superadmin");
    assert_eq!(set(&office, &root, &second, "state", "locked"), "200 200");
}

#[test]
fn nobody_takes_over_authority_that_they_do_not_have() {
    let office = Office::open();
    let admin = office.newcomer("admin");
    // An administrator of this door alone, who has no authority at Pluto's.
    let (root, pluto) = (office.hire("superadmin"), office.hire("admin"));
    assert_eq!(give(&office, &root, &admin, "admin"), "201 201");
    assert_eq!(give(&office, &root, &pluto, "member"), "201 201");
    assert_eq!(
        update(&office, &admin, &pluto, json!({ "email": "mine@example.org" })),
        codes(422, "admin.ability.not_permitted")
    );
}

#[test]
fn a_role_for_makers_that_are_programs_is_known_and_may_nothing() {
    let office = Office::open();
    let (root, ann) = (office.hire("superadmin"), office.newcomer("ann"));
    assert_eq!(give(&office, &root, &ann, "sa_maker"), "201 201");
    assert_eq!(office.file_of(&ann, &root)["role"], "sa_maker");
    assert_eq!(office.said_of("/users", &office.hire("sa_maker")), DENIED);
}

#[test]
fn a_role_holds_from_the_next_request_on() {
    let office = Office::open();
    let (root, ann) = (office.hire("superadmin"), office.newcomer("ann"));
    let denied = |who: &Someone| office.look("/users", who).to_string() == DENIED[0];
    assert!(denied(&ann));
    assert_eq!(give(&office, &root, &ann, "support"), "201 201");
    assert!(!denied(&ann));
    assert_eq!(give(&office, &root, &ann, "member"), "201 201");
    assert!(denied(&ann));
    let role = |role: &str| json!({ "uid": ann.uid, "role": role });
    for (name, code) in [
        ("emperor", "admin.user.invalid_role"),
        ("member", "admin.user.role_no_change"),
    ] {
        assert_eq!(
            office.said(&Method::POST, "/users/role", &root, &role(name)),
            codes(422, code)
        );
    }
    assert_eq!(
        office.said(&Method::POST, "/users/role", &root, &json!({})),
        [
            r#"400 {"error":"uid is missing, uid is empty, role is missing, role is empty"}"#,
            r#"422 {"errors":["admin.user.missing_uid","admin.user.empty_uid","admin.user.missing_role","admin.user.empty_role"]}"#
        ]
    );
}

#[test]
fn comments_are_among_administrators() {
    let office = Office::open();
    let (admin, second) = (office.hire("admin"), office.hire("admin"));
    let ann = office.newcomer("ann");
    let comments = |whom: &Someone, reader: &Someone| office.file_of(whom, reader)["comments"].clone();
    let add = |body: &Value| office.said(&Method::POST, "/users/comments", &admin, body);
    let body = json!({ "uid": ann.uid, "title": "Doubtful", "data": "Called twice,\nsaid nothing." });
    let made = office
        .ask(Method::POST, "/users/comments", &admin, body)
        .expect(201);
    assert_eq!(
        fields(&made.text()),
        ["id", "author_uid", "title", "data", "created_at", "updated_at"]
    );
    assert_eq!(made.at("/author_uid"), admin.uid);
    assert_eq!(comments(&ann, &second)[0]["data"], "Called twice,\nsaid nothing.");
    let id = made.json()["id"].clone();
    let changed = office.ask(
        Method::PUT,
        "/users/comments",
        &second,
        json!({ "id": id, "title": "Cleared" }),
    );
    assert_eq!(changed.expect(200).at("/data"), "Called twice,\nsaid nothing.");
    assert_eq!(comments(&ann, &second)[0]["title"], "Cleared");

    // Nobody reads what is said of themselves.
    let about = json!({ "uid": admin.uid, "title": "Vain", "data": "Very" });
    let of_admin = office
        .ask(Method::POST, "/users/comments", &second, about)
        .expect(201);
    assert_eq!(comments(&admin, &admin), json!([]));
    assert_eq!(comments(&admin, &second)[0]["title"], "Vain");
    let remove = |id: Value| {
        office
            .ask(Method::DELETE, "/users/comments", &admin, json!({ "id": id }))
            .to_string()
    };
    let unknown = r#"404 {"error":"admin.comment.doesnt_exist"}"#;
    assert_eq!(remove(of_admin.json()["id"].clone()), unknown);
    assert_eq!(remove(id.clone()), "200 200");
    assert_eq!(remove(id), unknown);
    assert_eq!(comments(&ann, &second), json!([]));

    assert_eq!(
        add(&json!({ "uid": ann.uid, "title": "x".repeat(65), "data": "a\u{7}b" })),
        [
            r#"422 {"error":"Title is too long (maximum is 64 characters) and Data is invalid"}"#,
            r#"422 {"errors":["title.too_long","data.invalid"]}"#
        ]
    );
    assert_eq!(
        add(&json!({ "uid": ann.uid })),
        [
            r#"400 {"error":"title is missing, title is empty, data is missing, data is empty"}"#,
            r#"422 {"errors":["admin.user.missing_title","admin.user.empty_title","admin.user.missing_data","admin.user.empty_data"]}"#
        ]
    );
    let stored = office.0.stored();
    let plain = |word: &[u8]| stored.windows(word.len()).any(|window| window == word);
    assert!(
        !plain(b"Called twice") && !plain(b"Vain"),
        "comments lie in the database unsealed"
    );
}

#[test]
fn an_administrator_who_is_banned_or_logged_out_is_none() {
    let office = Office::open();
    let (root, admin, second) = (
        office.hire("superadmin"),
        office.hire("admin"),
        office.hire("admin"),
    );
    let look = |who: &Someone| office.look("/users", who);
    look(&admin).expect(200);
    assert_eq!(set(&office, &root, &admin, "state", "locked"), "200 200");
    assert_eq!(look(&admin).to_string(), DENIED[0]);
    let out = office.0.request(Method::DELETE, "/api/v2/identity/sessions");
    out.cookie("_barong_session", &second.visit.cookie)
        .header("X-CSRF-Token", &second.visit.csrf)
        .send()
        .expect(200);
    assert_eq!(look(&second).to_string(), DENIED[0], "its token is not over yet");
    assert_eq!(set(&office, &root, &second, "state", "deleted"), "200 200");
    assert_snapshot!(look(&second), @r#"404 {"error":"Record is not found"}"#);
}

#[test]
fn another_dialects_token_administers_if_the_store_says_so() {
    let office = Office::open();
    let admin = office.hire("admin");
    let ann = office.newcomer("ann");
    let look = |address: &str| {
        let access = office
            .0
            .pluto()
            .try_log_in(address, BARONG_PASSWORD)
            .at("/body/access_token");
        office.0.get(&format!("{CLASSIC}/users")).bearer(&access).send()
    };
    look(&admin.address).expect(200);
    assert_eq!(look(&ann.address).to_string(), DENIED[0]);
}
