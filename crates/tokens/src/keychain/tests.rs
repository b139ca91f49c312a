mod countersigned;
mod file;
mod requests;

use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use clavis_kernel::Clock as _;
use clavis_kernel::fake::FakeClock;
use josekit::Value;
use josekit::jws::{ES256, ES384, ES512, HS256, JwsSigner, RS256, RS384, RS512};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    FakeClock::default().now()
}

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

/// The value of a file for this key.
fn value(key: &PKey<Private>) -> String {
    STANDARD.encode(key.public_key_to_pem().unwrap())
}

/// A server that signs.
struct Server {
    name: &'static str,
    algorithm: &'static str,
    key: PKey<Private>,
}

impl Server {
    fn sign(&self, payload: &Value) -> Value {
        self.sign_as(self.name, &json!({ "alg": self.algorithm }), payload)
    }

    fn sign_as(&self, name: &str, protected: &Value, payload: &Value) -> Value {
        let protected = encode(protected);
        let message = format!("{protected}.{}", encode(payload));
        let signature = sign(self.algorithm, &self.key, message.as_bytes());
        json!({
            "protected": protected,
            "header": { "kid": name },
            "signature": URL_SAFE_NO_PAD.encode(signature),
        })
    }
}

fn sign(algorithm: &str, key: &PKey<Private>, message: &[u8]) -> Vec<u8> {
    let pem = key.private_key_to_pem_pkcs8().unwrap();
    let signer: Box<dyn JwsSigner> = match algorithm {
        "RS256" => Box::new(RS256.signer_from_pem(pem).unwrap()),
        "RS384" => Box::new(RS384.signer_from_pem(pem).unwrap()),
        "RS512" => Box::new(RS512.signer_from_pem(pem).unwrap()),
        "PS256" => return sign_pss(MessageDigest::sha256(), key, message),
        "PS384" => return sign_pss(MessageDigest::sha384(), key, message),
        "PS512" => return sign_pss(MessageDigest::sha512(), key, message),
        "ES256" => Box::new(ES256.signer_from_pem(pem).unwrap()),
        "ES384" => Box::new(ES384.signer_from_pem(pem).unwrap()),
        "ES512" => Box::new(ES512.signer_from_pem(pem).unwrap()),
        other => panic!("no signer for {other}"),
    };
    signer.sign(message).unwrap()
}

/// josekit signs this way with keys only that say themselves that they are for it.
fn sign_pss(digest: MessageDigest, key: &PKey<Private>, message: &[u8]) -> Vec<u8> {
    let mut signer = Signer::new(digest, key).unwrap();
    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
    signer.sign_oneshot_to_vec(message).unwrap()
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// Three servers, one of which is in the keychain without being permitted anything.
struct World {
    alex: Server,
    jeff: Server,
    james: Server,
    keychain: Keychain,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let server = |name, algorithm, key| Server { name, algorithm, key };
        let alex = server("alex", "RS256", rsa(2048));
        let jeff = server("jeff", "ES256", ec(Nid::X9_62_PRIME256V1));
        let james = server("james", "ES384", ec(Nid::SECP384R1));
        let mut yaml = "keychain:\n".to_owned();
        for Server { name, algorithm, key } in [&alex, &jeff, &james] {
            let value = value(key);
            write!(
                yaml,
                "  {name}:\n    algorithm: {algorithm}\n    value: {value}\n"
            )
            .unwrap();
        }
        yaml += "scopes:\n\
                 \x20 read_users: { mandatory_signers: [], permitted_signers: [alex, jeff] }\n\
                 \x20 write_users: { mandatory_signers: [alex], permitted_signers: [alex, jeff] }\n\
                 \x20 write_labels: { mandatory_signers: [alex, jeff], permitted_signers: [] }\n\
                 \x20 nobody: { mandatory_signers: [], permitted_signers: [] }\n";
        World {
            alex,
            jeff,
            james,
            keychain: Keychain::parse(&yaml).unwrap(),
        }
    })
}

/// A payload in force.
fn payload() -> Value {
    let now = now().timestamp();
    json!({ "iat": now, "exp": now + 60, "jti": "a1", "iss": "applogic", "data": { "uid": "ID1" } })
}

/// A payload in force but for one claim, which takes this value, or is left out where that is null.
fn payload_with(name: &str, claim: Value) -> Value {
    let mut payload = payload();
    let claims = payload.as_object_mut().unwrap();
    if claim.is_null() {
        claims.remove(name);
    } else {
        claims.insert(name.to_owned(), claim);
    }
    payload
}

fn request(payload: &Value, signatures: &[Value]) -> Value {
    json!({ "payload": encode(payload), "signatures": signatures })
}

fn verify(scope: &str, request: &Value) -> Result<VerifiedRequest, JwsRefusal> {
    world()
        .keychain
        .verify(request.to_string().as_bytes(), scope, now())
}

#[track_caller]
fn refused(scope: &str, request: &Value, expected: JwsRefusal) {
    assert_eq!(verify(scope, request).err(), Some(expected));
}
