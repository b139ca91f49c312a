//! Signing keys and what is signed with them, and refresh tokens in their families.

mod algorithm;
mod keys;
mod ports;
mod refresh;
mod ring;
mod secret;

pub use algorithm::{Algorithm, KeyOwner, UnknownAlgorithm, UnknownOwner};
pub use keys::{FreshKey, KeyError, KeyPolicy, SharedKey, SigningKeyRecord};
pub use ports::{RefreshTokens, SigningKeys};
pub use refresh::{
    ClientBinding, IssuedRefreshToken, RefreshError, RefreshPolicy, RefreshToken, Rotation, Tokens,
};
pub use ring::{Jwks, KeyRing, SignedClaims, TokenError, TokenHeader};
pub use secret::{RefreshTokenSecret, RefreshTokenSpelling};

#[cfg(any(test, feature = "mock"))]
pub use ports::{MockRefreshTokens, MockSigningKeys};

#[cfg(test)]
mod tests;
