//! Whose requests are believed.

use std::thread;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer as Hmac;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::harness::management::{Management, Signers, claims, now, request, signed, signers};

const READ: &str = "/api/v2/management/users/list";
const WRITE: &str = "/api/v2/management/users/update";
const UNVERIFIED: &str = r#"401 {"error":"Failed to verify JWT."}"#;
const NOT_ENOUGH: &str = r#"401 {"error":"Not enough signatures for the action."}"#;

fn send(management: &Management, path: &str, body: Value) -> Answer {
    management.send(Method::POST, path, body)
}

/// Claims in force, but for one, which is this or not there.
fn claims_with(name: &str, claim: Value) -> Value {
    let mut claims = claims(json!({}));
    let fields = claims.as_object_mut().unwrap();
    match claim {
        Value::Null => fields.remove(name),
        claim => fields.insert(name.to_owned(), claim),
    };
    claims
}

#[test]
fn a_known_server_is_believed_by_the_key_of_the_keychain() {
    let management = Management::start();
    let Signers {
        applogic,
        peatio,
        stranger,
    } = signers();
    for by in [
        &[applogic][..],
        &[peatio],
        &[applogic, peatio],
        &[stranger, peatio],
    ] {
        let body = signed(&claims(json!({})), by);
        assert_eq!(send(&management, READ, body).to_string(), "200 []");
    }
}

#[test]
fn nobody_else_is() {
    let management = Management::start();
    let Signers {
        applogic,
        peatio,
        stranger,
    } = signers();
    let claims = claims(json!({}));
    assert_eq!(
        send(&management, READ, signed(&claims, &[stranger])).to_string(),
        NOT_ENOUGH
    );
    assert_eq!(
        send(&management, READ, signed(&claims, &[])).to_string(),
        NOT_ENOUGH
    );
    let with_kid = |kid: &str, signature: &Value| {
        let mut signature = signature.clone();
        signature["header"]["kid"] = json!(kid);
        request(&claims, &[signature])
    };
    // Under the name of somebody who is known, by a key that is not theirs.
    for (name, signer) in [("peatio", stranger), ("applogic", peatio), ("peatio", applogic)] {
        let body = with_kid(name, &signer.sign(&claims));
        assert_eq!(send(&management, READ, body).to_string(), UNVERIFIED, "{name}");
    }
    // One bad signature of somebody who is known spoils the good one beside it.
    let mut forged = stranger.sign(&claims);
    forged["header"]["kid"] = json!("peatio");
    let body = request(&claims, &[applogic.sign(&claims), forged]);
    assert_eq!(send(&management, READ, body).to_string(), UNVERIFIED);
}

#[test]
fn what_was_changed_is_not_what_was_signed() {
    let management = Management::start();
    let Signers { applogic, .. } = signers();
    let signature = applogic.sign(&claims(json!({ "page": 1 })));
    let other = request(&claims(json!({ "page": 2 })), std::slice::from_ref(&signature));
    assert_eq!(send(&management, READ, other).to_string(), UNVERIFIED);

    let claims = claims(json!({ "page": 1 }));
    let mut longer = signed(&claims, &[applogic]);
    longer["payload"] = json!(format!("{}A", longer["payload"].as_str().unwrap()));
    assert_eq!(send(&management, READ, longer).to_string(), UNVERIFIED);
    let mut flipped = signed(&claims, &[applogic]);
    let text = flipped["signatures"][0]["signature"].as_str().unwrap();
    let first = if text.starts_with('A') { "B" } else { "A" };
    flipped["signatures"][0]["signature"] = json!(format!("{first}{}", text.get(1..).unwrap()));
    assert_eq!(send(&management, READ, flipped).to_string(), UNVERIFIED);
}

#[test]
fn the_algorithm_is_the_keychains() {
    let management = Management::start();
    let Signers { applogic, .. } = signers();
    let claims = claims(json!({}));
    // Nobody's signature.
    for none in ["none", "None", "NONE", ""] {
        let unsigned = applogic.sign_with(&json!({ "alg": none }), &claims, |_| Vec::new());
        let body = request(&claims, &[unsigned]);
        assert_eq!(send(&management, READ, body).to_string(), UNVERIFIED, "{none}");
    }
    // What anybody can compute who has the public key.
    let hmac = |message: &[u8]| {
        let key = PKey::hmac(&applogic.public_pem()).unwrap();
        Hmac::new(MessageDigest::sha256(), &key)
            .and_then(|mut hmac| hmac.sign_oneshot_to_vec(message))
            .unwrap()
    };
    for algorithm in ["HS256", "RS256"] {
        let body = request(
            &claims,
            &[applogic.sign_with(&json!({ "alg": algorithm }), &claims, hmac)],
        );
        assert_eq!(
            send(&management, READ, body).to_string(),
            UNVERIFIED,
            "{algorithm}"
        );
    }
}

#[test]
fn a_request_is_in_force_for_the_time_it_says() {
    let management = Management::start();
    let Signers { applogic, .. } = signers();
    for (name, claim) in [
        ("exp", Value::Null),
        ("exp", json!(now())),
        ("exp", json!(now() - 3600)),
        ("exp", json!(0)),
        ("exp", json!("tomorrow")),
        ("exp", json!(true)),
        // One with a name of its own is remembered for a day, and cannot be good for longer.
        ("exp", json!(now() + 2 * 24 * 60 * 60)),
        ("exp", json!(1e300)),
        ("nbf", json!(now() + 60)),
        ("iat", json!(now() + 60)),
        ("iat", json!("now")),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("jti", json!("x".repeat(256))),
        ("data", json!([])),
        ("data", json!("{}")),
    ] {
        let body = signed(&claims_with(name, claim.clone()), &[applogic]);
        assert_eq!(
            send(&management, READ, body).to_string(),
            UNVERIFIED,
            "{name} {claim}"
        );
    }
    for (name, claim) in [
        ("exp", json!(now() + 23 * 60 * 60)),
        ("nbf", json!(now() - 60)),
        ("iat", Value::Null),
        ("data", Value::Null),
    ] {
        let body = signed(&claims_with(name, claim.clone()), &[applogic]);
        assert_eq!(
            send(&management, READ, body).to_string(),
            "200 []",
            "{name} {claim}"
        );
    }
}

#[test]
fn whoever_has_to_sign_has_to() {
    let management = Management::start();
    let Signers {
        applogic,
        peatio,
        stranger,
    } = signers();
    let update = || claims(json!({ "uid": "ID0000000000" }));
    // They may sign, and that is not enough here.
    assert_eq!(
        send(&management, WRITE, signed(&update(), &[peatio])).to_string(),
        NOT_ENOUGH
    );
    assert_eq!(
        send(&management, WRITE, signed(&update(), &[peatio, stranger])).to_string(),
        NOT_ENOUGH
    );
    for by in [&[applogic][..], &[applogic, peatio]] {
        let answer = send(&management, WRITE, signed(&update(), by));
        assert_eq!(answer.to_string(), r#"404 {"error":"Record is not found"}"#);
    }
}

#[test]
fn two_servers_can_be_asked_for_at_once_and_one_who_may_nothing_counts_for_nothing() {
    let scopes = [
        ("write_users", "applogic, peatio", "applogic, peatio"),
        ("read_users", "", "applogic"),
        ("tools", "", ""),
    ];
    let management = Management::with_scopes(&scopes, &[]);
    let Signers { applogic, peatio, .. } = signers();
    let update = || claims(json!({ "uid": "ID0000000000" }));
    for by in [&[applogic][..], &[peatio]] {
        assert_eq!(
            send(&management, WRITE, signed(&update(), by)).to_string(),
            NOT_ENOUGH
        );
    }
    assert_eq!(
        send(&management, WRITE, signed(&update(), &[peatio, applogic])).status(),
        404
    );
    let list = || claims(json!({}));
    assert_eq!(
        send(&management, READ, signed(&list(), &[peatio])).to_string(),
        NOT_ENOUGH
    );
    assert_eq!(
        send(&management, READ, signed(&list(), &[peatio, applogic])).to_string(),
        "200 []"
    );
    // A scope that nobody may sign for, and one that the keychain does not have.
    for path in ["timestamp", "labels", "otp/sign", "documents", "phones/get"] {
        let body = signed(&list(), &[applogic, peatio]);
        let answer = send(&management, &format!("/api/v2/management/{path}"), body);
        assert_eq!(answer.to_string(), NOT_ENOUGH, "{path}");
    }
}

#[test]
fn a_request_with_a_name_is_served_once() {
    let management = Management::start();
    let Signers { applogic, peatio, .. } = signers();
    let claims = claims(json!({}));
    let body = signed(&claims, &[applogic, peatio]);
    assert_eq!(send(&management, READ, body.clone()).to_string(), "200 []");
    assert_eq!(send(&management, READ, body.clone()).to_string(), UNVERIFIED);
    // Through the other mount, with a signature less, or with a fresh signature over the same.
    let elsewhere = READ.replace("/api/v2/", "/api/v2/barong/");
    assert_eq!(send(&management, &elsewhere, body).to_string(), UNVERIFIED);
    for by in [&[applogic][..], &[peatio]] {
        assert_eq!(
            send(&management, READ, signed(&claims, by)).to_string(),
            UNVERIFIED
        );
    }
    // And one that was refused for its signatures may come again with them.
    let claims = claims_with("jti", json!("comes-again"));
    let path = WRITE;
    assert_eq!(
        send(&management, path, signed(&claims, &[peatio])).to_string(),
        NOT_ENOUGH
    );
    assert_eq!(
        send(&management, path, signed(&claims, &[peatio, applogic])).status(),
        422
    );
}

#[test]
fn of_many_copies_at_once_one_is_served() {
    let management = Management::start();
    let body = signed(&claims(json!({})), &[&signers().applogic]);
    let statuses: Vec<_> = thread::scope(|scope| {
        let copies: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| send(&management, READ, body.clone()).status().as_u16()))
            .collect();
        copies.into_iter().map(|copy| copy.join().unwrap()).collect()
    });
    let served = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!((served, refused), (1, 15));
}

#[test]
fn a_request_without_a_name_may_come_again_only_where_it_changes_nothing() {
    let management = Management::start();
    let Signers { applogic, peatio, .. } = signers();
    let nameless = |data: Value| {
        let mut claims = claims(data);
        claims.as_object_mut().unwrap().remove("jti");
        claims
    };
    let body = signed(&nameless(json!({})), &[applogic]);
    for path in [READ, READ, "/api/v2/management/timestamp", READ] {
        assert_eq!(send(&management, path, body.clone()).status(), 200);
    }
    // Its payload stands in for its name: whoever signs it, and through whichever mount it comes.
    for (path, data) in [
        ("users/update", json!({ "uid": "ID0000000000" })),
        ("labels", json!({ "key": "a" })),
        ("labels/delete", json!({ "key": "b" })),
        ("otp/sign", json!({})),
        ("documents", json!({ "key": "c" })),
        ("phones", json!({ "key": "d" })),
    ] {
        let claims = nameless(data);
        for (mount, by, is_served) in [
            ("/api/v2/management", applogic, true),
            ("/api/v2/management", applogic, false),
            ("/api/v2/barong/management", applogic, false),
            ("/api/v2/management", peatio, false),
        ] {
            let answer = send(&management, &format!("{mount}/{path}"), signed(&claims, &[by]));
            assert_eq!(answer.status() != 401, is_served, "{mount}/{path}: {answer}");
        }
    }
}

#[test]
fn no_request_is_in_force_for_more_than_a_day() {
    let management = Management::start();
    for jti in [Value::Null, json!("named")] {
        let mut claims = claims_with("jti", jti);
        for beyond in [json!(now() + 2 * 24 * 60 * 60), json!(u64::MAX), json!(1e300)] {
            claims["exp"] = beyond.clone();
            let body = signed(&claims, &[&signers().applogic]);
            assert_eq!(send(&management, READ, body).to_string(), UNVERIFIED, "{beyond}");
        }
    }
}
