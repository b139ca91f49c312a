//! `PUT /users/email/self/password`.

use insta::assert_snapshot;
use serde_json::json;

use super::reason;
use crate::harness::{PASSWORD, Server, within_a_second};

const NEW: &str = "a new password";

#[test]
fn a_password_is_changed_and_what_was_issued_before_ends() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    assert_snapshot!(
        server.jauth().change_password(&ann.tokens.access, PASSWORD, NEW),
        @r#"200 {"success":true,"result":true,"reason":null}"#
    );
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(403);
    let fresh = crate::harness::Tokens::of_jauth(&server.jauth().try_log_in(&ann.account, NEW));
    // Issued in the second of the change, and good at once.
    assert!(server.jauth().opens(&fresh.access));
    assert!(within_a_second(|| !server.jauth().opens(&ann.tokens.access)));
    assert_eq!(
        reason(&server.jauth().refresh(&ann.tokens.refresh)),
        "token not found"
    );
    server.jauth().refresh(&fresh.refresh).expect(200);
}

#[test]
fn tokens_of_one_second_and_many_changes_are_told_apart() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let mut passwords = vec![PASSWORD.to_owned()];
    let mut tokens = vec![ann.tokens];
    for round in 0..4 {
        let (old, new) = (passwords[round].clone(), format!("password number {round}"));
        server
            .jauth()
            .change_password(&tokens[round].access, &old, &new)
            .expect(200);
        tokens.push(crate::harness::Tokens::of_jauth(
            &server.jauth().try_log_in(&ann.account, &new),
        ));
        passwords.push(new);
    }
    for old in &tokens[..4] {
        assert!(within_a_second(|| !server.jauth().opens(&old.access)));
    }
    assert!(server.jauth().opens(&tokens[4].access));
}

#[test]
fn refusals_come_in_their_order() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let path = "/users/email/self/password";
    let put = || server.request(reqwest::Method::PUT, path);
    assert_eq!(
        reason(&put().json(json!({})).send().expect(401)),
        "token is not delivered"
    );
    let access = &ann.tokens.access;
    assert_eq!(
        reason(&put().bearer("x").json(json!({})).send().expect(401)),
        "invalid token"
    );
    for (body, field) in [
        (json!({}), "original_password"),
        (json!({ "original_password": "x" }), "new_password"),
    ] {
        assert_eq!(
            reason(&put().bearer(access).json(body).send().expect(400)),
            format!("Unexpected missing value for: UpdateUserPasswordRequest.{field}")
        );
    }
    // The rules come before the original password.
    for short in ["", "1234567"] {
        let answer = server.jauth().change_password(access, "wrong", short).expect(400);
        assert_eq!(reason(&answer), "password policy is not satisfied");
    }
    assert_snapshot!(
        server.jauth().change_password(access, "wrong", NEW),
        @r#"403 {"success":false,"result":null,"reason":"Invalid password"}"#
    );
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(200);
}

#[test]
fn wrong_originals_close_the_credential_at_every_door() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = server.jauth().newcomer("ann");
    for _ in 0..3 {
        server
            .jauth()
            .change_password(&ann.tokens.access, "wrong", NEW)
            .expect(403);
    }
    assert_snapshot!(
        server.jauth().change_password(&ann.tokens.access, PASSWORD, NEW),
        @r#"403 {"success":false,"result":null,"reason":"Invalid password"}"#
    );
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(403);
    server.pluto().try_log_in(&ann.account, PASSWORD).expect(403);
}
