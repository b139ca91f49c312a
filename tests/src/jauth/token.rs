//! `POST /token/email`, `PUT /token`, `POST` and `GET /token/self`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{assert_is_id, reason, set_state};
use crate::harness::{BARONG_PASSWORD, PASSWORD, Server, address, jwt, within};

#[test]
fn a_log_in_gives_a_token_of_exactly_four_claims() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let answer = server.jauth().try_log_in(&ann.account, PASSWORD).expect(200);
    let (access, refresh) = (
        answer.at("/result/access_token"),
        answer.at("/result/refresh_token"),
    );
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"success":true,"result":{{"access_token":"{access}","refresh_token":"{refresh}"}},"reason":null}}"#
        )
    );
    assert_is_id(&refresh);
    assert_eq!(jwt::header(&access), json!({ "typ": "JWT", "alg": "HS256" }));
    let claims = jwt::payload(&access);
    let exp = claims["exp"].as_i64().unwrap();
    assert_eq!(
        claims,
        json!({ "exp": exp, "iss": "jauth", "id": ann.id, "type": 1 })
    );
    let lives = exp - seconds_now();
    assert!((3590..=3601).contains(&lives), "{lives}");
    assert_eq!(
        server.post("/token/self").bearer(&access).send().to_string(),
        format!(
            r#"200 {{"success":true,"result":{{"exp":{exp},"iss":"jauth","id":"{}","type":1}},"reason":null}}"#,
            ann.id
        )
    );
    let again = server.get("/token/self").bearer(&access).send();
    assert_eq!(again.expect(200).at("/result/id"), ann.id);
}

fn seconds_now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a resource server looks at its own clock"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("it is later than 1970").as_secs()).expect("not yet")
}

#[test]
fn a_secret_of_the_settings_signs_so_that_others_verify() {
    const SECRET: &str = "a secret that the API gateway knows too, of good length";
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__JWT_SECRET", SECRET)]);
    let ann = server.jauth().newcomer("ann");
    let verifier = josekit::jws::HS256.verifier_from_bytes(SECRET).unwrap();
    josekit::jws::deserialize_compact(&ann.tokens.access, &verifier).unwrap();
    assert_eq!(
        jwt::header(&ann.tokens.access),
        json!({ "typ": "JWT", "alg": "HS256" })
    );
}

#[test]
fn who_cannot_log_in_is_told_why() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    assert_snapshot!(
        server.jauth().try_log_in("nobody", PASSWORD),
        @r#"404 {"success":false,"result":null,"reason":"user not found"}"#
    );
    assert_snapshot!(
        server.jauth().try_log_in(&ann.account, "wrong"),
        @r#"403 {"success":false,"result":null,"reason":"Invalid password"}"#
    );
    for nobody in [
        "",
        " ",
        "a\u{0}b",
        "x".repeat(60_000).as_str(),
        "nobody@example.org",
    ] {
        server.jauth().try_log_in(nobody, PASSWORD).expect(404);
    }
    for wrong in ["", &PASSWORD.to_uppercase(), &"x".repeat(5000)] {
        server.jauth().try_log_in(&ann.account, wrong).expect(403);
    }
    server
        .jauth()
        .try_log_in(&ann.account.to_uppercase(), PASSWORD)
        .expect(200);
}

#[test]
fn the_bodies_of_log_in_and_refresh_name_their_first_problem() {
    let server = Server::start();
    let post = |body: Value| server.post("/token/email").json(body).send().expect(400);
    assert_eq!(
        reason(&post(json!({}))),
        "Unexpected missing value for: CreateEmailUserTokenRequest.account"
    );
    assert_eq!(
        reason(&post(json!({ "account": "ann" }))),
        "Unexpected missing value for: CreateEmailUserTokenRequest.password"
    );
    assert_eq!(
        reason(&post(json!({ "account": 7 }))),
        "Cannot deserialize '<class 'int'>' to '<class 'str'>' for 'CreateEmailUserTokenRequest.account'"
    );
    let put = |body: Value| {
        let request = server.request(reqwest::Method::PUT, "/token").json(body);
        request.send().expect(400)
    };
    assert_eq!(
        reason(&put(json!({}))),
        "Unexpected missing value for: RefreshTokenRequest.refresh_token"
    );
    assert_eq!(
        reason(&put(json!({ "refresh_token": null }))),
        "Cannot deserialize '<class 'NoneType'>' to '<class 'str'>' for 'RefreshTokenRequest.refresh_token'"
    );
}

#[test]
fn a_refresh_token_is_used_again_and_again_at_both_spellings() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    for path in ["/token", "/token/", "/token"] {
        let body = json!({ "refresh_token": ann.tokens.refresh });
        let answer = server
            .request(reqwest::Method::PUT, path)
            .json(body)
            .send()
            .expect(200);
        let access = answer.at("/result/access_token");
        assert_eq!(
            answer.text(),
            format!(r#"{{"success":true,"result":{{"access_token":"{access}"}},"reason":null}}"#),
            "no other refresh token"
        );
        assert_eq!(server.jauth().own(&access).expect(200).at("/result/id"), ann.id);
    }
}

#[test]
fn a_refresh_token_that_is_no_good_is_not_found() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let bob = address("bob");
    server.backend_plus().sign_up(&bob);
    let of_another_door = server.backend_plus().log_in(&bob).refresh;
    for other in [
        "",
        "0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59",
        &ann.tokens.refresh.to_uppercase(),
        &ann.tokens.access,
        &of_another_door,
    ] {
        assert_eq!(
            server.jauth().refresh(other).to_string(),
            r#"404 {"success":false,"result":null,"reason":"token not found"}"#
        );
    }
    server.backend_plus().refresh(&of_another_door).expect(200);
}

#[test]
fn a_refresh_token_ends_when_its_time_is_over() {
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__REFRESH_TOKEN_EXPIRE", "1")]);
    let ann = server.jauth().newcomer("ann");
    let refresh = || server.jauth().refresh(&ann.tokens.refresh);
    assert!(within(Duration::from_secs(2), || refresh().status() == 404));
    assert_eq!(reason(&refresh()), "token not found");
}

#[test]
fn an_access_token_ends_when_its_time_is_over() {
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__ACCESS_TOKEN_EXPIRE", "1")]);
    let ann = server.jauth().newcomer("ann");
    let own = || server.post("/token/self").bearer(&ann.tokens.access).send();
    assert!(within(Duration::from_secs(3), || own().status() == 401));
    assert_snapshot!(own(), @r#"401 {"success":false,"result":"","reason":"invalid token"}"#);
    assert_eq!(
        reason(&server.jauth().own(&ann.tokens.access).expect(401)),
        "invalid token"
    );
}

#[test]
fn looking_at_a_token_asks_no_database() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    set_state(&server, &ann.id, "deleted");
    server
        .post("/token/self")
        .bearer(&ann.tokens.access)
        .send()
        .expect(200);
    assert_eq!(
        reason(&server.post("/token/self").send().expect(401)),
        "token is not delivered"
    );
    assert_eq!(
        reason(&server.post("/token/self").bearer("x.y.z").send().expect(401)),
        "invalid token"
    );
    // Of another dialect it can say nothing.
    let bob = address("bob");
    server.backend_plus().sign_up(&bob);
    for access in [
        server.backend_plus().log_in(&bob).access,
        server.pluto().log_in(&bob).access,
    ] {
        assert_eq!(
            reason(&server.post("/token/self").bearer(&access).send().expect(401)),
            "invalid token"
        );
    }
}

#[test]
fn a_token_signed_in_any_other_way_is_none() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let claims = jwt::payload(&ann.tokens.access);
    for alg in ["none", "HS256", "HS512", "RS256"] {
        let forged = jwt::forge(&json!({ "typ": "JWT", "alg": alg }), &claims, |_| {
            b"no signature".to_vec()
        });
        assert_eq!(
            reason(&server.jauth().own(&forged).expect(401)),
            "invalid token",
            "{alg}"
        );
        assert_eq!(
            reason(&server.post("/token/self").bearer(&forged).send().expect(401)),
            "invalid token"
        );
    }
    let unsigned = jwt::forge(&json!({ "alg": "none" }), &claims, |_| Vec::new());
    assert_eq!(
        reason(&server.jauth().own(&unsigned).expect(401)),
        "invalid token"
    );
}

#[test]
fn wrong_passwords_close_the_credential_without_telling() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = server.jauth().newcomer("ann");
    for _ in 0..3 {
        server.jauth().try_log_in(&ann.account, "wrong").expect(403);
    }
    assert_snapshot!(
        server.jauth().try_log_in(&ann.account, PASSWORD),
        @r#"403 {"success":false,"result":null,"reason":"Invalid password"}"#
    );
    server.jauth().refresh(&ann.tokens.refresh).expect(200);
}

#[test]
fn too_many_log_ins_from_one_client_wait() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2")]);
    for _ in 0..2 {
        server.jauth().try_log_in("nobody", PASSWORD).expect(404);
    }
    let answer = server.jauth().try_log_in("nobody", PASSWORD);
    assert_snapshot!(answer, @r#"429 {"success":false,"result":"","reason":"Too many requests"}"#);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn a_second_factor_that_cannot_be_asked_for_is_told_after_the_right_password() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    server.barong().enable_factor(&access);
    assert_eq!(
        reason(&server.jauth().try_log_in(&ann, "wrong").expect(403)),
        "Invalid password"
    );
    assert_snapshot!(
        server.jauth().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"success":false,"result":null,"reason":"Second factor required"}"#
    );
}
