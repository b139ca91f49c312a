//! Whose token opens which door, and with which keys it is checked.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Server, address, jwt, number};

const SHARED_SECRET: &str = "a secret that the API gateway knows too, of good length";

#[test]
fn a_token_of_either_dialect_opens_the_other() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));

    let number = number(&jwt::payload(&pluto.access));
    assert_eq!(
        server
            .pluto()
            .info(number, &backend_plus.access)
            .expect(200)
            .at("/body/mail"),
        ann
    );
    let change = json!({ "new_email": address("ann.new") });
    server
        .post("/auth/change-email/request")
        .json(change)
        .bearer(&pluto.access)
        .send()
        .expect(204);
}

#[test]
fn a_crossing_token_acts_for_its_own_account_only() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    let bobs_number = number(&jwt::payload(&server.pluto().log_in(&bob).access));

    let ann = server.backend_plus().log_in(&ann);
    assert_snapshot!(
        server.pluto().info(bobs_number, &ann.access),
        @r#"403 {"status":"error","error":{"code":3009,"message":"Invalid Access Token"}}"#
    );
}

#[test]
fn both_tokens_are_verified_with_nothing_but_the_published_keys() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    let all = server.get("/.well-known/jwks.json").send().expect(200).json();
    let rsa = server.get("/auth/jwks").send().expect(200).json();
    let pem = server
        .get("/v1/token/publickey")
        .send()
        .expect(200)
        .at("/body/public_key");

    for jwks in [&all, &rsa] {
        let claims = jwt::verify(&backend_plus.access, jwks).unwrap();
        assert!(claims["sub"].is_string(), "{claims}");
    }
    assert!(
        rsa["keys"]
            .as_array()
            .unwrap()
            .iter()
            .all(|key| key["kty"] == "RSA" && key["d"].is_null()),
        "{rsa}"
    );
    let claims = jwt::verify(&pluto.access, &all).unwrap();
    assert_eq!(claims, jwt::verify_with_pem(&pluto.access, &pem).unwrap());
    assert_eq!(claims["iss"], "pluto");
    assert!(
        jwt::verify(&jwt::tampered(&pluto.access, 1), &all).is_err(),
        "this check can fail"
    );
    assert!(
        jwt::verify_with_pem(&backend_plus.access, &pem).is_err(),
        "each dialect has a key of its own"
    );
}

#[test]
fn a_token_under_a_shared_secret_opens_its_own_dialect_only() {
    let server = Server::with(&[
        ("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_ALGORITHM", "HS256"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_KEY", SHARED_SECRET),
    ]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    jwt::verify_with_secret(&backend_plus.access, SHARED_SECRET.as_bytes()).unwrap();
    let number = number(&jwt::payload(&pluto.access));

    assert!(server.backend_plus().opens(&backend_plus.access));
    assert_snapshot!(
        server.pluto().info(number, &backend_plus.access),
        @r#"403 {"status":"error","error":{"code":3003,"message":"Invalid JWT Token"}}"#
    );
    assert!(
        server.backend_plus().opens(&pluto.access),
        "nobody else can make Pluto's"
    );
    assert_snapshot!(
        server.get("/auth/jwks").send(),
        @r#"501 {"statusCode":501,"error":"Not Implemented","message":"JWKS is not implemented on this server."}"#
    );
}

#[test]
fn with_crossing_off_a_token_opens_its_own_dialect_only() {
    let server = Server::with(&[("CLAVIS_TOKENS__ACROSS", "false")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    // The account is one all the same.
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));

    assert!(server.backend_plus().opens(&backend_plus.access));
    assert!(server.pluto().opens(&pluto.access));
    assert!(!server.backend_plus().opens(&pluto.access));
    assert!(!server.pluto().opens(&backend_plus.access));
    // Having been checked at its own door does not let it in at the other.
    assert!(!server.backend_plus().opens(&pluto.access));
    assert!(!server.pluto().opens(&backend_plus.access));
}

#[test]
fn a_refresh_token_is_worth_nothing_at_the_other_door_and_not_harmed_there() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));

    // Another dialect's own application is none of Pluto's.
    for (application, refusal) in [
        ("pluto", r#"{"code":3002,"message":"Invalid Refresh Token"}"#),
        (
            "backend_plus",
            r#"{"code":4005,"message":"Application does not exist"}"#,
        ),
    ] {
        let body = json!({ "refresh_token": backend_plus.refresh, "app_id": application });
        let answer = server.post("/v1/token/refresh").json(body).send();
        let expected = format!(r#"403 {{"status":"error","error":{refusal}}}"#);
        assert_eq!(answer.to_string(), expected);
    }
    assert_snapshot!(
        server.backend_plus().refresh(&pluto.refresh),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired refresh token."}"#
    );
    server
        .post("/auth/logout")
        .query(&[("refresh_token", &pluto.refresh)])
        .send();
    server.backend_plus().refresh(&backend_plus.refresh).expect(200);
    server.pluto().refresh(&pluto.refresh).expect(200);
}
