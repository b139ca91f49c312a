//! One account behind every door: what was done through one dialect holds at the other.

mod barong;
mod jauth;
mod kyc;
mod race;
mod second_factor;
mod sso;
mod tokens;
mod worth;

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{PASSWORD, Server, Tokens, address, jwt, name, number};

#[test]
fn an_account_made_at_backend_plus_logs_in_at_pluto() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);

    let tokens = server.pluto().log_in(&ann);
    let number = number(&jwt::payload(&tokens.access));
    let info = server.pluto().info(number, &tokens.access).expect(200);
    assert_eq!(info.at("/body/mail"), ann);
    assert_eq!(info.at("/body/sub"), number.to_string());
    assert_eq!(info.at("/body/login_type"), "mail");
    assert_eq!(info.at("/body/verified"), "true");
    // Backend Plus's default display name is the address, and no Pluto name.
    assert_eq!(info.json()["body"]["name"].as_str().unwrap_or_default(), "");
}

#[test]
fn an_account_made_at_pluto_logs_in_at_backend_plus() {
    let server = Server::start();
    let bob = address("bob");
    server.pluto().sign_up(&bob);

    let session = server.backend_plus().try_log_in(&bob, PASSWORD).expect(200);
    assert_eq!(session.at("/user/email"), bob);
    let subject = session.at("/user/id");
    assert!(uuid::Uuid::parse_str(&subject).is_ok(), "{session}");
    let claims = jwt::payload(&session.at("/jwt_token"));
    assert_eq!(
        claims["https://hasura.io/jwt/claims"]["x-hasura-user-id"],
        json!(subject)
    );
}

#[test]
fn an_account_that_awaits_activation_awaits_it_at_both() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().register(&ann).expect(204);
    server.pluto().register(&bob).expect(200);

    assert_snapshot!(
        server.pluto().try_log_in(&ann, "whatever"),
        @r#"403 {"status":"error","error":{"code":2003,"message":"Mail is not verified"}}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&bob, "whatever"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
}

#[test]
fn a_ticket_of_either_door_activates_an_account_of_the_other() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    server.mail_to(&ann);

    server
        .post("/v1/register/verify/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let mail = server.mail_to(&ann);
    assert_eq!(mail.subject, "[Pluto]Mail Verification");
    server
        .get(&format!("/web/mail/verify/{}", mail.query("token")))
        .send()
        .expect(200);
    server.backend_plus().log_in(&ann);
}

#[test]
fn an_address_taken_through_one_door_is_taken_at_the_other() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().register(&ann).expect(204);
    server.pluto().register(&bob).expect(200);

    assert_snapshot!(
        server.pluto().register(&ann),
        @r#"403 {"status":"error","error":{"code":2001,"message":"Mail is already been registered"}}"#
    );
    assert_snapshot!(
        server.backend_plus().register(&bob),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
}

#[test]
fn addresses_and_names_are_one_whatever_their_case() {
    let server = Server::start();
    let (ann, ann_name) = (address("ann"), name("ann"));
    let typed = ann.replace("ann", "Ann").replace("example", "Example");
    server.pluto().register_as(&typed, &ann_name).expect(200);
    let token = server.mail_to(&typed).query("token");
    server
        .get(&format!("/web/mail/verify/{token}"))
        .send()
        .expect(200);

    server
        .backend_plus()
        .register(&ann.to_uppercase().replace(".ORG", ".org"))
        .expect(400);
    server.pluto().register(&ann).expect(403);
    assert_snapshot!(
        server.pluto().register_as(&address("other"), &ann_name.to_uppercase()),
        @r#"403 {"status":"error","error":{"code":2006,"message":"User name already exists"}}"#
    );
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    assert_eq!(session.at("/user/email"), typed, "as it was typed");
    let numbers = [
        typed.as_str(),
        &ann,
        &ann.to_uppercase(),
        &ann_name,
        &ann_name.to_uppercase(),
    ]
    .map(|account| number(&jwt::payload(&server.pluto().log_in(account).access)));
    assert!(numbers.iter().all(|one| *one == numbers[0]), "{numbers:?}");
}

#[test]
fn a_lock_out_through_one_door_holds_at_the_other() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    for _ in 0..2 {
        server.backend_plus().try_log_in(&ann, "wrong").expect(401);
        server.pluto().try_log_in(&bob, "wrong").expect(403);
    }
    // Two failures at one door and one at the other make three.
    server.pluto().try_log_in(&ann, "wrong").expect(403);
    server.backend_plus().try_log_in(&bob, "wrong").expect(401);

    for locked in [&ann, &bob] {
        assert_eq!(
            server.pluto().try_log_in(locked, PASSWORD).to_string(),
            r#"403 {"status":"error","error":{"code":3001,"message":"Invalid Password"}}"#
        );
        assert_eq!(
            server.backend_plus().try_log_in(locked, PASSWORD).to_string(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
        );
    }
}

#[test]
fn an_account_banned_by_the_operator_is_refused_at_both() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    // Used a moment ago, so that the server may still believe what it knew then.
    let (backend_plus, pluto) = worth::logged_in_at_both(&server, &ann);
    let both = [backend_plus, pluto];
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();

    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, PASSWORD),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
    assert_snapshot!(
        server.pluto().try_log_in(&ann, PASSWORD),
        @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
    );
    for tokens in &both {
        worth::assert_worthless_soon(&server, &tokens.access);
    }
    server.backend_plus().refresh(&both[0].refresh).expect(401);
    server.pluto().refresh(&both[1].refresh).expect(403);

    // Lifting it lets in again, but what was taken stays taken.
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    server.backend_plus().log_in(&ann);
    server.pluto().log_in(&ann);
    for tokens in &both {
        worth::assert_worthless_soon(&server, &tokens.access);
    }
}

#[test]
fn an_account_deleted_at_backend_plus_is_unknown_to_pluto_and_its_address_is_free() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (tokens, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    let first = number(&jwt::payload(&pluto.access));
    server
        .post("/auth/delete")
        .bearer(&tokens.access)
        .send()
        .expect(204);

    assert_snapshot!(
        server.pluto().try_log_in(&ann, PASSWORD),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    server.pluto().refresh(&pluto.refresh).expect(403);
    worth::assert_worthless_soon(&server, &pluto.access);

    server.pluto().sign_up(&ann);
    let second: Tokens = server.pluto().log_in(&ann);
    assert_ne!(
        number(&jwt::payload(&second.access)),
        first,
        "a number is never used again"
    );
}
