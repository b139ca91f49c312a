use std::fmt;
use std::str::FromStr;

use argon2::{Config, ThreadMode, Variant, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use clavis_kernel::{Entropy, EntropyExt, Secret};

/// Longest password that is ever hashed, in bytes: past it a verdict is [`Verdict::Wrong`] without work.
pub(crate) const MAX_PASSWORD_BYTES: usize = 4096;
const SALT_BYTES: usize = 16;
const HASH_BYTES: u32 = 32;
/// bcrypt reads no further.
const BCRYPT_BYTES: usize = 72;
/// Highest bcrypt cost that is verified: 2^16 rounds take some seconds, and a hash may come from outside.
const MAX_BCRYPT_COST: u32 = 16;
/// Bounds on the parameters of Argon2 hashes that may come from outside: 1 GiB, 64 passes, 16 lanes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 16;

/// The work one Argon2id hash takes (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// The text names no Argon2 parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "written m=<KiB>,t=<passes>,p=<lanes> with m from 8*p to {MAX_MEMORY_KIB}, t from 1 to {MAX_PASSES}, p from 1 to {MAX_LANES}"
)]
pub struct Argon2ParamsError;

impl Default for Argon2Params {
    /// OWASP's second recommendation: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl FromStr for Argon2Params {
    type Err = Argon2ParamsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut params = Self::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or(Argon2ParamsError)?;
            let value = value.trim().parse().map_err(|_| Argon2ParamsError)?;
            match name.trim() {
                "m" => params.memory_kib = value,
                "t" => params.passes = value,
                "p" => params.lanes = value,
                _ => return Err(Argon2ParamsError),
            }
        }
        if params.are_sane() {
            Ok(params)
        } else {
            Err(Argon2ParamsError)
        }
    }
}

impl Argon2Params {
    fn are_sane(self) -> bool {
        (1..=MAX_LANES).contains(&self.lanes)
            && (1..=MAX_PASSES).contains(&self.passes)
            && (8 * self.lanes..=MAX_MEMORY_KIB).contains(&self.memory_kib)
    }
}

/// A password's hash in its text form: PHC for Argon2, modular crypt for bcrypt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// The text is no hash that can be verified here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Argon2 or bcrypt hash, or one that takes too much work")]
pub struct PasswordHashError;

/// What comparing a password with a hash says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, and its hash should be replaced: an older kind, or other parameters.
    RightButOutdated,
    /// It is not.
    Wrong,
}

impl Verdict {
    /// Whether it is the password.
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

impl PasswordHash {
    /// Hashes a password: the expensive step, to be taken outside any transaction.
    pub fn generate(password: &Secret, params: Argon2Params, entropy: &dyn Entropy) -> Self {
        let salt = entropy.bytes::<SALT_BYTES>();
        let config = Config {
            variant: Variant::Argon2id,
            version: Version::Version13,
            mem_cost: params.memory_kib,
            time_cost: params.passes,
            lanes: params.lanes,
            thread_mode: ThreadMode::Sequential,
            hash_length: HASH_BYTES,
            ..Config::default()
        };
        let text = argon2::hash_encoded(password.expose().as_bytes(), &salt, &config)
            .expect("parameters were checked when they were read");
        Self(text)
    }

    /// A hash that no password has, with the cost of a real one: comparing with it takes the time that
    /// comparing with an account's would. Making one takes no work.
    pub fn decoy(params: Argon2Params, entropy: &dyn Entropy) -> Self {
        let salt = STANDARD_NO_PAD.encode(entropy.bytes::<SALT_BYTES>());
        let hash = STANDARD_NO_PAD.encode(entropy.bytes::<32>());
        let Argon2Params {
            memory_kib,
            passes,
            lanes,
        } = params;
        Self(format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}"
        ))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares: the expensive step, to be taken outside any transaction.
    pub fn verify(&self, password: &Secret, wanted: Argon2Params) -> Verdict {
        let password = password.expose().as_bytes();
        if password.len() > MAX_PASSWORD_BYTES {
            return Verdict::Wrong;
        }
        if self.0.starts_with("$argon2") {
            return match argon2::verify_encoded(&self.0, password) {
                Ok(true) if argon2_params(&self.0) == Some(wanted) => Verdict::Right,
                Ok(true) => Verdict::RightButOutdated,
                Ok(false) | Err(_) => Verdict::Wrong,
            };
        }
        // bcrypt ends at a NUL and at 72 bytes; older servers let longer passwords in, so the rest is cut.
        let cut = password.get(..BCRYPT_BYTES).unwrap_or(password);
        match bcrypt::verify(cut, &self.0) {
            Ok(true) => Verdict::RightButOutdated,
            Ok(false) | Err(_) => Verdict::Wrong,
        }
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    /// Accepts hashes of ours and of older servers, as far as verifying one takes bounded work.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = if text.starts_with("$argon2id$") {
            argon2_params(text).is_some_and(Argon2Params::are_sane)
        } else {
            ["$2a$", "$2b$", "$2y$", "$2x$"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
                && text.len() == 60
                && text
                    .get(4..6)
                    .and_then(|cost| cost.parse().ok())
                    .is_some_and(|cost: u32| cost <= MAX_BCRYPT_COST)
        };
        known.then(|| Self(text.to_owned())).ok_or(PasswordHashError)
    }
}

/// The `m=…,t=…,p=…` part of a PHC text.
fn argon2_params(text: &str) -> Option<Argon2Params> {
    text.split('$')
        .find(|part| part.starts_with("m="))
        .and_then(|part| part.parse().ok())
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_kernel::fake::FakeEntropy;

    const CHEAP: Argon2Params = Argon2Params {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn a_hash_of_ours_verifies_and_is_kept() {
        let hash = PasswordHash::generate(&Secret::new("Tecohvi0"), CHEAP, &FakeEntropy::default());
        assert_eq!(hash.verify(&Secret::new("Tecohvi0"), CHEAP), Verdict::Right);
        assert_eq!(hash.verify(&Secret::new("tecohvi0"), CHEAP), Verdict::Wrong);
        assert_eq!(hash.verify(&Secret::new(""), CHEAP), Verdict::Wrong);
        assert_eq!(hash.as_str().parse(), Ok(hash.clone()));
    }

    #[test]
    fn a_decoy_is_compared_like_a_hash_of_ours_and_nobodys() {
        let decoy = PasswordHash::decoy(CHEAP, &FakeEntropy::default());
        assert_eq!(decoy.as_str().parse(), Ok(decoy.clone()));
        assert!(
            argon2::verify_encoded(decoy.as_str(), b"anything").is_ok_and(|same| !same),
            "it was compared"
        );
        assert_eq!(decoy.verify(&Secret::new("anything"), CHEAP), Verdict::Wrong);
    }

    #[test]
    fn a_hash_with_other_parameters_is_outdated() {
        let hash = PasswordHash::generate(&Secret::new("Tecohvi0"), CHEAP, &FakeEntropy::default());
        let more = Argon2Params { passes: 2, ..CHEAP };
        assert_eq!(
            hash.verify(&Secret::new("Tecohvi0"), more),
            Verdict::RightButOutdated
        );
    }

    #[test]
    fn a_bcrypt_hash_verifies_with_its_truncation_and_is_outdated() {
        let long = "x".repeat(100);
        let hashed = bcrypt::hash_with_salt(&long.as_bytes()[..72], 4, [7; 16]).unwrap();
        for spelling in [
            bcrypt::Version::TwoA,
            bcrypt::Version::TwoB,
            bcrypt::Version::TwoY,
        ] {
            let hash: PasswordHash = hashed.format_for_version(spelling).parse().unwrap();
            assert_eq!(
                hash.verify(&Secret::new(&*long), CHEAP),
                Verdict::RightButOutdated
            );
            assert_eq!(hash.verify(&Secret::new("x".repeat(71)), CHEAP), Verdict::Wrong);
        }
    }

    #[test]
    fn a_hash_that_takes_too_much_work_is_refused() {
        for text in [
            "$2a$31$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghijklmno",
            "plain",
            "",
            "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        ] {
            assert_eq!(text.parse::<PasswordHash>(), Err(PasswordHashError), "{text}");
        }
    }

    #[test]
    fn parameters_are_read_and_bounded() {
        assert_eq!("m=19456,t=2,p=1".parse(), Ok(Argon2Params::default()));
        for text in ["", "m=1", "m=7,t=1,p=1", "t=0", "x=1", "m=99999999"] {
            assert_eq!(text.parse::<Argon2Params>(), Err(Argon2ParamsError), "{text}");
        }
    }
}
