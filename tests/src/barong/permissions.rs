//! Who may administer, and what roles may do behind the gateway: `/admin/abilities`, `/admin/permissions`.

use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use reqwest::Method;
use serde_json::{Value, json};

use super::office::{CLASSIC, CODED, DENIED, Office, Someone, codes, column, fields};
use crate::harness::{Answer, within_a_second};

const READS: &str = "accounts.read";
const MANAGES: &str = "accounts.write";
const REVIEWS: &str = "kyc.review";
const LOGS: &str = "activities.read";
const RULES: &str = "permissions.write";

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// Every endpoint with the scope that it takes.
const ENDPOINTS: [(Method, &str, &str); 36] = [
    (GET, "/users", READS),
    (PUT, "/users", MANAGES),
    (POST, "/users/update", MANAGES),
    (POST, "/users/role", MANAGES),
    (GET, "/users/documents/pending", REVIEWS),
    (GET, "/users/labels", READS),
    (POST, "/users/labels", MANAGES),
    (PUT, "/users/labels", MANAGES),
    (DELETE, "/users/labels", MANAGES),
    (POST, "/users/labels/update", MANAGES),
    (GET, "/users/labels/list", READS),
    (POST, "/users/comments", MANAGES),
    (PUT, "/users/comments", MANAGES),
    (DELETE, "/users/comments", MANAGES),
    (GET, "/users/IDNOBODY", READS),
    (GET, "/api_keys", READS),
    (GET, "/activities", LOGS),
    (GET, "/activities/admin", LOGS),
    (GET, "/metrics", LOGS),
    (GET, "/levels", READS),
    (GET, "/permissions", RULES),
    (POST, "/permissions", RULES),
    (PUT, "/permissions", RULES),
    (DELETE, "/permissions", RULES),
    (GET, "/restrictions", RULES),
    (POST, "/restrictions", RULES),
    (PUT, "/restrictions", RULES),
    (DELETE, "/restrictions", RULES),
    (POST, "/restrictions/whitelink", RULES),
    (DELETE, "/users/data_storage", MANAGES),
    (GET, "/profiles", REVIEWS),
    (POST, "/profiles", REVIEWS),
    (PUT, "/profiles", REVIEWS),
    (GET, "/documents", REVIEWS),
    (PUT, "/documents/1", REVIEWS),
    (GET, "/documents/1/file", REVIEWS),
];

/// What each role may do from the first start on.
const ROLES: [(&str, &[&str]); 6] = [
    ("superadmin", &[READS, MANAGES, REVIEWS, LOGS, RULES]),
    ("admin", &[READS, MANAGES, REVIEWS, LOGS, RULES]),
    ("compliance", &[READS, REVIEWS, LOGS]),
    ("accountant", &[READS, LOGS]),
    ("support", &[READS, LOGS]),
    ("member", &[]),
];

#[test]
fn every_endpoint_is_open_to_the_roles_that_hold_its_scope() {
    let office = Office::open();
    for (role, scopes) in ROLES {
        let who = office.hire(role);
        for (method, path, scope) in ENDPOINTS {
            // A body that is no JSON is told only to who may send one.
            for (mount, denied) in [CLASSIC, CODED].into_iter().zip(DENIED) {
                let request = office.0.request(method.clone(), &format!("{mount}{path}"));
                let request = request.raw_body("{", "application/json");
                let answer = request.bearer(&who.visit.access).send().to_string();
                assert_eq!(
                    answer == denied,
                    !scopes.contains(&scope),
                    "{role} {method} {mount}{path}: {answer}"
                );
            }
        }
        let [classic, coded] = office.said_of("/abilities", &who);
        if scopes.is_empty() {
            assert_eq!([classic, coded], DENIED);
        } else {
            assert_eq!(classic, coded);
            let abilities = office.look("/abilities", &who).expect(200).json();
            assert_eq!(abilities["scopes"], json!(scopes), "{role}");
        }
    }
}

#[test]
fn without_a_token_nothing_is_said() {
    let office = Office::open();
    for (method, path, _) in ENDPOINTS.into_iter().chain([(GET, "/abilities", READS)]) {
        for (mount, refusal) in [
            (CLASSIC, r#"401 {"error":"Permission Denied"}"#),
            (CODED, r#"401 {"errors":["jwt.decode_and_verify"]}"#),
        ] {
            let answer = office.0.request(method.clone(), &format!("{mount}{path}")).send();
            assert_eq!(answer.to_string(), refusal, "{method} {mount}{path}");
        }
    }
}

#[test]
fn a_member_reads_and_changes_nothing() {
    let office = Office::open();
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    assert_eq!(office.said_of(&format!("/users/{}", bob.uid), &ann), DENIED);
    let role = json!({ "uid": ann.uid, "role": "superadmin" });
    assert_eq!(office.said(&POST, "/users/role", &ann, &role), DENIED);
    let state = json!({ "uid": bob.uid, "state": "banned" });
    assert_eq!(office.said(&PUT, "/users", &ann, &state), DENIED);
    office.0.barong().log_in(&bob.address);
}

#[test]
fn abilities_speak_the_words_of_the_familys_clients() {
    let office = Office::open();
    assert_snapshot!(
        office.look("/abilities", &office.hire("admin")),
        @r#"200 {"read":["User","Label","Comment","APIKey","Level","Activity","Metrics"],"manage":["User","Label","Comment","Profile","Document","Permission","Restriction"],"scopes":["accounts.read","accounts.write","kyc.review","activities.read","permissions.write"]}"#
    );
    assert_snapshot!(
        office.look("/abilities", &office.hire("support")),
        @r#"200 {"read":["User","Label","Comment","APIKey","Level","Activity","Metrics"],"manage":[],"scopes":["accounts.read","activities.read"]}"#
    );
}

fn rule(role: &str, verb: &str, path: &str, action: &str) -> Value {
    json!({ "role": role, "verb": verb, "path": path, "action": action })
}

#[track_caller]
fn add(office: &Office, who: &Someone, rule: Value) -> Answer {
    office.ask(POST, "/permissions", who, rule).expect(201)
}

#[test]
fn rules_are_made_changed_listed_and_removed() {
    let office = Office::open();
    let admin = office.hire("admin");
    let made = add(&office, &admin, rule("member", "get", "api/v2/peatio", "accept"));
    assert_eq!(
        fields(&made.text()),
        [
            "id",
            "action",
            "role",
            "verb",
            "path",
            "topic",
            "created_at",
            "updated_at"
        ]
    );
    let said = |answer: &Answer| {
        ["action", "role", "verb", "path", "topic"].map(|field| answer.at(&format!("/{field}")))
    };
    assert_eq!(said(&made), ["ACCEPT", "member", "GET", "/api/v2/peatio", "null"]);
    let id = made.json()["id"].clone();
    let change = json!({ "id": id, "verb": "ALL", "topic": "orders" });
    let changed = office.ask(PUT, "/permissions", &admin, change).expect(200);
    assert_eq!(
        said(&changed),
        ["ACCEPT", "member", "ALL", "/api/v2/peatio", "orders"]
    );
    add(&office, &admin, rule("admin", "all", "/", "drop"));
    let listed = office.look("/permissions?limit=1&page=2", &admin).expect(200);
    assert_eq!(column(&listed, "role"), ["admin"]);
    assert_eq!(listed.header("Total").as_deref(), Some("2"));
    let remove = || office.said(&DELETE, "/permissions", &admin, &json!({ "id": id }));
    assert_eq!(
        remove(),
        [
            "200 200".to_owned(),
            r#"404 {"errors":["admin.permission.doesnt_exist"]}"#.to_owned()
        ]
    );
    let change = json!({ "id": id, "verb": "ALL" });
    assert_eq!(
        office.said(&PUT, "/permissions", &admin, &change),
        codes(404, "admin.permission.doesnt_exist")
    );
}

#[test]
fn a_rule_that_cannot_be_is_refused() {
    let office = Office::open();
    let (root, admin) = (office.hire("superadmin"), office.hire("admin"));
    let said = |body: &Value| office.said(&POST, "/permissions", &admin, body);
    assert_eq!(
        said(&json!({ "role": "member", "verb": "get" })),
        [
            r#"400 {"error":"path is missing, path is empty, action is missing, action is empty"}"#,
            r#"422 {"errors":["admin.permission.missing_path","admin.permission.empty_path","admin.permission.missing_action","admin.permission.empty_action"]}"#
        ]
    );
    for (name, value) in [
        ("role", "Big Boss"),
        ("verb", "fetch"),
        ("path", "/a?b"),
        ("path", "/%2e%2e"),
        ("action", "allow"),
        ("topic", "a\nb"),
    ] {
        let mut body = rule("member", "get", "/", "accept");
        body[name] = json!(value);
        assert_eq!(
            said(&body),
            [
                format!(r#"400 {{"error":"{name} is invalid"}}"#),
                format!(r#"422 {{"errors":["admin.permission.invalid_{name}"]}}"#)
            ],
            "{value}"
        );
    }
    let for_root = rule("superadmin", "all", "/", "drop");
    assert_eq!(said(&for_root), codes(422, "admin.user.superadmin_change"));
    let id = add(&office, &root, for_root).json()["id"].clone();
    assert_eq!(
        office.said(&DELETE, "/permissions", &admin, &json!({ "id": id })),
        codes(422, "admin.user.superadmin_change")
    );
}

const NOT_PERMITTED: &str = r#"401 {"errors":["authz.invalid_permission"]}"#;

fn passes(office: &Office, who: &Someone, method: Method, path: &str) -> bool {
    let request = office.0.barong().gateway(method, path);
    let answer = request
        .cookie("_barong_session", &who.visit.cookie)
        .header("X-CSRF-Token", &who.visit.csrf)
        .send();
    match answer.to_string().as_str() {
        "200" => true,
        NOT_PERMITTED => false,
        other => panic!("neither: {other}"),
    }
}

#[test]
fn without_rules_everything_passes_and_with_any_only_what_is_accepted() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let orders = "/api/v2/peatio/orders";
    let may = |method: Method, path: &str| passes(&office, &ann, method, path);
    assert!(may(GET, orders) && may(POST, orders));
    let first = add(&office, &admin, rule("member", "get", orders, "accept"));
    assert!(may(GET, orders), "its own rule accepts it");
    assert!(may(GET, "/api/v2/peatio/orders/7"));
    assert!(!may(POST, orders), "what no rule accepts is refused at once");
    assert!(!may(GET, "/api/v2/peatio/ordersecrets"));
    assert!(!passes(&office, &admin, GET, orders), "of another role");
    add(&office, &admin, rule("member", "all", "/", "accept"));
    assert!(may(POST, orders));
    add(
        &office,
        &admin,
        rule("member", "all", "/api/v2/peatio/admin", "drop"),
    );
    assert!(!may(GET, "/api/v2/peatio/admin") && !may(GET, "/API/v2/Peatio/ADMIN/x"));
    assert!(may(POST, orders));
    for id in column(&office.look("/permissions", &admin), "id") {
        let id: i64 = id.parse().unwrap();
        office
            .ask(DELETE, "/permissions", &admin, json!({ "id": id }))
            .expect(200);
    }
    assert!(may(GET, "/api/v2/peatio/admin"));
    assert_eq!(first.at("/verb"), "GET");
}

#[test]
fn a_role_that_changes_meets_its_rules_at_once() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    add(&office, &admin, rule("member", "all", "/", "accept"));
    let path = "/api/v2/peatio/orders";
    assert!(passes(&office, &ann, GET, path));
    let role = json!({ "uid": ann.uid, "role": "broker" });
    office.ask(POST, "/users/role", &admin, role).expect(201);
    assert!(within_a_second(|| !passes(&office, &ann, GET, path)));
}

#[test]
fn rules_hold_for_keys_too_and_open_paths_stay_open() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let app = office.0.barong().enable_factor(&ann.visit.access);
    let body = json!({ "algorithm": "HS256", "totp_code": app.code() });
    let made = office.0.post("/api/v2/resource/api_keys").json(body);
    let made = made.bearer(&ann.visit.access).send().expect(201);
    let knock = |path: &str| signed(&office, &made, path);
    let path = "/api/v2/peatio/orders";
    knock(path).expect(200);
    add(&office, &admin, rule("admin", "all", "/", "accept"));
    assert_eq!(knock(path).to_string(), NOT_PERMITTED);
    let public = office.0.barong().gateway(GET, "/api/v2/peatio/public/markets");
    public.send().expect(200);
}

/// Asks the gateway with a request that a key signed.
#[expect(clippy::disallowed_methods, reason = "clients have clocks of their own")]
fn signed(office: &Office, key: &Answer, path: &str) -> Answer {
    let (kid, secret) = (key.at("/kid"), key.at("/secret"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let nonce = now.as_millis().to_string();
    let secret = PKey::hmac(secret.as_bytes()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &secret).unwrap();
    signer.update(format!("{nonce}{kid}").as_bytes()).unwrap();
    let signature = hex::encode(signer.sign_to_vec().unwrap());
    let request = office.0.barong().gateway(GET, path);
    request
        .header("X-Auth-Apikey", &kid)
        .header("X-Auth-Nonce", &nonce)
        .header("X-Auth-Signature", &signature)
        .send()
}

#[test]
fn what_a_rule_wants_noted_is_in_the_log() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let mut audit = rule("member", "get", "/api/v2/peatio/orders", "audit");
    audit["topic"] = json!("orders");
    let id = add(&office, &admin, audit).at("/id");
    add(&office, &admin, rule("member", "get", "/api/v2/peatio", "accept"));
    assert!(passes(&office, &ann, GET, "/api/v2/peatio/orders/7"));
    assert!(passes(&office, &ann, GET, "/api/v2/peatio/markets"));
    add(
        &office,
        &admin,
        rule("member", "get", "/api/v2/peatio/orders", "drop"),
    );
    assert!(!passes(&office, &ann, GET, "/api/v2/peatio/orders/7"));
    let log = office
        .look(&format!("/activities?topic=gateway&uid={}", ann.uid), &admin)
        .expect(200);
    let detail = format!("orders (rule {id})");
    assert_eq!(column(&log, "detail"), [detail.clone(), detail]);
    assert_eq!(column(&log, "result"), ["failed", "succeed"]);
}
