//! What servers that the operator trusts do with service accounts, and with keys where he lets them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CLASSIC, Owner, firm, firm_with, steady};
use crate::harness::management::Management;

const NOT_FOUND: &str = r#"404 {"error":"Record is not found"}"#;
const NO_SERVICE: &str = r#"422 {"error":"Service account doesnt exist"}"#;

/// A service account as it is shown, without what is another at every run.
fn shown(status: u16, email: &str, role: &str, state: &str) -> String {
    format!(
        concat!(
            r#"{} {{"email":"{}","uid":"<uid>","role":"{}","level":1,"state":"{}","#,
            r#""user":{{"email":"<address>","uid":"<uid>","role":"member","level":1,"otp":true,"state":"active","#,
            r#""referral_uid":null,"data":null,"username":null,"created_at":"<time>","updated_at":"<time>"}},"#,
            r#""created_at":"<time>","updated_at":"<time>"}}"#
        ),
        status, email, role, state
    )
}

#[track_caller]
fn is_shown(owner: &Owner<'_>, answer: &crate::harness::Answer, expected: &str) {
    assert_eq!(steady(answer).replace(&owner.address, "<address>"), expected);
}

#[test]
fn a_service_account_is_made_found_changed_and_disabled() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let made = firm.post(
        "/service_accounts/create",
        json!({
            "owner_uid": ann.uid,
            "service_account_role": "maker",
            "service_account_uid": "Fai5aesoLEcx",
            "service_account_email": "Bot@Example.org",
        }),
    );
    is_shown(&ann, &made, &shown(201, "Bot@Example.org", "maker", "active"));
    assert_eq!(made.at("/uid"), "Fai5aesoLEcx");
    for selector in [
        json!({ "uid": "Fai5aesoLEcx" }),
        json!({ "email": "bot@example.ORG" }),
    ] {
        let found = firm.post("/service_accounts/get", selector);
        is_shown(&ann, &found, &shown(200, "Bot@Example.org", "maker", "active"));
    }
    let change = json!({ "uid": "Fai5aesoLEcx", "service_account_role": "trader" });
    let changed = firm.post("/service_accounts/update", change);
    is_shown(&ann, &changed, &shown(201, "Bot@Example.org", "trader", "active"));
    let nothing = firm.post("/service_accounts/update", json!({ "uid": "Fai5aesoLEcx" }));
    is_shown(&ann, &nothing, &shown(201, "Bot@Example.org", "trader", "active"));
    for _ in 0..2 {
        let disabled = firm.post("/service_accounts/delete", json!({ "uid": "Fai5aesoLEcx" }));
        is_shown(
            &ann,
            &disabled,
            &shown(200, "Bot@Example.org", "trader", "disabled"),
        );
    }
    let still = ann.ask(Method::GET, CLASSIC, "", &json!({})).expect(200);
    assert_eq!(still.at("/0/state"), "disabled");
}

#[test]
fn lists_have_pages_and_may_be_of_one_owner() {
    let firm = firm();
    let (ann, bob) = (Owner::new(&firm), Owner::new(&firm));
    let all = [ann.service(), bob.service(), ann.service()];
    let list = |data: Value| firm.post("/service_accounts/list", data);
    let uids = |answer: &crate::harness::Answer| -> Vec<String> {
        let listed = answer.clone().expect(200).json();
        let listed = listed.as_array().unwrap().iter();
        listed
            .map(|one| one["uid"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(uids(&list(json!({}))), all);
    let page = list(json!({ "page": 2, "limit": 2 }));
    assert_eq!(uids(&page), all[2..]);
    for (header, expected) in [("page", "2"), ("per-page", "2"), ("total", "3")] {
        assert_eq!(page.header(header).as_deref(), Some(expected), "{header}");
    }
    assert_eq!(uids(&list(json!({ "owner_uid": bob.uid }))), all[1..2]);
    let of_ann = uids(&list(json!({ "owner_email": ann.address })));
    assert_eq!(of_ann, [all[0].clone(), all[2].clone()]);
    for nobody in [
        json!({ "owner_uid": "ID0000000000" }),
        json!({ "owner_uid": "no uid" }),
        json!({ "owner_email": "nobody@example.org" }),
        json!({ "owner_email": "nobody" }),
    ] {
        assert_eq!(list(nobody).to_string(), NOT_FOUND);
    }
    assert_eq!(
        list(json!({ "limit": 101, "page": 0 })).to_string(),
        r#"422 {"error":"limit is invalid, page is invalid"}"#
    );
}

#[test]
fn what_is_missing_is_told() {
    let firm = firm();
    let ask = |path: &str, data: Value| firm.post(&format!("/service_accounts/{path}"), data).to_string();
    let uid = r#"422 {"error":"uid is missing, uid is empty"}"#;
    for path in ["get", "update", "delete"] {
        assert_eq!(ask(path, json!({})), uid, "{path}");
    }
    assert_eq!(
        ask("create", json!({})),
        concat!(
            r#"422 {"error":"owner_uid is missing, owner_uid is empty, "#,
            r#"service_account_role is missing, service_account_role is empty"}"#
        )
    );
    let blank =
        json!({ "owner_uid": "ID0000000000", "service_account_role": "maker", "service_account_uid": " " });
    assert_eq!(
        ask("create", blank),
        r#"422 {"error":"service_account_uid is empty"}"#
    );
}

#[test]
fn who_is_nobody_is_told() {
    let firm = firm();
    let ask = |path: &str, data: Value| firm.post(&format!("/service_accounts/{path}"), data).to_string();
    for uid in ["SI0000000000", "no uid"] {
        assert_eq!(ask("get", json!({ "uid": uid })), NOT_FOUND);
        assert_eq!(ask("update", json!({ "uid": uid })), NO_SERVICE);
        assert_eq!(ask("delete", json!({ "uid": uid })), NO_SERVICE);
        let wanted = json!({ "owner_uid": uid, "service_account_role": "maker" });
        assert_eq!(ask("create", wanted), NOT_FOUND);
    }
    assert_eq!(ask("get", json!({ "email": "nobody@example.org" })), NOT_FOUND);
    assert_eq!(ask("get", json!({ "email": "nobody" })), NOT_FOUND);
    let ann = Owner::new(&firm);
    let change = json!({ "uid": ann.service(), "owner_uid": "ID0000000000" });
    assert_eq!(ask("update", change), NOT_FOUND);
}

#[test]
fn rules_of_service_accounts_are_told_one_by_one() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let create = |more: Value| {
        let mut data = json!({ "owner_uid": ann.uid, "service_account_role": "maker" });
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        firm.post("/service_accounts/create", data)
    };
    let taken = r#"422 {"error":["Email or uid not_uniq"]}"#;
    let role = r#"422 {"error":["Role doesnt_exist"]}"#;
    create(json!({ "service_account_uid": "bot1", "service_account_email": "bot@example.org" })).expect(201);
    for (more, expected) in [
        (
            json!({ "service_account_email": "bad_email" }),
            r#"422 {"error":["Email is invalid"]}"#,
        ),
        (
            json!({ "service_account_uid": "a b" }),
            r#"422 {"error":["Uid is invalid"]}"#,
        ),
        (
            json!({ "service_account_uid": "!", "service_account_email": "!", "service_account_role": "!" }),
            r#"422 {"error":["Email is invalid","Uid is invalid","Role doesnt_exist"]}"#,
        ),
        (json!({ "service_account_uid": "bot1" }), taken),
        (json!({ "service_account_email": "BOT@example.org" }), taken),
        (json!({ "service_account_uid": ann.uid }), taken),
        (json!({ "service_account_uid": "ID0123456789" }), taken),
        (json!({ "service_account_email": ann.address }), taken),
        (json!({ "service_account_role": "nobody" }), role),
        (json!({ "service_account_role": "admin" }), role),
    ] {
        assert_eq!(create(more.clone()).to_string(), expected, "{more}");
    }
    for (more, expected) in [
        (json!({ "service_account_role": "superadmin" }), role),
        (json!({ "service_account_role": "No Role" }), role),
        (
            json!({ "service_account_state": "pending" }),
            r#"422 {"error":["State is not included in the list"]}"#,
        ),
    ] {
        let mut data = more.clone();
        data["uid"] = json!("bot1");
        let answer = firm.post("/service_accounts/update", data);
        assert_eq!(answer.to_string(), expected, "{more}");
    }
    firm.server().execute_sql(
        "INSERT INTO access_rules (role, verb, path, effect, created_at, updated_at)
         VALUES ('night_bot', 'ALL', '/', 'ACCEPT', 0, 0)",
    );
    create(json!({ "service_account_role": "night_bot" })).expect(201);
}

#[test]
fn each_scope_needs_its_signers() {
    let reading = Management::with_scopes(
        &[
            ("read_service_accounts", "", "applogic"),
            ("read_users", "", "applogic"),
        ],
        &[],
    );
    let refused = r#"401 {"error":"Not enough signatures for the action."}"#;
    for (path, is_permitted) in [
        ("/service_accounts/get", true),
        ("/service_accounts/list", true),
        ("/service_accounts/create", false),
        ("/service_accounts/update", false),
        ("/service_accounts/delete", false),
        ("/api_keys", false),
        ("/api_keys/update", false),
    ] {
        let answer = reading.post(path, json!({ "uid": "SI0000000000" }));
        assert_eq!(answer.to_string() != refused, is_permitted, "{path}: {answer}");
        let whole = format!("/api/v2/management{path}");
        let unsigned = reading.send(Method::POST, &whole, json!({}));
        assert_eq!(
            unsigned.to_string(),
            r#"401 {"error":"Failed to verify JWT."}"#,
            "{path}"
        );
    }
    let put = reading.ask(Method::PUT, "/service_accounts/get", json!({}));
    assert_eq!(put.to_string(), r#"404 {"error":"Route is not found"}"#);
}

const OF_BOTH: [(&str, &str); 2] = [
    ("CLAVIS_DIALECTS__BARONG__MGN_API_KEYS_USER", "true"),
    ("CLAVIS_DIALECTS__BARONG__MGN_API_KEYS_SA", "true"),
];

#[test]
fn a_server_makes_and_changes_keys_where_the_operator_lets_it() {
    let firm = firm_with(&OF_BOTH);
    let ann = Owner::new(&firm);
    for uid in [ann.uid.clone(), ann.service()] {
        let data = json!({ "uid": uid, "algorithm": "HS256", "scopes": "trade,read" });
        let made = firm.post("/api_keys", data).expect(201);
        let (kid, secret, created) = (made.at("/kid"), made.at("/secret"), made.at("/created_at"));
        assert_eq!(
            made.text(),
            format!(
                r#"{{"kid":"{kid}","algorithm":"HS256","scope":["trade","read"],"state":"active","secret":"{secret}","created_at":"{created}","updated_at":"{created}"}}"#
            )
        );
        let data = json!({ "uid": uid, "kid": kid, "state": "inactive", "scopes": "sell" });
        let changed = firm.post("/api_keys/update", data).expect(201);
        let updated = changed.at("/updated_at");
        assert_eq!(
            changed.text(),
            format!(
                r#"{{"kid":"{kid}","algorithm":"HS256","scope":["sell"],"state":"inactive","created_at":"{created}","updated_at":"{updated}"}}"#
            )
        );
    }
}

#[test]
fn what_keys_a_server_cannot_make_or_change_is_told() {
    let firm = firm_with(&OF_BOTH);
    let ann = Owner::new(&firm);
    let (service, strange) = (ann.service(), ann.key(&ann.service()).at("/kid"));
    let create = |uid: &str, algorithm: &str| {
        let data = json!({ "uid": uid, "algorithm": algorithm });
        firm.post("/api_keys", data).to_string()
    };
    let update = |uid: &str, kid: &str| {
        let data = json!({ "uid": uid, "kid": kid });
        firm.post("/api_keys/update", data).to_string()
    };
    for (uid, expected) in [
        ("SI0000000000", r#"422 {"error":"service_account_doesnt_exist"}"#),
        ("ID0000000000", r#"422 {"error":"user_doesnt_exist"}"#),
        ("no uid", r#"422 {"error":"user_doesnt_exist"}"#),
    ] {
        assert_eq!(create(uid, "HS256"), expected, "{uid}");
        assert_eq!(update(uid, "0123456789abcdef"), expected, "{uid}");
    }
    for uid in [&ann.uid, &service] {
        assert_eq!(
            create(uid, "random"),
            r#"422 {"error":["Algorithm is not included in the list"]}"#
        );
        for kid in ["0123456789abcdef", "random kid", &strange] {
            assert_eq!(
                update(uid, kid),
                r#"422 {"error":"api_key_doesnt_exist"}"#,
                "{kid}"
            );
        }
    }
    assert_eq!(
        firm.post("/api_keys", json!({})).to_string(),
        r#"422 {"error":"uid is missing, uid is empty, algorithm is missing, algorithm is empty"}"#
    );
    assert_eq!(
        firm.post("/api_keys/update", json!({})).to_string(),
        r#"422 {"error":"uid is missing, uid is empty, kid is missing, kid is empty"}"#
    );
}

#[test]
fn servers_write_no_keys_unless_the_operator_says_whose() {
    let disabled = r#"422 {"error":"disabled_management_endpoint"}"#;
    for (setting, of_people, of_services) in [
        (None, false, false),
        (Some(OF_BOTH[0]), true, false),
        (Some(OF_BOTH[1]), false, true),
    ] {
        let firm = firm_with(setting.as_slice());
        let ann = Owner::new(&firm);
        for (uid, is_allowed) in [(ann.uid.clone(), of_people), (ann.service(), of_services)] {
            let data = json!({ "uid": uid, "algorithm": "HS256" });
            let made = firm.post("/api_keys", data);
            let data = json!({ "uid": uid, "kid": "0123456789abcdef" });
            let changed = firm.post("/api_keys/update", data);
            assert_eq!(made.to_string() != disabled, is_allowed, "{setting:?}: {made}");
            assert_eq!(
                changed.to_string() != disabled,
                is_allowed,
                "{setting:?}: {changed}"
            );
        }
        let strange = firm.post("/api_keys", json!({ "uid": "no uid", "algorithm": "HS256" }));
        assert_eq!(strange.to_string() == disabled, setting.is_none(), "{strange}");
    }
}
