//! From where requests may come: `/admin/restrictions`, the gateway, log-ins, and the links that let somebody in.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::office::{CODED, Office, Someone, codes, column, fields};
use crate::harness::{Answer, BARONG_COOKIE, BARONG_PASSWORD, within_a_second};

const RULES: &str = "/restrictions";
const PROXIED: (&str, &str) = ("CLAVIS_HTTP__TRUSTED_PROXIES", "127.0.0.1");
const PRIVATE: &str = "/api/v2/peatio/market/orders";
const PUBLIC: &str = "/api/v2/peatio/public/markets";
const WAY_IN: &str = "/api/v2/barong/identity/users/access";

/// An installation that believes where requests say they come from.
fn office() -> Office {
    Office::with(&[PROXIED])
}

fn rule(category: &str, scope: &str, value: &str) -> Value {
    json!({ "category": category, "scope": scope, "value": value })
}

#[track_caller]
fn restrict(office: &Office, who: &Someone, rule: Value) -> Answer {
    office.ask(Method::POST, RULES, who, rule).expect(201)
}

/// What the gateway says to a session, or to nobody, from there.
fn knock(office: &Office, who: Option<&Someone>, client: &str, path: &str) -> String {
    let request = office.0.barong().gateway(Method::GET, path);
    let request = request.header("X-Forwarded-For", client);
    let request = match who {
        Some(who) => request.cookie(BARONG_COOKIE, &who.visit.cookie),
        None => request,
    };
    request.send().to_string()
}

/// Whether the gateway lets anybody through to what is open to all, from there.
fn reaches(office: &Office, client: &str) -> bool {
    match knock(office, None, client, PUBLIC).as_str() {
        "200" => true,
        refused if refused.contains("authz.restrict.") => false,
        other => panic!("neither: {other}"),
    }
}

#[test]
fn rules_are_made_changed_listed_and_removed() {
    let office = Office::open();
    let admin = office.hire("admin");
    let made = restrict(&office, &admin, rule("blacklist", "ip_subnet", "192.0.2.77/24"));
    assert_eq!(
        fields(&made.text()),
        [
            "id",
            "category",
            "scope",
            "value",
            "code",
            "state",
            "expires_at",
            "created_at",
            "updated_at"
        ]
    );
    let said = |answer: &Answer| {
        ["category", "scope", "value", "code", "state", "expires_at"]
            .map(|field| answer.at(&format!("/{field}")))
    };
    assert_eq!(
        said(&made),
        ["blacklist", "ip_subnet", "192.0.2.0/24", "403", "enabled", "null"]
    );
    let id = made.json()["id"].clone();
    let change = json!({ "id": id, "scope": "ip", "value": "192.0.2.7", "code": 455, "state": "disabled" });
    let changed = office.ask(Method::PUT, RULES, &admin, change).expect(200);
    assert_eq!(
        said(&changed),
        ["blacklist", "ip", "192.0.2.7", "455", "disabled", "null"]
    );
    let open = restrict(&office, &admin, rule("whitelist", "ip", "2001:db8::1"));
    assert_eq!(open.json()["code"], Value::Null, "it refuses nobody");
    restrict(&office, &admin, rule("maintenance", "ip", "192.0.2.8"));

    let found = |query: &str| {
        let listed = office.look(&format!("{RULES}?{query}"), &admin).expect(200);
        (column(&listed, "category"), listed.header("Total").unwrap())
    };
    let of = |categories: &[&str], total: &str| {
        let categories: Vec<_> = categories.iter().map(|&name| name.to_owned()).collect();
        (categories, total.to_owned())
    };
    assert_eq!(found(""), of(&["blacklist", "whitelist", "maintenance"], "3"));
    assert_eq!(found("category=whitelist"), of(&["whitelist"], "1"));
    assert_eq!(found("scope=all"), of(&[], "0"));
    assert_eq!(found("limit=1&page=2"), of(&["whitelist"], "3"));
    assert_eq!(found("range=created&to=1000"), of(&[], "0"));
    assert_eq!(
        found("range=updated&from=1000"),
        of(&["blacklist", "whitelist", "maintenance"], "3")
    );
    assert_eq!(
        office.said_of(
            &format!("{RULES}?category=greylist&scope=country&range=some"),
            &admin
        ),
        [
            r#"400 {"error":"scope is invalid, category is invalid, range is invalid"}"#,
            r#"422 {"errors":["admin.restriction.invalid_scope","admin.restriction.invalid_category","admin.restriction.invalid_range"]}"#
        ]
    );

    let remove = || office.said(&Method::DELETE, RULES, &admin, &json!({ "id": id }));
    assert_eq!(
        remove(),
        [
            "200 200".to_owned(),
            r#"404 {"errors":["admin.restriction.doesnt_exist"]}"#.to_owned()
        ]
    );
    let change = json!({ "id": id, "state": "enabled" });
    assert_eq!(
        office.said(&Method::PUT, RULES, &admin, &change),
        codes(404, "admin.restriction.doesnt_exist")
    );
}

#[test]
fn a_rule_that_cannot_be_is_refused() {
    let office = Office::open();
    let admin = office.hire("admin");
    let said = |body: &Value| office.said(&Method::POST, RULES, &admin, body);
    assert_eq!(
        said(&json!({ "scope": "" })),
        [
            r#"400 {"error":"scope is empty, value is missing, value is empty, category is missing, category is empty"}"#,
            r#"422 {"errors":["admin.restriction.empty_scope","admin.restriction.missing_value","admin.restriction.empty_value","admin.restriction.missing_category","admin.restriction.empty_category"]}"#
        ]
    );
    // Where an address is on the globe is not known here.
    for (name, value) in [
        ("scope", json!("country")),
        ("scope", json!("continent")),
        ("category", json!("greylist")),
        ("state", json!("on")),
        ("code", json!(200)),
        ("code", json!(600)),
    ] {
        let mut body = rule("blacklist", "all", "all");
        body[name] = value.clone();
        assert_eq!(
            said(&body),
            [
                format!(r#"400 {{"error":"{name} is invalid"}}"#),
                format!(r#"422 {{"errors":["admin.restriction.invalid_{name}"]}}"#)
            ],
            "{value}"
        );
    }
    let refused_value = [
        r#"422 {"error":"Value is invalid"}"#,
        r#"422 {"errors":["value.invalid"]}"#,
    ];
    for (scope, value) in [("ip", "UA"), ("ip_subnet", "192.0.2.1"), ("all", "192.0.2.1")] {
        assert_eq!(said(&rule("blacklist", scope, value)), refused_value, "{value}");
    }
    let id = restrict(&office, &admin, rule("blacklist", "ip", "192.0.2.1")).json()["id"].clone();
    let change = json!({ "id": id, "scope": "ip_subnet" });
    assert_eq!(
        office.said(&Method::PUT, RULES, &admin, &change),
        refused_value,
        "what is an address is no network"
    );
}

#[test]
fn a_whitelist_beats_maintenance_and_maintenance_beats_a_blacklist() {
    let office = office();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let (inside, outside) = ("192.0.2.1", "198.51.100.1");
    assert!(reaches(&office, outside), "without rules everybody gets through");
    restrict(&office, &admin, rule("blacklist", "ip_subnet", "198.51.100.0/24"));
    let refused = r#"403 {"errors":["authz.restrict.blacklist"]}"#;
    for path in [PRIVATE, PUBLIC] {
        assert_eq!(knock(&office, Some(&ann), outside, path), refused, "{path}");
    }
    assert!(reaches(&office, inside));
    let works = restrict(&office, &admin, rule("maintenance", "all", "all"));
    let maintenance = r#"471 {"errors":["authz.restrict.maintenance"]}"#;
    for client in [inside, outside] {
        assert_eq!(knock(&office, Some(&ann), client, PRIVATE), maintenance);
        assert_eq!(knock(&office, None, client, PUBLIC), maintenance);
    }
    restrict(&office, &admin, rule("whitelist", "ip", outside));
    assert!(reaches(&office, outside) && !reaches(&office, inside));
    // What is nobody's is nobody's still.
    assert_eq!(
        knock(&office, None, outside, "/api/v2/barong/management/users"),
        r#"401 {"errors":["authz.permission_denied"]}"#
    );
    let change = json!({ "id": works.json()["id"], "state": "disabled" });
    office.ask(Method::PUT, RULES, &admin, change).expect(200);
    assert!(reaches(&office, inside), "at once");
}

#[test]
fn each_rule_refuses_with_its_own_status() {
    let office = office();
    let admin = office.hire("admin");
    for (number, (scope, code, status)) in [
        ("ip", None, 401),
        ("ip", Some(455), 455),
        ("ip_subnet", None, 403),
        ("ip_subnet", Some(503), 503),
    ]
    .into_iter()
    .enumerate()
    {
        let client = format!("192.0.{number}.7");
        let value = match scope {
            "ip" => client.clone(),
            _ => format!("192.0.{number}.0/24"),
        };
        let mut body = rule("blacklist", scope, &value);
        body["code"] = json!(code);
        restrict(&office, &admin, body);
        assert_eq!(
            knock(&office, None, &client, PUBLIC),
            format!(r#"{status} {{"errors":["authz.restrict.blacklist"]}}"#)
        );
    }
    let older = office.0.request(
        Method::POST,
        &format!("/api/v2/identity/sessions/authorize{PUBLIC}"),
    );
    let older = older.header("X-Forwarded-For", "192.0.0.7").send();
    assert_snapshot!(older, @r#"401 {"errors":["authz.restrict.blacklist"]}"#);
}

#[test]
fn what_another_process_forbids_is_forbidden_within_a_second() {
    let office = office();
    assert!(reaches(&office, "192.0.2.1"));
    office.0.execute_sql(
        "INSERT INTO restrictions (category, scope, value, state, created_at, updated_at) \
         VALUES ('blacklist', 'ip', '192.0.2.1', 'enabled', 1, 1)",
    );
    assert!(within_a_second(|| !reaches(&office, "192.0.2.1")));
    assert!(reaches(&office, "192.0.2.2"));
}

#[test]
fn a_blocked_log_in_is_refused_before_anything_is_said_of_the_account() {
    let office = office();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    restrict(&office, &admin, rule("blocklogin", "ip_subnet", "192.0.2.0/24"));
    restrict(&office, &admin, rule("blacklist", "ip", "198.51.100.1"));
    let log_in = |base: &str, client: &str, password: &str| {
        let request = office.0.post(&format!("/api/v2{base}/identity/sessions"));
        let body = json!({ "email": ann.address, "password": password });
        request.header("X-Forwarded-For", client).json(body).send()
    };
    for password in [BARONG_PASSWORD, "wrong"] {
        assert_eq!(
            ["", "/barong"].map(|base| log_in(base, "192.0.2.1", password).to_string()),
            codes(403, "authz.restrict.blocklogin")
        );
    }
    assert!(reaches(&office, "192.0.2.1"), "everything else is open");
    // An administrator must get in to lift what keeps people away from everything else.
    log_in("", "198.51.100.1", BARONG_PASSWORD).expect(200);
    restrict(&office, &admin, rule("whitelist", "ip", "192.0.2.1"));
    log_in("", "192.0.2.1", BARONG_PASSWORD).expect(200);
    assert_eq!(log_in("", "192.0.2.2", BARONG_PASSWORD).status(), 403);
}

/// Shows a link's token, from there.
fn redeem(office: &Office, base: &str, client: &str, body: &Value) -> Answer {
    let request = office.0.post(&format!("/api/v2{base}/identity/users/access"));
    request
        .header("X-Forwarded-For", client)
        .json(body.clone())
        .send()
}

#[test]
fn a_link_lets_in_who_shows_it_and_nobody_else() {
    let office = office();
    let admin = office.hire("admin");
    restrict(&office, &admin, rule("maintenance", "all", "all"));
    let made = office.ask(Method::POST, "/restrictions/whitelink", &admin, json!({}));
    let made = made.expect(201);
    assert_eq!(fields(&made.text()), ["whitelink_token"]);
    let token = made.at("/whitelink_token");
    assert_eq!(token.len(), 40, "{token}");
    // The way in is open to those who are kept out, and nothing that only looks like it is.
    assert_eq!(knock(&office, None, "192.0.2.1", WAY_IN), "200");
    assert_ne!(knock(&office, None, "192.0.2.1", &format!("{WAY_IN}/x")), "200");
    assert_ne!(
        knock(
            &office,
            None,
            "192.0.2.1",
            "/api/v2/peatio/public/identity/users/access"
        ),
        "200"
    );
    assert!(!reaches(&office, "192.0.2.1"));
    let shown = json!({ "whitelink_token": token });
    assert_snapshot!(redeem(&office, "/barong", "192.0.2.1", &shown), @"201 201");
    assert!(reaches(&office, "192.0.2.1") && !reaches(&office, "192.0.2.2"));
    redeem(&office, "", "192.0.2.1", &shown).expect(201);
    redeem(&office, "", "2001:db8::1", &shown).expect(201);
    let listed = office
        .look("/restrictions?category=whitelist", &admin)
        .expect(200);
    assert_eq!(column(&listed, "value"), ["192.0.2.1", "2001:db8::1"]);
    assert!(
        !column(&listed, "expires_at").contains(&"null".to_owned()),
        "{listed}"
    );
    assert!(!String::from_utf8_lossy(&office.0.stored()).contains(&token));
}

#[test]
fn what_is_no_link_is_refused() {
    let office = office();
    let admin = office.hire("admin");
    let said =
        |body: Value| ["", "/barong"].map(|base| redeem(&office, base, "192.0.2.1", &body).to_string());
    assert_eq!(
        said(json!({})),
        [
            r#"400 {"error":"whitelink_token is missing, whitelink_token is empty"}"#,
            r#"422 {"errors":["identity.user.missing_whitelink_token","identity.user.empty_whitelink_token"]}"#
        ]
    );
    let refused = codes(422, "identity.user.access.invalid_token");
    for shown in ["x".to_owned(), "0".repeat(40), "a".repeat(9000)] {
        assert_eq!(said(json!({ "whitelink_token": shown })), refused);
    }
    let link = office.ask(
        Method::POST,
        "/restrictions/whitelink",
        &admin,
        json!({ "expire_time": 1, "range": "minute" }),
    );
    let link = json!({ "whitelink_token": link.expect(201).at("/whitelink_token") });
    redeem(&office, "", "192.0.2.1", &link).expect(201);
    office.0.execute_sql("UPDATE whitelinks SET expires_at = 1");
    assert_eq!(said(link), refused, "its time is over");
}

#[test]
fn a_link_is_good_for_thirty_days_at_most() {
    let office = Office::open();
    let admin = office.hire("admin");
    let ask = |body: Value| office.said(&Method::POST, "/restrictions/whitelink", &admin, &body);
    for (time, range) in [(30, "days"), (720, "hours"), (1, "minute")] {
        let made = ask(json!({ "expire_time": time, "range": range }));
        assert!(made.iter().all(|said| said.starts_with("201 ")), "{made:?}");
    }
    for (time, range) in [
        (31, "day"),
        (0, "hour"),
        (-1, "minute"),
        (i64::MAX, "days"),
        (721, "hour"),
    ] {
        assert_eq!(
            ask(json!({ "expire_time": time, "range": range })),
            [
                r#"400 {"error":"expire_time is invalid"}"#,
                r#"422 {"errors":["admin.restriction.invalid_expire_time"]}"#
            ],
            "{time} {range}"
        );
    }
    assert_eq!(
        ask(json!({ "range": "years" })),
        [
            r#"400 {"error":"range is invalid"}"#,
            r#"422 {"errors":["admin.restriction.invalid_range"]}"#
        ]
    );
    let as_text = office.ask_at(
        CODED,
        Method::POST,
        "/restrictions/whitelink",
        &admin,
        json!({ "expire_time": "soon" }),
    );
    assert_snapshot!(as_text, @r#"422 {"errors":["invalid"]}"#);
}
