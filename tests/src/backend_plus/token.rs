use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use super::cookies::assert_cleared;
use super::{
    NOBODYS_UUID, log_in_with_cookies, post, server_with, somebody, somebody_logged_in, with_cookies_of,
};
use crate::harness::{PASSWORD, Server, Tokens, jwt};

const BAD_REFRESH_TOKEN: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired refresh token."}"#;

#[test]
fn a_refresh_by_cookie_rotates_the_cookies() {
    let server = Server::start();
    let ann = somebody(&server);
    let first = log_in_with_cookies(&server, &ann);
    for method in [Method::POST, Method::GET] {
        let fresh = log_in_with_cookies(&server, &ann);
        let answer = with_cookies_of(server.request(method, "/auth/token/refresh"), &fresh)
            .send()
            .expect(200);
        assert!(answer.json().get("refresh_token").is_none());
        assert_eq!(answer.json()["user"], first.json()["user"]);
        assert_eq!(answer.cookies().len(), 2);
        assert_ne!(
            answer.cookie("refresh_token").value,
            fresh.cookie("refresh_token").value
        );
        assert_eq!(
            jwt::payload(&answer.at("/jwt_token"))["sid"],
            jwt::payload(&fresh.at("/jwt_token"))["sid"]
        );
    }
}

#[test]
fn a_refresh_by_query_hands_the_successor_over_in_the_body() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let answer = server
        .get("/auth/token/refresh")
        .query(&[("refresh_token", &tokens.refresh)])
        .send();
    let second = Tokens::of_backend_plus(&answer);
    assert!(answer.cookies().is_empty());
    assert_ne!(second.refresh, tokens.refresh);
    server.backend_plus().refresh(&second.refresh).expect(200);
}

#[test]
fn the_cookie_wins_over_the_query_which_is_not_even_looked_at() {
    let server = Server::start();
    let ann = somebody(&server);
    let cookies = log_in_with_cookies(&server, &ann);
    let query = |value: &str| {
        server
            .post("/auth/token/refresh")
            .query(&[("refresh_token", value)])
    };
    with_cookies_of(query("nonsense"), &cookies).send().expect(200);
    let good = server.backend_plus().log_in(&ann).refresh;
    assert_eq!(
        query(&good)
            .cookie("refresh_token", NOBODYS_UUID)
            .send()
            .to_string(),
        BAD_REFRESH_TOKEN
    );
    // An empty cookie, which a client kept after it was cleared, is none.
    query(&good).cookie("refresh_token", "").send().expect(200);
}

#[test]
fn what_is_no_live_refresh_token_is_refused() {
    let server = Server::start();
    assert_eq!(
        server.post("/auth/token/refresh").send().to_string(),
        BAD_REFRESH_TOKEN
    );
    for token in [
        "",
        "nonsense",
        NOBODYS_UUID,
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ] {
        assert_eq!(
            server.backend_plus().refresh(token).to_string(),
            BAD_REFRESH_TOKEN,
            "{token}"
        );
    }
    let (ann, tokens) = somebody_logged_in(&server);
    server.cli(&["user", "set-state", "--email", &ann, "locked"]).ok();
    assert_eq!(
        server.backend_plus().refresh(&tokens.refresh).to_string(),
        BAD_REFRESH_TOKEN
    );
}

#[test]
fn inside_the_window_a_spent_token_yields_the_same_successor() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let first = server.backend_plus().refresh(&tokens.refresh).expect(200);
    let second = server
        .backend_plus()
        .refresh(&tokens.refresh.to_uppercase())
        .expect(200);
    assert_eq!(first.at("/refresh_token"), second.at("/refresh_token"));
}

#[test]
fn a_replay_after_the_window_ends_the_session() {
    let server = server_with(&[("REFRESH_REUSE_WINDOW_SECONDS", "1")]);
    let (_, tokens) = somebody_logged_in(&server);
    let second = Tokens::of_backend_plus(&server.backend_plus().refresh(&tokens.refresh));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(
        server.backend_plus().refresh(&tokens.refresh).to_string(),
        BAD_REFRESH_TOKEN
    );
    assert_eq!(
        server.backend_plus().refresh(&second.refresh).to_string(),
        BAD_REFRESH_TOKEN
    );
    assert!(!server.backend_plus().opens(&second.access));
}

#[test]
fn without_a_window_a_replay_is_only_refused() {
    let server = server_with(&[("REFRESH_REUSE_WINDOW_SECONDS", "0")]);
    let (_, tokens) = somebody_logged_in(&server);
    let second = Tokens::of_backend_plus(&server.backend_plus().refresh(&tokens.refresh));
    assert_eq!(
        server.backend_plus().refresh(&tokens.refresh).to_string(),
        BAD_REFRESH_TOKEN
    );
    server.backend_plus().refresh(&second.refresh).expect(200);
}

#[test]
fn a_session_lives_for_the_minutes_that_are_set() {
    let server = server_with(&[("JWT_REFRESH_EXPIRES_IN", "1")]);
    let (_, tokens) = somebody_logged_in(&server);
    server.backend_plus().refresh(&tokens.refresh).expect(200);
}

#[test]
fn revoking_ends_every_session_of_the_account_and_no_other() {
    let server = Server::start();
    let (ann, first) = somebody_logged_in(&server);
    let second = server.backend_plus().log_in(&ann);
    let (_, bob) = somebody_logged_in(&server);
    let answer = server.post("/auth/token/revoke").bearer(&first.access).send();
    assert_snapshot!(answer, @"204");
    assert!(answer.cookies().is_empty());
    for tokens in [&first, &second] {
        assert_eq!(
            server.backend_plus().refresh(&tokens.refresh).to_string(),
            BAD_REFRESH_TOKEN
        );
        assert!(!server.backend_plus().opens(&tokens.access));
    }
    server.backend_plus().refresh(&bob.refresh).expect(200);
    assert_snapshot!(
        server.post("/auth/token/revoke").send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
    );
}

#[test]
fn a_token_is_accepted_with_its_scheme_in_any_case_or_bare() {
    let server = Server::start();
    let (_, tokens) = somebody_logged_in(&server);
    let with = |value: &str| {
        let request = server.post("/auth/change-email/request").json(json!({}));
        request.header("authorization", value).send().status().as_u16()
    };
    assert_eq!(with(&format!("bEaReR {}", tokens.access)), 400);
    assert_eq!(with(&tokens.access), 400);
    assert_eq!(with(&format!("Basic {}", tokens.access)), 401);
}

#[test]
fn a_log_out_ends_its_session_only() {
    let server = Server::start();
    let ann = somebody(&server);
    let (here, there) = (
        log_in_with_cookies(&server, &ann),
        server.backend_plus().log_in(&ann),
    );
    let answer = with_cookies_of(server.post("/auth/logout"), &here).send();
    assert_snapshot!(answer, @"204");
    assert_cleared(&answer);
    assert_eq!(
        with_cookies_of(server.post("/auth/token/refresh"), &here)
            .send()
            .to_string(),
        BAD_REFRESH_TOKEN
    );
    assert!(!server.backend_plus().opens(&here.at("/jwt_token")));
    server.backend_plus().refresh(&there.refresh).expect(200);
}

#[test]
fn a_log_out_everywhere_ends_every_session() {
    let server = Server::start();
    let (ann, first) = somebody_logged_in(&server);
    let second = server.backend_plus().log_in(&ann);
    let everywhere = |token: &str| {
        server
            .post("/auth/logout")
            .json(json!({ "all": "true" }))
            .query(&[("refresh_token", token)])
            .send()
            .expect(204)
    };
    everywhere(&first.refresh);
    for tokens in [&first, &second] {
        assert_eq!(
            server.backend_plus().refresh(&tokens.refresh).to_string(),
            BAD_REFRESH_TOKEN
        );
    }
    // Who holds nothing but a token that was ended cannot end what came after it.
    let third = server.backend_plus().log_in(&ann);
    everywhere(&first.refresh);
    server.backend_plus().refresh(&third.refresh).expect(200);
}

#[test]
fn a_log_out_succeeds_whatever_the_token_and_clears_cookies_whatever_the_body() {
    let server = Server::start();
    for request in [
        server.post("/auth/logout"),
        server.post("/auth/logout").cookie("refresh_token", NOBODYS_UUID),
        server.post("/auth/logout").cookie("refresh_token", "nonsense"),
    ] {
        assert_cleared(&request.send().expect(204));
    }
    let answer = post(&server, "/auth/logout", json!({ "all": "perhaps" }));
    assert_snapshot!(answer, @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"all\" must be a boolean"}"#);
    assert_cleared(&answer);
}

#[test]
fn the_published_keys_are_the_rsa_keys_old_and_new() {
    let server = Server::start();
    let ann = somebody(&server);
    let old = server.backend_plus().log_in(&ann);
    let kids = || {
        let answer = server.get("/auth/jwks").send().expect(200);
        assert_eq!(
            answer.header("content-type").as_deref(),
            Some("application/json; charset=utf-8")
        );
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        for key in &keys {
            let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
            members.sort();
            assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
            assert_eq!(
                (&key["kty"], &key["alg"], &key["use"]),
                (&json!("RSA"), &json!("RS256"), &json!("sig"))
            );
        }
        keys.into_iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let kid = |token: &str| jwt::header(token)["kid"].as_str().unwrap().to_owned();
    assert!(kids().contains(&kid(&old.access)));
    server.cli(&["keys", "rotate"]).ok();
    let rotated = || {
        let fresh = server.backend_plus().try_log_in(&ann, PASSWORD).at("/jwt_token");
        kid(&fresh) != kid(&old.access) && kids().contains(&kid(&fresh))
    };
    assert!(
        crate::harness::within(std::time::Duration::from_secs(10), rotated),
        "{:?}",
        kids()
    );
    let jwks = server.get("/auth/jwks").send().json();
    assert!(jwt::verify(&old.access, &jwks).is_ok() && server.backend_plus().opens(&old.access));
}

#[test]
fn an_operators_own_rsa_key_signs() {
    let pem = openssl::rsa::Rsa::generate(2048)
        .unwrap()
        .private_key_to_pem()
        .unwrap();
    // One line, as an environment file has it.
    let pem = String::from_utf8(pem).unwrap().replace('\n', "\\n");
    let server = server_with(&[("JWT_KEY", &pem), ("JWT_ALGORITHM", "RS512")]);
    let (_, tokens) = somebody_logged_in(&server);
    let header = jwt::header(&tokens.access);
    assert_eq!(header["alg"], "RS512");
    let jwks = server.get("/auth/jwks").send().json();
    let published = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"]);
    assert_eq!(published.map(|key| key["alg"].clone()), Some(json!("RS512")));
    assert!(server.backend_plus().opens(&tokens.access));
}
