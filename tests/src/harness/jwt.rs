//! Tokens as a resource server sees them: with nothing but the published keys.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::JoseError;
use josekit::jwk::{Jwk, JwkSet};
use josekit::jws::{self, ES256, EdDSA, JwsVerifier, RS256};
use serde_json::Value;

/// The header, unverified.
#[track_caller]
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims, unverified.
#[track_caller]
pub(crate) fn payload(token: &str) -> Value {
    part(token, 1)
}

/// The claims, when a key of this JWKS signed them and they are in force.
pub(crate) fn verify(token: &str, jwks: &Value) -> Result<Value, JoseError> {
    let set = JwkSet::from_bytes(jwks.to_string())?;
    let header = header(token);
    let kid = header["kid"].as_str().unwrap_or_default();
    let refused =
        |why: &str| JoseError::InvalidJwtFormat(std::io::Error::other(format!("{why}: {header}")).into());
    let key = set
        .get(kid)
        .into_iter()
        .next()
        .ok_or_else(|| refused("no such key"))?;
    // The algorithm is the key's, never the token's: a token cannot choose how it is checked.
    if key.algorithm() != header["alg"].as_str() {
        return Err(refused("the key is for another algorithm"));
    }
    verified(token, verifier(key)?.as_ref())
}

/// The claims, when the RSA key of this PEM signed them and they are in force.
pub(crate) fn verify_with_pem(token: &str, pem: &str) -> Result<Value, JoseError> {
    verified(token, &RS256.verifier_from_pem(pem)?)
}

/// The claims, when this shared secret signed them and they are in force.
pub(crate) fn verify_with_secret(token: &str, secret: &[u8]) -> Result<Value, JoseError> {
    verified(token, &jws::HS256.verifier_from_bytes(secret)?)
}

/// A token of these parts; what stands for the signature is the caller's affair.
pub(crate) fn forge(header: &Value, payload: &Value, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(sign(&signed));
    format!("{signed}.{signature}")
}

/// The same token with one character of one part (0, 1 or 2) changed.
#[track_caller]
pub(crate) fn tampered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    // Not the last character: some of its bits mean nothing.
    let flipped = if parts[part].as_bytes()[4] == b'A' {
        "B"
    } else {
        "A"
    };
    parts[part].replace_range(4..5, flipped);
    parts.join(".")
}

fn verifier(key: &Jwk) -> Result<Box<dyn JwsVerifier>, JoseError> {
    Ok(match key.algorithm() {
        Some("RS256") => Box::new(RS256.verifier_from_jwk(key)?),
        Some("ES256") => Box::new(ES256.verifier_from_jwk(key)?),
        Some("EdDSA") => Box::new(EdDSA.verifier_from_jwk(key)?),
        other => panic!("a published key is for {other:?}"),
    })
}

/// Not by the crate's own JWT reader: Pluto's `sub` is a number, which RFC 7519 does not allow.
/// Pluto's tokens name their account by an integer, which RFC 7519 does not allow a `sub` to be; so they are taken as
/// what they are beside that, signed JSON.
fn verified(token: &str, verifier: &dyn JwsVerifier) -> Result<Value, JoseError> {
    let (payload, _) = jws::deserialize_compact(token, verifier)?;
    let claims: Value = serde_json::from_slice(&payload).expect("a signed token holds JSON");
    #[expect(
        clippy::disallowed_methods,
        reason = "a resource server looks at its own clock"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is later than 1970")
        .as_secs();
    let time = |name: &str| {
        claims[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name}: {claims}"))
    };
    assert!(time("iat") <= now, "from the future: {claims}");
    if time("exp") <= now {
        return Err(JoseError::InvalidClaim(
            std::io::Error::other("it has expired").into(),
        ));
    }
    Ok(claims)
}

#[track_caller]
fn part(token: &str, index: usize) -> Value {
    let part = token
        .split('.')
        .nth(index)
        .unwrap_or_else(|| panic!("not a JWT: {token}"));
    let decoded = URL_SAFE_NO_PAD
        .decode(part)
        .unwrap_or_else(|error| panic!("{error}: {token}"));
    serde_json::from_slice(&decoded).unwrap_or_else(|error| panic!("{error}: {token}"))
}
