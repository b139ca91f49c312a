use insta::assert_snapshot;
use serde_json::json;

use super::{CALLBACK, Client, Someone, Visitor, code, scopes, shop};
use crate::harness::{Answer, PASSWORD, Server, jwt, within_a_second};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn a_code_becomes_tokens_once_and_the_second_use_ends_them() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    let value = Visitor::new(&server, &ann, "pluto").code(&client, &[]);
    assert!(uuid::Uuid::try_parse(&value).is_ok(), "{value}");
    let answer = client.redeem(&value).expect(200);
    let body = answer.json()["body"].clone();
    assert_eq!(
        (&body["type"], body.as_object().unwrap().len()),
        (&json!("Bearer"), 3)
    );
    let (access, refresh) = (answer.at("/body/access_token"), answer.at("/body/refresh_token"));
    let claims = jwt::payload(&access);
    assert_eq!(
        (&claims["sub"], &claims["iss"]),
        (&json!(ann.number), &json!("pluto"))
    );
    server.pluto().info(ann.number, &access).expect(200);

    assert_snapshot!(
        client.redeem(&value),
        @r#"403 {"status":"error","error":{"code":5002,"message":"Authorization code not found"}}"#
    );
    assert!(within_a_second(|| server
        .pluto()
        .info(ann.number, &access)
        .status()
        == 403));
    assert_eq!(code(&client.refresh(&refresh, "pluto", "")), 3002);
    // Nobody is logged out by it but the program.
    server.pluto().refresh(&ann.tokens.refresh).expect(200);
}

#[test]
fn of_redeemers_at_once_one_succeeds() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    let value = Visitor::new(&server, &ann, "pluto").code(&client, &[]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16).map(|_| scope.spawn(|| client.redeem(&value))).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!(good.len(), 1, "{answers:?}");
    assert!(refused.iter().all(|answer| code(answer) == 5002), "{refused:?}");
    let refresh = good[0].at("/body/refresh_token");
    assert_eq!(
        code(&client.refresh(&refresh, "pluto", "")),
        3002,
        "it was held by two"
    );
}

#[test]
fn a_code_is_its_clients_and_stays_good_until_everything_fits() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let (client, other) = (
        Client::approved(&server, &root, "shop"),
        Client::approved(&server, &root, "other"),
    );
    let value = Visitor::new(&server, &ann, "pluto").code(&client, &[]);
    assert_eq!(code(&other.redeem(&value)), 5002, "another client's");
    for elsewhere in [
        "https://evil.test/",
        "https://shop.example/callback/",
        "https://shop.example/Callback",
    ] {
        let answer = client
            .tokens(&json!({ "grant_type": "authorization_code", "code": value, "redirect_uri": elsewhere }));
        assert_eq!(code(&answer), 5003, "{elsewhere}");
    }
    assert_eq!(code(&client.redeem(&value.to_uppercase())), 5002, "to the letter");
    client.redeem(&value).expect(200);
}

#[test]
fn an_expired_code_is_refused() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    let value = Visitor::new(&server, &ann, "pluto").code(&client, &[]);
    server.execute_sql("UPDATE authorization_codes SET expires_at = issued_at + 1");
    assert_snapshot!(
        client.redeem(&value),
        @r#"403 {"status":"error","error":{"code":5004,"message":"Authorization code expired"}}"#
    );
}

#[test]
fn a_promise_is_kept_and_none_is_made_up() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    let visitor = Visitor::new(&server, &ann, "pluto");
    let redeem = |value: &str, verifier: Option<&str>| {
        client.tokens(&json!({
            "grant_type": "authorization_code", "code": value, "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        }))
    };
    let promised = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let value = visitor.code(&client, &promised);
    for wrong in [None, Some(""), Some(CHALLENGE), Some("short")] {
        assert_eq!(code(&redeem(&value, wrong)), 9005, "{wrong:?}");
    }
    redeem(&value, Some(VERIFIER)).expect(200);

    let without = visitor.code(&client, &[]);
    assert_eq!(
        code(&redeem(&without, Some(VERIFIER))),
        9005,
        "somebody took the challenge away"
    );
    redeem(&without, None).expect(200);

    for method in ["plain", "s256", ""] {
        let query = [
            ("client_id", "shop"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", method),
        ];
        visitor.look(&query).expect(400);
    }
}

#[test]
fn a_code_is_worth_nothing_after_a_new_password_or_a_ban() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    let visitor = Visitor::new(&server, &ann, "pluto");
    let held = client.redeem(&visitor.code(&client, &[])).expect(200);
    let value = visitor.code(&client, &[]);
    server
        .post("/auth/change-password")
        .json(json!({ "old_password": PASSWORD, "new_password": "a quite different phrase" }))
        .bearer(&ann.tokens.access)
        .send()
        .expect(204);
    assert_eq!(code(&client.redeem(&value)), 5002);
    assert_eq!(
        code(&client.refresh(&held.at("/body/refresh_token"), "pluto", "")),
        3002
    );
    assert!(
        within_a_second(|| visitor.look(&[("client_id", "shop")]).status() == 302),
        "logged out of the pages, too"
    );

    let bob = Someone::new(&server, "bob");
    let value = Visitor::new(&server, &bob, "pluto").code(&client, &[]);
    super::super::set_state(&server, &bob.address, "banned");
    assert_eq!(code(&client.redeem(&value)), 5002);
}

#[test]
fn nothing_is_granted_later_that_was_not_consented_to() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    shop(&server, &root, &ann);
    let client = Client::approved(&server, &root, "program");
    let visitor = Visitor::new(&server, &ann, "shop");
    let page = visitor.look(&[("client_id", "program"), ("scopes", "shop.write")]);
    let text = page.expect(200).text();
    assert!(
        text.contains("<li>shop.write</li>") && !text.contains("<li>shop.read</li>"),
        "{text}"
    );
    let answer = client
        .redeem(&visitor.code(&client, &[("scopes", "shop.write")]))
        .expect(200);
    assert_eq!(scopes(&answer.at("/body/access_token")), json!(["shop.write"]));
    let answer = client
        .refresh(&answer.at("/body/refresh_token"), "shop", "shop.read,shop.write")
        .expect(200);
    assert_eq!(scopes(&answer.at("/body/access_token")), json!(["shop.write"]));
    let answer = client
        .refresh(&answer.at("/body/refresh_token"), "shop", "shop.read")
        .expect(200);
    assert_eq!(scopes(&answer.at("/body/access_token")), json!(["shop.write"]));
}

#[test]
fn no_code_or_token_of_a_program_is_kept_readable() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "program");
    let visitor = Visitor::new(&server, &ann, "pluto");
    let (spent, unspent) = (visitor.code(&client, &[]), visitor.code(&client, &[]));
    let refresh = client.redeem(&spent).expect(200).at("/body/refresh_token");
    let stored = server.stored();
    for secret in [&spent, &unspent, &refresh, &visitor.cookie, super::SECRET] {
        let kept = stored.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!kept, "kept readable");
    }
}
