//! The keys that a provider publishes (RFC 7517 §5).

use clavis_flows::ProviderRefusal;
use clavis_kernel::Clock;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, JwsVerifier, RS256};
use serde_json::{Map, Value};
use url::Url;

use crate::json;
use crate::kept::Kept;
use crate::wire::Wire;

/// Most keys of a set that are looked at; providers have two or three.
const MAX_KEYS: usize = 64;
/// Longest name of a key, in bytes.
const MAX_KID: usize = 256;
/// Longest modulus of an RSA key, in base64url: 8192 bits. A longer one only costs time.
const MAX_MODULUS: usize = 1366;
/// Longest exponent of an RSA key, in base64url: 32 bits.
const MAX_EXPONENT: usize = 6;

/// How an ID token may be signed. Never by a shared secret: it would be one that clients know, or a public key taken
/// for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// All that are taken.
    pub(crate) const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name in a header or a key (RFC 7518 §3.1, RFC 8037 §3.1).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn key_type(self) -> &'static str {
        match self {
            Self::Rs256 => "RSA",
            Self::Es256 => "EC",
            Self::EdDsa => "OKP",
        }
    }

    fn curve(self) -> Option<&'static str> {
        match self {
            Self::Rs256 => None,
            Self::Es256 => Some("P-256"),
            Self::EdDsa => Some("Ed25519"),
        }
    }
}

/// A key that verifies, by one algorithm only.
pub(crate) struct PublicKey {
    kid: Option<String>,
    algorithm: Algorithm,
    verifier: Box<dyn JwsVerifier>,
}

impl PublicKey {
    /// Whether this key made the signature.
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(signed, signature).is_ok()
    }

    /// `None` for a key of another kind or use, or one that is broken.
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let algorithm = Algorithm::ALL
            .into_iter()
            .find(|algorithm| json::text(key, "kty") == Some(algorithm.key_type()))?;
        let is_for = |name, wanted: &str| key.get(name).is_none_or(|value| value == wanted);
        if !is_for("use", "sig") || !is_for("alg", algorithm.name()) {
            return None;
        }
        if let Some(operations) = key.get("key_ops") {
            operations
                .as_array()?
                .iter()
                .find(|operation| *operation == "verify")?;
        }
        let kid = match key.get("kid") {
            Some(kid) => Some(kid.as_str().filter(|kid| kid.len() <= MAX_KID)?.to_owned()),
            None => None,
        };
        Some(Self {
            kid,
            algorithm,
            verifier: verifier(key, algorithm)?,
        })
    }
}

/// Made of the members that the algorithm needs and no other: the provider's private ones, if it publishes such, are
/// none of our business.
fn verifier(key: &Map<String, Value>, algorithm: Algorithm) -> Option<Box<dyn JwsVerifier>> {
    let mut jwk = Jwk::new(algorithm.key_type());
    let mut take = |name: &str, longest: usize| {
        let value = json::text(key, name).filter(|value| value.len() <= longest)?;
        jwk.set_parameter(name, Some(Value::from(value))).ok()
    };
    if let Some(curve) = algorithm.curve() {
        json::text(key, "crv").filter(|named| *named == curve)?;
        take("crv", 16)?;
        take("x", 64)?;
    }
    match algorithm {
        Algorithm::Rs256 => {
            take("n", MAX_MODULUS)?;
            take("e", MAX_EXPONENT)?;
            Some(Box::new(RS256.verifier_from_jwk(&jwk).ok()?))
        }
        Algorithm::Es256 => {
            take("y", 64)?;
            Some(Box::new(ES256.verifier_from_jwk(&jwk).ok()?))
        }
        Algorithm::EdDsa => Some(Box::new(EdDSA.verifier_from_jwk(&jwk).ok()?)),
    }
}

/// The keys of one provider.
pub(crate) struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// The keys that can be used; one that cannot does not spoil the others.
    pub(crate) fn read(document: &Map<String, Value>) -> Option<Self> {
        let keys = document.get("keys")?.as_array()?.iter().take(MAX_KEYS);
        let keys: Vec<_> = keys.filter_map(|key| PublicKey::read(key.as_object()?)).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The key of this name for this algorithm. A token without a name is meant for the only key there is (OpenID
    /// Connect Core §10.1).
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && (kid.is_none() || key.kid.as_deref() == kid));
        let found = fitting.next();
        found.filter(|_| kid.is_some() || fitting.next().is_none())
    }
}

/// Where the keys of a provider are, and what they were when they were fetched.
pub(crate) struct Keys {
    url: Url,
    kept: Kept<KeySet>,
}

impl Keys {
    /// The keys that are published there; nothing is fetched yet.
    pub(crate) fn new(url: Url, wire: &Wire) -> Self {
        Self {
            url,
            // Who waits for them can still be told about older ones.
            kept: Kept::new(wire.patience().total / 2),
        }
    }

    /// Whether this key made the signature. One that is unknown may be newer than what was fetched.
    pub(crate) async fn verify(
        &self,
        (wire, clock): (&Wire, &dyn Clock),
        (kid, algorithm): (Option<&str>, Algorithm),
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), ProviderRefusal> {
        let has_it = |keys: &KeySet| keys.find(kid, algorithm).is_some();
        let keys = self.kept.get(clock, has_it, || self.fetch(wire)).await?;
        let key = keys.find(kid, algorithm).ok_or(ProviderRefusal::Rejected(
            "the token was signed with an unknown key",
        ))?;
        if key.verifies(signed, signature) {
            Ok(())
        } else {
            Err(ProviderRefusal::Rejected("the token's signature does not verify"))
        }
    }

    async fn fetch(&self, wire: &Wire) -> Result<KeySet, ProviderRefusal> {
        let document = wire.get(&self.url, &[], None).await?.document()?;
        KeySet::read(&document).ok_or(ProviderRefusal::Unavailable(
            "it publishes no keys that can be used",
        ))
    }
}
