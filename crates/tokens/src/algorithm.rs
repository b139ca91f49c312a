use std::fmt;
use std::str::FromStr;

use clavis_kernel::Dialect;

/// A JWS algorithm (RFC 7518 §3.1, RFC 8037) that Clavis signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256: a secret shared with whoever verifies.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    const ALL: [Self; 8] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The `alg` header's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether signer and verifier share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// Whether the key is an RSA key.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rs256 | Self::Rs384 | Self::Rs512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no algorithm that Clavis signs with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an algorithm is one of RS256, RS384, RS512, ES256, EdDSA, HS256, HS384, HS512")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or(UnknownAlgorithm)
    }
}

/// Who signs with a key. Which dialect issued a token is told by the owner of the key that verifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// One of the dialects.
    Dialect(Dialect),
    /// The OpenID provider.
    OpenId,
}

impl KeyOwner {
    /// The name in the store and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dialect(dialect) => dialect.name(),
            Self::OpenId => "openid",
        }
    }

    /// The keys an installation has from its first start: an RSA key for each dialect whose clients pin one,
    /// jauth's secret, and the provider's two.
    pub const STANDARD_KEYS: [(Self, Algorithm); 6] = [
        (Self::Dialect(Dialect::BackendPlus), Algorithm::Rs256),
        (Self::Dialect(Dialect::Barong), Algorithm::Rs256),
        (Self::Dialect(Dialect::Jauth), Algorithm::Hs256),
        (Self::Dialect(Dialect::Pluto), Algorithm::Rs256),
        (Self::OpenId, Algorithm::Es256),
        (Self::OpenId, Algorithm::EdDsa),
    ];
}

/// The text names no owner of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no owner of signing keys has that name")]
pub struct UnknownOwner;

impl FromStr for KeyOwner {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::OpenId.name() {
            return Ok(Self::OpenId);
        }
        text.parse().map(Self::Dialect).map_err(|_| UnknownOwner)
    }
}
