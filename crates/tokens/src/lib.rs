//! Signing keys and what is signed with them, refresh tokens in their families, API keys, and the servers
//! whose signed requests are trusted.

mod algorithm;
mod api_key;
mod event_key;
mod keychain;
mod keys;
#[cfg_attr(
    any(test, feature = "mock"),
    expect(
        clippy::ref_option_ref,
        reason = "a mock's expectations see every argument by reference"
    )
)]
mod ports;
mod refresh;
mod ring;
mod secret;

pub use algorithm::{Algorithm, KeyOwner, UnknownAlgorithm, UnknownOwner};
pub use api_key::{
    ApiKey, ApiKeyAlgorithm, ApiKeyHolder, ApiKeyId, ApiKeyIdError, ApiKeyRefusal, ApiKeyScopes,
    ApiKeyScopesError, ApiKeySecret, ApiKeyState, ApiKeyStateError, ApiKeyVerifier, NewApiKey, SignedHeaders,
    SpentNonce, UnknownApiKeyAlgorithm,
};
pub use event_key::{EventKey, EventKeyError};
pub use keychain::{CountersignError, JwsRefusal, Keychain, KeychainError, SignerKeyError, VerifiedRequest};
pub use keys::{FreshKey, KeyError, KeyPolicy, SharedKey, SigningKeyRecord};
pub use ports::{ApiKeys, RefreshTokens, SigningKeys};
pub use refresh::{
    ClientBinding, IssuedRefreshToken, RefreshError, RefreshPolicy, RefreshToken, Rotation, Tokens,
};
pub use ring::{Jwks, KeyRing, SignedClaims, TokenError, TokenHeader};
pub use secret::{RefreshTokenSecret, RefreshTokenSpelling};

#[cfg(any(test, feature = "mock"))]
pub use ports::{MockApiKeys, MockRefreshTokens, MockSigningKeys};

#[cfg(test)]
mod tests;
