//! `POST /v1/login/account`.

use insta::assert_snapshot;
use serde_json::json;

use super::{Someone, code, create_application, set_state};
use crate::harness::{PASSWORD, Server, address, jwt};

#[test]
fn a_log_in_gives_a_pair_of_tokens() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let answer = server.pluto().try_log_in(&ann.address, PASSWORD).expect(200);
    let body = answer.json()["body"].clone();
    assert_eq!(body["type"], "Bearer");
    let refresh = body["refresh_token"].as_str().unwrap();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(refresh.len() == 40 && refresh.chars().all(hex), "{refresh}");

    let access = body["access_token"].as_str().unwrap();
    let header = jwt::header(access);
    assert_eq!(
        (&header["type"], &header["alg"]),
        (&json!("jwt"), &json!("RS256"))
    );
    assert!(header["kid"].is_string());
    let claims = jwt::payload(access);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["exp", "iat", "iss", "scopes", "sid", "sub", "type"]);
    assert_eq!(claims["type"], "access");
    assert_eq!(claims["sub"], ann.number);
    assert_eq!(claims["iss"], "pluto");
    assert_eq!(claims["scopes"], json!([""]));
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        3600
    );
    let lives = body["refresh_token_expire_at"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((2_419_190..=2_419_210).contains(&lives), "{lives}");
}

#[test]
fn mail_and_name_log_in_ignoring_case() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    for account in [
        ann.address.to_uppercase(),
        ann.name.to_uppercase(),
        format!(" {} ", ann.name),
    ] {
        server.pluto().try_log_in(&account, PASSWORD).expect(200);
    }
}

#[test]
fn each_step_refuses_before_the_next() {
    let server = Server::start();
    let ann = address("ann");
    let log_in = |account: &str, password: &str, application: &str| {
        server.pluto().try_log_in_to(application, account, password)
    };
    for (account, password, application) in [("", "x", "pluto"), (&*ann, "", "pluto"), (&*ann, "x", "")] {
        assert_eq!(code(&log_in(account, password, application)), 1001);
    }
    assert_snapshot!(
        log_in(&ann, "wrong", "nothing"),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    assert_snapshot!(
        log_in("nobody", "wrong", "nothing"),
        @r#"403 {"status":"error","error":{"code":2005,"message":"Username does not exist"}}"#
    );
    server.pluto().register(&ann).expect(200);
    assert_snapshot!(
        log_in(&ann, "wrong", "nothing"),
        @r#"403 {"status":"error","error":{"code":2003,"message":"Mail is not verified"}}"#
    );
    let token = server.mail_to(&ann).query("token");
    server
        .get(&format!("/web/mail/verify/{token}"))
        .send()
        .expect(200);
    assert_snapshot!(
        log_in(&ann, "wrong", "nothing"),
        @r#"403 {"status":"error","error":{"code":3001,"message":"Invalid Password"}}"#
    );
    assert_snapshot!(
        log_in(&ann, PASSWORD, "nothing"),
        @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
    );
    log_in(&ann, PASSWORD, "pluto").expect(200);
}

#[test]
fn strange_accounts_are_only_unknown() {
    let server = Server::start();
    let long = "x".repeat(5_000);
    for (account, expected) in [
        ("a..b@example.org", 2002),
        ("ann@-x", 2005),
        (&*long, 2005),
        ("' OR 1=1 --", 2005),
        ("a\u{202e}b", 2005),
    ] {
        assert_eq!(
            code(&server.pluto().try_log_in(account, "x")),
            expected,
            "{account}"
        );
    }
}

#[test]
fn a_suspended_account_is_told_so_whatever_the_password() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    insta::allow_duplicates! {
        for state in ["locked", "banned"] {
            set_state(&server, &ann.address, state);
            for password in ["wrong", PASSWORD] {
                assert_snapshot!(
                    server.pluto().try_log_in(&ann.address, password),
                    @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
                );
            }
        }
    }
    set_state(&server, &ann.address, "active");
    server.pluto().log_in(&ann.address);
}

#[test]
fn the_application_logged_in_to_issues_the_token() {
    let server = Server::start();
    create_application(&server, "shop");
    let ann = Someone::new(&server, "ann");
    let answer = server
        .pluto()
        .try_log_in_to("shop", &ann.address, PASSWORD)
        .expect(200);
    let claims = jwt::payload(&answer.at("/body/access_token"));
    assert_eq!(
        (&claims["iss"], &claims["scopes"]),
        (&json!("shop"), &json!([""]))
    );
}

#[test]
fn each_log_in_is_a_session_of_its_own_whatever_the_device() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let on_device = |device: &str| {
        let body =
            json!({ "account": ann.address, "password": PASSWORD, "app_id": "pluto", "device_id": device });
        server.post("/v1/login/account").json(body).send()
    };
    let (first, second) = (on_device("phone").expect(200), on_device("phone").expect(200));
    for answer in [&first, &second] {
        server
            .pluto()
            .refresh(&answer.at("/body/refresh_token"))
            .expect(200);
    }
    assert_eq!(code(&on_device(&"d".repeat(256))), 1001);
}
