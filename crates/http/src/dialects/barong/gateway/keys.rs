use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::Duration;
use clavis_flows::KeyRefusal;
use clavis_tokens::{ApiKeyId, ApiKeyRefusal, ApiKeyVerifier, SignedHeaders};

use super::token::Token;
use crate::dialects::barong::Barong;
use crate::dialects::barong::claims::Claimant;
use crate::dialects::barong::error::BarongError;
use crate::memory::{Asked, IDLE, Known, Memory};
use crate::{Fault, NonceMemory, NonceRefusal};

/// Most keys remembered at once.
const MAX_REMEMBERED: u64 = 20_000;
/// For so many signed requests in force at once there is room; each takes some hundred bytes.
const NONCES: usize = 400_000;

/// Keys in use, by their ids, and the nonces that were seen.
pub(super) struct Keys {
    known: Memory<String, KnownKey>,
    nonces: NonceMemory,
    /// How far a nonce may be from now, before or after.
    window: Duration,
}

/// A key in use: its secret opened and made ready once, and the token of its owner if it may have one.
pub(super) struct KnownKey {
    verifier: ApiKeyVerifier,
    token: Result<Token, KeyRefusal>,
}

impl Keys {
    pub(super) fn new(window_milliseconds: u32) -> Self {
        let window = Duration::milliseconds(window_milliseconds.into());
        Self {
            known: Memory::new(MAX_REMEMBERED, IDLE),
            nonces: NonceMemory::new(NONCES, window * 2),
            window,
        }
    }
}

impl Barong {
    /// The token for the owner of the key that signed a request. What the key and its owner may is told only to who
    /// shows a signature.
    pub(super) async fn by_key(
        &self,
        request: &HttpRequest,
        headers: SignedHeaders<'_>,
    ) -> Result<Token, BarongError> {
        let keys = &self.gateway.keys;
        let known = match keys.known.fresh(headers.kid, self.app.store.revocations()) {
            Some(known) => known,
            None => self.recall_key(request, headers.kid).await?,
        };
        let key = &known.value;
        let now = self.app.clock.now();
        let spent = headers.check(&key.verifier, now, keys.window)?;
        keys.nonces.spend(spent.digest, spent.expires_at, now)?;
        match &key.token {
            Ok(token) => Ok(token.clone()),
            Err(refusal) => Err((*refusal).into()),
        }
    }

    /// Asks the store about a key.
    async fn recall_key(
        &self,
        request: &HttpRequest,
        name: &str,
    ) -> Result<Arc<Known<KnownKey>>, BarongError> {
        let memory = &self.gateway.keys.known;
        let kid: ApiKeyId = name.parse().map_err(|_| BarongError::API_KEY_UNKNOWN)?;
        let asked = Asked::now(self.app.store.revocations());
        let now = self.app.clock.now();
        let Some(found) = self.look_up(request, move |on| on.key_holder(&kid)).await? else {
            memory.forget(name);
            return Err(BarongError::API_KEY_UNKNOWN);
        };
        let secret = found.key.open_secret(&self.app.keys.master).map_err(|error| {
            tracing::error!(%error, "the secret of an API key could not be opened");
            Fault::Internal
        })?;
        let before = memory.any(name);
        let before = before.as_ref().and_then(|known| known.value.token.as_ref().ok());
        let token = match found.check() {
            Ok(()) => {
                let account = found.owner.account().id;
                Ok(self.token_for(&Claimant::from(&found), account, None, before, now)?)
            }
            Err(refusal) => Err(refusal),
        };
        let known = KnownKey {
            verifier: ApiKeyVerifier::new(found.key.algorithm, &secret),
            token,
        };
        Ok(memory.remember(name.to_owned(), known, asked))
    }
}

impl From<ApiKeyRefusal> for BarongError {
    fn from(refusal: ApiKeyRefusal) -> Self {
        match refusal {
            ApiKeyRefusal::NonceNotTimestamp => Self::NONCE_NOT_A_TIME,
            ApiKeyRefusal::NonceExpired => Self::NONCE_EXPIRED,
            ApiKeyRefusal::InvalidSignature => Self::SIGNATURE_WRONG,
        }
    }
}

impl From<NonceRefusal> for BarongError {
    fn from(refusal: NonceRefusal) -> Self {
        match refusal {
            NonceRefusal::Used | NonceRefusal::TooLong => Self::NONCE_EXPIRED,
            NonceRefusal::Full => Self::busy(),
        }
    }
}

impl From<KeyRefusal> for BarongError {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::KeyNotActive => Self::API_KEY_INACTIVE,
            KeyRefusal::AccountNotActive => Self::NO_SESSION,
            KeyRefusal::NoSecondFactor => Self::API_KEY_WITHOUT_FACTOR,
        }
    }
}
