//! User info and its changes.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Someone, code, create_application, set_state};
use crate::harness::{Answer, PASSWORD, Server, address};

fn patch(server: &Server, path: &str, token: &str, body: Value) -> Answer {
    server
        .request(Method::PATCH, path)
        .bearer(token)
        .json(body)
        .send()
}

#[test]
fn user_info_shows_the_account() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let info = ann.info(&server);
    let keys: Vec<_> = info.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "sub",
        "mail",
        "name",
        "avatar",
        "login_type",
        "verified",
        "roles",
        "role",
        "created_at",
        "updated_at",
    ];
    assert_eq!(keys, expected);
    assert_eq!(info["sub"], ann.number);
    assert_eq!(info["mail"], ann.address);
    assert_eq!(info["name"], ann.name);
    assert_eq!(info["login_type"], "mail");
    assert_eq!(
        (&info["verified"], &info["roles"], &info["role"]),
        (&json!(true), &json!(""), &json!(""))
    );
    assert!(info["created_at"].as_i64().unwrap() <= info["updated_at"].as_i64().unwrap());
    assert!(
        info["avatar"]
            .as_str()
            .unwrap()
            .starts_with(&server.url("/web/avatar/")),
        "{info}"
    );
}

#[test]
fn another_ones_info_is_for_administrators() {
    let server = Server::start();
    create_application(&server, "shop");
    let (ann, bob, root) = (
        Someone::new(&server, "ann"),
        Someone::new(&server, "bob"),
        Someone::admin(&server),
    );
    assert_snapshot!(
        server.pluto().info(bob.number, &ann.tokens.access),
        @r#"403 {"status":"error","error":{"code":3009,"message":"Invalid Access Token"}}"#
    );
    assert_eq!(
        code(&server.pluto().info(999, &ann.tokens.access)),
        3009,
        "unknown ones are not told apart"
    );
    assert_eq!(
        code(&server.get("/v1/user/info/abc").bearer(&ann.tokens.access).send()),
        1001
    );
    let shown = server.pluto().info(bob.number, &root.tokens.access).expect(200);
    assert_eq!(shown.at("/body/mail"), bob.address);
    assert_snapshot!(
        server.pluto().info(999, &root.tokens.access),
        @r#"403 {"status":"error","error":{"code":4009,"message":"User is not exist"}}"#
    );
    let at_shop = server
        .pluto()
        .try_log_in_to("shop", &root.address, PASSWORD)
        .at("/body/access_token");
    assert_eq!(
        code(&server.pluto().info(bob.number, &at_shop)),
        3009,
        "a token of another application"
    );
    let pending = address("carol");
    server.pluto().register(&pending).expect(200);
    let found = server
        .get("/v1/user/search")
        .query(&[("account", &*pending)])
        .bearer(&root.tokens.access)
        .send();
    let number = found.json()["body"]["users"][0]["id"].as_u64().unwrap();
    let info = server.pluto().info(number, &root.tokens.access).expect(200);
    assert_eq!(info.at("/body/verified"), "false");
    set_state(&server, &pending, "deleted");
    assert_eq!(code(&server.pluto().info(number, &root.tokens.access)), 4009);
}

#[test]
fn a_setting_opens_the_infos_of_all() {
    let server = Server::with(&[("CLAVIS_DIALECTS__PLUTO__READ_OTHERS_INFO", "true")]);
    let (ann, bob) = (Someone::new(&server, "ann"), Someone::new(&server, "bob"));
    assert_eq!(
        server
            .pluto()
            .info(bob.number, &ann.tokens.access)
            .expect(200)
            .at("/body/mail"),
        bob.address
    );
    assert_eq!(code(&server.pluto().info(999, &ann.tokens.access)), 4009);
    assert_eq!(
        code(&patch(
            &server,
            &bob.path(),
            &ann.tokens.access,
            json!({ "name": "x" })
        )),
        3009
    );
}

#[test]
fn the_role_is_that_in_the_application_of_the_token() {
    let server = Server::start();
    create_application(&server, "shop");
    let root = Someone::admin(&server);
    let info = root.info(&server);
    assert_eq!(
        (&info["roles"], &info["role"]),
        (&json!("admin"), &json!("admin"))
    );
    assert_eq!(info["name"], root.name);
    let at_shop = server
        .pluto()
        .try_log_in_to("shop", &root.address, PASSWORD)
        .at("/body/access_token");
    assert_eq!(
        server
            .pluto()
            .info(root.number, &at_shop)
            .expect(200)
            .at("/body/role"),
        ""
    );
}

#[test]
fn ones_own_record_is_had_without_its_number() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let own = server
        .get("/v1/user/info")
        .bearer(&ann.tokens.access)
        .send()
        .expect(200)
        .json()["body"]
        .clone();
    for (name, value) in ann.info(&server).as_object().unwrap() {
        assert_eq!(&own[name], value, "{name}");
    }
    assert_eq!(own["app_id"], "pluto");
    assert_eq!(
        own["bindings"],
        json!([{ "login_type": "mail", "mail": ann.address }])
    );
    assert_eq!(
        (&own["is_password_set"], &own["user_id"]),
        (&json!("true"), &json!(ann.name))
    );
    let request = server
        .request(Method::PUT, "/v1/user/info")
        .bearer(&ann.tokens.access);
    assert_snapshot!(request.json(json!({ "name": format!("{}x", ann.name) })).send(), @r#"200 {"status":"ok","body":null}"#);
    assert_eq!(ann.info(&server)["name"], format!("{}x", ann.name));
    assert_eq!(code(&server.get("/v1/user/info").send()), 1003);
}

#[test]
fn an_update_changes_what_is_given() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let update = |body: Value| patch(&server, &ann.path(), &ann.tokens.access, body);
    let before = ann.info(&server);
    let new = format!("{}new", ann.name);
    assert_snapshot!(update(json!({ "name": new })), @r#"200 {"status":"ok","body":null}"#);
    let after = ann.info(&server);
    assert_eq!(
        (&after["name"], &after["avatar"]),
        (&json!(new), &before["avatar"])
    );
    server.pluto().log_in(&new);
    assert_eq!(
        code(&server.pluto().try_log_in(&ann.name, PASSWORD)),
        2005,
        "the old name is free"
    );

    update(json!({ "gender": "female" })).expect(200);
    update(json!({ "avatar": "https://cdn.example.org/a.png?x=1" })).expect(200);
    let put = server
        .request(Method::PUT, &ann.path())
        .bearer(&ann.tokens.access)
        .json(json!({ "name": new }));
    put.send().expect(200);
    let form = server
        .request(Method::PATCH, &ann.path())
        .bearer(&ann.tokens.access);
    form.form(&[("name", &new.to_uppercase())]).send().expect(200);
    let info = ann.info(&server);
    assert_eq!(info["name"], new.to_uppercase());
    assert_eq!(info["avatar"], "https://cdn.example.org/a.png?x=1");
    assert!(info.get("gender").is_none(), "{info}");
}

#[test]
fn an_update_is_refused_step_by_step() {
    let server = Server::start();
    let (ann, bob, root) = (
        Someone::new(&server, "ann"),
        Someone::new(&server, "bob"),
        Someone::admin(&server),
    );
    let token = &ann.tokens.access;
    assert_eq!(code(&server.request(Method::PATCH, &ann.path()).send()), 1003);
    let huge = "x".repeat(8 * 1024 * 1024);
    let unread = server
        .request(Method::PATCH, &ann.path())
        .bearer("x")
        .raw_body(huge.clone(), "application/json");
    if let Ok(answer) = unread.try_send() {
        assert_eq!(code(&answer), 3003, "who calls is asked before the body is read");
    }
    assert_eq!(code(&patch(&server, "/v1/user/info/abc", token, json!({}))), 1001);
    assert_eq!(
        code(&patch(&server, &bob.path(), token, json!({ "name": "x" }))),
        3009
    );
    assert_eq!(
        code(&patch(
            &server,
            &bob.path(),
            &root.tokens.access,
            json!({ "name": "x" })
        )),
        3009
    );
    for body in [
        json!({}),
        json!({ "other": "x" }),
        json!({ "name": "", "gender": "", "avatar": "" }),
        json!({ "name": "  " }),
        json!({ "name": 5 }),
        json!({ "name": "n".repeat(61) }),
        json!({ "name": bob.name, "gender": "g".repeat(11) }),
    ] {
        assert_eq!(
            code(&patch(&server, &ann.path(), token, body.clone())),
            1001,
            "{body}"
        );
    }
    let both = json!({ "name": bob.name.to_uppercase(), "avatar": "javascript:alert(1)" });
    assert_snapshot!(
        patch(&server, &ann.path(), token, both),
        @r#"403 {"status":"error","error":{"code":2006,"message":"User name already exists"}}"#
    );
    assert_snapshot!(
        patch(&server, &ann.path(), token, json!({ "name": "free", "avatar": "javascript:alert(1)" })),
        @r#"400 {"status":"error","error":{"code":3006,"message":"Invalid Avatar Format"}}"#
    );
    assert_eq!(
        ann.info(&server)["name"],
        ann.name,
        "a refused update changes nothing"
    );
    let answer = server
        .request(Method::PATCH, &ann.path())
        .bearer(token)
        .raw_body(huge, "application/json");
    if let Ok(answer) = answer.try_send() {
        assert_eq!((answer.status().as_u16(), code(&answer)), (413, 9004));
    }
}
