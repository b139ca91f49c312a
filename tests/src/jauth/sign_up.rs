//! `POST /users/email`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{reason, settled};
use crate::harness::{Answer, PASSWORD, Server, name};

fn register(server: &Server, body: Value) -> Answer {
    server.jauth().register_with(body)
}

#[test]
fn an_account_is_made_active_and_shown_and_given_no_tokens() {
    let server = Server::start();
    let body = json!({
        "account": "Ann01", "email": "Ann@Example.org", "password": PASSWORD,
        "extra": { "b": [1, 2.5, null], "a": { "안": "녕" } }, "unknown": 1,
    });
    let answer = register(&server, body);
    assert_snapshot!(
        settled(&answer),
        @r#"200 {"success":true,"result":{"id":"ID","email":"Ann@Example.org","type":1,"status":0,"extra":{"b":[1,2.5,null],"a":{"안":"녕"}},"is_email_verified":false,"created_at":"CREATED","modified_at":null,"account":"Ann01"},"reason":null}"#
    );
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    server.jauth().try_log_in("ann01", PASSWORD).expect(200);
    assert!(
        server.unread_mail_to("ann@example.org").is_none(),
        "nobody is mailed"
    );
}

#[test]
fn extra_may_be_left_out() {
    let server = Server::start();
    let body = json!({ "account": "ann", "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(register(&server, body).json()["result"]["extra"], json!({}));
}

#[test]
fn every_body_that_does_not_fit_is_refused_for_its_first_field() {
    let server = Server::start();
    let good = || json!({ "account": "ann", "email": "ann@example.org", "password": PASSWORD, "extra": {} });
    for field in ["account", "email", "password"] {
        let mut body = good();
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(
            register(&server, body).to_string(),
            format!(
                r#"400 {{"success":false,"result":"","reason":"Unexpected missing value for: CreateEmailUserRequest.{field}"}}"#
            )
        );
        for (value, class) in [
            (json!(1), "int"),
            (Value::Null, "NoneType"),
            (json!(1.5), "float"),
            (json!(true), "bool"),
            (json!([]), "list"),
            (json!({}), "dict"),
        ] {
            let mut body = good();
            body[field] = value;
            assert_eq!(
                reason(&register(&server, body).expect(400)),
                format!(
                    "Cannot deserialize '<class '{class}'>' to '<class 'str'>' for 'CreateEmailUserRequest.{field}'"
                )
            );
        }
    }
    let mut body = good();
    body["extra"] = Value::Null;
    assert_eq!(
        reason(&register(&server, body).expect(400)),
        "Cannot deserialize '<class 'NoneType'>' to '<class 'dict'>' for 'CreateEmailUserRequest.extra'"
    );
    assert_snapshot!(
        register(&server, json!({})),
        @r#"400 {"success":false,"result":"","reason":"Unexpected missing value for: CreateEmailUserRequest.account"}"#
    );
    register(&server, good()).expect(200);
}

#[test]
fn a_taken_name_is_told_before_everything_that_is_wrong_beside_it() {
    let server = Server::start();
    server.jauth().register("ann").expect(200);
    for taken in ["ann", "ANN", "Ann"] {
        let body = json!({ "account": taken, "email": "no address", "password": "short" });
        assert_eq!(
            register(&server, body).to_string(),
            format!(r#"409 {{"success":false,"result":null,"reason":"account[{taken}] already exists"}}"#)
        );
    }
    // The same letters in another form.
    let body = json!({ "account": "\u{ff41}nn", "email": "ann@example.org", "password": PASSWORD });
    register(&server, body).expect(409);
}

#[test]
fn a_name_taken_at_pluto_is_taken_even_where_jauth_could_not_have_it() {
    let server = Server::start();
    server
        .pluto()
        .register_as("ann@example.org", "ann_lee")
        .expect(200);
    let body = json!({ "account": "ANN_lee", "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(
        reason(&register(&server, body).expect(409)),
        "account[ANN_lee] already exists"
    );
}

#[test]
fn a_name_is_checked_before_the_address_and_that_before_the_password() {
    let server = Server::start();
    let check = |account: &str, email: &str, password: &str, expected: &str| {
        let body = json!({ "account": account, "email": email, "password": password });
        let answer = register(&server, body).expect(400);
        assert_eq!(reason(&answer), expected);
        assert_eq!(answer.json()["result"], Value::Null, "{answer}");
    };
    let long = "x".repeat(65);
    for bad in [
        "",
        " ",
        "a_b",
        "a-b",
        "a.b",
        "a b",
        "ann@example.org",
        "a\u{202e}b",
        "a\u{0}b",
        long.as_str(),
    ] {
        check(bad, "bad", "short", &format!("{bad} is invalid account format"));
    }
    let long = format!("{}@example.org", "x".repeat(250));
    for bad in [
        "",
        "ann",
        "ann+tag@example.org",
        "ann@example",
        "ann@example.museum",
        "a b@example.org",
        long.as_str(),
    ] {
        check("fresh", bad, "short", &format!("{bad} is invalid email format"));
    }
    for bad in ["", "1234567", "ｐａｓｓ"] {
        check(
            "fresh",
            "ann@example.org",
            bad,
            "password policy is not satisfied",
        );
    }
    check(
        "fresh",
        "ann@example.org",
        &"x".repeat(4097),
        "password policy is not satisfied",
    );
    let body = json!({ "account": "fresh", "email": "ann@example.org", "password": "12345678" });
    register(&server, body).expect(200);
}

#[test]
fn names_of_any_script_and_sixty_four_letters_are_names() {
    let server = Server::start();
    for good in ["안녕하세요7", "Ärger", "x".repeat(64).as_str()] {
        let answer = server.jauth().register(good).expect(200);
        assert_eq!(answer.at("/result/account"), good);
        server.jauth().log_in(good);
    }
    server.jauth().register("äRGER").expect(409);
}

#[test]
fn an_address_may_be_anybodys_and_opens_nothing() {
    let server = Server::start();
    for who in ["ann", "bob"] {
        let body = json!({ "account": name(who), "email": "shared@example.org", "password": PASSWORD });
        register(&server, body).expect(200);
    }
    assert_snapshot!(
        server.jauth().try_log_in("shared@example.org", PASSWORD),
        @r#"404 {"success":false,"result":null,"reason":"user not found"}"#
    );
    server.backend_plus().sign_up("shared@example.org");
}
