use std::fmt;

use openssl::sha::Sha256;

/// The SHA-256 digest under which a secret token is stored and looked up.
///
/// The tokens have at least 122 random bits, so a plain digest cannot be searched, and a look-up by digest
/// tells nothing through its timing about the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token as it travels.
    pub fn of(token: &str) -> Self {
        // In three steps OpenSSL uses its digest at once; in one it looks the algorithm up first, each time.
        let mut digest = Sha256::new();
        digest.update(token.as_bytes());
        Self(digest.finish())
    }

    /// A digest read back from the store; `None` unless it has 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}
