//! Accounts in the hands of other servers.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{NOBODY, NOT_FOUND, steady};
use crate::barong::registration::ODD_ADDRESSES;
use crate::harness::management::Management;
use crate::harness::{Answer, BARONG_PASSWORD};

/// [`BARONG_PASSWORD`] as Barong keeps it.
const DIGEST: &str = "$2a$04$0123456789abcdefghijku1n5ePLe9EDle7cLUhqtH.vz3mxB1QKy";

fn create(management: &Management, email: &str, password: &str) -> Answer {
    management.post("/users", json!({ "email": email, "password": password }))
}

fn with_profile(mut data: Value) -> Value {
    let profile = json!({
        "first_name": "Ada", "last_name": "Lovelace", "dob": "1990-12-10", "address": "12 Main St.",
        "postcode": "AB1 2CD", "city": "London", "country": "GBR",
    });
    let fields = data.as_object_mut().unwrap();
    fields.extend(profile.as_object().unwrap().clone());
    data
}

#[test]
fn an_account_is_made_and_waits() {
    let management = Management::start();
    let made = create(&management, "ada@example.org", BARONG_PASSWORD);
    assert_snapshot!(
        steady(&made),
        @r#"201 {"email":"ada@example.org","uid":"<uid>","role":"member","level":0,"otp":false,"state":"pending","profile":null,"created_at":"<time>","updated_at":"<time>"}"#
    );
    let uid = made.at("/uid");
    assert!(uid.len() == 12 && uid.starts_with("ID"), "{uid}");
    assert_eq!(made.at("/created_at").len(), "2018-12-06T10:00:00Z".len());
    assert_eq!(management.user(&uid).text(), made.text());
    let barong = management.server().barong();
    assert_snapshot!(
        barong.try_log_in("ada@example.org", BARONG_PASSWORD),
        @r#"401 {"error":"Your account is not active"}"#
    );
    management.label(&uid, "email", "verified");
    assert_eq!(
        barong.try_log_in("ada@example.org", BARONG_PASSWORD).status(),
        200
    );
}

#[test]
fn an_account_that_breaks_the_rules_is_not_made() {
    let management = Management::start();
    let refused = |data: Value| management.post("/users", data).to_string();
    assert_snapshot!(
        refused(json!({})),
        @r#"422 {"error":"email is missing, email is empty, password is missing, password is empty"}"#
    );
    assert_snapshot!(
        refused(json!({ "email": " ", "password": "" })),
        @r#"422 {"error":"email is empty, password is empty"}"#
    );
    assert_snapshot!(
        refused(json!({ "email": ["a"], "password": {} })),
        @r#"422 {"error":"email is invalid, password is empty"}"#
    );
    assert_snapshot!(
        create(&management, "no address", "password"),
        @r#"422 {"error":["Email is invalid","Password does not meet the minimum requirements","Password is too weak"]}"#
    );
    create(&management, "ada@example.org", BARONG_PASSWORD).expect(201);
    assert_snapshot!(
        create(&management, "ADA@example.org", BARONG_PASSWORD),
        @r#"422 {"error":["Email has already been taken"]}"#
    );
    assert_snapshot!(
        create(&management, "ada@example.org", "password"),
        @r#"422 {"error":["Email has already been taken","Password does not meet the minimum requirements","Password is too weak"]}"#
    );
    for odd in ODD_ADDRESSES {
        assert_eq!(
            create(&management, odd, BARONG_PASSWORD).to_string(),
            r#"422 {"error":["Email is invalid"]}"#,
            "{odd:?}"
        );
    }
}

#[test]
fn an_account_is_found_by_uid_address_or_verified_phone() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let get = |data: Value| management.post("/users/get", data);
    let phone = json!({ "uid": uid, "number": "+44 07418084106" });
    assert_eq!(get(json!({ "phone_num": "447418084106" })).to_string(), NOT_FOUND);
    management.post("/phones", phone).expect(201);
    for data in [
        json!({ "uid": uid }),
        json!({ "email": "ADA@example.org" }),
        json!({ "phone_num": "+44 07418084106" }),
        json!({ "uid": uid, "email": "bob@example.org" }),
    ] {
        assert_eq!(get(data).expect(201).at("/uid"), uid);
    }
    for data in [
        json!({ "uid": NOBODY }),
        json!({ "uid": "no uid" }),
        json!({ "email": "bob@example.org" }),
        json!({ "email": "no address" }),
        json!({ "phone_num": "123" }),
        json!({ "uid": NOBODY, "email": "ada@example.org" }),
    ] {
        assert_eq!(get(data).to_string(), NOT_FOUND);
    }
    assert_snapshot!(get(json!({})), @r#"422 {"error":"uid is missing, uid is empty"}"#);
    assert_snapshot!(
        get(json!({ "uid": "", "email": " " })),
        @r#"422 {"error":"uid is empty, email is empty"}"#
    );
}

#[test]
fn accounts_are_listed_in_pages_in_the_order_they_were_made() {
    let management = Management::start();
    let list = |data: Value| management.post("/users/list", data);
    assert_snapshot!(list(json!({})), @"200 []");
    for who in ["ada", "bob", "eve"] {
        management.newcomer(&format!("{who}@example.org"));
    }
    assert_snapshot!(
        steady(&list(json!({ "limit": 1 }))),
        @r#"200 [{"email":"ada@example.org","uid":"<uid>","role":"member","level":0,"otp":false,"state":"pending","profile":null,"created_at":"<time>","updated_at":"<time>"}]"#
    );
    let emails = |data: Value| -> Vec<String> {
        let listed = list(data).expect(200).json();
        let emails = listed.as_array().unwrap().iter();
        emails
            .map(|user| user["email"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        emails(json!({})),
        ["ada@example.org", "bob@example.org", "eve@example.org"]
    );
    assert_eq!(emails(json!({ "page": 2, "limit": "2" })), ["eve@example.org"]);
    assert!(emails(json!({ "page": 3, "limit": 2 })).is_empty());
    let now = crate::harness::management::now();
    assert_eq!(
        emails(json!({ "from": now - 600, "to": now + 600, "range": "updated" })).len(),
        3
    );
    assert!(emails(json!({ "from": now + 600 })).is_empty());
    assert!(emails(json!({ "to": now - 600, "range": "created" })).is_empty());
    for (data, name) in [
        (json!({ "page": 0 }), "page"),
        (json!({ "page": "two" }), "page"),
        (json!({ "limit": 0 }), "limit"),
        (json!({ "limit": 101 }), "limit"),
        (json!({ "from": "yesterday" }), "from"),
        (json!({ "to": 1e15 }), "to"),
        (json!({ "to": i64::MAX }), "to"),
        (json!({ "range": "never" }), "range"),
    ] {
        let refused = format!(r#"422 {{"error":"{name} is invalid"}}"#);
        assert_eq!(list(data).to_string(), refused);
    }
}

#[test]
fn an_account_is_imported_with_password_phone_and_profile() {
    let management = Management::start();
    let data = json!({ "email": "ada@example.org", "password_digest": DIGEST, "phone": "+44 7418084106" });
    let imported = management.post("/users/import", with_profile(data));
    assert_snapshot!(
        steady(&imported),
        @r#"201 {"email":"ada@example.org","uid":"<uid>","role":"member","level":0,"otp":false,"state":"pending","profile":{"first_name":"Ada","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"London","country":"GBR","metadata":null},"created_at":"<time>","updated_at":"<time>"}"#
    );
    let uid = imported.at("/uid");
    let phones = management.post("/phones/get", json!({ "uid": uid }));
    assert_snapshot!(
        steady(&phones),
        @r#"201 [{"country":"GB","number":"447418084106","validated_at":"<time>"}]"#
    );
    management.label(&uid, "email", "verified");
    let user = management.user(&uid);
    assert_eq!(
        (user.at("/state"), user.at("/level")),
        ("active".to_owned(), "2".to_owned())
    );
}

#[test]
fn an_imported_password_opens_every_door_once_the_account_is_active() {
    let management = Management::start();
    let server = management.server();
    let ada = "ada@example.org";
    let data = json!({ "email": ada, "password_digest": DIGEST });
    let uid = management.post("/users/import", data).expect(201).at("/uid");
    let doors = |password: &str| {
        [
            server.barong().try_log_in(ada, password),
            server.pluto().try_log_in(ada, password),
            server.backend_plus().try_log_in(ada, password),
        ]
    };
    for answer in doors(BARONG_PASSWORD) {
        assert_ne!(answer.status(), 200, "{answer}");
    }
    management.label(&uid, "email", "verified");
    for answer in doors("Kal31ewwqXreW") {
        assert_ne!(answer.status(), 200, "{answer}");
    }
    for answer in doors(BARONG_PASSWORD) {
        assert_eq!(answer.status(), 200, "{answer}");
    }
    // By now the hash is of our own kind.
    for answer in doors(BARONG_PASSWORD) {
        assert_eq!(answer.status(), 200, "{answer}");
    }
}

#[test]
fn a_profile_is_imported_whole_or_not_at_all() {
    let management = Management::start();
    for (index, left_out) in ["first_name", "dob", "country"].into_iter().enumerate() {
        let email = format!("ada{index}@example.org");
        let mut data = with_profile(json!({ "email": email, "password_digest": DIGEST }));
        data.as_object_mut().unwrap().remove(left_out);
        let imported = management.post("/users/import", data).expect(201);
        assert_eq!(imported.at("/profile"), "null", "{left_out}");
    }
}

#[test]
fn an_import_that_is_refused_leaves_nothing() {
    let management = Management::start();
    let import = |data: Value| management.post("/users/import", data);
    assert_snapshot!(
        import(json!({})),
        @r#"422 {"error":"email is missing, email is empty, password_digest is missing, password_digest is empty"}"#
    );
    assert_snapshot!(
        import(json!({ "email": "ada@example.org", "password_digest": DIGEST, "phone": "", "dob": "soon" })),
        @r#"422 {"error":"phone is empty, dob is invalid"}"#
    );
    assert_snapshot!(
        import(json!({ "email": "no address", "password_digest": "plain", "phone": "123" })),
        @r#"422 {"error":["Email is invalid","Password digest is invalid","Phone is invalid"]}"#
    );
    for odd in ODD_ADDRESSES {
        let data = json!({ "email": odd, "password_digest": DIGEST });
        assert_eq!(
            import(data).to_string(),
            r#"422 {"error":["Email is invalid"]}"#,
            "{odd:?}"
        );
    }
    // A digest that would take hours to compare with.
    let endless = DIGEST.replace("$04$", "$31$");
    assert_snapshot!(
        import(json!({ "email": "ada@example.org", "password_digest": endless })),
        @r#"422 {"error":["Password digest is invalid"]}"#
    );
    let mut unfit = with_profile(json!({ "email": "ada@example.org", "password_digest": DIGEST }));
    unfit["country"] = json!("Utopia");
    assert_snapshot!(import(unfit), @r#"422 {"error":["Country must have alpha2 or alpha3 format"]}"#);
    let get = |email: &str| management.post("/users/get", json!({ "email": email }));
    assert_eq!(get("ada@example.org").to_string(), NOT_FOUND);

    let ada = json!({ "email": "ada@example.org", "password_digest": DIGEST, "phone": "447418084106" });
    import(ada.clone()).expect(201);
    assert_snapshot!(
        import(json!({ "email": "Ada@Example.org", "password_digest": DIGEST })),
        @r#"422 {"error":"User already exists by this email"}"#
    );
    assert_snapshot!(
        import(json!({ "email": "bob@example.org", "password_digest": DIGEST, "phone": "+447418084106" })),
        @r#"422 {"error":["Phone has already been taken"]}"#
    );
    assert_eq!(get("bob@example.org").to_string(), NOT_FOUND);
}

#[test]
fn role_and_data_are_set_and_what_is_left_out_stays() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let update = |data: Value| {
        let mut data = data;
        data["uid"] = json!(uid);
        management.post("/users/update", data)
    };
    assert_snapshot!(
        steady(&update(json!({ "role": "trader", "data": "{\"theme\":\"dark\"}" }))),
        @r#"201 {"email":"ada@example.org","uid":"<uid>","role":"trader","level":0,"otp":false,"state":"pending","profile":null,"created_at":"<time>","updated_at":"<time>"}"#
    );
    assert_eq!(update(json!({})).expect(201).at("/role"), "trader");
    management.label(&uid, "email", "verified");
    let access = management.server().barong().log_in("ada@example.org").access;
    assert_eq!(management.server().barong().me(&access).at("/role"), "trader");

    for role in ["superadmin", "admin", "compliance", "support", "king"] {
        assert_eq!(
            update(json!({ "role": role })).to_string(),
            r#"422 {"error":["Role is not included in the list"]}"#
        );
    }
    assert_snapshot!(update(json!({ "role": "", "data": " " })), @r#"422 {"error":"role is empty, data is empty"}"#);
    for data in ["{", &format!("\"{}\"", "x".repeat(1024))] {
        assert_eq!(
            update(json!({ "data": data })).to_string(),
            r#"422 {"error":["Data is invalid"]}"#
        );
    }
    let refused = |data: Value| management.post("/users/update", data).to_string();
    assert_snapshot!(refused(json!({})), @r#"422 {"error":"uid is missing, uid is empty"}"#);
    assert_eq!(refused(json!({ "uid": NOBODY, "role": "trader" })), NOT_FOUND);
    assert_eq!(refused(json!({ "uid": NOBODY, "role": "admin" })), NOT_FOUND);
}

#[test]
fn an_administrator_stays_one() {
    let management = Management::start();
    let server = management.server();
    server
        .cli(&[
            "user",
            "create",
            "--email",
            "root@example.org",
            "--password",
            BARONG_PASSWORD,
            "--role",
            "admin",
            "--active",
        ])
        .ok();
    let found = management.post("/users/get", json!({ "email": "root@example.org" }));
    let uid = found.expect(201).at("/uid");
    assert_snapshot!(
        management.post("/users/update", json!({ "uid": uid, "role": "member" })),
        @r#"422 {"error":["Role is not included in the list"]}"#
    );
    assert_eq!(management.user(&uid).at("/role"), "admin");
}
