use insta::assert_snapshot;
use serde_json::json;

use super::{server_with, somebody};
use crate::harness::{PASSWORD, Server, address};

const ON: (&str, &str) = ("USER_IMPERSONATION_ENABLED", "true");
const SECRET: (&str, &str) = ("HASURA_GRAPHQL_ADMIN_SECRET", "s3cret");

#[track_caller]
fn log_in(server: &Server, email: &str, password: &str, secret: &str) -> String {
    let body = json!({ "email": email, "password": password, "cookie": false });
    let answer = server
        .post("/auth/login")
        .json(body)
        .header("x-admin-secret", secret)
        .send();
    if answer.status() == 200 {
        "200".to_owned()
    } else {
        answer.to_string()
    }
}

#[test]
fn the_admin_secret_stands_in_for_the_password() {
    let server = server_with(&[ON, SECRET]);
    let (ann, pending) = (somebody(&server), address("pending"));
    server.backend_plus().register(&pending).expect(204);
    assert_eq!(log_in(&server, &ann, "wrong", "s3cret"), "200");
    let refused = r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid x-admin-secret"}"#;
    assert_eq!(
        log_in(&server, &ann, PASSWORD, "s3creT"),
        refused,
        "even with the right password"
    );
    assert_eq!(log_in(&server, &ann, PASSWORD, ""), refused);
    assert_snapshot!(
        log_in(&server, &pending, "x", "s3cret"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
    assert_snapshot!(
        log_in(&server, &address("nobody"), "x", "wrong"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
    );
    server.backend_plus().log_in(&ann);
}

#[test]
fn switched_off_the_header_is_ignored() {
    let server = server_with(&[SECRET]);
    let ann = somebody(&server);
    assert_eq!(log_in(&server, &ann, PASSWORD, "wrong"), "200");
    assert_snapshot!(
        log_in(&server, &ann, "wrong", "s3cret"),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
    );
}

#[test]
fn without_a_secret_every_header_is_wrong() {
    let server = server_with(&[ON]);
    let ann = somebody(&server);
    for secret in ["", "undefined", "null"] {
        assert_eq!(
            log_in(&server, &ann, PASSWORD, secret),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid x-admin-secret"}"#
        );
    }
    server.backend_plus().log_in(&ann);
}
