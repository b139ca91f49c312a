//! `/storage/m/…`, `/storage/meta/…`.

use reqwest::Method;
use serde_json::json;

use super::{FORBIDDEN, NOT_FOUND, OPEN, SECRET, put, storage, storage_with};
use crate::harness::Server;

const BAD_SECRET: &str = r#"403 {"statusCode":403,"error":"Forbidden","message":"incorrect x-access-token"}"#;

fn token(server: &Server, path: &str) -> String {
    server.get(path).send().expect(200).at("/Metadata/token")
}

#[test]
fn metadata_is_read_by_who_may_read_the_file() {
    let server = storage("paths:\n  /:x:\n    create: 'true'\n    get: \"request.query.q === '1'\"\n");
    assert_eq!(server.get("/storage/m/x").send().to_string(), NOT_FOUND);
    let stored = put(&server, "/storage/o/x", "x").send().expect(200);
    assert_eq!(server.get("/storage/m/x").send().to_string(), FORBIDDEN);
    let read = server.get("/storage/meta/x?q=1").send();
    assert_eq!(read.json(), stored.json());
    assert_eq!(
        read.header("content-type").as_deref(),
        Some("application/json; charset=utf-8")
    );
}

#[test]
fn a_path_with_rules_for_its_metadata_is_decided_by_those() {
    let server =
        storage("paths:\n  /:x:\n    create: 'true'\n    read: 'false'\n    meta:\n      read: 'true'\n");
    put(&server, "/storage/o/x", "x").send().expect(200);
    assert_eq!(server.get("/storage/o/x").send().to_string(), FORBIDDEN);
    server.get("/storage/m/x").send().expect(200);
    let delete = server.request(Method::DELETE, "/storage/m/x").send();
    assert_eq!(delete.to_string(), NOT_FOUND, "no rule takes it");
}

#[test]
fn a_post_evaluates_the_rules_metadata_again() {
    let rules = "paths:\n  /x:\n    create: 'true'\n    read: 'true'\n    update: \"request.query.may === '1'\"\n    metadata:\n      seen: 'request.query.seen'\n";
    let server = storage(rules);
    assert_eq!(server.post("/storage/m/x").send().to_string(), NOT_FOUND);
    let stored = put(&server, "/storage/o/x?seen=once", "x").send().expect(200);
    assert_eq!(stored.at("/Metadata/seen"), "once");
    assert_eq!(
        server.post("/storage/m/x?seen=twice").send().to_string(),
        FORBIDDEN
    );
    let again = server.post("/storage/m/x?may=1&seen=twice").send().expect(200);
    assert_eq!(again.at("/Metadata/seen"), "twice");
    assert_eq!(again.at("/Metadata/token"), stored.at("/Metadata/token"));
    let silent = server.post("/storage/m/x?may=1").send().expect(200);
    assert_eq!(
        silent.at("/Metadata/seen"),
        "twice",
        "what is falsy changes nothing"
    );
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200 x");
}

#[test]
fn a_token_is_revoked_with_the_admin_secret_in_both_profiles() {
    for profile in ["documented", "v2.7"] {
        let server = storage_with(OPEN, &[("PROFILE", profile)]);
        let revoke = || {
            server
                .post("/storage/m/x")
                .json(json!({ "action": "revoke-token" }))
        };
        let asked = revoke().header("x-admin-secret", SECRET).send();
        assert_eq!(asked.to_string(), NOT_FOUND);
        put(&server, "/storage/o/x", "x").send().expect(200);
        let before = token(&server, "/storage/m/x");
        assert_eq!(revoke().send().to_string(), BAD_SECRET);
        assert_eq!(
            revoke().header("x-admin-secret", "wrong").send().to_string(),
            BAD_SECRET
        );
        assert_eq!(token(&server, "/storage/m/x"), before);
        let revoked = revoke().header("x-admin-secret", SECRET).send().expect(200);
        assert_ne!(revoked.at("/Metadata/token"), before);
        assert_eq!(token(&server, "/storage/m/x"), revoked.at("/Metadata/token"));
    }
}

#[test]
fn the_last_release_takes_that_action_only() {
    let server = storage_with(OPEN, &[("PROFILE", "v2.7")]);
    put(&server, "/storage/o/x", "x").send().expect(200);
    let post = |body| server.post("/storage/m/x").json(body).send().to_string();
    let refused =
        |message: &str| format!(r#"400 {{"statusCode":400,"error":"Bad Request","message":"{message}"}}"#);
    assert_eq!(post(json!({})), refused(r#"\"action\" is required"#));
    assert_eq!(
        post(json!({ "action": 1 })),
        refused(r#"\"action\" must be a string"#)
    );
    assert_eq!(
        post(json!({ "action": "x" })),
        refused(r#"\"action\" must be [revoke-token]"#)
    );
    assert_eq!(
        post(json!({ "action": "revoke-token", "x": 1 })),
        refused(r#"\"x\" is not allowed"#)
    );
}

#[test]
fn a_deletion_leaves_the_file_and_a_new_token() {
    let server = storage(
        "paths:\n  /x:\n    create: 'true'\n    read: 'true'\n    delete: \"request.query.may === '1'\"\n",
    );
    let delete = |query: &str| {
        let path = format!("/storage/m/x{query}");
        server.request(Method::DELETE, &path).send().to_string()
    };
    assert_eq!(delete(""), NOT_FOUND);
    put(&server, "/storage/o/x", "x").send().expect(200);
    let before = token(&server, "/storage/m/x");
    assert_eq!(delete(""), FORBIDDEN);
    assert_eq!(delete("?may=1"), "204");
    let after = server.get("/storage/m/x").send();
    assert_eq!(after.json()["Metadata"].as_object().unwrap().len(), 1);
    assert_ne!(after.at("/Metadata/token"), before);
    assert_eq!(after.at("/ContentType"), "text/plain");
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200 x");
}
