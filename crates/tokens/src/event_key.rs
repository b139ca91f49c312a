use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clavis_kernel::Secret;
use josekit::jws::{ES256, JwsSigner, RS256};
use josekit::{JoseError, Value};
use serde_json::json;

use crate::keychain::signature;
use crate::ring::signer_and_verifier;
use crate::{Algorithm, KeyError};

/// The operator's private key by which events are known to come from this server.
pub struct EventKey {
    algorithm: Algorithm,
    signer: Box<dyn JwsSigner>,
}

/// Why a key signs no events. Never shows the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventKeyError {
    /// Whoever verifies could also sign, or readers of events do not know the algorithm.
    #[error("expected one of RS256, RS384, RS512, ES256")]
    Algorithm,
    /// The text is no private key, or one of another kind or size.
    #[error("expected a private key in PEM that fits {0}: RSA with at least 2048 bits, or on P-256")]
    Unfit(Algorithm),
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl EventKey {
    /// The key in a PEM text, to be used with this algorithm alone.
    pub fn from_pem(algorithm: Algorithm, pem: &Secret) -> Result<Self, EventKeyError> {
        let unfit = |_: JoseError| EventKeyError::Unfit(algorithm);
        let pem = pem.expose();
        let jwk = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
                RS256.key_pair_from_pem(pem).map_err(unfit)?.to_jwk_key_pair()
            }
            Algorithm::Es256 => ES256.key_pair_from_pem(pem).map_err(unfit)?.to_jwk_key_pair(),
            Algorithm::EdDsa | Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                return Err(EventKeyError::Algorithm);
            }
        };
        let (signer, _) = signer_and_verifier(&jwk, algorithm).map_err(unfit)?;
        Ok(Self { algorithm, signer })
    }

    /// The claims as a JSON Web Signature in general serialization (RFC 7515 §7.2.1), signed under this name.
    pub fn sign(&self, name: &str, claims: &Value) -> Result<Value, KeyError> {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signature = signature(name, self.algorithm, self.signer.as_ref(), &payload)?;
        Ok(json!({ "payload": payload, "signatures": [signature] }))
    }
}

#[cfg(test)]
mod tests {
    use josekit::jws::alg::ecdsa::EcdsaJwsAlgorithm;

    use super::*;

    #[test]
    fn a_key_on_p256_signs_by_es256_alone() {
        let pair = EcdsaJwsAlgorithm::Es256.generate_key_pair().unwrap();
        let pem = Secret::new(String::from_utf8(pair.to_pem_private_key()).unwrap());
        let claims = json!({ "iss": "barong" });
        let signed = EventKey::from_pem(Algorithm::Es256, &pem)
            .unwrap()
            .sign("barong", &claims)
            .unwrap();
        let part = |pointer: &str| signed.pointer(pointer).unwrap().as_str().unwrap();
        let [protected, payload] = [part("/signatures/0/protected"), part("/payload")];
        assert_eq!(
            URL_SAFE_NO_PAD.decode(payload).unwrap(),
            claims.to_string().as_bytes()
        );
        let signature = URL_SAFE_NO_PAD.decode(part("/signatures/0/signature")).unwrap();
        let verifier = ES256.verifier_from_pem(pair.to_pem_public_key()).unwrap();
        let signed = format!("{protected}.{payload}");
        josekit::jws::JwsVerifier::verify(&verifier, signed.as_bytes(), &signature).unwrap();
        for (algorithm, refusal) in [
            (Algorithm::Rs256, EventKeyError::Unfit(Algorithm::Rs256)),
            (Algorithm::EdDsa, EventKeyError::Algorithm),
            (Algorithm::Hs256, EventKeyError::Algorithm),
        ] {
            assert_eq!(EventKey::from_pem(algorithm, &pem).unwrap_err(), refusal);
        }
    }
}
