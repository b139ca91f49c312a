//! Applications and their names.

use insta::assert_snapshot;
use serde_json::json;

use super::{Desk, at_once, id, named};
use crate::harness::Server;
use crate::pluto::code;

#[test]
fn an_application_is_made_and_listed() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let made = desk
        .post("application/create", json!({ "name": " shop " }))
        .expect(200);
    let mut shown = made.json()["body"]["application"].clone();
    let shop = id(&shown);
    for moment in ["created_at", "updated_at"] {
        let moment = shown[moment].take();
        let written = moment.as_str().unwrap();
        let form: String = written
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(form, "0000-00-00T00:00:00Z", "{written}");
    }
    assert_eq!(
        shown,
        json!({
            "id": shop, "created_at": null, "updated_at": null, "deleted_at": null, "name": "shop", "webhook": "",
            "default_role": null,
        })
    );
    let keys: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "created_at",
            "updated_at",
            "deleted_at",
            "name",
            "webhook",
            "default_role"
        ]
    );

    let listed = desk
        .get("application/list", &[("mail", "ignored")])
        .expect(200)
        .json();
    let applications = listed["body"]["applications"].as_array().unwrap();
    let names: Vec<_> = applications
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["pluto", "shop"], "the other dialects' own are not shown");
    let ids: Vec<_> = applications.iter().map(id).collect();
    assert!(ids.is_sorted());
    assert_eq!(
        applications[1],
        json!({ "id": shop, "name": "shop", "default_role": null })
    );
    let pluto = server.pluto();
    pluto
        .try_log_in_to("shop", &desk.admin.address, crate::harness::PASSWORD)
        .expect(200);
}

#[test]
fn a_name_is_needed_and_has_bounds() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let long = "ä".repeat(101);
    for bad in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": " \t" }),
        json!({ "name": null }),
        json!({ "name": 7 }),
        json!({ "name": ["shop"] }),
        json!({ "name": "a,b" }),
        json!({ "name": "a\u{0}b" }),
        json!({ "name": "a\u{202e}b" }),
        json!({ "name": long }),
    ] {
        let refused = desk.post("application/create", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    desk.application(&"ä".repeat(100));
}

#[test]
fn a_name_that_is_taken_or_a_dialects_is_refused() {
    let server = Server::start();
    let desk = Desk::open(&server);
    desk.application("shop");
    insta::allow_duplicates! {
        for taken in [
            "shop",
            " shop ",
            "pluto",
            "Pluto",
            "barong",
            "backend_plus",
            "backend-plus",
            "jauth",
            "SSO",
            "operator",
            "clavis",
            "openid",
        ] {
            assert_snapshot!(
                desk.post("application/create", json!({ "name": taken })),
                @r#"403 {"status":"error","error":{"code":4004,"message":"Application already exists"}}"#
            );
        }
    }
}

#[test]
fn of_fifty_who_make_one_application_one_does() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let made = at_once(50, |_| desk.post("application/create", json!({ "name": "shop" })));
    let (made, refused): (Vec<_>, Vec<_>) = made.iter().partition(|answer| answer.status() == 200);
    assert_eq!((made.len(), refused.len()), (1, 49));
    for refused in refused {
        assert_eq!(code(refused), 4004, "{refused}");
    }
    let listed = desk.get("application/list", &[]).expect(200).json();
    assert_eq!(
        named(&listed["body"]["applications"], "shop"),
        id(&made[0].json()["body"]["application"])
    );
}

#[test]
fn parameters_travel_three_ways_and_ids_are_written_two() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    let clerk = desk.role(shop, "clerk");
    let token = &desk.admin.tokens.access;
    let shown = desk.get("role/list", &[("app_id", "shop")]).expect(200).text();
    for body in [
        json!({ "app_id": shop }),
        json!({ "app_id": shop.to_string() }),
        json!({ "app_id": "shop" }),
    ] {
        let listed = server.get("/v1/rbac/role/list").bearer(token).json(body).send();
        assert_eq!(listed.text(), shown);
    }
    let in_query_wins = server
        .get("/v1/rbac/role/list")
        .query(&[("app_id", &shop.to_string())])
        .bearer(token)
        .json(json!({ "app_id": "pluto" }));
    assert_eq!(in_query_wins.send().text(), shown);

    let form = [("appID", "shop"), ("role_id", &clerk.to_string())];
    let set = server.post("/v1/rbac/application/role/default").bearer(token);
    assert_snapshot!(set.form(&form).send(), @r#"200 {"status":"ok","body":null}"#);
    let listed = desk.get("role/list", &[("app_id", "shop")]).expect(200).json();
    assert_eq!(listed["body"]["application"]["default_role"], clerk);
    // A body whose type is not said is none.
    let unsaid = server
        .post("/v1/rbac/role/create")
        .bearer(token)
        .raw_body(r#"{"app_id":"shop","name":"chief"}"#, "text/plain");
    assert_eq!(code(&unsaid.send()), 1001);
}

#[test]
fn an_application_has_names_in_languages() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let shop = desk.application("shop");
    let ask = || {
        desk.get("application/i18n-name", &[("app_id", "shop")])
            .expect(200)
            .json()
    };
    let application = json!({ "id": shop, "name": "shop", "default_role": null });
    assert_eq!(
        ask()["body"],
        json!({ "application": application, "i18n_names": [] })
    );
    let names = json!([{ "tag": "ja", "i18n_name": "お店" }, { "tag": "en", "i18n_name": "Shop" }]);
    let body = json!({ "app_id": shop, "i18n_names": names });
    assert_snapshot!(
        desk.post("application/update-i18n-name", body),
        @r#"200 {"status":"ok","body":null}"#
    );
    let expected = json!([{ "tag": "en", "i18n_name": "Shop" }, { "tag": "ja", "i18n_name": "お店" }]);
    assert_eq!(ask()["body"]["i18n_names"], expected);

    for bad in [
        json!({ "app_id": shop }),
        json!({ "app_id": shop, "i18n_names": [] }),
        json!({ "app_id": shop, "i18n_names": [{ "tag": "not a tag", "i18n_name": "x" }] }),
        json!({ "app_id": shop, "i18n_names": [{ "tag": "en", "i18n_name": " " }] }),
        json!({ "app_id": shop, "i18n_names": [{ "tag": "en" }] }),
        json!({ "i18n_names": [{ "tag": "en", "i18n_name": "x" }] }),
    ] {
        let refused = desk.post("application/update-i18n-name", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    let body = json!({ "app_id": "nowhere", "i18n_names": names });
    assert_eq!(code(&desk.post("application/update-i18n-name", body)), 4005);
    assert_eq!(
        code(&desk.get("application/i18n-name", &[("app_id", "barong")])),
        4005
    );
    assert_eq!(ask()["body"]["i18n_names"], expected);
}
