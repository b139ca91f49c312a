//! Programs that act in people's place: registered by anybody, let in by an administrator.

use std::collections::HashMap;

use clavis_identity::{Accounts, PasswordHash, Sessions, Verdict};
use clavis_kernel::{AccountId, AccountNumber, Answer, OAuthClientId, StoreError};
use clavis_oauth::{
    ClientKey, ClientSecretHash, ClientStatus, NewOAuthClient, OAuthClient, OAuthClients, RedirectUri,
};
use clavis_rbac::Permission;

use crate::{AuditAction, Flows, PlutoAdministration};

/// How many clients one account may register.
pub const MAX_OAUTH_CLIENTS: u64 = 100;
/// Most clients that are listed at once.
const MOST_LISTED: u32 = 10_000;

/// A client to be registered, its secret hashed.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What it calls itself.
    pub key: ClientKey,
    /// Its secret.
    pub secret: PasswordHash,
    /// Where it has people sent back to.
    pub redirect_uri: Option<RedirectUri>,
}

/// Why a client was not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterClientError {
    /// There is one with this key.
    #[error("the key is taken")]
    KeyTaken,
    /// The account has as many clients as it may have.
    #[error("the account has {MAX_OAUTH_CLIENTS} clients")]
    TooMany,
    /// The account may do nothing.
    #[error("the account is not active")]
    AccountNotActive,
}

/// No client has this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such client")]
pub struct UnknownClient;

/// Why a client is not believed, or not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No client has this key.
    #[error("no such client")]
    Unknown,
    /// No administrator let it in.
    #[error("the client is not approved")]
    NotApproved,
    /// The secret is another.
    #[error("wrong secret of a client")]
    WrongSecret,
}

/// A client with its owner's number.
#[derive(Debug, Clone)]
pub struct ClientCard {
    /// The client.
    pub client: OAuthClient,
    /// By what Pluto's clients know the owner.
    pub owner: AccountNumber,
}

/// A client whose secret is to be checked.
#[derive(Debug, Clone)]
pub struct ClientCandidate {
    /// Which.
    pub client: OAuthClientId,
    /// Whether it may be used. Told before anything is told of the secret.
    pub approved: bool,
    /// What to compare with, outside any transaction.
    pub hash: PasswordHash,
}

impl Flows<'_> {
    /// Whether an account could register this client just now: to refuse before the secret is hashed.
    /// [`Flows::register_client`] decides.
    pub fn may_register_client(&self, owner: AccountId, key: &ClientKey) -> Answer<(), RegisterClientError> {
        if self.ports.find_by_key(key.as_str())?.is_some() {
            return Ok(Err(RegisterClientError::KeyTaken));
        }
        if self.ports.count_of_owner(owner)? >= MAX_OAUTH_CLIENTS {
            return Ok(Err(RegisterClientError::TooMany));
        }
        Ok(Ok(()))
    }

    /// Registers a client. It cannot be used before an administrator lets it in.
    pub fn register_client(
        &self,
        owner: AccountId,
        registration: &Registration,
    ) -> Answer<OAuthClient, RegisterClientError> {
        let account = self.ports.find_for_update(owner)?;
        if !account.is_some_and(|account| account.state.may_hold_tokens()) {
            return Ok(Err(RegisterClientError::AccountNotActive));
        }
        if let Err(refusal) = self.may_register_client(owner, &registration.key)? {
            return Ok(Err(refusal));
        }
        let client = NewOAuthClient {
            key: registration.key.clone(),
            secret: ClientSecretHash::new(registration.secret.as_str()),
            redirect_uri: registration.redirect_uri.clone(),
            owner,
        };
        let Some(client) = OAuthClients::insert(self.ports, &client, self.now())? else {
            return Ok(Err(RegisterClientError::KeyTaken));
        };
        self.audit_by(
            None,
            Some(owner),
            AuditAction::RegisterClient,
            client.key.as_str(),
        )?;
        Ok(Ok(client))
    }

    /// Decides whether a client may be used. What one that is denied holds of people's sessions ends at once.
    pub fn set_client_status(
        &self,
        permission: &Permission<PlutoAdministration>,
        key: &str,
        status: ClientStatus,
    ) -> Answer<OAuthClient, UnknownClient> {
        let Some(client) = self.ports.find_by_key(key)? else {
            return Ok(Err(UnknownClient));
        };
        let now = self.now();
        OAuthClients::set_status(self.ports, client.id, status, now)?;
        if status != ClientStatus::Approved {
            Sessions::revoke_all_of_client(self.ports, client.id, now)?;
        }
        let detail = format!("{} {}", client.key, status.name());
        self.audit_by(
            Some(permission.holder()),
            Some(client.owner),
            AuditAction::DecideClient,
            &detail,
        )?;
        Ok(Ok(OAuthClient {
            status,
            updated_at: now,
            ..client
        }))
    }

    /// The clients that an account registered, in their order.
    pub fn clients_of(&self, owner: AccountId) -> Result<Vec<ClientCard>, StoreError> {
        self.cards(self.ports.list(Some(owner), MOST_LISTED)?)
    }

    /// Every client, in the order they were registered.
    pub fn all_clients(
        &self,
        _permission: &Permission<PlutoAdministration>,
    ) -> Result<Vec<ClientCard>, StoreError> {
        self.cards(self.ports.list(None, MOST_LISTED)?)
    }

    fn cards(&self, clients: Vec<OAuthClient>) -> Result<Vec<ClientCard>, StoreError> {
        let mut owners: Vec<_> = clients.iter().map(|client| client.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        let owners = Accounts::find_all(self.ports, &owners)?;
        let numbers: HashMap<_, _> = owners
            .into_iter()
            .map(|account| (account.id, account.number))
            .collect();
        let card = |client: OAuthClient| {
            let owner = *numbers.get(&client.owner)?;
            Some(ClientCard { client, owner })
        };
        Ok(clients.into_iter().filter_map(card).collect())
    }

    /// The client that a program says it is, before its secret is compared.
    pub fn client_candidate(&self, key: &str) -> Result<Option<ClientCandidate>, StoreError> {
        let Some(client) = self.ports.find_by_key(key)? else {
            return Ok(None);
        };
        let hash = client.secret.as_str().parse().map_err(|_| {
            StoreError::new(
                "OAuthClients::find_by_key",
                "a secret's hash that cannot be compared",
            )
        })?;
        Ok(Some(ClientCandidate {
            client: client.id,
            approved: client.is_approved(),
            hash,
        }))
    }

    /// Notes how a comparison went: a wrong secret in the trail, and another hash in the place of an outdated one.
    pub fn note_client_secret(
        &self,
        candidate: &ClientCandidate,
        verdict: Verdict,
        rehash: Option<&PasswordHash>,
    ) -> Result<(), StoreError> {
        if !verdict.is_right() {
            let client = OAuthClients::find(self.ports, candidate.client)?;
            let key = client.as_ref().map_or("", |client| client.key.as_str());
            let owner = client.as_ref().map(|client| client.owner);
            let action = AuditAction::AuthenticateClient;
            return self.audit_refusal_by(None, owner, action, key, ClientError::WrongSecret);
        }
        if let Some(hash) = rehash {
            let compared = ClientSecretHash::new(candidate.hash.as_str());
            let with = ClientSecretHash::new(hash.as_str());
            self.ports.replace_hash(candidate.client, &compared, &with)?;
        }
        Ok(())
    }

    /// A client that may be used just now; its secret was checked before.
    pub fn usable_client(&self, id: OAuthClientId) -> Answer<OAuthClient, ClientError> {
        Ok(match OAuthClients::find(self.ports, id)? {
            None => Err(ClientError::Unknown),
            Some(client) if client.is_approved() => Ok(client),
            Some(_) => Err(ClientError::NotApproved),
        })
    }
}
