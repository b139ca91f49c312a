use chrono::{DateTime, Utc};
use clavis_identity::{Account, Session, Sessions, Ticket, TicketPurpose, Tickets};
use clavis_kernel::{AccountId, OAuthClientId, SessionId, StoreError, TokenDigest};
use clavis_tokens::{ClientBinding, RefreshToken, RefreshTokens, SigningKeyRecord, SigningKeys};

use super::{FakePorts, StoredRefreshToken, taken};

impl Tickets for FakePorts {
    fn insert(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let mut state = self.change("Tickets::insert")?;
        if state.tickets.contains_key(&ticket.digest) {
            return Err(taken("Tickets::insert"));
        }
        state.tickets.insert(ticket.digest, ticket.clone());
        Ok(())
    }

    fn find(&self, digest: &TokenDigest, purpose: TicketPurpose) -> Result<Option<Ticket>, StoreError> {
        Ok(self
            .state()
            .tickets
            .get(digest)
            .filter(|ticket| ticket.purpose == purpose)
            .cloned())
    }

    fn spend(
        &self,
        digest: &TokenDigest,
        purpose: TicketPurpose,
        at: DateTime<Utc>,
    ) -> Result<Option<Ticket>, StoreError> {
        let mut state = self.change("Tickets::spend")?;
        let good = state.tickets.get_mut(digest).filter(|ticket| {
            ticket.purpose == purpose && ticket.spent_at.is_none() && at < ticket.expires_at
        });
        Ok(good.map(|ticket| {
            ticket.spent_at = Some(at);
            ticket.clone()
        }))
    }

    fn discard(&self, account: AccountId, purpose: TicketPurpose) -> Result<usize, StoreError> {
        let mut state = self.change("Tickets::discard")?;
        let unspent = state.tickets.values_mut().filter(|ticket| {
            ticket.account == account && ticket.purpose == purpose && ticket.spent_at.is_none()
        });
        // Kept, since they were issued and count as such; spent the moment they were.
        Ok(unspent
            .map(|ticket| ticket.spent_at = Some(ticket.issued_at))
            .count())
    }

    fn count_issued(&self, account: AccountId, since: DateTime<Utc>) -> Result<u64, StoreError> {
        let state = self.state();
        let issued = state
            .tickets
            .values()
            .filter(|ticket| ticket.account == account && ticket.issued_at >= since);
        Ok(issued.count() as u64)
    }
}

impl Sessions for FakePorts {
    fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = self.change("Sessions::insert")?;
        let same = |other: &Session| {
            other.id == session.id || (session.secret.is_some() && other.secret == session.secret)
        };
        if state.sessions.values().any(same) {
            return Err(taken("Sessions::insert"));
        }
        state.sessions.insert(session.id, session.clone());
        Ok(())
    }

    fn find_with_account(&self, id: SessionId) -> Result<Option<(Session, Account)>, StoreError> {
        let state = self.state();
        let session = state.sessions.get(&id);
        Ok(
            session
                .and_then(|session| Some((session.clone(), state.accounts.get(&session.account)?.clone()))),
        )
    }

    fn find_by_secret(&self, digest: &TokenDigest) -> Result<Option<(Session, Account)>, StoreError> {
        let found = self
            .state()
            .sessions
            .values()
            .find(|session| session.secret == Some(*digest))
            .map(|session| session.id);
        found.map_or(Ok(None), |id| self.find_with_account(id))
    }

    fn extend(&self, id: SessionId, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Sessions::extend")?;
        let live = state
            .sessions
            .get_mut(&id)
            .filter(|session| session.revoked_at.is_none());
        Ok(live.map(|session| session.expires_at = expires_at).is_some())
    }

    fn revoke(&self, id: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = self.change("Sessions::revoke")?.revoke(id, at);
        if done {
            self.revoking();
        }
        Ok(done)
    }

    fn revoke_all_of_client(&self, client: OAuthClientId, at: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut state = self.change("Sessions::revoke_all_of_client")?;
        let live = state.sessions.values_mut().filter(|session| {
            session.revoked_at.is_none()
                && session
                    .delegation
                    .as_ref()
                    .is_some_and(|delegation| delegation.client == client)
        });
        let ended = live.map(|session| session.revoked_at = Some(at)).count();
        if ended > 0 {
            self.revoking();
        }
        Ok(ended)
    }

    fn revoke_all(
        &self,
        account: AccountId,
        but: Option<SessionId>,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut state = self.change("Sessions::revoke_all")?;
        let live = state.sessions.values_mut().filter(|session| {
            session.account == account && Some(session.id) != but && session.revoked_at.is_none()
        });
        let ended = live.map(|session| session.revoked_at = Some(at)).count();
        if ended > 0 {
            self.revoking();
        }
        Ok(ended)
    }
}

impl RefreshTokens for FakePorts {
    fn find(&self, digest: &TokenDigest) -> Result<Option<RefreshToken>, StoreError> {
        let state = self.state();
        Ok(state.refresh_tokens.get(digest).and_then(|token| {
            let session = state.sessions.get(&token.family)?;
            Some(RefreshToken {
                digest: *digest,
                family: token.family,
                account: session.account,
                client: ClientBinding {
                    dialect: session.through,
                    application: session.application,
                    client: session.delegation.as_ref().map(|delegation| delegation.client),
                },
                scopes: token.scopes.clone(),
                issued_at: token.issued_at,
                expires_at: token.expires_at,
                spent_at: token.spent_at,
                revoked_at: session.revoked_at,
                family_expires_at: session.expires_at,
            })
        }))
    }

    fn insert(
        &self,
        digest: &TokenDigest,
        family: SessionId,
        scopes: &str,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.change("RefreshTokens::insert")?;
        if state.refresh_tokens.contains_key(digest) {
            return Err(taken("RefreshTokens::insert"));
        }
        let token = StoredRefreshToken {
            family,
            scopes: scopes.to_owned(),
            issued_at,
            expires_at,
            spent_at: None,
        };
        state.refresh_tokens.insert(*digest, token);
        Ok(())
    }

    fn spend(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("RefreshTokens::spend")?;
        let unspent = state
            .refresh_tokens
            .get_mut(digest)
            .filter(|token| token.spent_at.is_none());
        Ok(unspent.map(|token| token.spent_at = Some(at)).is_some())
    }

    fn revoke_family(&self, family: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = self.change("RefreshTokens::revoke_family")?.revoke(family, at);
        if done {
            self.revoking();
        }
        Ok(done)
    }
}

impl SigningKeys for FakePorts {
    fn all(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let mut keys = self.state().signing_keys.clone();
        keys.sort_by_key(|key| key.created_at);
        Ok(keys)
    }

    fn insert(&self, key: &SigningKeyRecord) -> Result<bool, StoreError> {
        let mut state = self.change("SigningKeys::insert")?;
        if state.signing_keys.iter().any(|other| other.kid == key.kid) {
            return Ok(false);
        }
        state.signing_keys.push(key.clone());
        Ok(true)
    }

    fn retire(&self, kid: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut state = self.change("SigningKeys::retire")?;
        if let Some(key) = state.signing_keys.iter_mut().find(|key| key.kid == kid) {
            key.retired_at.get_or_insert(at);
        }
        Ok(())
    }

    fn lock(&self) -> Result<(), StoreError> {
        // Transactions run one after the other here.
        Ok(())
    }
}
