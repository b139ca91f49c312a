//! The command line, beside a running server.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server, address, jwt, name};

#[track_caller]
fn json_of(server: &Server, arguments: &[&str]) -> Value {
    let printed = server.cli(&[arguments, &["--json"]].concat()).ok();
    assert_eq!(printed.lines().count(), 1, "one object: {printed}");
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

#[test]
fn migrating_twice_is_migrating_once() {
    let mut server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    assert_eq!(json_of(&server, &["migrate"]), json!({ "status": "up to date" }));
    server.cli(&["migrate"]).ok();
    server.backend_plus().log_in(&ann);
    server.stop();
    server.cli(&["migrate"]).ok();
    server.restart();
    server.backend_plus().log_in(&ann);
}

#[test]
fn an_application_is_made_once_and_can_be_logged_in_to_at_once() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    assert_snapshot!(
        server.pluto().try_log_in_to("shop", &ann, PASSWORD),
        @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
    );
    let made = json_of(&server, &["app", "create", "--name", "shop"]);
    assert!(made["id"].is_u64() && made["name"] == "shop", "{made}");

    let answer = server.pluto().try_log_in_to("shop", &ann, PASSWORD).expect(200);
    assert_eq!(jwt::payload(&answer.at("/body/access_token"))["iss"], "shop");
    assert_snapshot!(server.cli(&["app", "create", "--name", "shop"]).refused(), @"clavis: an application of this name exists");
    for reserved in ["pluto", "Barong", "backend_plus", "openid"] {
        let stderr = server.cli(&["app", "create", "--name", reserved]).refused();
        assert!(
            stderr.starts_with("clavis: ") && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}

#[test]
fn an_account_made_by_the_operator_is_as_active_as_they_say() {
    let server = Server::start();
    let (active, pending, ann_name) = (address("active"), address("pending"), name("ann"));
    let made = json_of(
        &server,
        &[
            "user",
            "create",
            "--email",
            &active,
            "--password",
            PASSWORD,
            "--name",
            &ann_name,
            "--active",
        ],
    );
    assert_eq!(made["state"], "active");
    assert!(
        made["uid"]
            .as_str()
            .is_some_and(|uid| uid.len() == 12 && uid.starts_with("ID")),
        "{made}"
    );
    assert_eq!(
        server
            .backend_plus()
            .try_log_in(&active, PASSWORD)
            .expect(200)
            .at("/user/id"),
        made["id"]
    );
    let tokens = server.pluto().log_in(&ann_name);
    assert_eq!(jwt::payload(&tokens.access)["sub"], made["number"]);
    assert_eq!(
        jwt::payload(&tokens.access)["scopes"],
        json!([""]),
        "no role, no scope"
    );

    let made = json_of(
        &server,
        &["user", "create", "--email", &pending, "--password", PASSWORD],
    );
    assert_eq!(made["state"], "pending");
    server.backend_plus().try_log_in(&pending, PASSWORD).expect(400);
    for taken in [
        &["--email", &active][..],
        &["--email", &address("b"), "--name", &ann_name],
    ] {
        let stderr = server
            .cli(&[&["user", "create", "--password", PASSWORD][..], taken].concat())
            .refused();
        assert!(
            stderr.starts_with("clavis: ") && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}

#[test]
fn an_administrator_holds_the_scope_of_administrators_and_nobody_else_does() {
    let server = Server::start();
    let (root, ann) = (address("root"), address("ann"));
    json_of(
        &server,
        &[
            "user",
            "create",
            "--email",
            &root,
            "--password",
            PASSWORD,
            "--role",
            "admin",
            "--active",
        ],
    );
    server.backend_plus().sign_up(&ann);
    let root = server.pluto().log_in(&root).access;
    assert_eq!(jwt::payload(&root)["scopes"], json!(["pluto.admin"]));
    server.get("/v1/user/count").bearer(&root).send().expect(200);

    let ann = server.pluto().log_in(&ann).access;
    let answer = server.get("/v1/user/count").bearer(&ann).send();
    assert_snapshot!(answer, @r#"403 {"status":"error","error":{"code":4008,"message":"Not the pluto admin"}}"#);
}

#[test]
fn the_administrator_of_the_settings_is_made_once() {
    let (root, settings_password) = (address("root"), "the password of the settings");
    let mut server = Server::with(&[
        ("CLAVIS_ADMIN__EMAIL", &root),
        ("CLAVIS_ADMIN__PASSWORD", settings_password),
    ]);
    let tokens = server.pluto().try_log_in(&root, settings_password).expect(200);
    server
        .get("/v1/user/count")
        .bearer(&tokens.at("/body/access_token"))
        .send()
        .expect(200);

    let session = server
        .backend_plus()
        .try_log_in(&root, settings_password)
        .expect(200);
    let change = json!({ "old_password": settings_password, "new_password": PASSWORD });
    server
        .post("/auth/change-password")
        .json(change)
        .bearer(&session.at("/jwt_token"))
        .send()
        .expect(204);
    server.restart();
    server.pluto().try_log_in(&root, settings_password).expect(403);
    server.pluto().log_in(&root);
    let count = server
        .get("/v1/user/count")
        .bearer(&server.pluto().log_in(&root).access)
        .send();
    assert_eq!(count.at("/body/total"), "1");
}

#[test]
fn every_state_has_the_answer_that_its_dialect_gives_it() {
    let server = Server::start();
    let login = |address: &str| {
        (
            server
                .backend_plus()
                .try_log_in(address, PASSWORD)
                .status()
                .as_u16(),
            server.pluto().try_log_in(address, PASSWORD).to_string(),
        )
    };
    for (state, backend_plus, pluto) in [
        ("pending", 400, "2003"),
        ("locked", 400, "1002"),
        ("banned", 400, "1002"),
        ("deleted", 400, "2002"),
        ("withdrawn", 400, "2002"),
    ] {
        let ann = address(state);
        server.backend_plus().sign_up(&ann);
        let made = json_of(&server, &["user", "set-state", "--email", &ann, state]);
        assert_eq!(made["state"], state);
        let (status, answer) = login(&ann);
        assert_eq!(status, backend_plus, "{state}");
        assert!(answer.contains(&format!("\"code\":{pluto}")), "{state}: {answer}");
    }
    let (ann, ann_name) = (address("ann"), name("ann"));
    server.pluto().sign_up_as(&ann, &ann_name);
    let by_name = json_of(
        &server,
        &["user", "set-state", "--name", &ann_name.to_uppercase(), "locked"],
    );
    let id = by_name["id"].as_str().unwrap();
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
    json_of(&server, &["user", "set-state", "--id", id, "active"]);
    server.pluto().log_in(&ann);
    assert_snapshot!(
        server.cli(&["user", "set-state", "--email", &address("nobody"), "active"]).refused(),
        @"clavis: no such account"
    );
}

#[test]
fn a_tombstone_is_not_brought_back() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let id = json_of(&server, &["user", "set-state", "--email", &ann, "deleted"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_snapshot!(
        server.cli(&["user", "set-state", "--id", &id, "active"]).refused(),
        @"clavis: a deleted or withdrawn account stays so"
    );
}

#[test]
fn the_data_folder_and_the_master_key_are_the_owners_alone() {
    let server = Server::for_the_first_time(&[]);
    server.backend_plus().register(&address("ann")).expect(204);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir()), 0o700);
    assert_eq!(mode(&server.data_dir().join("master.key")), 0o600);
}

#[test]
fn a_command_works_without_a_running_server() {
    let mut server = Server::start();
    server.stop();
    let ann = address("ann");
    json_of(
        &server,
        &[
            "user",
            "create",
            "--email",
            &ann,
            "--password",
            PASSWORD,
            "--active",
        ],
    );
    server.restart();
    server.backend_plus().log_in(&ann);
    server.pluto().log_in(&ann);
}
