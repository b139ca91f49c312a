use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, OAuthClientId, SessionId, StoreError, TokenDigest};
use clavis_oauth::{
    AuthorizationCode, AuthorizationCodes, ClientSecretHash, ClientStatus, NewOAuthClient, OAuthClient,
    OAuthClients,
};

use super::{FakePorts, taken};

impl OAuthClients for FakePorts {
    fn insert(&self, client: &NewOAuthClient, at: DateTime<Utc>) -> Result<Option<OAuthClient>, StoreError> {
        let mut state = self.change("OAuthClients::insert")?;
        if state
            .oauth_clients
            .rows
            .values()
            .any(|other| other.key == client.key)
        {
            return Ok(None);
        }
        let client = client.clone();
        Ok(Some(state.oauth_clients.add(|id| OAuthClient {
            id: OAuthClientId(id),
            key: client.key,
            secret: client.secret,
            status: ClientStatus::Pending,
            redirect_uri: client.redirect_uri,
            owner: client.owner,
            created_at: at,
            updated_at: at,
        })))
    }

    fn find_by_key(&self, key: &str) -> Result<Option<OAuthClient>, StoreError> {
        let state = self.state();
        let found = state
            .oauth_clients
            .rows
            .values()
            .find(|client| client.key.as_str() == key);
        Ok(found.cloned())
    }

    fn find(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, StoreError> {
        Ok(self.state().oauth_clients.rows.get(&id.0).cloned())
    }

    fn list(&self, owner: Option<AccountId>, limit: u32) -> Result<Vec<OAuthClient>, StoreError> {
        let state = self.state();
        let clients = state.oauth_clients.rows.values();
        let wanted = clients.filter(|client| owner.is_none_or(|owner| client.owner == owner));
        Ok(wanted
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .cloned()
            .collect())
    }

    fn count_of_owner(&self, owner: AccountId) -> Result<u64, StoreError> {
        let state = self.state();
        let clients = state.oauth_clients.rows.values();
        Ok(clients.filter(|client| client.owner == owner).count() as u64)
    }

    fn set_status(
        &self,
        id: OAuthClientId,
        status: ClientStatus,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("OAuthClients::set_status")?;
        let Some(client) = state.oauth_clients.rows.get_mut(&id.0) else {
            return Ok(false);
        };
        client.status = status;
        client.updated_at = at;
        self.revoking();
        Ok(true)
    }

    fn replace_hash(
        &self,
        id: OAuthClientId,
        compared: &ClientSecretHash,
        with: &ClientSecretHash,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("OAuthClients::replace_hash")?;
        let same = state
            .oauth_clients
            .rows
            .get_mut(&id.0)
            .filter(|client| client.secret == *compared);
        Ok(same.map(|client| client.secret = with.clone()).is_some())
    }
}

impl AuthorizationCodes for FakePorts {
    fn insert(&self, code: &AuthorizationCode) -> Result<(), StoreError> {
        let mut state = self.change("AuthorizationCodes::insert")?;
        if state.authorization_codes.contains_key(&code.digest) {
            return Err(taken("AuthorizationCodes::insert"));
        }
        state.authorization_codes.insert(code.digest, code.clone());
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<AuthorizationCode>, StoreError> {
        Ok(self.state().authorization_codes.get(digest).cloned())
    }

    fn spend(
        &self,
        digest: &TokenDigest,
        session: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        let mut state = self.change("AuthorizationCodes::spend")?;
        let good = state
            .authorization_codes
            .get_mut(digest)
            .filter(|code| code.spent_at.is_none() && at < code.expires_at);
        Ok(good.map(|code| {
            code.spent_at = Some(at);
            code.session = Some(session);
            code.clone()
        }))
    }

    fn discard_all(&self, account: AccountId) -> Result<usize, StoreError> {
        let mut state = self.change("AuthorizationCodes::discard_all")?;
        let before = state.authorization_codes.len();
        state
            .authorization_codes
            .retain(|_, code| code.account != account || code.spent_at.is_some());
        Ok(before - state.authorization_codes.len())
    }
}
