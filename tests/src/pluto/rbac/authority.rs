//! What becomes of administrators' own authority.

use insta::assert_snapshot;
use serde_json::json;

use super::{Desk, at_once, named};
use crate::harness::{Server, Tokens};
use crate::pluto::{Someone, code};

/// The roles of the application `pluto`: its id, and that of `admin`.
fn admin_role(desk: &Desk<'_>) -> (u64, u64) {
    let pluto = desk.pluto();
    (pluto, named(&desk.roles(pluto), "admin"))
}

fn count(server: &Server, access: &str) -> crate::harness::Answer {
    server.get("/v1/user/count").bearer(access).send()
}

#[test]
fn somebody_made_an_administrator_is_one_with_the_next_token_and_not_after() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let ann = Someone::new(&server, "ann");
    let (pluto, admin) = admin_role(&desk);
    let user = desk.role(pluto, "user");
    desk.assign(&ann, pluto, admin);
    assert_eq!(
        code(&count(&server, &ann.tokens.access)),
        4008,
        "the token does not say so"
    );
    let tokens = Tokens::of_pluto(&server.pluto().refresh(&ann.tokens.refresh));
    count(&server, &tokens.access).expect(200);

    desk.assign(&ann, pluto, user);
    assert_snapshot!(
        count(&server, &tokens.access),
        @r#"403 {"status":"error","error":{"code":4008,"message":"Not the pluto admin"}}"#
    );
    let body = json!({ "user_id": ann.number, "app_id": pluto, "role_id": admin });
    let tried = server
        .post("/v1/rbac/user/application/role")
        .bearer(&tokens.access)
        .json(body);
    assert_eq!(code(&tried.send()), 4008);
}

#[test]
fn nobody_takes_their_own_authority_away() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let (pluto, admin) = admin_role(&desk);
    let (user, other) = (desk.role(pluto, "user"), desk.scope(pluto, "pluto.user"));
    insta::allow_duplicates! {
        for scopes in [json!([other]), json!([999_999])] {
            assert_snapshot!(
                desk.post("role/scope", json!({ "role_id": admin, "scopes": scopes })),
                @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
            );
        }
    }
    let body = json!({ "user_id": desk.admin.number, "app_id": "pluto", "role_id": user });
    assert_snapshot!(
        desk.post("user/application/role", body),
        @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
    );
    count(&server, &desk.admin.tokens.access).expect(200);

    // With another role that administers it may go, and the role may have more.
    let scopes = desk.get("scope/list", &[("app_id", "pluto")]).expect(200).json();
    let administration = named(&scopes["body"]["scopes"], "pluto.admin");
    desk.give(admin, &[administration, other]);
    desk.give(user, &[administration]);
    desk.assign(&desk.admin, pluto, user);
    desk.give(admin, &[other]);
    count(&server, &desk.admin.tokens.access).expect(200);
}

#[test]
fn of_two_administrators_who_demote_each_other_one_stays() {
    let server = Server::start();
    let first = Desk::open(&server);
    let second = Desk::open(&server);
    let (pluto, admin) = admin_role(&first);
    let user = first.role(pluto, "user");
    for _ in 0..5 {
        let desks = [&first, &second];
        let answers = at_once(2, |which| {
            let body = json!({ "user_id": desks[1 - which].admin.number, "app_id": pluto, "role_id": user });
            desks[which].post("user/application/role", body)
        });
        let won: Vec<_> = (0..2).filter(|which| answers[*which].status() == 200).collect();
        assert_eq!(won.len(), 1, "{} {}", answers[0], answers[1]);
        let (winner, loser) = (desks[won[0]], desks[1 - won[0]]);
        assert_eq!(code(&count(&server, &loser.admin.tokens.access)), 4008);
        winner.assign(&loser.admin, pluto, admin);
    }
}

#[test]
fn the_default_role_of_administrators_is_nobodys() {
    let server = Server::start();
    let desk = Desk::open(&server);
    let (pluto, admin) = admin_role(&desk);
    desk.post(
        "application/role/default",
        json!({ "app_id": pluto, "role_id": admin }),
    )
    .expect(200);
    let ann = Someone::new(&server, "ann");
    assert_eq!(code(&count(&server, &ann.tokens.access)), 4008);
    let info = ann.info(&server);
    assert_eq!(info["role"], "");
}
