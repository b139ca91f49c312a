//! What every other crate stands on: ids, addresses, secrets, time, randomness, and the shape of an answer.
//!
//! Nothing here does I/O. [`Clock`] and [`Entropy`] are ports; the binary brings the real ones and tests bring
//! ones they can move.

mod answer;
mod caller;
mod clock;
mod digest;
mod email;
mod entropy;
mod ids;
mod seal;
mod secret;
mod text;

pub use answer::{Answer, StoreError, StoreErrorKind};
pub use caller::{Caller, Dialect, UnknownDialect};
pub use clock::Clock;
pub use digest::TokenDigest;
pub use email::{Email, EmailError};
pub use entropy::{Entropy, EntropyExt};
pub use ids::{
    AccessRuleId, AccountId, AccountNumber, ApplicationId, AuditId, BlobId, CommentId, DataStorageId,
    DocumentId, LabelId, MailId, OAuthClientId, PhoneId, ProfileId, RestrictionId, RoleId, ScopeId,
    ServiceAccountId, SessionId, TellerId, Uid, UidError,
};
pub use seal::{MasterKey, Purpose, SealError, SubKey};
pub use secret::Secret;
pub use text::is_deceptive;

#[cfg(any(test, feature = "fake"))]
pub mod fake;
