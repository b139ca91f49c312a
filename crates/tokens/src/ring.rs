use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use clavis_kernel::{MasterKey, Purpose};
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair as _};
use josekit::jws::{
    self, ES256, EdDSA, HS256, HS384, HS512, JwsHeader, JwsSigner, JwsVerifier, RS256, RS384, RS512,
};
use josekit::{JoseError, Value};
use serde_json::Map;

use crate::keys::KeyError;
use crate::{Algorithm, KeyOwner, KeyPolicy, SharedKey, SigningKeyRecord};

/// No token of ours is nearly as long, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Every key that signs or verifies at a moment, ready to use. Immutable: a change of keys makes a new ring.
pub struct KeyRing {
    keys: Vec<LoadedKey>,
    by_kid: HashMap<String, usize>,
    jwks: Jwks,
}

struct LoadedKey {
    /// `None` for a shared secret: its tokens have no `kid`.
    kid: Option<String>,
    owner: KeyOwner,
    algorithm: Algorithm,
    from_settings: bool,
    signs_from: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
    public: Option<Jwk>,
    public_pem: Option<String>,
}

/// The published key sets (RFC 7517 §5), as JSON texts.
#[derive(Debug, Clone, Default)]
pub struct Jwks {
    /// Every public key.
    pub all: String,
    /// The RSA keys, old and new.
    pub rsa: String,
}

/// The header members a dialect adds to `alg` and `kid`.
#[derive(Debug, Clone, Copy)]
pub enum TokenHeader {
    /// None: Backend Plus sends no `typ`.
    Bare,
    /// `typ: JWT` (RFC 7519 §5.1).
    Typed,
    /// `type: jwt`: Pluto's spelling.
    Pluto,
}

/// What a token says, once its signature was verified. Nothing else has been checked.
#[derive(Clone)]
pub struct SignedClaims {
    /// Whose key verified it: the dialect that issued the token.
    pub owner: KeyOwner,
    /// Whether somebody else can know the key: a secret from the settings.
    pub shared_secret: bool,
    /// The payload.
    pub claims: Map<String, Value>,
}

impl SignedClaims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a moment in whole seconds (RFC 7519 §2, NumericDate).
    pub fn moment(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.claims.get(name)?.as_i64()?, 0)
    }
}

impl fmt::Debug for SignedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedClaims")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// Why a token is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a compact JWS with a JSON object inside.
    #[error("the token is not a JSON Web Token")]
    Malformed,
    /// No key has its `kid`. It may be newer than the ring.
    #[error("the token was signed with an unknown key")]
    UnknownKey,
    /// The signature is not that key's, or the algorithm is not the key's own.
    #[error("the token's signature does not verify")]
    BadSignature,
}

impl KeyRing {
    /// Opens the stored keys and adds those the settings bring. Keys retired for longer than the policy says
    /// are left out. A key from the settings takes the place of its owner's own for signing.
    pub fn open(
        records: &[SigningKeyRecord],
        shared: &[SharedKey],
        master: &MasterKey,
        policy: &KeyPolicy,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(records.len() + shared.len());
        for record in records {
            if record
                .retired_at
                .is_some_and(|at| at + policy.retired_verify_for <= now)
            {
                continue;
            }
            let private = master
                .open(
                    Purpose::SigningKeys,
                    record.kid.as_bytes(),
                    &record.sealed_private,
                )
                .map_err(|source| KeyError::Sealed {
                    kid: record.kid.clone(),
                    source,
                })?;
            let jwk = Jwk::from_bytes(private.as_slice())
                .map_err(|_| KeyError::unusable(record.algorithm, "not a JSON Web Key"))?;
            keys.push(LoadedKey::new(&jwk, record.owner, record.algorithm)?.signing_from(record));
        }
        for key in shared {
            keys.push(LoadedKey {
                from_settings: true,
                ..LoadedKey::new(&key.to_jwk()?, key.owner, key.algorithm)?
            });
        }
        let by_kid = keys
            .iter()
            .enumerate()
            .filter_map(|(index, key)| key.kid.clone().map(|kid| (kid, index)))
            .collect();
        let jwks = Jwks {
            all: key_set(&keys, |_| true),
            rsa: key_set(&keys, |key| key.algorithm.is_rsa()),
        };
        Ok(Self { keys, by_kid, jwks })
    }

    /// The published key sets.
    pub fn jwks(&self) -> &Jwks {
        &self.jwks
    }

    /// The `kid` of every key that verifies.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.kid.as_deref())
    }

    /// The algorithm the owner signs with at this moment; `None` when it has no key.
    pub fn algorithm(&self, owner: KeyOwner, now: DateTime<Utc>) -> Option<Algorithm> {
        self.signing_key(owner, now).map(|key| key.algorithm)
    }

    /// The public key the owner signs with, as SubjectPublicKeyInfo in PEM; `None` when it has none.
    pub fn public_pem(&self, owner: KeyOwner, now: DateTime<Utc>) -> Option<&str> {
        self.signing_key(owner, now)?.public_pem.as_deref()
    }

    /// Signs a payload, a JSON object, with the owner's newest key in force: a compact JWS (RFC 7515 §7.1).
    pub fn sign(
        &self,
        owner: KeyOwner,
        header: TokenHeader,
        payload: &[u8],
        now: DateTime<Utc>,
    ) -> Result<String, KeyError> {
        let key = self.signing_key(owner, now).ok_or_else(|| {
            KeyError::unusable(
                Algorithm::Rs256,
                format_args!("{} has no signing key in force", owner.name()),
            )
        })?;
        let mut members = JwsHeader::new();
        if let Some(kid) = &key.kid {
            members.set_key_id(kid);
        }
        match header {
            TokenHeader::Bare => {}
            TokenHeader::Typed => members.set_token_type("JWT"),
            TokenHeader::Pluto => {
                let _ = members.set_claim("type", Some("jwt".into()));
            }
        }
        jws::serialize_compact(payload, &members, key.signer.as_ref())
            .map_err(|error| KeyError::unusable(key.algorithm, error))
    }

    /// What the owner signs with at this moment, for other forms than a compact token.
    pub(crate) fn signer(&self, owner: KeyOwner, now: DateTime<Utc>) -> Option<(Algorithm, &dyn JwsSigner)> {
        self.signing_key(owner, now)
            .map(|key| (key.algorithm, key.signer.as_ref()))
    }

    /// Verifies a token's signature with the key its `kid` names, and the key's own algorithm only.
    pub fn verify(&self, token: &str) -> Result<SignedClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let header = token.split('.').next().ok_or(TokenError::Malformed)?;
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Malformed)?;
        let header: Map<String, Value> =
            serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        let named = header
            .get("kid")
            .map(|kid| kid.as_str().ok_or(TokenError::Malformed))
            .transpose()?;
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .ok_or(TokenError::Malformed)?;
        let mut failure = TokenError::UnknownKey;
        for key in self.candidates(named, algorithm) {
            match key.verify(token, algorithm) {
                Ok(claims) => return Ok(claims),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// The key that a token names; for one that names none every secret of its algorithm, of which there are few: an
    /// owner has one, and for a while those that it replaced.
    fn candidates<'a>(
        &'a self,
        named: Option<&'a str>,
        algorithm: &'a str,
    ) -> impl Iterator<Item = &'a LoadedKey> {
        let by_name = named
            .and_then(|kid| self.by_kid.get(kid))
            .and_then(|&index| self.keys.get(index));
        let unnamed = self
            .keys
            .iter()
            .filter(move |key| named.is_none() && key.kid.is_none() && key.algorithm.name() == algorithm);
        by_name.into_iter().chain(unnamed)
    }

    fn signing_key(&self, owner: KeyOwner, now: DateTime<Utc>) -> Option<&LoadedKey> {
        self.keys
            .iter()
            .filter(|key| {
                key.owner == owner && key.signs_from <= now && key.retired_at.is_none_or(|at| now < at)
            })
            .max_by_key(|key| (key.from_settings, key.signs_from))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("kids", &self.by_kid.keys())
            .finish_non_exhaustive()
    }
}

impl LoadedKey {
    /// What a token says whose header names `algorithm`, if this key signed it: its own algorithm only.
    fn verify(&self, token: &str, algorithm: &str) -> Result<SignedClaims, TokenError> {
        if self.algorithm.name() != algorithm {
            return Err(TokenError::BadSignature);
        }
        let (payload, _) =
            jws::deserialize_compact(token, self.verifier.as_ref()).map_err(|error| match error {
                JoseError::InvalidSignature(_) => TokenError::BadSignature,
                _ => TokenError::Malformed,
            })?;
        Ok(SignedClaims {
            owner: self.owner,
            shared_secret: self.from_settings && self.algorithm.is_symmetric(),
            claims: serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?,
        })
    }

    fn new(jwk: &Jwk, owner: KeyOwner, algorithm: Algorithm) -> Result<Self, KeyError> {
        let (signer, verifier) =
            signer_and_verifier(jwk, algorithm).map_err(|error| KeyError::unusable(algorithm, error))?;
        let (public, public_pem, kid) = if algorithm.is_symmetric() {
            (None, None, None)
        } else {
            let kid =
                thumbprint(jwk).ok_or_else(|| KeyError::unusable(algorithm, "it has no public members"))?;
            let mut public = jwk
                .to_public_key()
                .map_err(|error| KeyError::unusable(algorithm, error))?;
            public.set_key_id(&kid);
            public.set_algorithm(algorithm.name());
            public.set_key_use("sig");
            let pem = if algorithm.is_rsa() {
                rsa_public_pem(jwk, algorithm)?
            } else {
                None
            };
            (Some(public), pem, Some(kid))
        };
        Ok(Self {
            kid,
            owner,
            algorithm,
            from_settings: false,
            signs_from: DateTime::UNIX_EPOCH,
            retired_at: None,
            signer,
            verifier,
            public,
            public_pem,
        })
    }

    fn signing_from(self, record: &SigningKeyRecord) -> Self {
        Self {
            signs_from: record.signs_from,
            retired_at: record.retired_at,
            ..self
        }
    }
}

pub(crate) type SignerAndVerifier = (Box<dyn JwsSigner>, Box<dyn JwsVerifier>);

pub(crate) fn signer_and_verifier(jwk: &Jwk, algorithm: Algorithm) -> Result<SignerAndVerifier, JoseError> {
    // The key's own `alg` and `kid` members are not consulted: the record says what the key is for.
    let mut jwk = jwk.clone();
    jwk.set_parameter("alg", None)?;
    jwk.set_parameter("kid", None)?;
    let jwk = &jwk;
    Ok(match algorithm {
        Algorithm::Rs256 => (
            Box::new(RS256.signer_from_jwk(jwk)?),
            Box::new(RS256.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Rs384 => (
            Box::new(RS384.signer_from_jwk(jwk)?),
            Box::new(RS384.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Rs512 => (
            Box::new(RS512.signer_from_jwk(jwk)?),
            Box::new(RS512.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Es256 => (
            Box::new(ES256.signer_from_jwk(jwk)?),
            Box::new(ES256.verifier_from_jwk(jwk)?),
        ),
        Algorithm::EdDsa => (
            Box::new(EdDSA.signer_from_jwk(jwk)?),
            Box::new(EdDSA.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Hs256 => (
            Box::new(HS256.signer_from_jwk(jwk)?),
            Box::new(HS256.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Hs384 => (
            Box::new(HS384.signer_from_jwk(jwk)?),
            Box::new(HS384.verifier_from_jwk(jwk)?),
        ),
        Algorithm::Hs512 => (
            Box::new(HS512.signer_from_jwk(jwk)?),
            Box::new(HS512.verifier_from_jwk(jwk)?),
        ),
    })
}

fn rsa_public_pem(jwk: &Jwk, algorithm: Algorithm) -> Result<Option<String>, KeyError> {
    let pair = RsaKeyPair::from_jwk(jwk).map_err(|error| KeyError::unusable(algorithm, error))?;
    String::from_utf8(pair.to_pem_public_key())
        .map(Some)
        .map_err(|_| KeyError::unusable(algorithm, "its PEM is not text"))
}

/// The RFC 7638 thumbprint: SHA-256 over the required members in lexicographic order. Of a secret it names the record
/// only and is never published.
pub(crate) fn thumbprint(jwk: &Jwk) -> Option<String> {
    let member = |name: &str| jwk.parameter(name).and_then(Value::as_str);
    let text = match jwk.key_type() {
        "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, member("e")?, member("n")?),
        "EC" => format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            member("crv")?,
            member("x")?,
            member("y")?
        ),
        "OKP" => format!(
            r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#,
            member("crv")?,
            member("x")?
        ),
        "oct" => format!(r#"{{"k":"{}","kty":"oct"}}"#, member("k")?),
        _ => return None,
    };
    Some(URL_SAFE_NO_PAD.encode(openssl::sha::sha256(text.as_bytes())))
}

fn key_set(keys: &[LoadedKey], wanted: impl Fn(&LoadedKey) -> bool) -> String {
    let keys: Vec<_> = keys
        .iter()
        .filter(|key| wanted(key))
        .filter_map(|key| key.public.as_ref())
        .map(AsRef::as_ref)
        .collect();
    let keys: Vec<&Map<String, Value>> = keys;
    serde_json::json!({ "keys": keys }).to_string()
}
