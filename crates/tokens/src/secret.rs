use std::fmt;

use clavis_kernel::{Entropy, EntropyExt, Secret, SubKey, TokenDigest};

/// How a dialect writes its refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTokenSpelling {
    /// A version-4 UUID: 122 random bits.
    UuidV4,
    /// Forty lower-case hexadecimal digits: 160 random bits.
    Hex40,
}

/// A refresh token as it travels: whoever holds it is the client.
#[derive(Clone)]
pub struct RefreshTokenSecret(Secret);

impl RefreshTokenSecret {
    /// A new one.
    pub fn generate(spelling: RefreshTokenSpelling, entropy: &dyn Entropy) -> Self {
        Self::spell(spelling, entropy.bytes())
    }

    /// One that a client presents.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// The token that follows this one: the same each time, and unknown to whoever does not hold both this
    /// token and the server's key. So a refresh repeated inside the grace window gets the same successor, and
    /// nothing readable is stored.
    #[must_use]
    pub fn successor(&self, spelling: RefreshTokenSpelling, key: &SubKey) -> Self {
        let mac = key.hmac(&[b"successor", self.0.expose().as_bytes()]);
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(mac) {
            *to = from;
        }
        Self::spell(spelling, bytes)
    }

    fn spell(spelling: RefreshTokenSpelling, bytes: [u8; 20]) -> Self {
        let text = match spelling {
            RefreshTokenSpelling::Hex40 => hex::encode(bytes),
            RefreshTokenSpelling::UuidV4 => {
                let mut half = [0; 16];
                for (to, from) in half.iter_mut().zip(bytes) {
                    *to = from;
                }
                uuid::Builder::from_random_bytes(half).into_uuid().to_string()
            }
        };
        Self(Secret::new(text))
    }

    /// What the store knows it by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.expose())
    }

    /// The token itself, for the answer.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for RefreshTokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenSecret(..)")
    }
}
