//! `/api/users/me`: users look after themselves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::sso::{keys, problems};
use crate::harness::{Answer, Server, address, within_a_second};

fn change(server: &Server, token: &str, body: Value) -> Answer {
    let request = server.request(Method::PATCH, "/api/users/me");
    request.bearer(token).json(body).send()
}

#[test]
fn ones_own_links_lead_to_me() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let me = sso.me(&sso.log_in(&ann)).expect(200);
    assert_eq!(me.at("/data/id"), id);
    assert_eq!(me.at("/data/email"), ann);
    assert_ne!(me.at("/data/last_login_at"), "null");
    let url = server.url("/api/users/me");
    assert_eq!(
        me.json()["links"],
        json!({ "self": { "href": url, "method": "GET" }, "update": { "href": url, "method": "PATCH" } })
    );
}

#[test]
fn one_changes_everything_but_whether_one_is_active() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, new, bob) = (address("ann"), address("new"), address("bob"));
    let id = sso.make(&ann);
    sso.make(&bob);
    let token = sso.log_in(&ann);
    change(
        &server,
        &token,
        json!({ "email": new, "first_name": "Ann", "is_active": false }),
    )
    .expect(200);
    let shown = sso.show(&id);
    assert_eq!(
        (shown.at("/data/email"), shown.at("/data/first_name")),
        (new.clone(), "Ann".to_owned())
    );
    for active in [json!(false), json!(true), json!("x")] {
        assert_eq!(
            keys(&change(&server, &token, json!({ "active": active }))),
            ["active"]
        );
    }
    let wrong = json!({ "active": true, "email": bob, "password": "short", "last_name": [] });
    assert_eq!(
        keys(&change(&server, &token, wrong)),
        ["email", "password", "last_name", "active"]
    );
    change(&server, &token, json!({ "password": "another password" })).expect(200);
    assert!(
        within_a_second(|| !sso.opens(&token)),
        "the new password ends this token, too"
    );
    sso.try_log_in(&new, "another password").expect(200);
}

#[test]
fn whoever_was_deactivated_or_deleted_is_nobody() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, bob) = (address("ann"), address("bob"));
    let (ann_id, bob_id) = (sso.make(&ann), sso.make(&bob));
    let (ann_token, bob_token) = (sso.log_in(&ann), sso.log_in(&bob));
    sso.change(&ann_id, json!({ "active": false })).expect(200);
    sso.delete(&format!("/api/users/{bob_id}")).expect(200);
    for token in [&ann_token, &bob_token] {
        assert!(within_a_second(|| sso.me(token).status() == 401));
        assert_eq!(problems(&change(&server, token, json!({}))), [(401, None)]);
    }
}

#[test]
fn nobody_deletes_oneself_here() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let token = sso.log_in(&ann);
    let answer = server
        .request(Method::DELETE, "/api/users/me")
        .bearer(&token)
        .send();
    assert_eq!(problems(&answer), [(403, None)]);
    assert!(sso.opens(&token));
}

#[test]
fn a_token_on_a_back_ends_word_changes_nothing_one_logs_in_with() {
    let server = Server::start();
    let sso = server.sso();
    let id = sso.make(&address("ann"));
    let token = sso
        .post("/api/auth/token", json!({ "grant_type": "id", "id": id }))
        .expect(200)
        .at("/data/token");
    change(&server, &token, json!({ "first_name": "Ann" })).expect(200);
    for body in [
        json!({ "password": "another password" }),
        json!({ "email": address("eve") }),
    ] {
        assert_eq!(problems(&change(&server, &token, body)), [(403, None)]);
    }
    assert_eq!(sso.show(&id).at("/data/first_name"), "Ann");
}

#[test]
fn another_apis_token_changes_nothing_one_logs_in_with() {
    let server = Server::start();
    let ann = address("ann");
    server.sso().make(&ann);
    let own = server.sso().log_in(&ann);
    let jauths = server.jauth().log_in(&ann).access;
    let plutos = server.pluto().log_in(&ann).access;
    for token in [&jauths, &plutos] {
        server.sso().me(token).expect(200);
        for body in [
            json!({ "password": "taken over 1" }),
            json!({ "email": address("other") }),
        ] {
            let refused = change(&server, token, body).expect(403);
            assert_eq!(
                refused.at("/errors/0/message"),
                "Mit diesem Token können E-Mail und Passwort nicht geändert werden"
            );
        }
        change(&server, token, json!({ "first_name": "Ann" })).expect(200);
    }
    change(&server, &own, json!({ "password": "a new password 1" })).expect(200);
}
