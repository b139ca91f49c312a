//! How far a session reaches and when it ends, in use or not.

use std::thread;
use std::time::Duration;

use josekit::jws::{HS256, JwsSigner as _};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server, Tokens, address, jwt};

const SHARED_SECRET: &str = "a secret that the API gateway knows too, of good length";

#[test]
fn a_refresh_token_of_one_application_is_refused_at_another_and_not_harmed() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    server.cli(&["app", "create", "--name", "shop"]).ok();
    let shop = Tokens::of_pluto(&server.pluto().try_log_in_to("shop", &ann, PASSWORD));

    let answer = server.pluto().refresh(&shop.refresh);
    assert_eq!(answer.expect(403).at("/error/code"), "3002");
    let own = json!({ "refresh_token": shop.refresh, "app_id": "shop" });
    server.post("/v1/token/refresh").json(own).send().expect(200);
}

#[test]
fn a_refresh_grants_no_scope_that_the_role_lacks() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let tokens = server.pluto().log_in(&ann);
    let wider = json!({ "refresh_token": tokens.refresh, "app_id": "pluto", "scopes": "pluto.admin" });
    let tokens = Tokens::of_pluto(&server.post("/v1/token/refresh").json(wider).send());
    assert_eq!(jwt::payload(&tokens.access)["scopes"], json!([""]));
    server
        .get("/v1/user/count")
        .bearer(&tokens.access)
        .send()
        .expect(403);
}

#[test]
fn a_session_ends_although_it_is_in_use() {
    let server = Server::with(&[("CLAVIS_TOKENS__SESSION_TTL_SECONDS", "3")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    let backend_plus = Tokens::of_backend_plus(&server.backend_plus().refresh(&backend_plus.refresh));
    let pluto = Tokens::of_pluto(&server.pluto().refresh(&pluto.refresh));

    // Its lifetime is real time, and a second is how long a standing may be believed.
    thread::sleep(Duration::from_millis(4_100));
    for tokens in [&backend_plus, &pluto] {
        assert!(!server.backend_plus().opens(&tokens.access) && !server.pluto().opens(&tokens.access));
    }
    server.backend_plus().refresh(&backend_plus.refresh).expect(401);
    server.pluto().refresh(&pluto.refresh).expect(403);
    server.backend_plus().log_in(&ann);
}

#[test]
fn a_token_that_lacks_a_claim_opens_nothing_whoever_signed_it() {
    let server = Server::with(&[
        ("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_ALGORITHM", "HS256"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_KEY", SHARED_SECRET),
    ]);
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    let (ann, bob) = (
        server.backend_plus().log_in(&ann),
        server.backend_plus().log_in(&bob),
    );
    let (header, claims) = (jwt::header(&ann.access), jwt::payload(&ann.access));
    let bobs = jwt::payload(&bob.access);
    let signer = HS256.signer_from_bytes(SHARED_SECRET).unwrap();
    let token_of = |claims: &Value| jwt::forge(&header, claims, |text| signer.sign(text.as_bytes()).unwrap());
    assert!(
        server.backend_plus().opens(&token_of(&claims)),
        "all of them, and it does"
    );

    for missing in ["exp", "sub", "sid"] {
        let mut claims = claims.clone();
        claims
            .as_object_mut()
            .unwrap()
            .remove(missing)
            .unwrap_or_else(|| panic!("there is no {missing}"));
        assert!(
            !server.backend_plus().opens(&token_of(&claims)),
            "without {missing}"
        );
        for wrong in [
            json!(null),
            json!(""),
            json!(0),
            json!([]),
            json!(-1),
            json!("nobody"),
        ] {
            claims[missing] = wrong.clone();
            assert!(
                !server.backend_plus().opens(&token_of(&claims)),
                "{missing} = {wrong}"
            );
        }
    }
    // One person's session under another's name, either way round.
    for mixed in ["sub", "sid"] {
        let mut claims = claims.clone();
        claims[mixed] = bobs[mixed].clone();
        assert!(
            !server.backend_plus().opens(&token_of(&claims)),
            "{mixed} is Bob's"
        );
    }
    let mut expired = claims.clone();
    expired["exp"] = claims["iat"].clone();
    assert!(!server.backend_plus().opens(&token_of(&expired)));
}
