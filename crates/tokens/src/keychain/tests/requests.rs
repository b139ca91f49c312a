use proptest::prelude::*;

use super::*;

const BAD: JwsRefusal = JwsRefusal::BadSignatureOrExpired;
const FEW: JwsRefusal = JwsRefusal::NotEnoughSignatures;

#[test]
fn a_request_bears_the_signatures_of_its_scope() {
    let (alex, jeff) = (world().alex.sign(&payload()), world().jeff.sign(&payload()));
    let signed = |by: &[&Value]| request(&payload(), &by.iter().copied().cloned().collect::<Vec<_>>());
    for (scope, by, expected) in [
        ("read_users", vec![&alex], Ok(())),
        ("read_users", vec![&jeff], Ok(())),
        ("read_users", vec![&alex, &jeff], Ok(())),
        ("read_users", vec![], Err(FEW)),
        ("write_users", vec![&alex], Ok(())),
        ("write_users", vec![&jeff, &alex], Ok(())),
        ("write_users", vec![&jeff], Err(FEW)),
        ("write_labels", vec![&alex, &jeff], Ok(())),
        ("write_labels", vec![&alex], Err(FEW)),
        ("write_labels", vec![&alex, &alex], Err(FEW)),
        ("nobody", vec![&alex, &jeff], Err(FEW)),
        ("no such scope", vec![&alex, &jeff], Err(FEW)),
    ] {
        assert_eq!(
            verify(scope, &signed(&by)).map(drop),
            expected,
            "{scope} by {}",
            by.len()
        );
    }
}

#[test]
fn what_was_signed_is_handed_on() {
    let signatures = [world().alex.sign(&payload()), world().james.sign(&payload())];
    let verified = verify("read_users", &request(&payload(), &signatures)).unwrap();
    assert_eq!(Value::Object(verified.data.clone()), json!({ "uid": "ID1" }));
    assert_eq!(verified.signers, BTreeSet::from(["alex".to_owned()]));
    assert_eq!(verified.jti.as_deref(), Some("a1"));
    assert_eq!(verified.expires_at.timestamp(), now().timestamp() + 60);
    assert!(!format!("{verified:?}").contains("ID1"));
}

#[test]
fn a_copy_with_fewer_signatures_has_the_same_digest() {
    let (alex, jeff) = (world().alex.sign(&payload()), world().jeff.sign(&payload()));
    let digest = |signatures: &[Value]| {
        verify("read_users", &request(&payload(), signatures))
            .unwrap()
            .digest
    };
    assert_eq!(digest(&[alex.clone(), jeff]), digest(&[alex]));
    let other = payload_with("jti", json!("a2"));
    let other = request(&other, &[world().alex.sign(&other)]);
    assert_ne!(
        verify("read_users", &other).unwrap().digest,
        digest(&[world().jeff.sign(&payload())])
    );
}

#[test]
fn every_signature_of_a_known_signer_has_to_verify() {
    let (alex, jeff) = (world().alex.sign(&payload()), world().jeff.sign(&payload()));
    for name in ["jeff", "james", "alex"] {
        // Somebody else's signature, under the name of a known one.
        let mut forged = alex.clone();
        forged["signature"] = jeff["signature"].clone();
        forged["header"]["kid"] = name.into();
        let signatures = [alex.clone(), jeff.clone(), forged];
        refused("read_users", &request(&payload(), &signatures), BAD);
    }
    let mut stranger = alex.clone();
    stranger["header"]["kid"] = "stranger".into();
    stranger["signature"] = "AAAA".into();
    assert!(verify("read_users", &request(&payload(), &[stranger.clone(), alex])).is_ok());
    refused("read_users", &request(&payload(), &[stranger]), FEW);
}

#[test]
fn a_known_signer_that_is_not_permitted_does_not_count() {
    let james = world().james.sign(&payload());
    refused(
        "read_users",
        &request(&payload(), std::slice::from_ref(&james)),
        FEW,
    );
    let jeff = world().jeff.sign(&payload());
    refused("write_users", &request(&payload(), &[james, jeff]), FEW);
}

#[test]
fn nothing_verifies_after_it_was_changed() {
    let signature = world().jeff.sign(&payload());
    let other = payload_with("data", json!({ "uid": "ID2" }));
    refused(
        "read_users",
        &request(&other, std::slice::from_ref(&signature)),
        BAD,
    );

    let mut changed = signature.clone();
    changed["protected"] = encode(&json!({ "alg": "ES256", "typ": "JWT" })).into();
    refused("read_users", &request(&payload(), &[changed]), BAD);

    let text = signature["signature"].as_str().unwrap();
    for spoilt in [
        String::new(),
        format!("{text}A"),
        format!("{text}=="),
        text.chars().skip(1).collect(),
        text.replacen(|letter| letter != 'A', "A", 1),
        // r and s of nothing: what a careless verifier of curves accepts from anybody.
        URL_SAFE_NO_PAD.encode([0; 64]),
        URL_SAFE_NO_PAD.encode([0xff; 64]),
    ] {
        let mut changed = signature.clone();
        changed["signature"] = spoilt.into();
        refused("read_users", &request(&payload(), &[changed]), BAD);
    }
}

#[test]
fn the_algorithm_is_the_one_of_the_keychain() {
    let alex = &world().alex;
    for algorithm in ["RS384", "RS512", "PS256"] {
        let other = Server {
            name: "alex",
            algorithm,
            key: alex.key.clone(),
        };
        refused("read_users", &request(&payload(), &[other.sign(&payload())]), BAD);
    }
    for protected in [
        json!({ "alg": "RS384" }),
        json!({ "alg": "rs256" }),
        json!({ "alg": "none" }),
        json!({ "alg": ["RS256"] }),
        json!({}),
        json!([]),
    ] {
        let signature = alex.sign_as("alex", &protected, &payload());
        refused("read_users", &request(&payload(), &[signature]), BAD);
    }
}

#[test]
fn a_public_key_is_nobodys_shared_secret() {
    let pem = world().alex.key.public_key_to_pem().unwrap();
    for secret in [pem.clone(), STANDARD.encode(&pem).into_bytes()] {
        let protected = encode(&json!({ "alg": "HS256" }));
        let message = format!("{protected}.{}", encode(&payload()));
        let mac = HS256
            .signer_from_bytes(secret)
            .unwrap()
            .sign(message.as_bytes())
            .unwrap();
        let signature = json!({
            "protected": protected,
            "header": { "kid": "alex" },
            "signature": URL_SAFE_NO_PAD.encode(mac),
        });
        refused("read_users", &request(&payload(), &[signature]), BAD);
    }
}

#[test]
fn nobody_signs_with_none() {
    for (alg, signature) in [("none", ""), ("None", ""), ("", ""), ("RS256", "")] {
        let signature = json!({
            "protected": encode(&json!({ "alg": alg })),
            "header": { "kid": "alex" },
            "signature": signature,
        });
        refused("read_users", &request(&payload(), &[signature]), BAD);
    }
}

#[test]
fn what_is_not_protected_says_nothing() {
    let alex = &world().alex;
    let good = alex.sign(&payload());
    let with = |name: &str, value: Value| {
        let mut signature = good.clone();
        signature["header"][name] = value;
        request(&payload(), &[signature])
    };
    assert!(verify("read_users", &with("alg", json!("RS256"))).is_ok());
    refused("read_users", &with("alg", json!("ES256")), BAD);
    refused("read_users", &with("crit", json!(["exp"])), BAD);
    for (extension, expected) in [
        (json!({ "alg": "RS256", "kid": "alex" }), None),
        (json!({ "alg": "RS256", "kid": "jeff" }), Some(BAD)),
        (
            json!({ "alg": "RS256", "crit": ["b64"], "b64": false }),
            Some(BAD),
        ),
        (json!({ "alg": "RS256", "crit": [] }), Some(BAD)),
    ] {
        let signature = alex.sign_as("alex", &extension, &payload());
        let verified = verify("read_users", &request(&payload(), &[signature]));
        assert_eq!(verified.err(), expected);
    }
}

#[test]
fn a_request_is_in_force() {
    let now = now().timestamp();
    for (name, claim, accepted) in [
        ("exp", json!(now + 1), true),
        ("exp", json!(now + 86_400), true),
        ("exp", json!(now + 86_401), false),
        ("exp", json!(i64::MAX), false),
        ("exp", json!(1e300), false),
        ("exp", json!(now), false),
        ("exp", json!(now - 1), false),
        ("exp", json!(-1e300), false),
        ("exp", json!("9999999999"), false),
        ("exp", json!([]), false),
        ("exp", Value::Null, false),
        ("nbf", json!(now), true),
        ("nbf", json!(now + 6), false),
        ("nbf", json!("0"), false),
        ("iat", json!(now + 5), true),
        ("iat", json!(now + 6), false),
        ("iat", json!(1.5), true),
        ("iat", json!({}), false),
        ("iat", Value::Null, true),
        ("jti", Value::Null, true),
        ("jti", json!(""), false),
        ("jti", json!(7), false),
        ("jti", json!("j".repeat(256)), false),
        ("data", Value::Null, true),
        ("data", json!([]), false),
        ("data", json!("uid"), false),
    ] {
        let payload = payload_with(name, claim.clone());
        let verified = verify("read_users", &request(&payload, &[world().alex.sign(&payload)]));
        assert_eq!(
            verified.map(drop).map_err(|e| e == BAD),
            accepted.then_some(()).ok_or(true),
            "{name} {claim}"
        );
    }
}

#[test]
fn an_expired_request_that_nobody_signed_tells_of_the_signatures_only() {
    let expired = payload_with("exp", json!(1));
    refused("write_users", &request(&expired, &[]), FEW);
    refused(
        "write_users",
        &request(&expired, &[world().jeff.sign(&expired)]),
        BAD,
    );
}

#[test]
fn a_payload_is_an_object_of_claims() {
    for payload in [json!([]), json!("text"), json!(1), Value::Null] {
        refused(
            "read_users",
            &request(&payload, &[world().alex.sign(&payload)]),
            BAD,
        );
    }
}

#[test]
fn a_body_that_is_no_json_cannot_be_read_and_one_of_another_form_does_not_verify() {
    let verify = |body: &[u8]| world().keychain.verify(body, "read_users", now()).err();
    let nested = "[".repeat(100_000);
    for body in ["", "{", "a.b.c", "\u{0}", &nested] {
        assert_eq!(verify(body.as_bytes()), Some(JwsRefusal::Unparseable));
    }
    assert_eq!(verify(b"\"\xff\""), Some(JwsRefusal::Unparseable));
    for body in [
        "null",
        "[]",
        "{}",
        r#""a.b.c""#,
        r#"{"payload":1,"signatures":[]}"#,
        r#"{"payload":"e30","signatures":{}}"#,
        r#"{"payload":"e30","signatures":[1]}"#,
        r#"{"payload":"e30","signatures":[{"header":{}}]}"#,
        r#"{"payload":"e30","signatures":[{"header":{"kid":1}}]}"#,
        r#"{"payload":"e30","signatures":[{"header":{"kid":"alex"}}]}"#,
        r#"{"payload":"e30","signatures":[{"header":{"kid":"alex"},"protected":"?","signature":""}]}"#,
        r#"{"payload":"e30","protected":"e30","header":{"kid":"alex"},"signature":""}"#,
    ] {
        assert_eq!(verify(body.as_bytes()), Some(BAD), "{body}");
    }
}

#[test]
fn a_request_has_at_most_16_signatures() {
    let alex = world().alex.sign(&payload());
    assert!(verify("read_users", &request(&payload(), &vec![alex.clone(); 16])).is_ok());
    refused("read_users", &request(&payload(), &vec![alex.clone(); 17]), BAD);
    refused("read_users", &request(&payload(), &vec![alex; 10_000]), BAD);
}

#[test]
fn an_empty_keychain_finds_no_signature_enough() {
    let request = request(&payload(), &[world().alex.sign(&payload())]).to_string();
    for keychain in [Keychain::empty(), Keychain::parse("").unwrap()] {
        let answer = keychain.verify(request.as_bytes(), "read_users", now());
        assert_eq!(answer.err(), Some(FEW));
    }
}

proptest! {
    #[test]
    fn no_body_makes_verification_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(world().keychain.verify(&body, "read_users", now()).is_err());
    }

    #[test]
    fn no_signature_makes_verification_panic(
        kid in "alex|jeff|james",
        protected in ".{0,20}",
        signature in proptest::collection::vec(any::<u8>(), 0..140),
    ) {
        for protected in [protected.clone(), encode(&json!({ "alg": "ES256" })), encode(&json!({ "alg": "RS256" }))] {
            let signature = json!({
                "protected": protected,
                "header": { "kid": kid },
                "signature": URL_SAFE_NO_PAD.encode(&signature),
            });
            prop_assert!(verify("read_users", &request(&payload(), &[signature])).is_err());
        }
    }
}
