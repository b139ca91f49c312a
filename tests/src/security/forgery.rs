//! Tokens that are not what they claim to be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::{HS256, JwsSigner as _, RS256};
use serde_json::{Value, json};

use crate::harness::{Server, Tokens, address, jwt};

/// Somebody who is logged in at both doors.
fn somebody(server: &Server) -> (String, Tokens, Tokens) {
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    (ann, backend_plus, pluto)
}

#[track_caller]
fn assert_opens_nothing(server: &Server, token: &str, what: &str) {
    assert!(
        !server.backend_plus().opens(token),
        "{what} opens Backend Plus: {token}"
    );
    assert!(!server.pluto().opens(token), "{what} opens Pluto: {token}");
    let verify = server
        .get("/v1/token/access/verify")
        .query(&[("token", token)])
        .send();
    assert_eq!(verify.status(), 403, "{what} verifies: {verify}");
}

fn unpadded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn a_token_without_a_signature_opens_nothing() {
    let server = Server::start();
    let (_, backend_plus, pluto) = somebody(&server);
    for tokens in [&backend_plus, &pluto] {
        let claims = jwt::payload(&tokens.access);
        let kid = jwt::header(&tokens.access)["kid"].clone();
        for algorithm in ["none", "None", "NONE", "nOnE", ""] {
            for header in [
                json!({ "alg": algorithm }),
                json!({ "alg": algorithm, "kid": kid, "typ": "JWT" }),
            ] {
                assert_opens_nothing(&server, &jwt::forge(&header, &claims, |_| Vec::new()), "alg none");
            }
        }
        let header = jwt::header(&tokens.access);
        assert_opens_nothing(
            &server,
            &jwt::forge(&header, &claims, |_| Vec::new()),
            "no signature",
        );
        assert_opens_nothing(
            &server,
            &jwt::forge(&json!({}), &claims, |_| Vec::new()),
            "no algorithm",
        );
        let (signed, _) = tokens.access.rsplit_once('.').unwrap();
        assert_opens_nothing(&server, signed, "two parts");
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let server = Server::start();
    let (_, backend_plus, pluto) = somebody(&server);
    let pem = server.get("/v1/token/publickey").send().at("/body/public_key");
    let jwks = server.get("/auth/jwks").send().expect(200).json();
    for tokens in [&backend_plus, &pluto] {
        let claims = jwt::payload(&tokens.access);
        let kid = jwt::header(&tokens.access)["kid"].clone();
        let key = jwks["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kid"] == kid)
            .cloned();
        let modulus = key
            .map(|key| key["n"].as_str().unwrap().to_owned())
            .unwrap_or_default();
        // Every form of the public key that a verifier was ever tricked into taking for a secret.
        let secrets = [
            pem.clone().into_bytes(),
            pem.trim().into(),
            modulus.clone().into_bytes(),
            unpadded(&modulus),
        ];
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let signer = HS256.signer_from_bytes(secret).unwrap();
            for header in [json!({ "alg": "HS256" }), json!({ "alg": "HS256", "kid": kid })] {
                let forged = jwt::forge(&header, &claims, |signed| signer.sign(signed.as_bytes()).unwrap());
                assert_opens_nothing(&server, &forged, "HS256 under the public key");
            }
        }
    }
}

#[test]
fn a_key_that_a_token_brings_along_is_not_believed() {
    let server = Server::start();
    let (_, backend_plus, pluto) = somebody(&server);
    let own = RS256.generate_key_pair(2048).unwrap();
    let signer = RS256.signer_from_pem(own.to_pem_private_key()).unwrap();
    let public: Value = serde_json::from_str(&own.to_jwk_public_key().to_string()).unwrap();
    for tokens in [&backend_plus, &pluto] {
        let claims = jwt::payload(&tokens.access);
        let kid = &jwt::header(&tokens.access)["kid"];
        for header in [
            json!({ "alg": "RS256" }),
            json!({ "alg": "RS256", "kid": kid }),
            json!({ "alg": "RS256", "kid": kid, "jwk": public }),
            json!({ "alg": "RS256", "jku": "http://127.0.0.1:9/keys.json", "kid": kid }),
            json!({ "alg": "RS256", "kid": "../../../../dev/null" }),
            json!({ "alg": "RS256", "kid": "' OR 1=1 --" }),
            json!({ "alg": "RS256", "kid": kid, "crit": ["exp"] }),
        ] {
            let forged = jwt::forge(&header, &claims, |signed| signer.sign(signed.as_bytes()).unwrap());
            assert_opens_nothing(&server, &forged, "a foreign signature");
        }
    }
}

#[test]
fn a_changed_token_opens_nothing() {
    let server = Server::start();
    let (_, backend_plus, pluto) = somebody(&server);
    let (_, _, other) = somebody(&server);
    for tokens in [&backend_plus, &pluto] {
        assert!(
            server.backend_plus().opens(&tokens.access) && server.pluto().opens(&tokens.access),
            "unchanged"
        );
        for part in 0..3 {
            assert_opens_nothing(&server, &jwt::tampered(&tokens.access, part), "a changed token");
        }
        // Somebody else's claims under this one's signature.
        let mut parts: Vec<&str> = tokens.access.split('.').collect();
        parts[1] = other.access.split('.').nth(1).unwrap();
        assert_opens_nothing(&server, &parts.join("."), "other claims");
    }
}

#[test]
fn an_expired_token_opens_nothing() {
    let server = Server::with(&[("CLAVIS_TOKENS__ACCESS_TTL_SECONDS", "1")]);
    let (_, backend_plus, pluto) = somebody(&server);
    // A lifetime is counted in whole seconds and Pluto's contract lets the last one pass.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    for tokens in [&backend_plus, &pluto] {
        assert!(!server.backend_plus().opens(&tokens.access));
        assert!(!server.pluto().opens(&tokens.access));
    }
    let jwks = server.get("/.well-known/jwks.json").send().json();
    assert!(jwt::verify(&pluto.access, &jwks).is_err(), "and says so itself");
    server.backend_plus().refresh(&backend_plus.refresh).expect(200);
}

#[test]
fn what_is_no_access_token_opens_nothing() {
    let server = Server::start();
    let (ann, backend_plus, pluto) = somebody(&server);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let reset = server.mail_to(&ann).query("token");
    let bob = address("bob");
    server.pluto().register(&bob).expect(200);
    let verify = server.mail_to(&bob).query("token");
    // A mail token is a signed token in another coding.
    let inner = |token: &str| String::from_utf8(unpadded(token)).unwrap();
    for (what, token) in [
        ("a refresh token of Backend Plus", backend_plus.refresh.clone()),
        ("a refresh token of Pluto", pluto.refresh.clone()),
        ("a reset token", reset.clone()),
        ("a reset token, unwrapped", inner(&reset)),
        ("a verification token", verify.clone()),
        ("a verification token, unwrapped", inner(&verify)),
    ] {
        assert_opens_nothing(&server, &token, what);
    }
    assert_eq!(
        jwt::payload(&inner(&reset))["type"],
        "password_reset",
        "it was a real one"
    );
    // And the other way round.
    server.backend_plus().refresh(&backend_plus.access).expect(401);
    server.pluto().refresh(&pluto.access).expect(403);
    let wrapped = URL_SAFE_NO_PAD.encode(&pluto.access);
    server
        .get(&format!("/web/mail/verify/{wrapped}"))
        .send()
        .expect(403);
    server
        .post(&format!("/web/password/reset/{wrapped}"))
        .form(&[("password", "stolen")])
        .send()
        .expect(403);
}

#[test]
fn an_access_token_in_the_query_is_no_credential() {
    let server = Server::start();
    let (_, backend_plus, pluto) = somebody(&server);
    for token in [&backend_plus.access, &pluto.access] {
        for name in ["access_token", "token", "jwt", "authorization", "bearer"] {
            let answer = server.post("/auth/token/revoke").query(&[(name, token)]).send();
            assert_eq!(answer.status(), 401, "{name}: {answer}");
            let answer = server.get("/v1/user/info/1").query(&[(name, token)]).send();
            assert_eq!(answer.status(), 401, "{name}: {answer}");
        }
    }
    assert!(
        server.backend_plus().opens(&backend_plus.access),
        "nothing was revoked"
    );
}

#[test]
fn identity_comes_from_the_token_and_never_from_a_field() {
    let server = Server::start();
    let (bob, bobs, bobs_pluto) = somebody(&server);
    let id = jwt::payload(&bobs.access)["sub"].clone();
    let number = jwt::payload(&bobs_pluto.access)["sub"].clone();
    for path in ["/auth/token/revoke", "/auth/delete"] {
        let fields = [
            ("user_id", &id),
            ("id", &id),
            ("sub", &number),
            ("account_id", &id),
            ("email", &json!(bob)),
        ];
        for (field, value) in fields {
            let (_, anns, _) = somebody(&server);
            // Whether a field too many is refused or ignored, it is Ann's session that ends, or Ann who goes.
            let answer = server
                .post(path)
                .json(json!({ field: value }))
                .bearer(&anns.access)
                .send();
            assert!(
                [204, 400].contains(&answer.status().as_u16()),
                "{path} {field}: {answer}"
            );
            assert!(
                server.backend_plus().opens(&bobs.access),
                "{path} {field} ended Bob's session"
            );
        }
    }
    server.backend_plus().log_in(&bob);
}

#[test]
fn a_written_cookie_is_no_identity() {
    let server = Server::start();
    let (_, tokens, _) = somebody(&server);
    let id = jwt::payload(&tokens.access)["sub"].as_str().unwrap().to_owned();
    let plain = json!({ "user-id": id, "allowed-roles": ["user"], "default-role": "user" }).to_string();
    let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    for value in [
        encoded.clone(),
        format!("s%3A{encoded}"),
        format!("s%3A{encoded}.AAAA"),
        format!("j%3A{encoded}"),
        plain,
    ] {
        let answer = server
            .post("/auth/token/revoke")
            .header("cookie", &format!("permission_variables={value}"))
            .send();
        assert_eq!(answer.status(), 401, "{value}: {answer}");
    }
    assert!(server.backend_plus().opens(&tokens.access));
}
