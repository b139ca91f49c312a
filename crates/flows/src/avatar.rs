use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Entropy, EntropyExt as _};

/// The name of a picture: sixteen lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AvatarName(String);

/// The text is no picture's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a picture's name has sixteen lower-case hexadecimal digits")]
pub struct AvatarNameError;

impl AvatarName {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(hex::encode(entropy.bytes::<8>()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AvatarName {
    type Err = AvatarNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() == 16
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then(|| Self(text.to_owned())).ok_or(AvatarNameError)
    }
}

impl fmt::Display for AvatarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A picture that a client uploaded, decoded and encoded again.
#[derive(Clone)]
pub struct Avatar {
    /// Its name in the URL.
    pub name: AvatarName,
    /// Whose.
    pub account: AccountId,
    /// The picture, PNG.
    pub png: Vec<u8>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Avatar")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
