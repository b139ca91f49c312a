use chrono::Duration;
use clavis_kernel::fake::FakeEntropy;
use clavis_kernel::{Dialect, MasterKey};

use super::*;
use crate::{Algorithm, FreshKey, KeyOwner, KeyPolicy, KeyRing};

const BARONG: KeyOwner = KeyOwner::Dialect(Dialect::Barong);

fn ring() -> KeyRing {
    let entropy = FakeEntropy::default();
    let master = MasterKey::generate(&entropy);
    let key = FreshKey::generate(BARONG, Algorithm::Rs256).unwrap();
    let record = key.seal(&master, &entropy, now(), now());
    KeyRing::open(&[record], &[], &master, &KeyPolicy::default(), now()).unwrap()
}

fn countersign(ring: &KeyRing, request: &Value) -> Result<Value, CountersignError> {
    ring.countersign(BARONG, "barong", request, now()).unwrap()
}

/// A keychain in which both servers have to sign: what the service behind has.
fn both(ring: &KeyRing) -> Keychain {
    let barong = STANDARD.encode(ring.public_pem(BARONG, now()).unwrap());
    let alex = value(&world().alex.key);
    Keychain::parse(&format!(
        "keychain:\n  alex: {{ algorithm: RS256, value: \"{alex}\" }}\n  barong: {{ algorithm: RS256, value: \"{barong}\" }}\n\
         scopes:\n  write_withdraws: {{ mandatory_signers: [alex, barong], permitted_signers: [] }}\n"
    ))
    .unwrap()
}

#[test]
fn the_servers_signature_stands_beside_the_others() {
    let ring = ring();
    let keychain = both(&ring);
    let signed = request(&payload(), &[world().alex.sign(&payload())]);
    let verify = |request: &Value| keychain.verify(request.to_string().as_bytes(), "write_withdraws", now());
    assert_eq!(verify(&signed).err(), Some(JwsRefusal::NotEnoughSignatures));
    let both = countersign(&ring, &signed).unwrap();
    assert_eq!(verify(&both).unwrap().signers.len(), 2);
    assert_eq!(both["payload"], signed["payload"]);
    assert_eq!(both["signatures"][0], signed["signatures"][0]);
    assert_eq!(both["signatures"][1]["header"], json!({ "kid": "barong" }));
    let protected = both["signatures"][1]["protected"].as_str().unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(protected).unwrap(), br#"{"alg":"RS256"}"#);

    let again = countersign(&ring, &both).unwrap();
    assert_eq!(again["signatures"].as_array().unwrap().len(), 2, "replaced");
    assert!(verify(&again).is_ok());
}

#[test]
fn nothing_is_signed_that_could_be_a_token() {
    let ring = ring();
    for (name, claim) in [
        ("uid", json!("ID1")),
        ("email", json!("alice@example.org")),
        ("event", json!({ "name": "model.user.created" })),
        ("sub", json!("session")),
        ("sub", json!("reset")),
        ("sub", json!("confirmation")),
    ] {
        let token = request(&payload_with(name, claim), &[]);
        assert_eq!(countersign(&ring, &token), Err(CountersignError::WouldBeToken));
    }
    assert!(countersign(&ring, &request(&payload_with("sub", json!("withdraw")), &[])).is_ok());
}

#[test]
fn a_countersigned_request_is_no_token_of_ours() {
    let ring = ring();
    let signed = countersign(&ring, &request(&payload(), &[])).unwrap();
    let part = |pointer: &str| signed.pointer(pointer).unwrap().as_str().unwrap();
    let compact = [
        part("/signatures/0/protected"),
        part("/payload"),
        part("/signatures/0/signature"),
    ]
    .join(".");
    assert!(ring.verify(&compact).is_err());
}

#[test]
fn what_is_no_request_is_not_signed() {
    let ring = ring();
    let signature = world().alex.sign(&payload());
    for malformed in [
        json!(null),
        json!("a.b.c"),
        json!({}),
        json!({ "payload": encode(&payload()) }),
        json!({ "payload": 1, "signatures": [] }),
        json!({ "payload": "?", "signatures": [] }),
        json!({ "payload": encode(&json!([])), "signatures": [] }),
        json!({ "payload": encode(&payload()), "signatures": [1] }),
        json!({ "payload": encode(&payload()), "signatures": [{ "header": {} }] }),
    ] {
        assert_eq!(countersign(&ring, &malformed), Err(CountersignError::Malformed));
    }
    let many = |count| request(&payload(), &vec![signature.clone(); count]);
    assert!(countersign(&ring, &many(15)).is_ok());
    for count in [16, 17, 10_000] {
        assert_eq!(
            countersign(&ring, &many(count)),
            Err(CountersignError::TooManySignatures)
        );
    }
}

#[test]
fn a_server_without_a_key_cannot_sign() {
    let ring = ring();
    let signed = request(&payload(), &[]);
    let early = now() - Duration::seconds(1);
    assert!(ring.countersign(BARONG, "barong", &signed, early).is_err());
    assert!(
        ring.countersign(KeyOwner::OpenId, "barong", &signed, now())
            .is_err()
    );
}
