//! API keys: a key id and a shared secret with which a program signs its requests in its owner's place.

mod scopes;
mod signed;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{
    AccountId, Entropy, EntropyExt as _, MasterKey, Purpose, SealError, Secret, ServiceAccountId,
};

pub use scopes::{ApiKeyScopes, ApiKeyScopesError};
pub use signed::{ApiKeyRefusal, ApiKeyVerifier, SignedHeaders, SpentNonce};

/// The longest text that is taken for a key id, in bytes: an imported one may be longer than a generated one.
const MAX_KID_BYTES: usize = 64;
/// The longest state, in characters.
const MAX_STATE_CHARS: usize = 255;

/// The public half of an API key, by which requests name it: 16 lower-case hexadecimal digits when generated,
/// opaque when imported. Unique in an installation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyId(String);

/// The text is no API key's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key's id has 1 to {MAX_KID_BYTES} visible ASCII characters")]
pub struct ApiKeyIdError;

impl ApiKeyId {
    /// A new one: 64 random bits, so the store checks that it is free.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(hex::encode(entropy.bytes::<8>()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKeyId {
    type Err = ApiKeyIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MAX_KID_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(ApiKeyIdError)
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a request is signed: HMAC (RFC 2104) over one of the SHA-2 digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// The text names no algorithm that API keys have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key's algorithm is one of HS256, HS384, HS512")]
pub struct UnknownApiKeyAlgorithm;

impl ApiKeyAlgorithm {
    const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name in requests and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }
}

impl fmt::Display for ApiKeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ApiKeyAlgorithm {
    type Err = UnknownApiKeyAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or(UnknownApiKeyAlgorithm)
    }
}

/// What an owner says about a key: any text, of which `active` alone lets the key sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyState(String);

/// Why a text is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyStateError {
    /// Empty, or nothing but white space.
    #[error("an API key's state is not blank")]
    Blank,
    /// Longer than any state.
    #[error("an API key's state has at most {MAX_STATE_CHARS} characters")]
    TooLong,
    /// It holds a NUL, which PostgreSQL cannot keep.
    #[error("an API key's state has no NUL")]
    Nul,
}

impl ApiKeyState {
    const ACTIVE: &'static str = "active";
    const INACTIVE: &'static str = "inactive";

    /// The state of a new key, and the only one in which it signs.
    pub fn active() -> Self {
        Self(Self::ACTIVE.to_owned())
    }

    /// The state that a key is put into when its owner may sign no longer.
    pub fn inactive() -> Self {
        Self(Self::INACTIVE.to_owned())
    }

    /// Whether the key signs.
    pub fn is_active(&self) -> bool {
        self.0 == Self::ACTIVE
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKeyState {
    type Err = ApiKeyStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            Err(ApiKeyStateError::Blank)
        } else if text.contains('\0') {
            Err(ApiKeyStateError::Nul)
        } else if text.chars().count() > MAX_STATE_CHARS {
            Err(ApiKeyStateError::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The secret half of an API key: 32 lower-case hexadecimal digits when generated. Its characters are the
/// HMAC key, not the bytes they stand for.
#[derive(Clone)]
pub struct ApiKeySecret(Secret);

impl ApiKeySecret {
    /// A new one: 128 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(hex::encode(entropy.bytes::<16>())))
    }

    /// The secret itself, for the answer that tells it once.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Seals it for the key with this id.
    pub fn seal(&self, kid: &ApiKeyId, master: &MasterKey, entropy: &dyn Entropy) -> Vec<u8> {
        let plain = self.0.expose().as_bytes();
        master.seal(Purpose::ApiKeys, kid.as_str().as_bytes(), plain, entropy)
    }
}

impl From<Secret> for ApiKeySecret {
    /// One that an older server generated.
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(..)")
    }
}

/// Whose a key is, and in whose place it signs: an account's own, or one of its service accounts'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApiKeyHolder {
    /// Who answers for the key.
    pub account: AccountId,
    /// In whose place it signs, where that is not the account itself.
    pub service: Option<ServiceAccountId>,
}

impl ApiKeyHolder {
    /// The account itself.
    pub const fn account(account: AccountId) -> Self {
        Self {
            account,
            service: None,
        }
    }

    /// A service account of an account.
    pub const fn service(owner: AccountId, service: ServiceAccountId) -> Self {
        Self {
            account: owner,
            service: Some(service),
        }
    }
}

/// An API key as stored.
#[derive(Clone)]
pub struct ApiKey {
    /// Its place among all keys, in the order they were made.
    pub position: i64,
    /// By what requests name it.
    pub kid: ApiKeyId,
    /// Whose it is.
    pub holder: ApiKeyHolder,
    /// How it signs.
    pub algorithm: ApiKeyAlgorithm,
    /// What its owner noted it is for. Nothing is decided by it.
    pub scopes: ApiKeyScopes,
    /// Whether it signs.
    pub state: ApiKeyState,
    /// The secret, sealed for [`Purpose::ApiKeys`] and bound to `kid`.
    pub sealed_secret: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its scopes or its state were last set.
    pub updated_at: DateTime<Utc>,
}

impl ApiKey {
    /// The secret.
    pub fn open_secret(&self, master: &MasterKey) -> Result<ApiKeySecret, SealError> {
        let plain = master.open(
            Purpose::ApiKeys,
            self.kid.as_str().as_bytes(),
            &self.sealed_secret,
        )?;
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::WrongKeyOrDamaged)?;
        Ok(ApiKeySecret(Secret::new(text)))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("kid", &self.kid)
            .field("holder", &self.holder)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// An API key about to be stored. It has no place among the others yet.
#[derive(Clone)]
pub struct NewApiKey {
    /// By what requests name it.
    pub kid: ApiKeyId,
    /// Whose it is.
    pub holder: ApiKeyHolder,
    /// How it signs.
    pub algorithm: ApiKeyAlgorithm,
    /// What its owner noted it is for.
    pub scopes: ApiKeyScopes,
    /// Whether it signs.
    pub state: ApiKeyState,
    /// The secret, sealed for [`Purpose::ApiKeys`] and bound to `kid`.
    pub sealed_secret: Vec<u8>,
    /// When it was made: also the first `updated_at`.
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey")
            .field("kid", &self.kid)
            .field("holder", &self.holder)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
