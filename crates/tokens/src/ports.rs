use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, SessionId, StoreError, TokenDigest};

use crate::{
    ApiKey, ApiKeyHolder, ApiKeyId, ApiKeyScopes, ApiKeyState, NewApiKey, RefreshToken, SigningKeyRecord,
};

/// The signing keys, retired ones included until they are forgotten. Private halves cross this port sealed.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait SigningKeys {
    /// Every key, in the order they were made.
    fn all(&self) -> Result<Vec<SigningKeyRecord>, StoreError>;
    /// Keeps a new key; `false` when there is one with its `kid`.
    fn insert(&self, key: &SigningKeyRecord) -> Result<bool, StoreError>;
    /// Notes that a key signs no more after this moment. Idempotent: the first moment stays.
    fn retire(&self, kid: &str, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Takes a lock that only one transaction holds at a time, until this one ends: two processes that start
    /// together do not both make keys.
    fn lock(&self) -> Result<(), StoreError>;
}

/// The refresh tokens in force, in families: one family per log-in (RFC 9700 §4.14.2).
///
/// Only SHA-256 digests cross this port, never a token. All calls made through one value
/// run in one transaction, which the caller opened and will close.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait RefreshTokens {
    /// The token with this digest, with what its session says about it; `None` if never issued. Spent,
    /// expired and revoked tokens are returned too: what they mean is the domain's business.
    fn find(&self, digest: &TokenDigest) -> Result<Option<RefreshToken>, StoreError>;
    /// Keeps a new token of a family.
    fn insert(
        &self,
        digest: &TokenDigest,
        family: SessionId,
        scopes: &str,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Spends the token at this moment (UTC, whole microseconds) if it was unspent: one conditional
    /// write, `true` for the one call that did it.
    fn spend(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Ends the family: no token of it is worth anything any more. `true` for the one call that did it.
    fn revoke_family(&self, family: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError>;
}

/// The keys with which programs sign requests in their owners' place. Secrets cross this port sealed.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ApiKeys {
    /// Keeps a new key behind all others; `None` when its id is taken.
    fn insert(&self, key: &NewApiKey) -> Result<Option<ApiKey>, StoreError>;
    /// The key with this id, in whatever state and whoever owns it.
    fn find(&self, kid: &ApiKeyId) -> Result<Option<ApiKey>, StoreError>;
    /// At most `limit` of the holder's keys in the order they were made, after leaving out the first `skipped`. An
    /// account's own are not those of its service accounts.
    fn of_holder(&self, holder: ApiKeyHolder, skipped: u64, limit: u32) -> Result<Vec<ApiKey>, StoreError>;
    /// How many keys the holder has, in whatever state.
    fn count_of_holder(&self, holder: ApiKeyHolder) -> Result<u64, StoreError>;
    /// Sets the scopes, and the state where one is given, and notes the moment; `false` when there is no such key.
    /// Whose key it is is not asked: check that first.
    fn update<'a>(
        &self,
        kid: &'a ApiKeyId,
        scopes: &ApiKeyScopes,
        state: Option<&'a ApiKeyState>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Forgets the holder's key; `false` when it has none with this id.
    fn remove(&self, kid: &ApiKeyId, holder: ApiKeyHolder) -> Result<bool, StoreError>;
    /// Makes every active key of the holder inactive, notes the moment, and returns how many there were.
    fn deactivate_all(&self, holder: ApiKeyHolder, at: DateTime<Utc>) -> Result<usize, StoreError>;
    /// As [`ApiKeys::deactivate_all`], with the account's own keys and those of its service accounts.
    fn deactivate_all_answered_for(&self, account: AccountId, at: DateTime<Utc>)
    -> Result<usize, StoreError>;
}
