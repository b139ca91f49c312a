//! The words for what breaks the rules of accounts.

use super::{Code, Problem, RecordError};

impl RecordError {
    pub(crate) const EMAIL_INVALID: Self = Self::new("email", Problem::Invalid);
    pub(crate) const EMAIL_TAKEN: Self = Self::new("email", Problem::Taken);
    /// Too short or too long, or a kind of characters is missing.
    pub(crate) const PASSWORD_UNFIT: Self = Self::says(
        "password",
        "does not meet the minimum requirements",
        Code::Reason("requirements"),
    );
    /// Too easily guessed.
    pub(crate) const PASSWORD_WEAK: Self = Self::says("password", "is too weak", Code::Reason("weak"));

    /// The digest of a password is none that could be verified.
    pub(crate) const DIGEST_INVALID: Self = Self::new("password_digest", Problem::Invalid);
    pub(crate) const PHONE_INVALID: Self = Self::new("phone", Problem::Invalid);
    pub(crate) const PHONE_TAKEN: Self = Self::new("phone", Problem::Taken);
    pub(crate) const DATA_INVALID: Self = Self::new("data", Problem::Invalid);
    pub(crate) const ROLE_UNKNOWN: Self = Self::new("role", Problem::NotIncluded);
}
