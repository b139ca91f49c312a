//! Who holds which role, and what their tokens say from then on.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Desk;
use crate::harness::{PASSWORD, Server, Tokens, jwt};
use crate::pluto::{Someone, code};

const NOTHING: u64 = 999_999;

/// The scopes that a log-in to the application grants.
#[track_caller]
fn log_in(server: &Server, application: &str, who: &Someone) -> (Tokens, Value) {
    let answer = server.pluto().try_log_in_to(application, &who.address, PASSWORD);
    let tokens = Tokens::of_pluto(&answer);
    let scopes = jwt::payload(&tokens.access)["scopes"].clone();
    (tokens, scopes)
}

/// The scopes that a refresh grants, and the next refresh token.
#[track_caller]
fn refresh(server: &Server, application: &str, refresh: &str, scopes: &str) -> (String, Value) {
    let body = json!({ "refresh_token": refresh, "app_id": application, "scopes": scopes });
    let tokens = Tokens::of_pluto(&server.post("/v1/token/refresh").json(body).send());
    let scopes = jwt::payload(&tokens.access)["scopes"].clone();
    (tokens.refresh, scopes)
}

#[test]
fn assigning_is_refused_step_by_step() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let (shop, other) = (desk.application("shop"), desk.application("other"));
    let (member, theirs) = (desk.role(shop, "member"), desk.role(other, "member"));
    let who = ann.number;
    for bad in [
        json!({ "app_id": shop, "role_id": member }),
        json!({ "user_id": who, "role_id": member }),
        json!({ "user_id": who, "app_id": shop }),
        json!({ "user_id": ann.name, "app_id": shop, "role_id": member }),
        json!({ "user_id": who, "app_id": shop, "role_id": "member" }),
        json!({ "user_id": 0, "app_id": shop, "role_id": member }),
    ] {
        let refused = desk.post("user/application/role", bad.clone());
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    assert_snapshot!(
        desk.post("user/application/role", json!({ "user_id": NOTHING, "app_id": NOTHING, "role_id": NOTHING })),
        @r#"403 {"status":"error","error":{"code":4009,"message":"User is not exist"}}"#
    );
    for hidden in [json!(NOTHING), json!("barong"), json!("backend_plus")] {
        let body = json!({ "user_id": who, "app_id": hidden, "role_id": NOTHING });
        assert_eq!(code(&desk.post("user/application/role", body)), 4005, "{hidden}");
    }
    insta::allow_duplicates! {
        for unknown in [NOTHING, theirs] {
            let body = json!({ "user_id": who, "app_id": shop, "role_id": unknown });
            assert_snapshot!(
                desk.post("user/application/role", body),
                @r#"403 {"status":"error","error":{"code":4007,"message":"Role does not exist"}}"#
            );
        }
    }
    crate::pluto::set_state(&server, &ann.address, "deleted");
    let body = json!({ "user_id": who, "app_id": shop, "role_id": member });
    assert_eq!(code(&desk.post("user/application/role", body)), 4009);
}

#[test]
fn a_second_role_takes_the_place_of_the_first() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let shop = desk.application("shop");
    let (member, clerk) = (desk.role(shop, "member"), desk.role(shop, "clerk"));
    let roles = || {
        let found = server
            .get("/v1/user/search")
            .query(&[("account", &ann.address)])
            .bearer(&desk.admin.tokens.access)
            .send()
            .expect(200)
            .json();
        let applications = found["body"]["users"][0]["applications"].clone();
        let shop = applications
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == "shop");
        shop.unwrap()["roles"].clone()
    };
    assert_eq!(roles(), json!([]));
    insta::allow_duplicates! {
        for (role, name) in [(member, "member"), (clerk, "clerk"), (clerk, "clerk")] {
            let body =
                json!({ "user_id": ann.number.to_string(), "app_id": "shop", "role_id": role.to_string() });
            assert_snapshot!(
                desk.post("user/application/role", body),
                @r#"200 {"status":"ok","body":null}"#
            );
            assert_eq!(roles(), json!([{ "id": role, "name": name }]));
        }
    }
    let (tokens, _) = log_in(&server, "shop", &ann);
    let info = server.pluto().info(ann.number, &tokens.access).expect(200).json();
    assert_eq!(
        (&info["body"]["role"], &info["body"]["roles"]),
        (&json!("clerk"), &json!("clerk"))
    );
}

#[test]
fn a_log_in_grants_the_default_scope_and_a_refresh_what_is_asked_for() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let shop = desk.application("shop");
    let (member, clerk) = (desk.role(shop, "member"), desk.role(shop, "clerk"));
    let [read, sell, stock] = ["read", "sell", "stock"].map(|name| desk.scope(shop, name));
    assert_eq!(log_in(&server, "shop", &ann).1, json!([""]));

    desk.give(member, &[read]);
    desk.post(
        "role/scope/default",
        json!({ "role_id": member, "scope_id": read }),
    )
    .expect(200);
    desk.post(
        "application/role/default",
        json!({ "app_id": shop, "role_id": member }),
    )
    .expect(200);
    assert_eq!(
        log_in(&server, "shop", &ann).1,
        json!(["read"]),
        "by the default role"
    );

    desk.give(clerk, &[sell, stock]);
    desk.post(
        "role/scope/default",
        json!({ "role_id": clerk, "scope_id": sell }),
    )
    .expect(200);
    desk.assign(&ann, shop, clerk);
    let (tokens, scopes) = log_in(&server, "shop", &ann);
    assert_eq!(scopes, json!(["sell"]), "by the role assigned");
    let (next, scopes) = refresh(&server, "shop", &tokens.refresh, "stock,read,pluto.admin");
    assert_eq!(scopes, json!(["stock"]));

    // Taken from the role, it is gone with the next refresh.
    desk.give(clerk, &[sell]);
    let (next, scopes) = refresh(&server, "shop", &next, "stock");
    assert_eq!(scopes, json!(["sell"]));
    desk.assign(&ann, shop, member);
    assert_eq!(refresh(&server, "shop", &next, "sell,stock").1, json!(["read"]));
}

#[test]
fn what_is_done_is_in_the_trail() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let shop = desk.application("shop");
    let (member, read) = (desk.role(shop, "member"), desk.scope(shop, "read"));
    desk.give(member, &[read]);
    desk.post(
        "role/scope/default",
        json!({ "role_id": member, "scope_id": read }),
    )
    .expect(200);
    desk.post(
        "application/role/default",
        json!({ "app_id": shop, "role_id": member }),
    )
    .expect(200);
    desk.assign(&ann, shop, member);
    let stored = server.stored();
    for noted in [
        "application.create",
        "role.create",
        "scope.create",
        "role.set_scopes",
        "role.set_default_scope",
        "application.set_default_role",
        "role.set",
        "shop/member: read",
    ] {
        let found = stored.windows(noted.len()).any(|bytes| bytes == noted.as_bytes());
        assert!(found, "{noted}");
    }
}
