use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Entropy, EntropyExt as _, Secret, TokenDigest};

/// The second factor of an account: one secret in force, one that waits to be confirmed. The secrets are sealed.
#[derive(Clone)]
pub struct SecondFactor {
    /// Whose.
    pub account: AccountId,
    /// The secret that is asked for at log-in.
    pub secret: Option<Vec<u8>>,
    /// A secret that was shown and of which no code was seen yet.
    pub pending: Option<Vec<u8>>,
    /// The newest step a code was accepted of; no code of it or an older one is accepted again, at any door.
    pub last_step: Option<i64>,
    /// When it was enabled.
    pub enabled_at: Option<DateTime<Utc>>,
}

impl SecondFactor {
    /// Whether a log-in needs it.
    pub const fn is_enabled(&self) -> bool {
        self.secret.is_some()
    }
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor")
            .field("account", &self.account)
            .field("enabled", &self.is_enabled())
            .finish_non_exhaustive()
    }
}

/// What a session was opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assurance {
    /// Everything the account asks for.
    Full,
    /// Less: the account has a second factor that its door could not ask for, or its holder showed nothing at all.
    Reduced,
}

/// The text names no assurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an assurance is full or reduced")]
pub struct UnknownAssurance;

impl Assurance {
    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Reduced => "reduced",
        }
    }

    /// Whether everything was asked for.
    pub const fn is_full(self) -> bool {
        matches!(self, Self::Full)
    }
}

impl FromStr for Assurance {
    type Err = UnknownAssurance;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "full" => Ok(Self::Full),
            "reduced" => Ok(Self::Reduced),
            _ => Err(UnknownAssurance),
        }
    }
}

/// How many recovery codes an account is given.
const RECOVERY_CODES: usize = 10;

/// A way in for who lost their authenticator: ten codes of 80 random bits, each good once in place of a code.
pub struct RecoveryCode(Secret);

impl RecoveryCode {
    /// A set of new ones.
    pub fn generate_set(entropy: &dyn Entropy) -> Vec<Self> {
        (0..RECOVERY_CODES).map(|_| Self::generate(entropy)).collect()
    }

    fn generate(entropy: &dyn Entropy) -> Self {
        let text = data_encoding::BASE32_NOPAD
            .encode(&entropy.bytes::<10>())
            .to_ascii_lowercase();
        let (left, right) = text.split_at(text.len() / 2);
        Self(Secret::new(format!("{left}-{right}")))
    }

    /// As it is shown: two groups of eight letters and digits.
    pub fn as_secret(&self) -> &Secret {
        &self.0
    }

    /// The digest of a code as somebody typed it, whatever its case, blanks and hyphens; `None` when it has not the form
    /// of one, as six digits have not.
    pub fn digest_of(typed: &str) -> Option<TokenDigest> {
        if typed.len() > 64 {
            return None;
        }
        let bare: String = typed
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let fits = bare.len() == 16
            && bare
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte));
        fits.then(|| TokenDigest::of(&bare))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_kernel::fake::FakeEntropy;

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = RecoveryCode::generate(&FakeEntropy::default());
        let shown = code.as_secret().expose();
        let digest = RecoveryCode::digest_of(shown);
        assert!(digest.is_some());
        assert_eq!(digest, RecoveryCode::digest_of(&shown.to_uppercase()));
        assert_eq!(
            digest,
            RecoveryCode::digest_of(&format!(" {} ", shown.replace('-', " ")))
        );
    }

    #[test]
    fn what_is_no_recovery_code_has_no_digest() {
        for text in [
            "",
            "123456",
            "abcdefgh-abcdefg",
            "abcdefgh-abcdefg1",
            "abcdefgh-abcdefg\u{e9}",
        ] {
            assert_eq!(RecoveryCode::digest_of(text), None, "{text}");
        }
        assert_eq!(RecoveryCode::digest_of(&"a".repeat(100)), None);
    }

    #[test]
    fn a_set_holds_ten_different_codes() {
        let set = RecoveryCode::generate_set(&FakeEntropy::default());
        let digests: std::collections::BTreeSet<_> = set
            .iter()
            .map(|code| code.as_secret().expose().to_owned())
            .collect();
        assert_eq!(digests.len(), 10);
    }
}
