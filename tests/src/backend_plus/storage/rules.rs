//! The file with the rules.

use super::super::{named, server_with};
use super::{FORBIDDEN, NOT_FOUND, OPEN, SECRET, put, rules_file, storage, storage_with};
use crate::harness::{Server, fails_to_start};

#[track_caller]
fn check_refused(rules: &str, line: usize) {
    let (_folder, path) = rules_file(rules);
    let settings = named(&[("STORAGE_RULES", &path)]);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let failure = fails_to_start(&settings);
    assert!(!failure.status.success());
    let expected = format!("{path}: line {line}: ");
    assert!(
        failure.stderr.contains(&expected) && failure.stderr.contains("storage_rules"),
        "{expected:?} is not in {:?}",
        failure.stderr
    );
}

#[test]
fn an_invalid_file_stops_the_server_and_says_where_and_why() {
    check_refused("paths: [", 2);
    check_refused("paths:\n  /a:\n    read: 'true'\n    raed: 'true'\n", 4);
    check_refused("paths:\n  /a:\n    read: 'true &&'\n", 3);
    check_refused("functions:\n  f: 'return ('\npaths: {}\n", 2);
}

#[test]
fn without_a_file_there_is_no_storage() {
    let server = server_with(&[("HASURA_GRAPHQL_ADMIN_SECRET", SECRET)]);
    for path in ["/storage/o/x", "/storage/x", "/storage/m/", "/storage/"] {
        let answer = server.get(path).header("x-admin-secret", SECRET).send();
        assert_eq!(answer.to_string(), NOT_FOUND, "{path}");
    }
    assert_eq!(put(&server, "/storage/o/x", "x").send().to_string(), NOT_FOUND);
    assert_eq!(server.get("/auth/jwks").send().status(), 200);
}

#[test]
fn the_file_is_looked_for_where_the_contract_says() {
    let mut server = Server::start();
    let folder = server.working_dir().join("custom/storage-rules");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rules.yaml"), OPEN).unwrap();
    server.restart();
    put(&server, "/storage/o/x", "x").send().expect(200);
}

#[test]
fn switched_off_it_is_not_there_or_broken_as_the_profile_says() {
    let ask = |profile| {
        let server = storage_with(OPEN, &[("STORAGE_ENABLED", "false"), ("PROFILE", profile)]);
        server.get("/storage/o/x").send().to_string()
    };
    assert_eq!(ask("documented"), NOT_FOUND);
    assert_eq!(
        ask("v2.7"),
        r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#
    );
}

#[test]
fn switched_off_its_rules_are_not_read() {
    let server = storage_with("paths: [", &[("STORAGE_ENABLE", "false")]);
    assert_eq!(server.get("/storage/o/x").send().to_string(), NOT_FOUND);
}

const CLOSED: &str = "paths:\n  /x:\n    read: 'false'\n    write: 'false'\n";

#[test]
fn the_admin_secret_permits_everything_and_another_one_nothing() {
    let server = storage(CLOSED);
    let with = |secret: &str| {
        let put = put(&server, "/storage/o/x", "x").header("x-admin-secret", secret);
        put.send().status().as_u16()
    };
    for wrong in ["", "undefined", "s3cret", "s3cret of the back enD"] {
        assert_eq!(with(wrong), 403, "{wrong:?}");
    }
    assert_eq!(with(SECRET), 200);
    assert_eq!(server.get("/storage/o/x").send().to_string(), FORBIDDEN);
    let get = server.get("/storage/o/x").header("x-admin-secret", SECRET).send();
    assert_eq!(get.to_string(), "200 x");
    assert_eq!(
        get.header("cache-control").as_deref(),
        Some("private, max-age=31557600")
    );
    let elsewhere = server
        .get("/storage/o/y/z")
        .header("x-admin-secret", SECRET)
        .send();
    assert_eq!(elsewhere.to_string(), NOT_FOUND, "no rule speaks of it");
}

#[test]
fn without_an_admin_secret_nothing_is_permitted_by_it() {
    let server = storage_with(CLOSED, &[("HASURA_GRAPHQL_ADMIN_SECRET", "")]);
    assert_eq!(put(&server, "/storage/o/x", "x").send().to_string(), FORBIDDEN);
    for secret in ["", "undefined", "null", SECRET] {
        let put = put(&server, "/storage/o/x", "x").header("x-admin-secret", secret);
        assert_eq!(put.send().to_string(), FORBIDDEN, "{secret:?}");
    }
}

#[test]
fn a_rule_that_fails_denies() {
    let server = storage(
        "paths:\n  /x:\n    create: 'true'\n    read: 'nobody.knows.this'\n    update: 'resource.Metadata.a.b === 1'\n",
    );
    put(&server, "/storage/o/x", "x").send().expect(200);
    assert_eq!(server.get("/storage/o/x").send().to_string(), FORBIDDEN);
    assert_eq!(put(&server, "/storage/o/x", "y").send().to_string(), FORBIDDEN);
}

#[test]
fn a_rule_that_never_ends_is_refused_or_denies() {
    let many = "a".repeat(20_000);
    let server = storage(
        "paths:\n  /x:\n    create: 'true'\n    read: \"/^(a+)+$/.test(request.query.q) && false\"\n",
    );
    put(&server, "/storage/o/x", "x").send().expect(200);
    let get = server.get("/storage/o/x").query(&[("q", &many)]).send();
    assert_eq!(get.to_string(), FORBIDDEN);
}

#[test]
fn an_object_without_a_token_is_opened_by_no_link() {
    let rules = "paths:\n  /x:\n    create: 'true'\n    get: 'request.query.token === resource.Metadata.token'\n    delete: 'false'\n";
    let server = storage(rules);
    let stored = put(&server, "/storage/o/x", "x").send().expect(200);
    let token = stored.at("/Metadata/token");
    assert_eq!(server.get("/storage/o/x").send().to_string(), FORBIDDEN);
    let opened = server.get("/storage/o/x").query(&[("token", &token)]).send();
    assert_eq!(opened.to_string(), "200 x");
}
