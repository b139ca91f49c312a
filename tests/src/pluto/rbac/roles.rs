//! Roles and scopes of an application.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, at_once, named};
use crate::harness::Server;
use crate::pluto::code;

/// An id that nothing has.
const NOTHING: u64 = 999_999;

#[test]
fn roles_come_with_their_scopes() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let (shop, desk_app) = (desk.application("shop"), desk.application("desk"));
    let empty = desk.get("role/list", &[("app_id", "desk")]).expect(200).json();
    assert_eq!(
        empty["body"],
        json!({ "application": { "id": desk_app, "name": "desk", "default_role": null }, "roles": [] })
    );
    let (member, clerk) = (desk.role(shop, "member"), desk.role(shop, "clerk"));
    let (read, sell) = (desk.scope(shop, "shop.read"), desk.scope(shop, "shop.sell"));
    desk.give(clerk, &[sell, read]);
    let body = json!({ "role_id": member, "scope_id": read });
    assert_snapshot!(desk.post("role/scope/default", body), @r#"200 {"status":"ok","body":null}"#);
    let body = json!({ "app_id": shop, "role_id": member });
    assert_snapshot!(
        desk.post("application/role/default", body),
        @r#"200 {"status":"ok","body":null}"#
    );

    let application = json!({ "id": shop, "name": "shop", "default_role": member });
    let scopes = json!([{ "id": read, "name": "shop.read" }, { "id": sell, "name": "shop.sell" }]);
    let listed = desk.get("role/list", &[("app_id", "shop")]).expect(200).json();
    assert_eq!(
        listed["body"],
        json!({ "application": application, "roles": [
            { "id": member, "name": "member", "default_scope": read, "scopes": [] },
            { "id": clerk, "name": "clerk", "default_scope": null, "scopes": scopes },
        ]})
    );
    let listed = desk.get("scope/list", &[("app_id", "shop")]).expect(200).json();
    assert_eq!(
        listed["body"],
        json!({ "application": application, "scopes": scopes })
    );
    let listed = desk.get("scope/list", &[("app_id", "desk")]).expect(200).json();
    assert_eq!(listed["body"]["scopes"], json!([]));
}

#[test]
fn a_list_needs_an_application_that_is_shown() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let listed = desk.get("application/list", &[]).expect(200).json();
    let pluto = named(&listed["body"]["applications"], "pluto");
    // Each dialect has an application; the first of them are made together.
    let others: Vec<String> = (1..=8)
        .filter(|id| *id != pluto)
        .map(|id| id.to_string())
        .collect();
    insta::allow_duplicates! {
        for path in ["role/list", "scope/list", "application/i18n-name"] {
            for bad in ["", "0", " ", "-1", "1.5x\u{0}", "99999999999999999999"] {
                let refused = desk.get(path, &[("app_id", bad)]);
                let expected = if bad == "-1" { (403, 4005) } else { (400, 1001) };
                assert_eq!(
                    (refused.status().as_u16(), code(&refused)),
                    expected,
                    "{path} {bad:?}"
                );
            }
            assert_eq!(code(&desk.get(path, &[])), 1001);
            let names = [
                "nowhere",
                "Shop",
                "barong",
                "backend_plus",
                "jauth",
                "sso",
                "operator",
            ];
            for hidden in names.into_iter().chain(others.iter().map(String::as_str)) {
                assert_snapshot!(
                    desk.get(path, &[("app_id", hidden)]),
                    @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
                );
            }
        }
    }
}

#[test]
fn a_role_is_refused_step_by_step() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    desk.role(shop, "member");
    let long = "ä".repeat(61);
    for bad in [
        json!({}),
        json!({ "app_id": shop }),
        json!({ "name": "clerk" }),
        json!({ "app_id": 0, "name": "clerk" }),
        json!({ "app_id": "", "name": "clerk" }),
        json!({ "app_id": -1, "name": "clerk" }),
        json!({ "app_id": 1.5, "name": "clerk" }),
        json!({ "app_id": [shop], "name": "clerk" }),
        json!({ "app_id": true, "name": "clerk" }),
        json!({ "app_id": shop, "name": " " }),
        json!({ "app_id": shop, "name": long }),
        json!({ "app_id": "nowhere", "name": "a\nb" }),
    ] {
        let refused = desk.post("role/create", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    insta::allow_duplicates! {
        for hidden in [json!(NOTHING), json!("nowhere"), json!("barong")] {
            assert_snapshot!(
                desk.post("role/create", json!({ "app_id": hidden, "name": "member" })),
                @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
            );
        }
    }
    assert_snapshot!(
        desk.post("role/create", json!({ "app_id": "shop", "name": "member" })),
        @r#"403 {"status":"error","error":{"code":4006,"message":"Role already exists"}}"#
    );
    // Another application may have one of the same name, and a long one is a name still.
    let other = desk.application("other");
    desk.role(other, "member");
    desk.role(other, &"ä".repeat(60));
}

#[test]
fn a_scope_is_refused_step_by_step() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    desk.scope(shop, "shop.read");
    let long = "ä".repeat(101);
    for bad in [
        json!({ "app_id": shop }),
        json!({ "app_id": shop, "name": "read,write" }),
        json!({ "app_id": shop, "name": "," }),
        json!({ "app_id": shop, "name": long }),
        json!({ "app_id": "nowhere", "name": "read,write" }),
    ] {
        let refused = desk.post("scope/create", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    assert_eq!(
        code(&desk.post("scope/create", json!({ "app_id": NOTHING, "name": "shop.read" }))),
        4005
    );
    assert_snapshot!(
        desk.post("scope/create", json!({ "app_id": "shop", "name": "shop.read" })),
        @r#"403 {"status":"error","error":{"code":4001,"message":"Scope already exists"}}"#
    );
}

#[test]
fn of_fifty_who_make_one_role_or_scope_one_does() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    for (path, refusal) in [("role/create", 4006), ("scope/create", 4001)] {
        let made = at_once(50, |_| desk.post(path, json!({ "app_id": shop, "name": "one" })));
        let (made, refused): (Vec<_>, Vec<_>) = made.iter().partition(|answer| answer.status() == 200);
        assert_eq!((made.len(), refused.len()), (1, 49), "{path}");
        for refused in refused {
            assert_eq!(code(refused), refusal, "{refused}");
        }
    }
    assert_eq!(desk.roles(shop).as_array().unwrap().len(), 1);
}

#[test]
fn the_scopes_of_a_role_are_replaced() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let (shop, other) = (desk.application("shop"), desk.application("other"));
    let (member, clerk) = (desk.role(shop, "member"), desk.role(shop, "clerk"));
    let [read, sell, buy] = ["read", "sell", "buy"].map(|name| desk.scope(shop, name));
    let foreign = desk.scope(other, "read");
    desk.give(clerk, &[read]);
    let scopes_of = |role| {
        let roles = desk.roles(shop);
        let found = roles.as_array().unwrap().iter().find(|one| one["id"] == role);
        let scopes = found.unwrap()["scopes"].as_array().unwrap();
        scopes.iter().map(super::id).collect::<Vec<_>>()
    };
    insta::allow_duplicates! {
        for method in [Method::POST, Method::PUT] {
            for (sent, kept) in [
                (json!([read, sell]), vec![read, sell]),
                (json!([read, sell]), vec![read, sell]),
                (json!([buy.to_string(), buy]), vec![buy]),
                (json!([foreign, NOTHING, sell, 0]), vec![sell]),
                (json!(format!("{read},{buy}")), vec![read, buy]),
                (json!([foreign]), vec![]),
            ] {
                let body = json!({ "role_id": member, "scopes": sent });
                let done = desk.send(method.clone(), "role/scope", body);
                assert_snapshot!(done, @r#"200 {"status":"ok","body":null}"#);
                assert_eq!(scopes_of(member), kept, "{sent}");
            }
        }
    }
    assert_eq!(scopes_of(clerk), [read], "no other role changes");
}

#[test]
fn replacing_scopes_is_refused_step_by_step() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    let (member, read) = (desk.role(shop, "member"), desk.scope(shop, "read"));
    let many: Vec<u64> = vec![read; 1001];
    for bad in [
        json!({ "scopes": [read] }),
        json!({ "role_id": member }),
        json!({ "role_id": member, "scopes": [] }),
        json!({ "role_id": member, "scopes": null }),
        json!({ "role_id": member, "scopes": ["read"] }),
        json!({ "role_id": member, "scopes": [-1] }),
        json!({ "role_id": member, "scopes": { "id": read } }),
        json!({ "role_id": member, "scopes": many }),
        json!({ "role_id": "member", "scopes": [read] }),
        json!({ "role_id": NOTHING, "scopes": [] }),
    ] {
        let refused = desk.post("role/scope", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    assert_snapshot!(
        desk.post("role/scope", json!({ "role_id": NOTHING, "scopes": [read] })),
        @r#"403 {"status":"error","error":{"code":4007,"message":"Role does not exist"}}"#
    );
}

#[test]
fn defaults_are_refused_step_by_step() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let (shop, other) = (desk.application("shop"), desk.application("other"));
    let (member, read) = (desk.role(shop, "member"), desk.scope(shop, "read"));
    let (their_role, their_scope) = (desk.role(other, "member"), desk.scope(other, "read"));
    let ask = |path: &str, body: Value| {
        let answer = desk.post(path, body);
        (answer.status().as_u16(), code(&answer))
    };

    let path = "role/scope/default";
    assert_eq!(ask(path, json!({ "role_id": member })), (400, 1001));
    assert_eq!(ask(path, json!({ "scope_id": read })), (400, 1001));
    assert_eq!(
        ask(path, json!({ "role_id": member, "scope_id": "read" })),
        (400, 1001)
    );
    assert_eq!(
        ask(path, json!({ "role_id": NOTHING, "scope_id": NOTHING })),
        (403, 4007)
    );
    insta::allow_duplicates! {
        for unknown in [NOTHING, their_scope] {
            assert_snapshot!(
                desk.post(path, json!({ "role_id": member, "scope_id": unknown })),
                @r#"403 {"status":"error","error":{"code":4002,"message":"Scope not exist"}}"#
            );
        }
    }
    let put = desk.send(
        Method::PUT,
        path,
        json!({ "role_id": member, "scope_id": read.to_string() }),
    );
    assert_snapshot!(put, @r#"200 {"status":"ok","body":null}"#);

    let path = "application/role/default";
    assert_eq!(ask(path, json!({ "app_id": shop })), (400, 1001));
    assert_eq!(ask(path, json!({ "role_id": member })), (400, 1001));
    assert_eq!(
        ask(path, json!({ "app_id": NOTHING, "role_id": NOTHING })),
        (403, 4005)
    );
    assert_eq!(
        ask(path, json!({ "app_id": "barong", "role_id": member })),
        (403, 4005)
    );
    for unknown in [NOTHING, their_role] {
        assert_eq!(
            ask(path, json!({ "app_id": shop, "role_id": unknown })),
            (403, 4007)
        );
    }
    let listed = desk.get("role/list", &[("app_id", "shop")]).expect(200).json();
    assert_eq!(listed["body"]["application"]["default_role"], Value::Null);
}

#[test]
fn another_dialects_roles_and_scopes_are_out_of_reach() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    let (member, read) = (desk.role(shop, "member"), desk.scope(shop, "read"));
    let pluto = desk.pluto();
    let own = desk.roles(pluto);
    let own: Vec<u64> = own.as_array().unwrap().iter().map(super::id).collect();
    // The first roles and scopes of an installation are Pluto's and Barong's.
    for id in (1..member).filter(|id| !own.contains(id)) {
        let refused = desk.post("role/scope", json!({ "role_id": id, "scopes": [read] }));
        assert_eq!(code(&refused), 4007, "{id}");
        let refused = desk.post("role/scope/default", json!({ "role_id": id, "scope_id": read }));
        assert_eq!(code(&refused), 4007, "{id}");
        let refused = desk.post(
            "application/role/default",
            json!({ "app_id": pluto, "role_id": id }),
        );
        assert_eq!(code(&refused), 4007, "{id}");
    }
    for id in 1..read {
        let refused = desk.post("role/scope/default", json!({ "role_id": member, "scope_id": id }));
        assert_eq!(code(&refused), 4002, "{id}");
    }
}
