//! Refresh, the public key, looking at a token, and what a bearer token opens.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Someone, code, create_application, set_state};
use crate::harness::{Answer, PASSWORD, Server, jwt};

fn refresh(server: &Server, token: &str, application: &str, scopes: &str) -> Answer {
    let body = json!({ "refresh_token": token, "app_id": application, "scopes": scopes });
    server.post("/v1/token/refresh").json(body).send()
}

fn verify(server: &Server, token: &str) -> Answer {
    server
        .get("/v1/token/access/verify")
        .query(&[("token", token)])
        .send()
}

#[test]
fn a_refresh_token_is_good_for_one_refresh() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let answer = server.pluto().refresh(&ann.tokens.refresh).expect(200);
    assert_eq!(answer.at("/body/type"), "Bearer");
    let (old, new) = (
        jwt::payload(&ann.tokens.access),
        jwt::payload(&answer.at("/body/access_token")),
    );
    assert_eq!((&old["sub"], &old["sid"]), (&new["sub"], &new["sid"]));
    assert_snapshot!(
        server.pluto().refresh(&ann.tokens.refresh),
        @r#"403 {"status":"error","error":{"code":3002,"message":"Invalid Refresh Token"}}"#
    );
    server
        .pluto()
        .refresh(&answer.at("/body/refresh_token"))
        .expect(200);
}

#[test]
fn of_refreshes_at_once_one_succeeds_and_nobody_is_logged_out() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| server.pluto().refresh(&ann.tokens.refresh)))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!(good.len(), 1, "{answers:?}");
    assert!(refused.iter().all(|answer| code(answer) == 3002), "{refused:?}");
    server
        .pluto()
        .refresh(&good[0].at("/body/refresh_token"))
        .expect(200);
}

#[test]
fn a_refresh_is_refused_step_by_step_and_another_application_harms_nobody() {
    let server = Server::start();
    create_application(&server, "shop");
    let ann = Someone::new(&server, "ann");
    let token = &ann.tokens.refresh;
    assert_eq!(code(&refresh(&server, "", "pluto", "")), 1001);
    assert_eq!(code(&refresh(&server, token, "", "")), 1001);
    assert_snapshot!(
        refresh(&server, "unknown", "nothing", ""),
        @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
    );
    assert_eq!(code(&refresh(&server, "unknown", "pluto", "")), 3002);
    assert_eq!(
        code(&refresh(&server, token, "shop", "")),
        3002,
        "another application's"
    );
    refresh(&server, token, "pluto", "").expect(200);
}

#[test]
fn a_refresh_grants_what_the_role_has_of_what_is_asked_for() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let scopes = |answer: &Answer| jwt::payload(&answer.at("/body/access_token"))["scopes"].clone();
    assert_eq!(
        jwt::payload(&root.tokens.access)["scopes"],
        json!(["pluto.admin"])
    );
    let mut answer = refresh(&server, &root.tokens.refresh, "pluto", "nothing,pluto.admin").expect(200);
    for asked in ["", "nothing"] {
        assert_eq!(scopes(&answer), json!(["pluto.admin"]));
        answer = refresh(&server, &answer.at("/body/refresh_token"), "pluto", asked).expect(200);
    }
    let ann = Someone::new(&server, "ann");
    let answer = refresh(&server, &ann.tokens.refresh, "pluto", "pluto.admin").expect(200);
    assert_eq!(scopes(&answer), json!([""]), "who has no role is granted nothing");
}

#[test]
fn the_public_key_is_a_pem_that_verifies_tokens() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let answer = server.get("/v1/token/publickey").send().expect(200);
    let pem = answer.at("/body/public_key");
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("\n-----END PUBLIC KEY-----\n"),
        "{pem}"
    );
    assert!(!pem.contains('\r'), "{pem:?}");
    let key = openssl::rsa::Rsa::public_key_from_pem(pem.as_bytes()).unwrap();
    assert_eq!(key.size(), 256);
    assert_eq!(
        jwt::verify_with_pem(&ann.tokens.access, &pem).unwrap()["sub"],
        ann.number
    );
}

#[test]
fn a_token_is_shown_with_its_claims_but_its_session() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let claims = jwt::payload(&ann.tokens.access);
    let expected = format!(
        r#"200 {{"status":"ok","body":{{"type":"access","iat":{},"exp":{},"sub":{},"iss":"pluto","scopes":[""]}}}}"#,
        claims["iat"], claims["exp"], claims["sub"]
    );
    assert_eq!(verify(&server, &ann.tokens.access).to_string(), expected);
    set_state(&server, &ann.address, "deleted");
    assert_eq!(
        verify(&server, &ann.tokens.access).to_string(),
        expected,
        "nothing is looked up"
    );
}

#[test]
fn what_is_no_access_token_is_not_shown() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    assert_eq!(code(&server.get("/v1/token/access/verify").send()), 1001);
    for (what, token) in forgeries(&ann.tokens.access) {
        let answer = verify(&server, &token);
        assert_eq!(
            (answer.status().as_u16(), code(&answer)),
            (403, 3003),
            "{what}: {answer}"
        );
    }
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann.address }))
        .send()
        .expect(200);
    let mailed = mailed_jwt(&server.mail_to(&ann.address).query("token"));
    assert_snapshot!(
        verify(&server, &mailed),
        @r#"403 {"status":"error","error":{"code":3009,"message":"Invalid Access Token"}}"#
    );
}

#[test]
fn credentials_are_two_words_or_a_cookie() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let ask = || server.get("/v1/user/info/nobody");
    let token = &ann.tokens.access;
    let none = [
        ask(),
        ask().header("authorization", token),
        ask().header("authorization", "Bearer"),
    ];
    let wrong = [format!("Basic {token}"), format!("Bearer {token} x")]
        .map(|value| ask().header("authorization", &value));
    insta::allow_duplicates! {
        for request in none.into_iter().chain(wrong) {
            assert_snapshot!(
                request.send(),
                @r#"401 {"status":"error","error":{"code":1003,"message":"Request is unauthorized"}}"#
            );
        }
    }
    for scheme in ["Bearer", "bearer", "JWT", "jwt"] {
        let value = format!("{scheme} {token}");
        assert_eq!(
            code(&ask().header("authorization", &value).send()),
            1001,
            "{scheme}"
        );
    }
    assert_eq!(code(&ask().cookie("access_token", token).send()), 1001);
    assert_eq!(
        code(&ask().cookie("access_token", "x").bearer(token).send()),
        3003,
        "the cookie goes first"
    );
    assert_eq!(code(&ask().query(&[("access_token", token)]).send()), 1003);
}

#[test]
fn what_is_no_access_token_opens_nothing() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    for (what, token) in forgeries(&ann.tokens.access) {
        let answer = server.pluto().info(ann.number, &token);
        assert_eq!(
            (answer.status().as_u16(), code(&answer)),
            (403, 3003),
            "{what}: {answer}"
        );
    }
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann.address }))
        .send()
        .expect(200);
    let mailed = mailed_jwt(&server.mail_to(&ann.address).query("token"));
    assert_eq!(
        code(&server.pluto().info(ann.number, &mailed)),
        3003,
        "a mailed token"
    );
    assert_eq!(
        code(&server.pluto().info(ann.number, &ann.tokens.refresh)),
        3003,
        "a refresh token"
    );
}

#[test]
fn a_suspended_accounts_tokens_are_worth_nothing_at_once() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    ann.info(&server);
    set_state(&server, &ann.address, "banned");
    // Another process did it: noticed within a second.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(1);
    while server.pluto().info(ann.number, &ann.tokens.access).status() == 200 {
        assert!(std::time::Instant::now() < until, "still good after a second");
    }
    assert_snapshot!(
        server.pluto().info(ann.number, &ann.tokens.access),
        @r#"403 {"status":"error","error":{"code":3009,"message":"Invalid Access Token"}}"#
    );
    assert_eq!(code(&server.pluto().refresh(&ann.tokens.refresh)), 3002);
    set_state(&server, &ann.address, "active");
    assert_eq!(
        code(&server.pluto().refresh(&ann.tokens.refresh)),
        3002,
        "a session that ended stays so"
    );
    server.pluto().try_log_in(&ann.address, PASSWORD).expect(200);
}

/// Tokens that are none of this server's.
fn forgeries(token: &str) -> Vec<(&'static str, String)> {
    let (header, payload) = (jwt::header(token), jwt::payload(token));
    let none = json!({ "alg": "none", "kid": header["kid"] });
    let shared = json!({ "alg": "HS256", "kid": header["kid"] });
    let unknown = json!({ "alg": "RS256", "kid": "unknown" });
    let no_signature = |header: &Value| jwt::forge(header, &payload, |_| Vec::new());
    vec![
        ("no token", "x".to_owned()),
        ("two parts", "a.b".to_owned()),
        ("no base64", "!.!.!".to_owned()),
        ("another header", jwt::tampered(token, 0)),
        ("another payload", jwt::tampered(token, 1)),
        ("another signature", jwt::tampered(token, 2)),
        ("no signature", no_signature(&header)),
        ("the algorithm none", no_signature(&none)),
        (
            "a shared secret",
            jwt::forge(&shared, &payload, |text| {
                openssl::sha::sha256(text.as_bytes()).to_vec()
            }),
        ),
        ("an unknown key", no_signature(&unknown)),
    ]
}

/// The JWT inside a mailed token.
#[track_caller]
fn mailed_jwt(token: &str) -> String {
    use base64::Engine as _;
    let jwt = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token)
        .unwrap();
    String::from_utf8(jwt).unwrap()
}
