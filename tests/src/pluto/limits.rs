//! What bounds guessing.

use insta::assert_snapshot;

use super::{Someone, code};
use crate::harness::{PASSWORD, Server, address};

#[test]
fn after_too_many_failures_the_right_password_is_wrong_too() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = Someone::new(&server, "ann");
    for _ in 0..3 {
        assert_eq!(code(&server.pluto().try_log_in(&ann.name, "wrong")), 3001);
    }
    assert_snapshot!(
        server.pluto().try_log_in(&ann.address, PASSWORD),
        @r#"403 {"status":"error","error":{"code":3001,"message":"Invalid Password"}}"#
    );
    server.pluto().refresh(&ann.tokens.refresh).expect(200);
}

#[test]
fn one_client_may_log_in_so_often() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2")]);
    let nobody = address("nobody");
    for _ in 0..2 {
        assert_eq!(code(&server.pluto().try_log_in(&nobody, "x")), 2002);
    }
    let refused = server.pluto().try_log_in(&nobody, "x");
    assert_snapshot!(refused, @r#"429 {"status":"error","error":{"code":9001,"message":"Too many requests"}}"#);
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=31).contains(&seconds), "{seconds}");
    let forwarded = server
        .post("/v1/login/account")
        .header("x-forwarded-for", "203.0.113.7");
    let body = serde_json::json!({ "account": nobody, "password": "x", "app_id": "pluto" });
    assert_eq!(
        code(&forwarded.json(body).send()),
        9001,
        "nobody's word about the client is believed"
    );
}
