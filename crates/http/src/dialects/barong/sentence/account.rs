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

    /// What is wrong with a service account.
    pub(crate) const UID_INVALID: Self = Self::new("uid", Problem::Invalid);
    pub(crate) const STATE_UNKNOWN: Self = Self::new("state", Problem::NotIncluded);
    pub(crate) const SERVICE_ROLE_UNKNOWN: Self =
        Self::says("role", "doesnt_exist", Code::Reason("doesnt_exist"));
    /// A person, too, may be who has the uid or the address.
    pub(crate) const SERVICE_TAKEN: Self = Self::says("email_or_uid", "not_uniq", Code::Reason("not_uniq"));
    /// The owner has as many as they may have. Upstream knows no limit.
    pub(crate) const TOO_MANY_SERVICES: Self = Self::says(
        "owner",
        "has too many service accounts",
        Code::Reason("limit_reached"),
    );
}
