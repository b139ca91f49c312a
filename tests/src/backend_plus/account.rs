use insta::assert_snapshot;

use super::cookies::assert_cleared;
use super::{log_in_with_cookies, server_with, somebody, somebody_logged_in, with_cookies_of};
use crate::harness::Server;

#[test]
fn an_account_is_deleted_by_its_owner_and_its_address_is_free() {
    let server = Server::start();
    for path in ["/auth/delete", "/auth/account/delete"] {
        let (ann, tokens) = somebody_logged_in(&server);
        let answer = server.post(path).bearer(&tokens.access).send();
        assert_eq!(answer.to_string(), "204");
        assert_cleared(&answer);
        assert_eq!(
            server.post(path).bearer(&tokens.access).send().to_string(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
        );
        server.backend_plus().refresh(&tokens.refresh).expect(401);
        assert_eq!(
            server.backend_plus().try_log_in(&ann, "x").to_string(),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
        );
        server.backend_plus().sign_up(&ann);
    }
}

#[test]
fn the_cookie_is_enough() {
    let server = Server::start();
    let ann = somebody(&server);
    let session = log_in_with_cookies(&server, &ann);
    with_cookies_of(server.post("/auth/delete"), &session)
        .send()
        .expect(204);
    server.backend_plus().try_log_in(&ann, "x").expect(400);
}

#[test]
fn nobody_deletes_without_being_logged_in() {
    let server = Server::start();
    assert_snapshot!(
        server.post("/auth/delete").send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#
    );
}

#[test]
fn who_was_banned_cannot_slip_away() {
    let server = Server::start();
    let (ann, tokens) = somebody_logged_in(&server);
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();
    assert!(crate::harness::within_a_second(|| !server
        .backend_plus()
        .opens(&tokens.access)));
    server
        .post("/auth/delete")
        .bearer(&tokens.access)
        .send()
        .expect(401);
    server.backend_plus().register(&ann).expect(400);
}

#[test]
fn switched_off_it_is_not_there() {
    let server = server_with(&[("ALLOW_USER_SELF_DELETE", "false")]);
    let (_, tokens) = somebody_logged_in(&server);
    assert_snapshot!(
        server.post("/auth/delete").bearer(&tokens.access).send(),
        @r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#
    );
}
