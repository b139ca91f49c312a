use std::fmt;

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{Entropy, MasterKey, Purpose, SealError, Secret};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, EdDSA, RS256};

use crate::ring::thumbprint;
use crate::{Algorithm, KeyOwner};

/// A signing key as stored.
#[derive(Clone)]
pub struct SigningKeyRecord {
    /// The key's RFC 7638 thumbprint; the `kid` header's value.
    pub kid: String,
    /// Who signs with it.
    pub owner: KeyOwner,
    /// How.
    pub algorithm: Algorithm,
    /// The private JWK, sealed for [`Purpose::SigningKeys`] and bound to `kid`.
    pub sealed_private: Vec<u8>,
    /// When it was made and published.
    pub created_at: DateTime<Utc>,
    /// From when on it signs: later than `created_at`, so that verifiers can fetch it first.
    pub signs_from: DateTime<Utc>,
    /// When it stopped signing; it verifies for [`KeyPolicy::retired_verify_for`] longer.
    pub retired_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for SigningKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeyRecord")
            .field("kid", &self.kid)
            .field("owner", &self.owner)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// When the provider's keys are replaced, and for how long replaced ones verify.
#[derive(Debug, Clone, Copy)]
pub struct KeyPolicy {
    /// Age at which one of the provider's keys is replaced; the dialects' keys are replaced on command only.
    pub rotate_after: Duration,
    /// How long a scheduled key is published before it signs.
    pub publish_ahead: Duration,
    /// How long a retired key still verifies: longer than any access token lives.
    pub retired_verify_for: Duration,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            rotate_after: Duration::days(90),
            publish_ahead: Duration::hours(24),
            retired_verify_for: Duration::days(30),
        }
    }
}

/// A key just generated, not stored yet. RSA keys take some fifty milliseconds: make them outside any transaction.
pub struct FreshKey {
    pub(crate) jwk: Jwk,
    kid: String,
    owner: KeyOwner,
    algorithm: Algorithm,
}

impl fmt::Debug for FreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Why a key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key cannot be used with its algorithm, or is not readable.
    #[error("the key for {algorithm} is not usable: {reason}")]
    Unusable {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// What the crypto library says; never the key.
        reason: String,
    },
    /// The stored key was sealed under another master key.
    #[error("signing key {kid}: {source}")]
    Sealed {
        /// The key's id.
        kid: String,
        /// Why it does not open.
        source: SealError,
    },
    /// A symmetric algorithm needs a secret.
    #[error("{0} needs a secret that is not empty")]
    NoSecret(Algorithm),
}

impl KeyError {
    pub(crate) fn unusable(algorithm: Algorithm, reason: impl fmt::Display) -> Self {
        Self::Unusable {
            algorithm,
            reason: reason.to_string(),
        }
    }
}

impl FreshKey {
    /// Generates a key pair, or a secret for an algorithm that has one.
    pub fn generate(owner: KeyOwner, algorithm: Algorithm) -> Result<Self, KeyError> {
        let jwk = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
                RS256.generate_key_pair(2048).map(|pair| pair.to_jwk_key_pair())
            }
            Algorithm::Es256 => ES256.generate_key_pair().map(|pair| pair.to_jwk_key_pair()),
            Algorithm::EdDsa => EdDSA
                .generate_key_pair(EdCurve::Ed25519)
                .map(|pair| pair.to_jwk_key_pair()),
            // As long as what the hash puts out (RFC 7518 §3.2).
            Algorithm::Hs256 => Jwk::generate_oct_key(32),
            Algorithm::Hs384 => Jwk::generate_oct_key(48),
            Algorithm::Hs512 => Jwk::generate_oct_key(64),
        }
        .map_err(|error| KeyError::unusable(algorithm, error))?;
        Self::from_jwk(jwk, owner, algorithm)
    }

    fn from_jwk(jwk: Jwk, owner: KeyOwner, algorithm: Algorithm) -> Result<Self, KeyError> {
        let kid = thumbprint(&jwk)
            .ok_or_else(|| KeyError::unusable(algorithm, "it lacks a member that every such key has"))?;
        Ok(Self {
            jwk,
            kid,
            owner,
            algorithm,
        })
    }

    /// The record to store: the private half sealed.
    pub fn seal(
        &self,
        master: &MasterKey,
        entropy: &dyn Entropy,
        created_at: DateTime<Utc>,
        signs_from: DateTime<Utc>,
    ) -> SigningKeyRecord {
        let private = zeroize::Zeroizing::new(self.jwk.to_string());
        SigningKeyRecord {
            kid: self.kid.clone(),
            owner: self.owner,
            algorithm: self.algorithm,
            sealed_private: master.seal(
                Purpose::SigningKeys,
                self.kid.as_bytes(),
                private.as_bytes(),
                entropy,
            ),
            created_at,
            signs_from,
            retired_at: None,
        }
    }
}

/// A key that the operator's settings bring, in place of a generated one.
#[derive(Debug, Clone)]
pub struct SharedKey {
    /// Who signs with it.
    pub owner: KeyOwner,
    /// How.
    pub algorithm: Algorithm,
    /// The secret for HS algorithms, a PEM private key for RS algorithms.
    pub key: Secret,
}

impl SharedKey {
    pub(crate) fn to_jwk(&self) -> Result<Jwk, KeyError> {
        let key = self.key.expose();
        if self.algorithm.is_symmetric() {
            if key.is_empty() {
                return Err(KeyError::NoSecret(self.algorithm));
            }
            let mut jwk = Jwk::new("oct");
            jwk.set_key_value(key.as_bytes());
            return Ok(jwk);
        }
        RS256
            .key_pair_from_pem(key.replace("\\n", "\n"))
            .map(|pair| pair.to_jwk_key_pair())
            .map_err(|_| KeyError::unusable(self.algorithm, "not an RSA private key in PEM"))
    }
}
