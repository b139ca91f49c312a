use reqwest::Method;
use serde_json::json;

use super::{Client, Someone, Visitor, code, sent_back};
use crate::harness::Server;

/// Tokens of an administrator in a program's hands: of every grant that gives one.
fn delegated(server: &Server, root: &Someone) -> Vec<(&'static str, String)> {
    let client = Client::approved(server, root, "program");
    let visitor = Visitor::new(server, root, "pluto");
    let by_code = client.redeem(&visitor.code(&client, &[])).expect(200);
    let by_password = client.for_password(root, "pluto", "pluto.admin").expect(200);
    let refreshed = client
        .refresh(&by_password.at("/body/refresh_token"), "pluto", "")
        .expect(200);
    let implicit = visitor.press(
        "allow",
        &[("client_id", "program"), ("response_type", "token")],
        &[],
    );
    vec![
        ("code", by_code.at("/body/access_token")),
        ("password", by_password.at("/body/access_token")),
        ("refresh", refreshed.at("/body/access_token")),
        ("implicit", sent_back(&implicit, "access_token").expect("a token")),
    ]
}

#[test]
fn a_programs_token_opens_user_info_and_nothing_else() {
    let server = Server::start();
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    for (grant, token) in delegated(&server, &root) {
        assert_eq!(super::scopes(&token), json!(["pluto.admin"]), "{grant}");
        server.pluto().info(root.number, &token).expect(200);
        server.get("/v1/user/info").bearer(&token).send().expect(200);
        for (method, path) in [
            (Method::GET, format!("/v1/user/info/{}", ann.number)),
            (Method::PATCH, format!("/v1/user/info/{}", root.number)),
            (Method::PUT, "/v1/user/info".to_owned()),
            (Method::GET, "/v1/user/search?account=x".to_owned()),
            (Method::GET, "/v1/user/count".to_owned()),
            (Method::GET, "/v1/user/summary".to_owned()),
            (Method::POST, "/v1/user/binding".to_owned()),
            (Method::POST, "/v1/user/unbinding".to_owned()),
            (Method::GET, "/v1/oauth/client".to_owned()),
            (Method::POST, "/v1/oauth/client".to_owned()),
            (Method::PUT, "/v1/oauth/client/status".to_owned()),
            (Method::GET, "/v1/rbac/application/list".to_owned()),
            (Method::GET, "/v1/rbac/role/list?app_id=1".to_owned()),
            (Method::GET, "/v1/rbac/scope/list?app_id=1".to_owned()),
            (Method::GET, "/v1/rbac/application/i18n-name?app_id=1".to_owned()),
            (Method::POST, "/v1/rbac/application/create".to_owned()),
            (Method::POST, "/v1/rbac/application/update-i18n-name".to_owned()),
            (Method::POST, "/v1/rbac/application/role/default".to_owned()),
            (Method::POST, "/v1/rbac/role/create".to_owned()),
            (Method::POST, "/v1/rbac/scope/create".to_owned()),
            (Method::POST, "/v1/rbac/role/scope".to_owned()),
            (Method::POST, "/v1/rbac/role/scope/default".to_owned()),
            (Method::POST, "/v1/rbac/user/application/role".to_owned()),
        ] {
            let body = json!({ "name": "x", "key": "x", "secret": "x", "status": "approved" });
            let answer = server.request(method, &path).json(body).bearer(&token).send();
            assert_eq!(
                (answer.status().as_u16(), code(&answer)),
                (403, 3009),
                "{grant} {path}: {answer}"
            );
        }
        let page = server
            .get("/web/authorize?client_id=program")
            .cookie("access_token", &token)
            .send();
        assert_eq!(page.status(), 302, "nobody consents with it: {page}");
    }
}

#[test]
fn a_programs_token_opens_no_other_door() {
    let server = Server::with(&[("CLAVIS_DIALECTS__PLUTO__READ_OTHERS_INFO", "true")]);
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    for (grant, token) in delegated(&server, &root) {
        assert_eq!(code(&server.pluto().info(ann.number, &token)), 3009, "{grant}");
        assert!(!server.backend_plus().opens(&token), "{grant}");
        assert!(!server.barong().opens(&token), "{grant}");
        for (method, path) in [
            (Method::GET, "/users/me"),
            (Method::GET, "/api/v2/admin/users"),
            (Method::GET, "/api/v2/auth/any"),
            (Method::GET, "/api/v2/resource/users/me"),
            (Method::POST, "/auth/token/revoke"),
            (Method::POST, "/auth/delete"),
            (Method::GET, "/users/self"),
            (Method::GET, "/token/self"),
            (Method::GET, "/users"),
            (Method::GET, "/api/users/me"),
            (Method::GET, "/api/users"),
        ] {
            let request = server.request(method.clone(), path).bearer(&token);
            let answer = request.header("token", &token).send();
            assert!(
                !answer.status().is_success(),
                "{grant}: {method} {path} let it in: {answer}"
            );
        }
    }
}

#[test]
fn a_programs_token_is_worthless_soon_after_everything_was_revoked() {
    let server = Server::start();
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let client = Client::approved(&server, &root, "program");
    let answer = client.for_password(&ann, "pluto", "").expect(200);
    let access = answer.at("/body/access_token");
    server.pluto().info(ann.number, &access).expect(200);
    server
        .post("/auth/token/revoke")
        .bearer(&ann.tokens.access)
        .send()
        .expect(204);
    assert!(crate::harness::within_a_second(|| {
        server.pluto().info(ann.number, &access).status() == 403
    }));
    assert_eq!(
        code(&client.refresh(&answer.at("/body/refresh_token"), "pluto", "")),
        3002
    );
}
