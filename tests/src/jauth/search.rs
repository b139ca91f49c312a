//! `POST /internal/users:search`, for other servers.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{reason, set_state};
use crate::harness::providers::{Person, Providers, Site};
use crate::harness::{Answer, PASSWORD, Server};

const KEY: &str = "a key between servers";

fn search(server: &Server, body: Value) -> Answer {
    server
        .post("/internal/users:search")
        .header("X-Server-Key", KEY)
        .json(body)
        .send()
}

/// The names of the users found, and how many there are.
#[track_caller]
fn found(server: &Server, body: Value) -> (Vec<String>, u64) {
    let answer = search(server, body).expect(200);
    let result = &answer.json()["result"];
    let users = result["users"].as_array().unwrap().iter().map(|user| {
        let name = user["account"].as_str().or(user["third_party_user_id"].as_str());
        name.unwrap().to_owned()
    });
    (users.collect(), result["total"].as_u64().unwrap())
}

#[track_caller]
fn check(server: &Server, body: Value, expected: &[&str]) {
    let (names, total) = found(server, body.clone());
    assert_eq!(
        (names, total),
        (
            expected.iter().map(|name| (*name).to_owned()).collect(),
            expected.len() as u64
        ),
        "{body}"
    );
}

fn register(server: &Server, account: &str, email: &str, extra: Value) -> String {
    let body = json!({ "account": account, "email": email, "password": PASSWORD, "extra": extra });
    server.jauth().register_with(body).expect(200).at("/result/id")
}

/// Three with names, one of them a tombstone, and one from Google.
fn people() -> (Providers, Server, [String; 4]) {
    let providers = Providers::start();
    let mut settings = providers.settings();
    settings.push(("CLAVIS_DIALECTS__JAUTH__INTERNAL_API_KEYS", KEY));
    let server = Server::with(&settings);
    let ann = register(
        &server,
        "ann",
        "ann@example.org",
        json!({ "team": "red", "size": 1 }),
    );
    let bea = register(
        &server,
        "bea",
        "bea@example.org",
        json!({ "team": "red", "size": [2] }),
    );
    let carl = register(&server, "carl", "carl@example.org", json!({}));
    set_state(&server, &carl, "deleted");
    let person = Person::new("10769").with_address("dora@mail.example");
    let evidence = providers.id_token(Site::Google, &person);
    let body = json!({ "user_type": 2, "third_party_token": evidence });
    let dora = server
        .post("/users/third_party")
        .json(body)
        .send()
        .expect(200)
        .at("/result/id");
    (providers, server, [ann, bea, carl, dora])
}

#[test]
fn users_are_found_by_what_is_asked_for() {
    let (_providers, server, [ann, ..]) = people();
    let server = &server;
    check(server, json!({}), &["ann", "bea", "10769"]);
    check(
        server,
        json!({ "emails": ["BEA@example.org", "nobody@example.org"] }),
        &["bea"],
    );
    check(server, json!({ "emails": ["no address", 7, null] }), &[]);
    check(server, json!({ "emails": [] }), &[]);
    check(server, json!({ "extras": { "team": "red" } }), &["ann", "bea"]);
    check(
        server,
        json!({ "extras": { "team": "red", "size": 1 } }),
        &["ann"],
    );
    check(server, json!({ "extras": { "size": [2] } }), &["bea"]);
    check(server, json!({ "extras": { "team": "\u{0}" } }), &[]);
    check(
        server,
        json!({ "status": [0, 1, 2] }),
        &["ann", "bea", "carl", "10769"],
    );
    check(server, json!({ "status": [1] }), &["carl"]);
    check(server, json!({ "status": [99, "0"] }), &[]);
    check(server, json!({ "types": [1] }), &["ann", "bea"]);
    check(server, json!({ "types": [2] }), &["10769"]);
    check(server, json!({ "types": [0, 3, 4, 5, 6] }), &[]);
    check(
        server,
        json!({ "order_bys": ["-email", "nothing"] }),
        &["10769", "bea", "ann"],
    );
    check(
        server,
        json!({ "order_bys": ["-created_at"] }),
        &["10769", "bea", "ann"],
    );
    check(
        server,
        json!({ "order_bys": ["id", "-id"] }),
        &["ann", "bea", "10769"],
    );
    assert_eq!(
        found(server, json!({ "start": 1, "size": 1 })),
        (vec!["bea".to_owned()], 3)
    );
    assert_eq!(
        found(server, json!({ "start": 1_000_000_000_000_u64 })),
        (vec![], 3)
    );
    assert_eq!(found(server, json!({ "size": 0 })), (vec![], 3));

    let made: String = server.jauth().show(&ann).at("/result/created_at");
    check(server, json!({ "created_at_range": { "end": made } }), &[]);
    check(
        server,
        json!({ "created_at_range": { "start": made } }),
        &["ann", "bea", "10769"],
    );
    check(
        server,
        json!({ "created_at_range": { "start": "2030-01-01T00:00:00Z", "end": null } }),
        &[],
    );
    check(
        server,
        json!({ "modified_at_range": { "start": "2020-01-01T00:00:00", "end": "2099-01-01T00:00:00+09:00" } }),
        &["ann", "bea", "10769"],
    );

    // A user object is what anybody reads of it.
    let answer = search(server, json!({ "emails": ["ann@example.org"] }));
    let shown = server.jauth().show(&ann).json()["result"].to_string();
    assert_eq!(
        answer.to_string(),
        format!(r#"200 {{"success":true,"result":{{"total":1,"users":[{shown}]}},"reason":null}}"#)
    );
}

#[test]
fn who_came_through_another_door_is_not_found() {
    let (_providers, server, _) = people();
    let stranger = "erin@example.org";
    server.backend_plus().register(stranger).expect(204);
    check(&server, json!({ "emails": [stranger] }), &[]);
    let (names, total) = found(&server, json!({ "status": [0, 1, 2], "size": 1000 }));
    assert_eq!((names.len(), total), (4, 4));
}

#[test]
fn a_search_that_means_nothing_is_refused() {
    let (_providers, server, _) = people();
    for (body, expected) in [
        (
            json!([]),
            "Cannot deserialize '<class 'list'>' to '<class 'SearchUsersRequest'>'",
        ),
        (json!({ "start": -1 }), "start is 0 or more"),
        (
            json!({ "start": "0" }),
            "Cannot deserialize '<class 'str'>' to '<class 'int'>' for 'SearchUsersRequest.start'",
        ),
        (
            json!({ "size": 1.5 }),
            "Cannot deserialize '<class 'float'>' to '<class 'int'>' for 'SearchUsersRequest.size'",
        ),
        (json!({ "size": 1001 }), "size is at most 1000"),
        (json!({ "size": u64::MAX }), "size is at most 1000"),
        (
            json!({ "emails": "ann@example.org" }),
            "Cannot deserialize '<class 'str'>' to '<class 'list'>' for 'SearchUsersRequest.emails'",
        ),
        (
            json!({ "emails": vec!["a@b.co"; 1001] }),
            "emails has at most 1000 values",
        ),
        (
            json!({ "extras": [] }),
            "Cannot deserialize '<class 'list'>' to '<class 'dict'>' for 'SearchUsersRequest.extras'",
        ),
        (
            json!({ "created_at_range": { "start": "yesterday" } }),
            "created_at_range has times as 2020-10-01T18:30:05+09:00",
        ),
        (
            json!({ "modified_at_range": { "end": 5 } }),
            "modified_at_range has times as 2020-10-01T18:30:05+09:00",
        ),
        (
            json!({ "order_bys": "id" }),
            "Cannot deserialize '<class 'str'>' to '<class 'list'>' for 'SearchUsersRequest.order_bys'",
        ),
    ] {
        let answer = search(&server, body.clone()).expect(400);
        assert_eq!(reason(&answer), expected, "{body}");
    }
    let many: serde_json::Map<_, _> = (0..17).map(|nth| (nth.to_string(), json!(1))).collect();
    assert_eq!(
        reason(&search(&server, json!({ "extras": many }))),
        "extras has at most 16 keys"
    );
    let keyless = server.post("/internal/users:search").json(json!({})).send();
    assert_snapshot!(keyless, @r#"403 {"success":false,"result":"","reason":"api server key validating failed"}"#);
    let read = server
        .get("/internal/users:search")
        .header("X-Server-Key", KEY)
        .send();
    assert_snapshot!(read, @r#"405 {"success":false,"result":"","reason":"Method Not Allowed"}"#);
}
