//! Requests between servers: which of them may sign for what, and whether a request bears their signatures.

mod countersign;
mod document;
mod key;
mod parse;
mod request;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use key::SignerKey;

pub use countersign::CountersignError;
pub(crate) use countersign::signature;
pub use key::SignerKeyError;
pub use request::{JwsRefusal, VerifiedRequest};

/// The servers that are trusted to sign requests, by name, and for each kind of request who has to sign and
/// who may. Read once from the operator's file; never changed.
#[derive(Default)]
pub struct Keychain {
    signers: BTreeMap<String, SignerKey>,
    scopes: BTreeMap<String, ScopeSigners>,
}

/// Who signs one kind of request.
#[derive(Debug, Default)]
struct ScopeSigners {
    /// All of them have to.
    mandatory: BTreeSet<String>,
    /// One of them has to where nobody is mandatory. The mandatory ones are among them.
    permitted: BTreeSet<String>,
}

/// Why a file of trusted signers is not used. Nothing of a key is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// The file is longer than any such file.
    #[error("a keychain has at most {max_bytes} bytes")]
    TooLong {
        /// The limit.
        max_bytes: usize,
    },
    /// It is no YAML, or uses a part of YAML that a keychain has no need of.
    #[error("line {line}: {reason}")]
    Yaml {
        /// Where, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A part of it has another shape than it should.
    #[error("{at}: {expected}")]
    Shape {
        /// The names that lead to the part, with dots between them.
        at: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A signer's key is not usable.
    #[error("keychain.{signer}: {reason}")]
    Signer {
        /// The signer's name.
        signer: String,
        /// Why.
        reason: SignerKeyError,
    },
    /// A scope names a signer that has no key.
    #[error("scopes.{scope}: the signer {signer} is not in the keychain")]
    UnknownSigner {
        /// The scope's name.
        scope: String,
        /// The name that no key has.
        signer: String,
    },
}

impl Keychain {
    /// The keychain of an installation without one: it knows no signer, and no request has enough signatures.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The names of the signers it knows.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.signers.keys().map(String::as_str)
    }

    /// The names of the scopes that somebody may sign for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.keys().map(String::as_str)
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keychain")
            .field("signers", &self.signers.keys())
            .field("scopes", &self.scopes)
            .finish()
    }
}
