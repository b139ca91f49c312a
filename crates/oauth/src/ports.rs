use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, OAuthClientId, SessionId, StoreError, TokenDigest};

use crate::{AuthorizationCode, ClientSecretHash, ClientStatus, NewOAuthClient, OAuthClient};

/// The clients that were registered. None is ever removed: what was done through one stays explained.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait OAuthClients {
    /// Keeps a new client, which nobody has decided about; `None` when its key is taken.
    fn insert(&self, client: &NewOAuthClient, at: DateTime<Utc>) -> Result<Option<OAuthClient>, StoreError>;
    /// The client with this key, to the letter.
    fn find_by_key(&self, key: &str) -> Result<Option<OAuthClient>, StoreError>;
    /// The client with this id.
    fn find(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, StoreError>;
    /// At most so many clients in the order they were registered: one owner's, or everybody's.
    fn list(&self, owner: Option<AccountId>, limit: u32) -> Result<Vec<OAuthClient>, StoreError>;
    /// How many clients an account has, in whatever status.
    fn count_of_owner(&self, owner: AccountId) -> Result<u64, StoreError>;
    /// Sets the status and notes the moment; `false` when there is no such client.
    fn set_status(
        &self,
        id: OAuthClientId,
        status: ClientStatus,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Puts another hash of the same secret in the place of the one that was compared; `false` when that is not there
    /// any more.
    fn replace_hash(
        &self,
        id: OAuthClientId,
        compared: &ClientSecretHash,
        with: &ClientSecretHash,
    ) -> Result<bool, StoreError>;
}

/// What people consented to, until it is redeemed. Only digests cross this port.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AuthorizationCodes {
    /// Keeps a new code.
    fn insert(&self, code: &AuthorizationCode) -> Result<(), StoreError>;
    /// The code with this digest; `None` if never issued. Spent and expired ones are returned too.
    fn find(&self, digest: &TokenDigest) -> Result<Option<AuthorizationCode>, StoreError>;
    /// Spends a code for a session at this moment, if it was unspent and not expired: one conditional write, and what
    /// was spent for the one call that did it.
    fn spend(
        &self,
        digest: &TokenDigest,
        session: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<AuthorizationCode>, StoreError>;
    /// Forgets the unspent codes of an account and returns how many there were.
    fn discard_all(&self, account: AccountId) -> Result<usize, StoreError>;
}
