//! Signing keys change while the server runs, and nobody is logged out.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Server, Tokens, address, jwt, within};

/// How soon a running server uses keys that a command made.
const SOON: Duration = Duration::from_secs(15);

fn published(server: &Server) -> Value {
    server.get("/.well-known/jwks.json").send().expect(200).json()
}

fn kid(token: &str) -> String {
    jwt::header(token)["kid"]
        .as_str()
        .expect("a token names its key")
        .to_owned()
}

#[test]
fn after_a_rotation_old_tokens_still_verify_and_new_ones_have_the_new_key() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let old = [server.backend_plus().log_in(&ann), server.pluto().log_in(&ann)];
    let old_pem = server.get("/v1/token/publickey").send().at("/body/public_key");

    let rotated: Value = serde_json::from_str(&server.cli(&["keys", "rotate", "--json"]).ok()).unwrap();
    let new_kids: Vec<&str> = rotated["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    let mut new: Option<[Tokens; 2]> = None;
    assert!(within(SOON, || {
        let both = [server.backend_plus().log_in(&ann), server.pluto().log_in(&ann)];
        let signed_by_new = both
            .iter()
            .all(|tokens| new_kids.contains(&kid(&tokens.access).as_str()));
        new = Some(both);
        signed_by_new
    }));
    let new = new.unwrap();

    let jwks = published(&server);
    for tokens in old.iter().chain(&new) {
        jwt::verify(&tokens.access, &jwks).unwrap();
        assert!(server.backend_plus().opens(&tokens.access) && server.pluto().opens(&tokens.access));
    }
    let new_pem = server.get("/v1/token/publickey").send().at("/body/public_key");
    jwt::verify_with_pem(&new[1].access, &new_pem).unwrap();
    assert_ne!(old_pem, new_pem);
    let rsa = server.get("/auth/jwks").send().expect(200).json();
    jwt::verify(&old[0].access, &rsa).unwrap();
    jwt::verify(&new[0].access, &rsa).unwrap();
    // Whoever is logged in stays so.
    server.backend_plus().refresh(&old[0].refresh).expect(200);
    server.pluto().refresh(&old[1].refresh).expect(200);
}

#[test]
fn one_owners_keys_can_be_rotated_alone() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let before = kid(&server.pluto().log_in(&ann).access);
    let backend_plus = kid(&server.backend_plus().log_in(&ann).access);
    server.cli(&["keys", "rotate", "--owner", "pluto"]).ok();
    assert!(within(SOON, || kid(&server.pluto().log_in(&ann).access) != before));
    assert_eq!(kid(&server.backend_plus().log_in(&ann).access), backend_plus);
}

#[test]
fn keys_are_the_same_after_a_restart_and_published_without_their_private_part() {
    let mut server = Server::start();
    let before = published(&server);
    server.restart();
    assert_eq!(published(&server), before);

    let keys = before["keys"].as_array().unwrap();
    for key in keys {
        for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[member].is_null(), "{member} of {key}");
        }
        assert!(
            key["kid"].is_string() && key["alg"].is_string() && key["use"] == "sig",
            "{key}"
        );
    }
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        assert!(
            keys.iter().any(|key| key["alg"] == algorithm),
            "no {algorithm} key"
        );
    }
    let kids: std::collections::HashSet<_> = keys.iter().map(|key| key["kid"].as_str()).collect();
    assert_eq!(kids.len(), keys.len());
}
