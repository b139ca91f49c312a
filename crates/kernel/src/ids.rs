use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::{Entropy, EntropyExt};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

uuid_id! {
    /// An account, for ever: UUID version 7, never used again.
    AccountId
}
uuid_id! {
    /// One log-in and everything issued from it; also the family of its refresh tokens.
    SessionId
}
uuid_id! {
    /// A mail in the outbox.
    MailId
}
uuid_id! {
    /// An object's content, in the folder or the bucket; used for one content and never again.
    BlobId
}
uuid_id! {
    /// One of those that tell events: a process.
    TellerId
}
number_id! {
    /// A label's place in the order labels were made.
    LabelId
}
number_id! {
    /// A profile.
    ProfileId
}
number_id! {
    /// A phone of an account.
    PhoneId
}
number_id! {
    /// A document of an account.
    DocumentId
}
number_id! {
    /// An entry of the audit trail; entries are numbered in the order they were written.
    AuditId
}
number_id! {
    /// What an administrator noted about an account.
    CommentId
}
number_id! {
    /// A rule about what a role may do behind a gateway.
    AccessRuleId
}
number_id! {
    /// A rule about from where requests may come.
    RestrictionId
}
number_id! {
    /// What a client left with an account.
    DataStorageId
}
number_id! {
    /// An account for programs that belongs to somebody's account.
    ServiceAccountId
}
number_id! {
    /// A program that acts in people's place, in the order such programs were registered.
    OAuthClientId
}
number_id! {
    /// The small integer by which Pluto's clients know an account; given in order, never used again.
    AccountNumber
}
number_id! {
    /// An application (Pluto's word for what roles and scopes belong to).
    ApplicationId
}
number_id! {
    /// A role within one application.
    RoleId
}
number_id! {
    /// A scope within one application.
    ScopeId
}

/// The account's name in Barong: `ID` and ten upper-case hexadecimal digits; opaque when imported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(String);

/// The text is no uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a uid has 3 to 32 ASCII letters and digits")]
pub struct UidError;

impl Uid {
    /// A new one: 40 random bits, so the store checks that it is free.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(format!("ID{}", hex::encode_upper(entropy.bytes::<5>())))
    }

    /// A new one for a service account: `SI` and ten digits, of 40 random bits, too.
    pub fn generate_for_service(entropy: &dyn Entropy) -> Self {
        Self(format!("SI{}", hex::encode_upper(entropy.bytes::<5>())))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (3..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned())).ok_or(UidError)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeEntropy;

    #[test]
    fn a_uid_is_id_and_ten_upper_case_digits() {
        let uid = Uid::generate(&FakeEntropy::default());
        let digits = uid.as_str().strip_prefix("ID").unwrap();
        assert!(
            digits.len() == 10
                && digits
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
        );
        assert_eq!(uid.as_str().parse(), Ok(uid));
        assert_eq!("ID'; --".parse::<Uid>(), Err(UidError));
    }
}
