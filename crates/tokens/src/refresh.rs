use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{
    AccountId, Answer, ApplicationId, Clock, Dialect, Entropy, OAuthClientId, SessionId, StoreError, SubKey,
    TokenDigest,
};

use crate::{RefreshTokenSecret, RefreshTokenSpelling, RefreshTokens};

/// How a dialect's refresh tokens live.
#[derive(Debug, Clone)]
pub struct RefreshPolicy {
    /// How they are written.
    pub spelling: RefreshTokenSpelling,
    /// How long one lives; its successor lives as long again.
    pub lifetime: Duration,
    /// For how long after it was spent a token still yields its successor; zero is strict.
    pub reuse_window: Duration,
}

impl RefreshPolicy {
    /// Whether a replay ends the whole family: where a window forgives honest repetition, what comes after it
    /// is theft. Without a window a replay may be honest, and is only refused.
    pub fn reuse_revokes_family(&self) -> bool {
        self.reuse_window > Duration::zero()
    }
}

/// Whom a refresh token was issued to; it is worth nothing to anybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientBinding {
    /// The dialect.
    pub dialect: Dialect,
    /// The application, where the dialect has the concept.
    pub application: Option<ApplicationId>,
    /// The program that acts in somebody's place, if one does.
    pub client: Option<OAuthClientId>,
}

/// A refresh token as stored, with what its session says about it.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// The log-in it comes from.
    pub family: SessionId,
    /// Whose log-in that was.
    pub account: AccountId,
    /// Whom it was issued to.
    pub client: ClientBinding,
    /// The scopes granted with it, comma-separated.
    pub scopes: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
    /// When it was exchanged for its successor.
    pub spent_at: Option<DateTime<Utc>>,
    /// When the family was ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When the family ends although in use.
    pub family_expires_at: DateTime<Utc>,
}

/// A refresh token just made.
#[derive(Debug, Clone)]
pub struct IssuedRefreshToken {
    /// For the client.
    pub secret: RefreshTokenSecret,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
}

/// What a refresh gives.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The successor.
    pub successor: IssuedRefreshToken,
    /// The scopes that go with it: those asked for now, or, inside the window, those of the first time.
    pub scopes: String,
    /// Whether this was a repetition inside the window, which wrote nothing.
    pub repeated: bool,
}

/// Why a refresh token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// No such token.
    #[error("the refresh token was never issued")]
    Unknown,
    /// Its family was ended: log-out, a password change, an operator, a theft.
    #[error("the refresh token was revoked")]
    Revoked,
    /// It, or its family as a whole, came to its end.
    #[error("the refresh token has expired")]
    Expired,
    /// It is another client's.
    #[error("the refresh token was issued to another client")]
    WrongClient,
    /// It was exchanged already.
    #[error("the refresh token was already spent")]
    Reused,
}

/// The token service: its ports and policy, borrowed for the length of one call.
pub struct Tokens<'a> {
    /// The refresh tokens.
    pub refresh_tokens: &'a dyn RefreshTokens,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness for the first token of a family.
    pub entropy: &'a dyn Entropy,
    /// The key from which successors are derived.
    pub successor_key: &'a SubKey,
    /// How the dialect's refresh tokens live.
    pub policy: &'a RefreshPolicy,
}

impl Tokens<'_> {
    /// Issues the first refresh token of a family. `family_ends` bounds its life.
    pub fn begin_family(
        &self,
        family: SessionId,
        scopes: &str,
        family_ends: DateTime<Utc>,
    ) -> Result<IssuedRefreshToken, StoreError> {
        let secret = RefreshTokenSecret::generate(self.policy.spelling, self.entropy);
        self.keep(secret, family, scopes, family_ends)
    }

    /// The token a client presents, if the client may use it at this moment. Whether it was spent is for
    /// [`Tokens::rotate`] to find out.
    pub fn examine(
        &self,
        presented: &RefreshTokenSecret,
        client: ClientBinding,
    ) -> Answer<RefreshToken, RefreshError> {
        let now = self.clock.now();
        let Some(token) = self.refresh_tokens.find(&presented.digest())? else {
            return Ok(Err(RefreshError::Unknown));
        };
        if token.revoked_at.is_some() {
            return Ok(Err(RefreshError::Revoked));
        }
        if token.expires_at <= now || token.family_expires_at <= now {
            return Ok(Err(RefreshError::Expired));
        }
        if token.client != client {
            return Ok(Err(RefreshError::WrongClient));
        }
        Ok(Ok(token))
    }

    /// Spends an examined token and issues its successor with these scopes (RFC 6749 §6).
    ///
    /// A token presented twice is held by two parties, and we cannot tell which is the thief:
    /// where the policy asks for it, the whole family is revoked (RFC 9700 §4.14.2).
    pub fn rotate(
        &self,
        presented: &RefreshTokenSecret,
        token: &RefreshToken,
        scopes: &str,
    ) -> Answer<Rotation, RefreshError> {
        let now = self.clock.now();
        let successor = presented.successor(self.policy.spelling, self.successor_key);
        if self.refresh_tokens.spend(&token.digest, now)? {
            let successor = self.keep(successor, token.family, scopes, token.family_expires_at)?;
            return Ok(Ok(Rotation {
                successor,
                scopes: scopes.to_owned(),
                repeated: false,
            }));
        }
        // Somebody was here before: an honest second tab inside the window, a replay after it. What was read
        // earlier may be older than the spending, so read again.
        let spent_at = self
            .refresh_tokens
            .find(&token.digest)?
            .and_then(|token| token.spent_at);
        let inside_window = spent_at.is_some_and(|at| now < at + self.policy.reuse_window);
        if inside_window && let Some(stored) = self.refresh_tokens.find(&successor.digest())? {
            let successor = IssuedRefreshToken {
                secret: successor,
                expires_at: stored.expires_at,
            };
            return Ok(Ok(Rotation {
                successor,
                scopes: stored.scopes,
                repeated: true,
            }));
        }
        if self.policy.reuse_revokes_family() {
            self.refresh_tokens.revoke_family(token.family, now)?;
        }
        Ok(Err(RefreshError::Reused))
    }

    fn keep(
        &self,
        secret: RefreshTokenSecret,
        family: SessionId,
        scopes: &str,
        family_ends: DateTime<Utc>,
    ) -> Result<IssuedRefreshToken, StoreError> {
        let now = self.clock.now();
        let expires_at = (now + self.policy.lifetime).min(family_ends);
        self.refresh_tokens
            .insert(&secret.digest(), family, scopes, now, expires_at)?;
        Ok(IssuedRefreshToken { secret, expires_at })
    }
}
