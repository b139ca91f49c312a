use std::fmt;

use zeroize::Zeroizing;

/// A text that must not be seen: a password, a token, a key. `Debug` hides it, dropping it overwrites it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; call it where the secret is used and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether two secrets are equal, in a time that depends on their lengths only.
    pub fn same_as(&self, other: &str) -> bool {
        self.0.len() == other.len() && openssl::memcmp::eq(self.0.as_bytes(), other.as_bytes())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
    }

    #[test]
    fn equal_means_every_byte() {
        let secret = Secret::new("hunter2");
        assert!(secret.same_as("hunter2"));
        assert!(!secret.same_as("hunter3"));
        assert!(!secret.same_as("hunter"));
    }
}
