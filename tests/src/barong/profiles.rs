//! What people say of who they are: `/profiles`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const PROFILES: &str = "/api/v2/resource/profiles";
const CODED: &str = "/api/v2/coded/resource/profiles";
const CODED_MOUNT: (&str, &str) = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/coded/resource");

/// A profile that every rule lets through.
pub(super) fn ada() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Lovelace", "dob": "1990-12-10", "address": "12 Main St.",
        "postcode": "AB1 2CD", "city": "London", "country": "GBR", "metadata": { "gender": "female" },
    })
}

/// As [`ada`], with another value of one field.
fn with(name: &str, value: &str) -> Value {
    let mut profile = ada();
    profile[name] = json!(value);
    profile
}

fn post(server: &Server, path: &str, access: &str, body: Value) -> Answer {
    server.post(path).json(body).bearer(access).send()
}

fn put(server: &Server, path: &str, access: &str, body: Value) -> Answer {
    let request = server.request(Method::PUT, path).json(body);
    request.bearer(access).send()
}

fn own(server: &Server, path: &str, access: &str) -> Answer {
    server.get(&format!("{path}/me")).bearer(access).send()
}

/// What a reviewer's request for another try leaves of every profile, while reviewers have no door here.
fn ask_again(server: &Server) {
    server.execute_sql("UPDATE profiles SET state = 'retry_requested'");
}

#[test]
fn a_profile_is_handed_in_once_and_read_back_with_its_keys_in_order() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    assert_snapshot!(own(&server, PROFILES, &access), @r#"404 {"error":"User has no profile"}"#);
    assert_snapshot!(post(&server, PROFILES, &access, ada()), @"201 null");
    assert_snapshot!(
        own(&server, PROFILES, &access),
        @r#"200 {"first_name":"Ada","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"London","country":"GBR","metadata":{"gender":"female"}}"#
    );
    assert_snapshot!(post(&server, PROFILES, &access, ada()), @r#"409 {"error":"Profile already exists"}"#);
}

#[test]
fn a_profile_may_come_in_every_kind_of_body_at_every_mount() {
    let fields = [
        ("first_name", "  Ada   Augusta "),
        ("last_name", "Lovelace"),
        ("dob", "1990-12-10"),
        ("address", "12 Main St."),
        ("postcode", "AB1  2CD"),
        ("city", "London"),
        ("country", "gb"),
        ("metadata[gender]", "female"),
    ];
    let server = Server::start();
    for mount in ["/profiles", "/api/v2/barong/resource/profiles/"] {
        let access = server.barong().newcomer("ada").access;
        server
            .post(mount)
            .form(&fields)
            .bearer(&access)
            .send()
            .expect(201);
        assert_eq!(
            own(&server, PROFILES, &access).to_string(),
            r#"200 {"first_name":"Ada Augusta","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"London","country":"gb","metadata":{"gender":"female"}}"#
        );
    }
    let access = server.barong().newcomer("ada").access;
    let request = server.post(PROFILES).query(&fields).bearer(&access);
    request.send().expect(201);
    assert_eq!(own(&server, PROFILES, &access).at("/metadata/gender"), "female");
}

#[test]
fn missing_parameters_are_told_in_their_order() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let refused = |body| post(&server, PROFILES, &access, body).to_string();
    assert_snapshot!(
        refused(json!({})),
        @r#"400 {"error":"first_name is missing, last_name is missing, dob is missing, address is missing, postcode is missing, city is missing, country is missing"}"#
    );
    assert_snapshot!(
        refused(json!({ "country": "GBR", "first_name": "Ada", "dob": "soon", "city": "London" })),
        @r#"400 {"error":"last_name is missing, dob is invalid, address is missing, postcode is missing"}"#
    );
    for impossible in [
        "1990-02-30",
        "2023-02-29",
        "1990-13-01",
        "0000-00-00",
        "99999999999",
        "1990-12-10T99:99:99",
        "1990-12-10T25:00:00Z",
    ] {
        assert_eq!(
            refused(with("dob", impossible)),
            r#"400 {"error":"dob is invalid"}"#
        );
    }
    let mut profile = ada();
    profile["metadata"] = json!("no object");
    assert_snapshot!(refused(profile), @r#"400 {"error":"metadata is invalid"}"#);
    let mut profile = ada();
    profile["first_name"] = json!({ "$ne": "" });
    assert_snapshot!(refused(profile), @r#"400 {"error":"first_name is invalid"}"#);
    assert_snapshot!(refused(with("city", "Lon\0don")), @r#"400 {"error":"city is invalid"}"#);
    assert_eq!(own(&server, PROFILES, &access).status(), 404);
}

#[test]
fn fields_that_break_the_rules_are_told_in_sentences() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let refused = |body| post(&server, PROFILES, &access, body).to_string();
    assert_snapshot!(refused(with("first_name", "")), @r#"422 {"error":"First name can't be blank"}"#);
    assert_snapshot!(refused(with("dob", "")), @r#"422 {"error":"Dob can't be blank"}"#);
    assert_snapshot!(
        refused(with("country", "")),
        @r#"422 {"error":"Country can't be blank and Country must have alpha2 or alpha3 format"}"#
    );
    assert_snapshot!(
        refused(with("country", "Britain")),
        @r#"422 {"error":"Country must have alpha2 or alpha3 format"}"#
    );
    assert_snapshot!(
        refused(with("first_name", "Ada!")),
        @r#"422 {"error":"First name only allows letters \"-\", \"'\", and space"}"#
    );
    assert_snapshot!(
        refused(with("last_name", "<b>")),
        @r#"422 {"error":"Last name only allows letters \"-\", \"'\" and space"}"#
    );
    assert_snapshot!(
        refused(with("city", &"a".repeat(256))),
        @r#"422 {"error":"City is too long (maximum is 255 characters)"}"#
    );
    let mut profile = with("address", "12 Main St. *");
    profile["postcode"] = json!("AB1_!");
    profile["city"] = json!("L@ndon");
    assert_snapshot!(
        refused(profile),
        @r#"422 {"error":"Address is invalid, Postcode is invalid, and City is invalid"}"#
    );
    // Any day was good in 2.0.8.
    assert_snapshot!(refused(with("dob", "2999-01-01")), @"201 null");
}

#[test]
fn the_alphabets_of_2_0_8_come_back_by_a_setting() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__STRICT_2_0_8", "true")]);
    let access = server.barong().newcomer("ada").access;
    let refused = |body| post(&server, PROFILES, &access, body).to_string();
    assert_snapshot!(
        refused(with("first_name", "A")),
        @r#"422 {"error":"First name is too short (minimum is 2 characters)"}"#
    );
    assert_snapshot!(
        refused(with("first_name", "Ädá")),
        @r#"422 {"error":"First name only allows letters \"-\", \"'\", and space"}"#
    );
    assert_snapshot!(refused(with("postcode", "ab1 2cd")), @r#"422 {"error":"Postcode is invalid"}"#);
    assert_snapshot!(refused(with("address", "12-a Main St.")), @r#"422 {"error":"Address is invalid"}"#);
    let wide = Server::start();
    let access = wide.barong().newcomer("ada").access;
    assert_snapshot!(post(&wide, PROFILES, &access, with("first_name", "Ädá")), @"201 null");
}

#[test]
fn a_profile_that_exists_is_told_after_the_parameters_and_before_the_rules() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    post(&server, PROFILES, &access, ada()).expect(201);
    assert_eq!(post(&server, PROFILES, &access, json!({})).status(), 400);
    assert_eq!(post(&server, PROFILES, &access, with("city", "")).status(), 409);
}

#[test]
fn of_two_profiles_at_once_one_is_kept() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let mut statuses: Vec<_> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| post(&server, PROFILES, &access, ada()).status().as_u16()))
            .collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[test]
fn what_was_sent_back_is_handed_in_again_by_post_or_put() {
    let server = Server::start();
    let (ada_access, bob) = (
        server.barong().newcomer("ada").access,
        server.barong().newcomer("bob").access,
    );
    for access in [&ada_access, &bob] {
        assert_eq!(
            put(&server, PROFILES, access, json!({ "city": "Paris" })).to_string(),
            r#"404 {"error":"resource.profile.doesnt_exist_or_not_editable"}"#
        );
        post(&server, PROFILES, access, ada()).expect(201);
    }
    assert_eq!(put(&server, PROFILES, &bob, json!({})).status(), 404, "it waits");
    ask_again(&server);
    assert_snapshot!(post(&server, PROFILES, &ada_access, with("city", "Paris")), @"201 null");
    assert_snapshot!(post(&server, PROFILES, &ada_access, ada()), @r#"409 {"error":"Profile already exists"}"#);
    assert_eq!(own(&server, PROFILES, &ada_access).at("/city"), "Paris");
    assert_snapshot!(
        put(&server, PROFILES, &bob, json!({ "city": "<>" })),
        @r#"422 {"error":"City is invalid"}"#
    );
    assert_snapshot!(
        put(&server, PROFILES, &bob, json!({ "city": "Paris" })),
        @r#"200 {"first_name":"Ada","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"Paris","country":"GBR","metadata":{"gender":"female"}}"#
    );
    assert_eq!(
        put(&server, PROFILES, &bob, json!({})).status(),
        404,
        "it waits again"
    );
}

#[test]
fn a_profile_changes_neither_label_nor_level_in_the_classic_profile() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    post(&server, PROFILES, &access, ada()).expect(201);
    assert_eq!(server.barong().me(&access).at("/level"), "1");
    assert!(!String::from_utf8_lossy(&server.stored()).contains("submitted"));
}

#[test]
fn nothing_of_a_profile_but_its_country_is_readable_in_the_database() {
    let server = Server::start();
    let access = server.barong().newcomer("eve").access;
    let mut profile = with("first_name", "Zaphodina");
    profile["address"] = json!("42 Heartofgold Road");
    profile["postcode"] = json!("ZZ9PLURAL");
    post(&server, PROFILES, &access, profile).expect(201);
    let stored = String::from_utf8_lossy(&server.stored()).into_owned();
    for secret in ["Zaphodina", "Lovelace", "Heartofgold", "ZZ9PLURAL", "1990-12-10"] {
        assert!(!stored.contains(secret), "{secret}");
    }
    let log = server.log();
    assert!(!log.contains("Zaphodina") && !log.contains("Heartofgold"));
}

#[test]
fn without_a_token_nobody_learns_whether_there_is_a_route() {
    let server = Server::start();
    for request in [
        server.get("/api/v2/resource/profiles/me"),
        server.post(PROFILES).json(json!({})),
        server.request(Method::DELETE, PROFILES),
        server.get("/api/v2/resource/profiles/nowhere"),
        server.get("/profiles/me").query(&[("access_token", "x")]),
    ] {
        assert_eq!(request.send().to_string(), r#"401 {"error":"Permission Denied"}"#);
    }
    let access = server.barong().newcomer("ada").access;
    for request in [
        server.request(Method::DELETE, PROFILES),
        server.get(PROFILES),
        server.get("/api/v2/resource/profiles/nowhere"),
    ] {
        assert_eq!(
            request.bearer(&access).send().to_string(),
            r#"404 {"error":"Route is not found"}"#
        );
    }
}

#[test]
fn a_banned_account_reads_its_profile_and_writes_none() {
    let server = Server::start();
    let address = crate::harness::address("ada");
    server.barong().sign_up(&address);
    let access = server.barong().log_in(&address).access;
    post(&server, PROFILES, &access, ada()).expect(201);
    ask_again(&server);
    server
        .cli(&["user", "set-state", "--email", &address, "banned"])
        .ok();
    own(&server, PROFILES, &access).expect(200);
    assert_snapshot!(post(&server, PROFILES, &access, ada()), @r#"401 {"error":"Permission Denied"}"#);
    assert_snapshot!(put(&server, PROFILES, &access, ada()), @r#"401 {"error":"Permission Denied"}"#);
}

#[test]
fn the_coded_profile_keeps_drafts_until_they_are_confirmed() {
    let server = Server::with(&[CODED_MOUNT, ("CLAVIS_DIALECTS__BARONG__DATA_MASKING", "false")]);
    let access = server.barong().newcomer("ada").access;
    assert_snapshot!(own(&server, CODED, &access), @"200 []");
    let drafted = post(&server, CODED, &access, json!({ "first_name": "Ada" })).expect(201);
    assert_eq!(drafted.at("/state"), "drafted");
    assert_eq!(drafted.at("/last_name"), "null");
    assert_snapshot!(
        post(&server, CODED, &access, json!({ "first_name": "Ada" })),
        @r#"422 {"errors":["state.exists"]}"#
    );
    let mut rest = ada();
    rest["confirm"] = json!("true");
    rest["metadata"] = json!(r#"{ "gender": "female" }"#);
    let submitted = put(&server, CODED, &access, rest).expect(200);
    assert_eq!(submitted.at("/state"), "submitted");
    assert_eq!(
        submitted.at("/metadata"),
        r#"{ "gender": "female" }"#,
        "as it was sent"
    );
    let listed = own(&server, CODED, &access).expect(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let keys: Vec<_> = [
        "first_name",
        "last_name",
        "dob",
        "address",
        "postcode",
        "city",
        "country",
        "state",
    ]
    .map(|key| submitted.text().find(&format!("\"{key}\":")).unwrap())
    .to_vec();
    assert!(keys.is_sorted());
    assert_snapshot!(
        put(&server, CODED, &access, json!({ "city": "Paris" })),
        @r#"404 {"errors":["resource.profile.doesnt_exist_or_not_editable"]}"#
    );
    assert_snapshot!(
        post(&server, CODED, &access, json!({ "confirm": true })),
        @r#"422 {"errors":["state.exists"]}"#
    );
}

#[test]
fn the_coded_profile_says_its_refusals_in_codes() {
    let server = Server::with(&[CODED_MOUNT]);
    let access = server.barong().newcomer("ada").access;
    let refused = |body| post(&server, CODED, &access, body).to_string();
    assert_snapshot!(refused(with("dob", "2999-01-01")), @r#"422 {"errors":["dob.invalid"]}"#);
    assert_snapshot!(refused(with("dob", "soon")), @r#"422 {"errors":["invalid"]}"#);
    assert_snapshot!(refused(with("country", "Britain")), @r#"422 {"errors":["country.must have alpha2 or alpha3 format"]}"#);
    assert_snapshot!(refused(with("first_name", "!")), @r#"422 {"errors":["first_name.invalid"]}"#);
    assert_snapshot!(refused(with("metadata", "[1")), @r#"422 {"errors":["metadata.invalid_format"]}"#);
    assert_snapshot!(
        refused(with("metadata", &format!(r#"{{"a":"{}"}}"#, "x".repeat(65_530)))),
        @r#"413 {"errors":["request.too_large"]}"#
    );
    assert_snapshot!(server.get(&format!("{CODED}/me")).send(), @r#"401 {"errors":["jwt.decode_and_verify"]}"#);
    assert_snapshot!(own(&server, CODED, &access), @"200 []");
}

#[test]
fn the_coded_profile_hides_most_of_what_is_personal() {
    let server = Server::with(&[CODED_MOUNT]);
    let access = server.barong().newcomer("ada").access;
    let shown = post(&server, CODED, &access, ada()).expect(201);
    assert_eq!(shown.at("/last_name"), "L*******");
    assert_eq!(shown.at("/dob"), "1990-12-**");
    let listed = own(&server, CODED, &access).expect(200);
    assert_eq!(listed.at("/0/last_name"), "L*******");
    // The classic mount shows the same profile whole.
    assert_eq!(own(&server, PROFILES, &access).at("/last_name"), "Lovelace");
}

#[test]
fn the_coded_profile_tells_by_a_label_how_far_a_profile_has_come() {
    let server = Server::with(&[
        CODED_MOUNT,
        (
            "CLAVIS_DIALECTS__BARONG__LEVELS",
            "email:verified,profile:submitted",
        ),
    ]);
    let access = server.barong().newcomer("ada").access;
    post(&server, CODED, &access, ada()).expect(201);
    assert_eq!(server.barong().me(&access).at("/level"), "1", "drafted");
    put(&server, CODED, &access, json!({ "confirm": true })).expect(200);
    assert_eq!(server.barong().me(&access).at("/level"), "2", "submitted");
}
