//! The SSO users API beside the others: one account, one state, tokens that cross.

use reqwest::Method;
use serde_json::json;

use crate::harness::sso::keys;
use crate::harness::{PASSWORD, Server, Tokens, address, jwt, number, within_a_second};

#[test]
fn a_user_of_a_back_end_logs_in_everywhere_once_active() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make_with(json!({ "email": ann, "password": PASSWORD }));
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(400);
    sso.change(&id, json!({ "active": true })).expect(200);
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    assert_eq!(session.at("/user/id"), id);
    Tokens::of_pluto(&server.pluto().try_log_in(&ann, PASSWORD));
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    let me = server.barong().me(&visit.access).expect(200);
    assert_eq!(me.at("/state"), "active");
    assert_eq!(me.at("/level"), "0", "being active proves no address");
}

#[test]
fn a_users_token_opens_the_other_doors() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let token = sso.log_in(&ann);
    let pluto = server.pluto().log_in(&ann);
    let number = number(&jwt::payload(&pluto.access));
    assert_eq!(
        server.pluto().info(number, &token).expect(200).at("/body/mail"),
        ann
    );
    assert_eq!(
        server
            .get("/users/me")
            .bearer(&token)
            .send()
            .expect(200)
            .at("/email"),
        ann
    );
    assert!(server.backend_plus().opens(&token));
}

#[test]
fn tokens_of_other_doors_are_users_tokens_here() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let tokens = [
        server.backend_plus().log_in(&ann).access,
        server.pluto().log_in(&ann).access,
        server.barong().log_in_with(&ann, PASSWORD).access,
    ];
    for token in &tokens {
        assert_eq!(sso.me(token).expect(200).at("/data/email"), ann);
        server.get("/api/users").bearer(token).send().expect(403);
    }
}

#[test]
fn deactivation_here_ends_tokens_everywhere() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let backend_plus = server.backend_plus().log_in(&ann);
    let token = sso.log_in(&ann);
    assert!(server.backend_plus().opens(&backend_plus.access) && server.pluto().opens(&token));
    sso.change(&id, json!({ "active": false })).expect(200);
    assert!(within_a_second(|| !server
        .backend_plus()
        .opens(&backend_plus.access)));
    assert!(within_a_second(|| !server.pluto().opens(&token)));
    server.backend_plus().refresh(&backend_plus.refresh).expect(401);
    server.barong().try_log_in(&ann, PASSWORD).expect(401);
}

#[test]
fn a_new_password_here_ends_tokens_everywhere() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let backend_plus = server.backend_plus().log_in(&ann);
    sso.change(&id, json!({ "password": "another password" }))
        .expect(200);
    assert!(within_a_second(|| !server
        .backend_plus()
        .opens(&backend_plus.access)));
    server
        .backend_plus()
        .try_log_in(&ann, "another password")
        .expect(200);
}

#[test]
fn an_address_freed_here_is_free_for_a_sign_up_there() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    server.backend_plus().register(&ann).expect(400);
    sso.delete(&format!("/api/users/{id}")).expect(200);
    server.backend_plus().sign_up(&ann);
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    assert_ne!(session.at("/user/id"), id);
}

#[test]
fn an_address_changed_here_is_proven_no_more() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, new) = (address("ann"), address("new"));
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let me = server.barong().me(&visit.access).expect(200);
    assert_eq!(me.at("/level"), "1");
    let id = sso
        .get(&format!("/api/users?predicate[email]={ann}"))
        .at("/data/0/id");
    sso.change(&id, json!({ "email": new })).expect(200);
    let me = server.barong().me(&visit.access).expect(200);
    assert_eq!((me.at("/email"), me.at("/level")), (new, "0".to_owned()));
}

#[test]
fn a_second_factor_is_told_after_the_right_password_only() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    server.barong().enable_factor(&visit.access);
    assert_eq!(keys(&sso.try_log_in(&ann, "wrong")), ["email"]);
    let refused = sso.try_log_in(&ann, PASSWORD);
    assert_eq!(keys(&refused), ["null"]);
    assert_eq!(refused.at("/errors/0/message"), "Second factor required");
}

#[test]
fn less_than_the_second_factor_opens_this_door_only() {
    let server = Server::with(&[("CLAVIS_DIALECTS__SSO__WITHOUT_SECOND_FACTOR", "reduced")]);
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    server.barong().enable_factor(&visit.access);
    let token = sso.log_in(&ann);
    assert!(sso.opens(&token));
    assert!(!server.backend_plus().opens(&token) && !server.pluto().opens(&token));
    let change = server.request(Method::PATCH, "/api/users/me").bearer(&token);
    change
        .json(json!({ "password": "another password" }))
        .send()
        .expect(403);
}

#[test]
fn the_end_user_a_back_end_names_is_in_the_log_in_history() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    sso.request(Method::POST, "/api/auth/token")
        .header("X-Client-Ip", "203.0.113.7")
        .header("X-Client-User-Agent", "Firefox on a boat")
        .json(json!({ "email": ann, "password": PASSWORD }))
        .send()
        .expect(200);
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    let activity = server
        .get("/users/activity/all")
        .bearer(&visit.access)
        .send()
        .expect(200);
    let text = activity.text();
    assert!(
        text.contains("203.0.113.7") && text.contains("Firefox on a boat"),
        "{activity}"
    );
}
