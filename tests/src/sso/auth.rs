//! `/api/auth`: tokens for users, registration and activation.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::sso::{keys, problems};
use crate::harness::{PASSWORD, Server, address, within_a_second};

#[test]
fn a_log_in_gives_a_token_that_says_nothing_and_the_id() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let first = sso.try_log_in(&ann.to_uppercase(), PASSWORD).expect(200);
    let token = first.at("/data/token");
    assert!(token.len() >= 32 && !token.contains('.'), "{token}");
    assert_eq!(
        first.text(),
        format!(r#"{{"success":true,"data":{{"token":"{token}","id":"{id}"}}}}"#)
    );
    let second = sso.log_in(&ann);
    assert_ne!(token, second);
    assert!(sso.opens(&token) && sso.opens(&second), "earlier ones stay good");
    assert!(!String::from_utf8_lossy(&server.stored()).contains(&token));
}

#[test]
fn whoever_may_not_log_in_is_told_the_same() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, pending, locked, banned) = (address("ann"), address("p"), address("l"), address("b"));
    sso.make(&ann);
    sso.make_with(json!({ "email": pending, "password": PASSWORD }));
    let locked_id = sso.make(&locked);
    sso.change(&locked_id, json!({ "active": false })).expect(200);
    sso.make(&banned);
    server
        .cli(&["user", "set-state", "--email", &banned, "banned"])
        .ok();
    let wrong = sso.try_log_in(&ann, "a wrong password");
    assert_snapshot!(
        wrong,
        @r#"400 {"success":false,"errors":[{"message":"E-Mail oder Passwort ist falsch","code":400,"key":"email"}]}"#
    );
    for refused in [
        &address("nobody"),
        &pending,
        &locked,
        &banned,
        &"no address".to_owned(),
    ] {
        let answer = sso.try_log_in(refused, PASSWORD);
        assert_eq!(answer.to_string(), wrong.to_string(), "{refused}");
    }
    assert_eq!(
        keys(&sso.post("/api/auth/token", json!({}))),
        ["email", "password"]
    );
    assert_eq!(
        keys(&sso.post("/api/auth/token", json!({ "email": 1, "password": "" }))),
        ["email", "password"]
    );
    let unknown = json!({ "grant_type": "magic", "email": ann, "password": PASSWORD });
    assert_eq!(keys(&sso.post("/api/auth/token", unknown)), ["grant_type"]);
}

#[test]
fn ten_failures_close_the_credential_as_if_the_password_were_wrong() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    for _ in 0..3 {
        sso.try_log_in(&ann, "wrong").expect(400);
    }
    assert_eq!(keys(&sso.try_log_in(&ann, PASSWORD)), ["email"]);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
}

#[test]
fn the_end_users_address_is_counted_and_believed_from_a_back_end_only() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2")]);
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let log_in = |ip: &str| {
        sso.request(Method::POST, "/api/auth/token")
            .header("X-Client-Ip", ip)
            .header("X-Client-User-Agent", "Firefox on a boat")
            .json(json!({ "email": ann, "password": PASSWORD }))
            .send()
    };
    log_in("203.0.113.7").expect(200);
    log_in("203.0.113.7").expect(200);
    let refused = log_in("203.0.113.7");
    assert_eq!(problems(&refused), [(429, None)]);
    assert!(refused.header("Retry-After").unwrap().parse::<u32>().unwrap() > 0);
    log_in("203.0.113.8").expect(200);
    // What is no address is the back end's own, and so is what anybody else says at another door.
    log_in("nonsense").expect(200);
    let other_door = |ip: &str| {
        server
            .post("/auth/login")
            .header("X-Client-Ip", ip)
            .json(json!({ "email": ann, "password": PASSWORD, "cookie": false }))
            .send()
    };
    other_door("203.0.113.20").expect(200);
    other_door("203.0.113.21").expect(429);
}

#[test]
fn a_token_on_the_back_ends_word_opens_this_door_only() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let vouch = |id: &str| sso.post("/api/auth/token", json!({ "grant_type": "id", "id": id }));
    let token = vouch(&id).expect(200).at("/data/token");
    assert!(sso.opens(&token));
    assert!(!server.backend_plus().opens(&token) && !server.pluto().opens(&token));
    assert!(!server.barong().opens(&token));
    for unknown in ["7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11", "nonsense"] {
        assert_eq!(keys(&vouch(unknown)), ["id"]);
    }
    assert_eq!(
        keys(&sso.post("/api/auth/token", json!({ "grant_type": "id" }))),
        ["id"]
    );
    sso.change(&id, json!({ "active": false })).expect(200);
    assert_eq!(keys(&vouch(&id)), ["id"]);
}

#[test]
fn a_token_is_taken_back_once() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let token = sso.log_in(&ann);
    let revoke = |token: &str| {
        sso.request(Method::DELETE, "/api/auth/token")
            .json(json!({ "token": token }))
            .send()
    };
    assert!(sso.opens(&token));
    assert_eq!(revoke(&token).to_string(), r#"200 {"success":true}"#);
    assert!(within_a_second(|| !sso.opens(&token)));
    assert_eq!(keys(&revoke(&token)), ["token"]);
    assert_eq!(keys(&revoke("nonsense")), ["token"]);
    assert_eq!(
        keys(&sso.request(Method::DELETE, "/api/auth/token").send()),
        ["token"]
    );
}

#[test]
fn a_token_ends_with_its_time() {
    let server = Server::with(&[("CLAVIS_DIALECTS__SSO__USER_TOKEN_EXPIRE", "1")]);
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let token = sso.log_in(&ann);
    assert!(crate::harness::within(std::time::Duration::from_secs(3), || !sso.opens(&token)));
}

#[test]
fn a_registration_is_completed_by_the_back_end_and_proves_nothing() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let body = json!({
        "email": ann, "password": PASSWORD, "first_name": "Ann",
        "_activation_optins": [{ "key": "news", "source": "checkout" }]
    });
    let registered = sso.post("/api/auth", body).expect(200);
    let token = registered.at("/data/activation");
    assert_eq!(
        registered.json()["links"],
        json!({ "activation": { "href": server.url("/api/auth/activation"), "method": "PUT" } })
    );
    assert!(server.unread_mail_to(&ann).is_none(), "no mail was asked for");
    let id = sso
        .get(&format!("/api/users?predicate[email]={ann}"))
        .at("/data/0/id");
    assert_eq!(sso.show(&id).at("/data/is_active"), "false");
    assert_eq!(
        sso.get(&format!("/api/users/{id}/optins")).json()["data"],
        json!([])
    );
    let activate = |token: &str| sso.put("/api/auth/activation", json!({ "token": token }));
    assert_eq!(keys(&activate("nonsense")), ["token"]);
    assert_eq!(activate(&token).to_string(), r#"200 {"success":true}"#);
    assert_eq!(keys(&activate(&token)), ["token"], "it is used up");
    sso.log_in(&ann);
    let opt_ins = sso.get(&format!("/api/users/{id}/optins"));
    assert_eq!(opt_ins.at("/data/0/key"), "news");
    assert_eq!(opt_ins.at("/data/0/agreement_type"), "default");
    let visit = server.barong().log_in_with(&ann, PASSWORD);
    let me = server.barong().me(&visit.access).expect(200);
    assert_eq!(
        (me.at("/state"), me.at("/level")),
        ("active".to_owned(), "0".to_owned())
    );
    // Deactivated, it is not activated again by the same token.
    sso.change(&id, json!({ "active": false })).expect(200);
    assert_eq!(keys(&activate(&token)), ["token"]);
}

#[test]
fn a_registration_with_a_mail_is_completed_by_its_link() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let body = json!({ "email": ann, "password": PASSWORD, "_activation_email": true });
    let token = sso.post("/api/auth", body).expect(200).at("/data/activation");
    let ticket = server.mail_to(&ann).query("ticket");
    assert_ne!(ticket, token, "whoever has the one has not read the other");
    server.backend_plus().activate(&token).expect(400);
    server.backend_plus().activate(&ticket).expect(204);
    assert_eq!(
        keys(&sso.put("/api/auth/activation", json!({ "token": token }))),
        ["token"]
    );
    sso.log_in(&ann);
}

#[test]
fn a_registration_is_checked_as_a_new_user_is() {
    let server = Server::start();
    let sso = server.sso();
    let wrong =
        json!({ "password": "x", "_activation_email": "yes", "_activation_optins": [{ "source": "x" }] });
    let expected = ["email", "password", "_activation_email", "_activation_optins"];
    assert_eq!(keys(&sso.post("/api/auth", wrong)), expected);
    let many: Vec<_> = (0..101).map(|nth| json!({ "key": format!("k{nth}") })).collect();
    let body = json!({ "email": address("ann"), "password": PASSWORD, "_activation_optins": many });
    assert_eq!(keys(&sso.post("/api/auth", body)), ["_activation_optins"]);
}
