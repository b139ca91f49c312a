use insta::assert_snapshot;
use serde_json::json;

use super::{CALLBACK, Client, SECRET, Someone, Visitor, basic, code, create_application, scopes, shop};
use crate::harness::{PASSWORD, Server, jwt, within_a_second};

#[test]
fn a_request_is_refused_step_by_step() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let client = Client::approved(&server, &root, "shop");
    let send = |authorization: &str, body: serde_json::Value| {
        let mut request = server.post("/v1/oauth/tokens").json(body);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let answer = request.send();
        (answer.status().as_u16(), code(&answer))
    };
    assert_eq!(send("", json!({})), (400, 1001));
    assert_eq!(send("", json!({ "grant_type": "implicit" })), (403, 5001));
    for incomplete in [
        json!({ "grant_type": "authorization_code", "code": "x" }),
        json!({ "grant_type": "authorization_code", "redirect_uri": "x" }),
        json!({ "grant_type": "password", "user": "a@b", "password": "x" }),
        json!({ "grant_type": "password", "user": "a@b", "app_id": "x" }),
        json!({ "grant_type": "password", "password": "a@b", "app_id": "x" }),
        json!({ "grant_type": "client_credentials" }),
        json!({ "grant_type": "refresh_token", "refresh_token": "x" }),
        json!({ "grant_type": "refresh_token", "app_id": "x" }),
    ] {
        assert_eq!(send("", incomplete.clone()), (400, 1001), "{incomplete}");
    }
    let refresh = || json!({ "grant_type": "refresh_token", "refresh_token": "x", "app_id": "pluto" });
    assert_eq!(send("", refresh()), (401, 5005), "no client");
    assert_eq!(send("Bearer x", refresh()), (401, 5005));
    assert_eq!(send("Basic x", refresh()), (401, 5005));
    assert_eq!(send(&basic("unknown", SECRET), refresh()), (401, 5005));
    assert_eq!(send(&basic("shop", "wrong"), refresh()), (403, 5008));
    assert_eq!(send(&basic("shop", ""), refresh()), (403, 5008));
    let credentials = || json!({ "grant_type": "client_credentials", "app_id": "nothing" });
    assert_eq!(send("", credentials()), (401, 5005));
    assert_eq!(
        send(&basic("unknown", "x"), credentials()),
        (403, 4005),
        "the application first"
    );
    assert_eq!(code(&client.tokens(&refresh())), 3002);
    assert_snapshot!(
        client.tokens(&json!({ "grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK })),
        @r#"403 {"status":"error","error":{"code":5002,"message":"Authorization code not found"}}"#
    );
}

#[test]
fn a_form_is_as_good_as_json() {
    let server = Server::start();
    let root = Someone::admin(&server);
    Client::approved(&server, &root, "shop");
    server
        .post("/v1/oauth/tokens")
        .form(&[("grant_type", "client_credentials"), ("app_id", "pluto")])
        .header("authorization", &basic("shop", SECRET))
        .send()
        .expect(200);
}

#[test]
fn a_client_in_nobodys_place_is_nobody() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let client = Client::approved(&server, &root, "shop");
    let answer = client
        .tokens(&json!({ "grant_type": "client_credentials", "app_id": "pluto" }))
        .expect(200);
    let body = answer.json()["body"].clone();
    assert_eq!(
        (&body["refresh_token"], &body["type"]),
        (&json!(""), &json!("Bearer"))
    );
    assert_eq!(body.as_object().unwrap().len(), 3);
    let token = answer.at("/body/access_token");
    let claims = jwt::payload(&token);
    assert_eq!(claims["sub"], 0);
    assert_eq!(claims["scopes"], json!([""]));
    assert_eq!(
        (&claims["iss"], &claims["type"]),
        (&json!("pluto"), &json!("access"))
    );
    assert_eq!(claims["sid"], json!(null));
    server
        .get("/v1/token/access/verify")
        .query(&[("token", &token)])
        .send()
        .expect(200);
    for path in [
        "/v1/user/info",
        "/v1/user/info/0",
        "/v1/oauth/client",
        "/v1/user/count",
    ] {
        let answer = server.get(path).bearer(&token).send();
        assert_eq!(answer.status(), 403, "{path}: {answer}");
    }
}

#[test]
fn a_password_gives_what_is_asked_for_and_held() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    shop(&server, &root, &ann);
    let client = Client::approved(&server, &root, "program");
    let granted = |asked: &str| {
        let answer = client.for_password(&ann, "shop", asked).expect(200);
        scopes(&answer.at("/body/access_token"))
    };
    assert_eq!(granted(""), json!(["shop.read"]));
    assert_eq!(granted("shop.write"), json!(["shop.write"]));
    assert_eq!(
        granted("shop.write,shop.read,pluto.admin"),
        json!(["shop.read", "shop.write"])
    );
    assert_eq!(
        granted("pluto.admin"),
        json!(["shop.read"]),
        "too much is no error"
    );
    let answer = client.for_password(&ann, "shop", "").expect(200);
    assert_eq!(answer.json()["body"].as_object().unwrap().len(), 3);
    let claims = jwt::payload(&answer.at("/body/access_token"));
    assert_eq!(
        (&claims["sub"], &claims["iss"]),
        (&json!(ann.number), &json!("shop"))
    );
}

#[test]
fn a_password_is_refused_step_by_step() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let pending = crate::harness::address("pending");
    server.pluto().register(&pending).expect(200);
    let client = Client::approved(&server, &root, "program");
    let try_with = |user: &str, password: &str, application: &str| {
        code(&client.tokens(&json!({
            "grant_type": "password", "user": user, "password": password, "app_id": application,
        })))
    };
    assert_eq!(try_with("nobody@example.org", PASSWORD, "nothing"), 2002);
    assert_eq!(
        try_with(&ann.name, PASSWORD, "pluto"),
        2002,
        "a name is no address"
    );
    assert_eq!(try_with(&pending, "wrong", "nothing"), 2003);
    assert_eq!(try_with(&ann.address, "wrong", "nothing"), 3001);
    assert_eq!(try_with(&ann.address, PASSWORD, "nothing"), 4005);
    assert_eq!(
        try_with(&ann.address, PASSWORD, "barong"),
        4005,
        "another dialect's"
    );
    let wrong = client.with_secret(
        "wrong",
        &json!({ "grant_type": "password", "user": ann.address, "password": PASSWORD, "app_id": "pluto" }),
    );
    assert_eq!(code(&wrong), 5008, "the client comes first");
}

#[test]
fn ten_failures_through_a_client_close_the_credential_everywhere() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "program");
    for _ in 0..10 {
        let wrong = client.tokens(&json!({
            "grant_type": "password", "user": ann.address, "password": "wrong", "app_id": "pluto",
        }));
        assert_eq!(code(&wrong), 3001);
    }
    assert_eq!(code(&client.for_password(&ann, "pluto", "")), 3001);
    assert_eq!(code(&server.pluto().try_log_in(&ann.address, PASSWORD)), 3001);
    server
        .backend_plus()
        .try_log_in(&ann.address, PASSWORD)
        .expect(401);
}

#[test]
fn a_refresh_token_is_its_clients_and_its_applications() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    shop(&server, &root, &ann);
    let (client, other) = (
        Client::approved(&server, &root, "one"),
        Client::approved(&server, &root, "other"),
    );
    let first = client
        .for_password(&ann, "shop", "")
        .expect(200)
        .at("/body/refresh_token");
    assert_eq!(first.len(), 40);
    assert_eq!(code(&other.refresh(&first, "shop", "")), 3002, "another client's");
    assert_eq!(
        code(&other.refresh(&first, "pluto", "")),
        3002,
        "the client comes first"
    );
    assert_snapshot!(
        client.refresh(&first, "pluto", ""),
        @r#"403 {"status":"error","error":{"code":3010,"message":"Invalid Application"}}"#
    );
    assert_eq!(code(&client.refresh(&first, "nothing", "")), 3010);
    // None of that used it up.
    let second = client.refresh(&first, "shop", "shop.write").expect(200);
    assert_eq!(scopes(&second.at("/body/access_token")), json!(["shop.write"]));
    assert_eq!(
        code(&client.refresh(&first, "shop", "")),
        3002,
        "it was exchanged"
    );
    assert_eq!(code(&other.refresh(&first, "shop", "")), 3002);
    client
        .refresh(&second.at("/body/refresh_token"), "shop", "")
        .expect(200);
}

#[test]
fn neither_refresh_takes_the_others_tokens() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "program");
    let delegated = client
        .for_password(&ann, "pluto", "")
        .expect(200)
        .at("/body/refresh_token");
    assert_eq!(code(&server.pluto().refresh(&delegated)), 3002);
    assert_eq!(code(&client.refresh(&ann.tokens.refresh, "pluto", "")), 3002);
    client.refresh(&delegated, "pluto", "").expect(200);
    server.pluto().refresh(&ann.tokens.refresh).expect(200);
}

#[test]
fn what_a_denied_client_holds_ends_at_once() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "program");
    let answer = client.for_password(&ann, "pluto", "").expect(200);
    let (access, refresh) = (answer.at("/body/access_token"), answer.at("/body/refresh_token"));
    server.pluto().info(ann.number, &access).expect(200);
    let unspent = Visitor::new(&server, &ann, "pluto").code(&client, &[]);
    super::set_status(&server, &root.tokens.access, "program", "denied").expect(200);
    assert_eq!(code(&client.refresh(&refresh, "pluto", "")), 5008);
    assert_eq!(code(&client.redeem(&unspent)), 5008);
    assert_eq!(code(&client.for_password(&ann, "pluto", "")), 5008);
    assert!(within_a_second(|| server
        .pluto()
        .info(ann.number, &access)
        .status()
        == 403));
    super::set_status(&server, &root.tokens.access, "program", "approved").expect(200);
    assert_eq!(
        code(&client.refresh(&refresh, "pluto", "")),
        3002,
        "ended for good"
    );
}

#[test]
fn a_second_factor_is_not_gone_round() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let client = Client::approved(&server, &root, "program");
    let ann = Someone::new(&server, "ann");
    server.barong().enable_factor(&ann.tokens.access);
    let answer = client.tokens(&json!({
        "grant_type": "password", "user": ann.address, "password": PASSWORD, "app_id": "pluto",
    }));
    assert_snapshot!(answer, @r#"403 {"status":"error","error":{"code":9003,"message":"Second factor required"}}"#);
    let page = server
        .post("/web/login")
        .query(&[("app_id", "pluto")])
        .form(&[("account", &ann.address), ("password", PASSWORD)])
        .send()
        .expect(403);
    assert!(
        page.text().contains("Error 9003") && page.cookies().is_empty(),
        "{page}"
    );
}

#[test]
fn clients_are_not_tied_to_an_application() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    create_application(&server, "a");
    create_application(&server, "b");
    let client = Client::approved(&server, &root, "program");
    for application in ["a", "b"] {
        let answer = client.for_password(&ann, application, "").expect(200);
        let claims = jwt::payload(&answer.at("/body/access_token"));
        assert_eq!(
            (&claims["iss"], &claims["scopes"]),
            (&json!(application), &json!([""]))
        );
    }
}
