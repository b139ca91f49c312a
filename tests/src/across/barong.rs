//! Barong beside the others: one account, one state, one count of failures.

use insta::assert_snapshot;
use serde_json::json;

use super::worth::assert_worthless_soon;
use crate::harness::{
    BARONG_COOKIE, BARONG_PASSWORD, PASSWORD, Server, Tokens, address, jwt, number, within_a_second,
};

fn set_state(server: &Server, address: &str, state: &str) {
    server.cli(&["user", "set-state", "--email", address, state]).ok();
}

#[test]
fn an_account_of_another_door_logs_in_at_barong_with_its_address_and_password() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.pluto().sign_up(&bob);
    for who in [&ann, &bob] {
        let visit = server.barong().log_in_with(who, PASSWORD);
        let me = server.barong().me(&visit.access).expect(200);
        assert_eq!(me.at("/email"), **who);
        assert_eq!(me.at("/state"), "active");
        assert_eq!(me.at("/role"), "member");
        assert_eq!(me.at("/level"), "1", "the mail proved the address");
    }
}

#[test]
fn an_account_of_barong_logs_in_at_the_other_doors() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD));
    let info = server
        .pluto()
        .info(number(&jwt::payload(&pluto.access)), &pluto.access);
    assert_eq!(info.expect(200).at("/body/mail"), ann);
    let backend_plus = server
        .backend_plus()
        .try_log_in(&ann, BARONG_PASSWORD)
        .expect(200);
    assert_eq!(backend_plus.at("/user/email"), ann);
}

#[test]
fn being_active_proves_no_address() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__AUTO_ACTIVATE_NEW_USERS", "true")]);
    let ann = address("ann");
    server.backend_plus().register(&ann);
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    let me = server.barong().me(&visit.access).expect(200);
    assert_eq!(
        (me.at("/state"), me.at("/level")),
        ("active".to_owned(), "0".to_owned())
    );
}

#[test]
fn tokens_open_each_others_doors() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let barong = server.barong().log_in(&ann).access;
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD)).access;
    let backend_plus =
        Tokens::of_backend_plus(&server.backend_plus().try_log_in(&ann, BARONG_PASSWORD)).access;
    for token in [&barong, &pluto, &backend_plus] {
        assert!(server.barong().opens(token));
        assert!(server.pluto().opens(token));
        assert!(server.backend_plus().opens(token));
        assert_eq!(server.barong().me(token).at("/email"), ann);
    }
}

#[test]
fn where_tokens_do_not_cross_barongs_open_barong_alone() {
    let server = Server::with(&[("CLAVIS_TOKENS__ACROSS", "false")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let barong = server.barong().log_in(&ann).access;
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD)).access;
    assert!(server.barong().opens(&barong) && server.pluto().opens(&pluto));
    assert!(!server.pluto().opens(&barong) && !server.backend_plus().opens(&barong));
    assert!(!server.barong().opens(&pluto));
}

#[test]
fn wrong_passwords_count_at_all_doors_together() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    server.barong().try_log_in(&ann, "wrong").expect(401);
    server.pluto().try_log_in(&ann, "wrong").expect(403);
    server.backend_plus().try_log_in(&ann, "wrong").expect(401);
    assert_snapshot!(
        server.barong().try_log_in(&ann, BARONG_PASSWORD),
        @r#"401 {"error":"Invalid Email or Password"}"#
    );
    assert_snapshot!(
        server.pluto().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"status":"error","error":{"code":3001,"message":"Invalid Password"}}"#
    );
}

#[test]
fn one_client_has_one_allowance_here_too() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "3")]);
    let nobody = address("nobody");
    server.pluto().try_log_in(&nobody, "x").expect(403);
    server.backend_plus().try_log_in(&nobody, "x").expect(400);
    server.barong().try_log_in(&nobody, "x").expect(401);
    server.barong().try_log_in(&nobody, "x").expect(429);
    server.pluto().try_log_in(&nobody, "x").expect(429);
}

#[test]
fn a_state_means_the_same_everywhere() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let shown = || {
        let me = server.barong().me(&visit.access);
        if me.status() == 200 {
            me.at("/state")
        } else {
            me.to_string()
        }
    };
    for (state, pluto, backend_plus) in [
        ("locked", "1002", "Account is not activated."),
        ("banned", "1002", "Account is not activated."),
    ] {
        set_state(&server, &ann, state);
        assert_eq!(shown(), state, "its own token still reads");
        server.barong().try_log_in(&ann, BARONG_PASSWORD).expect(401);
        let refused = server.pluto().try_log_in(&ann, BARONG_PASSWORD);
        assert!(refused.text().contains(pluto), "{state}: {refused}");
        let refused = server.backend_plus().try_log_in(&ann, BARONG_PASSWORD);
        assert!(refused.text().contains(backend_plus), "{state}: {refused}");
        assert_worthless_soon(&server, &visit.access);
    }
    set_state(&server, &ann, "deleted");
    assert_eq!(shown(), r#"404 {"error":"Record is not found"}"#);
    assert_snapshot!(
        server.pluto().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, BARONG_PASSWORD),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
    );
}

#[test]
fn who_awaits_confirmation_awaits_it_at_every_door_and_any_mail_will_do() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.barong().register(&ann).expect(201);
    assert_snapshot!(
        server.pluto().try_log_in(&ann, "whatever"),
        @r#"403 {"status":"error","error":{"code":2003,"message":"Mail is not verified"}}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, "whatever"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
    let token = server.mail_to(&ann).query("token");
    server
        .post("/mail/verify")
        .form(&[("token", &token)])
        .send()
        .expect(200);
    server.pluto().try_log_in(&ann, BARONG_PASSWORD).expect(200);

    server.backend_plus().register(&bob).expect(204);
    let ticket = server.mail_to(&bob).query("ticket");
    assert_snapshot!(
        server.barong().try_log_in(&bob, "whatever"),
        @r#"401 {"error":"Your account is not active"}"#
    );
    server.barong().confirm(&ticket).expect(201);
    server.barong().log_in_with(&bob, PASSWORD);
}

#[test]
fn a_log_out_at_barong_ends_its_token_elsewhere_and_no_other() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD)).access;
    assert!(server.pluto().opens(&visit.access) && server.backend_plus().opens(&visit.access));
    server
        .request(reqwest::Method::DELETE, "/api/v2/identity/sessions")
        .cookie(BARONG_COOKIE, &visit.cookie)
        .send()
        .expect(200);
    assert_worthless_soon(&server, &visit.access);
    assert!(
        server.barong().opens(&visit.access),
        "here it is believed until it ends"
    );
    assert!(server.barong().opens(&pluto) && server.pluto().opens(&pluto));
}

#[test]
fn a_password_changed_anywhere_ends_the_sessions_of_barong() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let tokens = Tokens::of_backend_plus(&server.backend_plus().try_log_in(&ann, BARONG_PASSWORD));
    server
        .post("/auth/change-password")
        .json(json!({ "old_password": BARONG_PASSWORD, "new_password": "Tecohvi0" }))
        .bearer(&tokens.access)
        .send()
        .expect(204);
    assert!(within_a_second(|| {
        server.barong().knock(&visit.cookie, "/api/v2/peatio/x").status() == 401
    }));
    assert_worthless_soon(&server, &visit.access);
    server.barong().log_in_with(&ann, "Tecohvi0");
}
