use std::sync::Arc;

use chrono::{DateTime, Utc};
use clavis_flows::{Standing, StandingError};
use clavis_kernel::{AccountId, AccountNumber, Dialect, SessionId, TokenDigest, Uid};
use clavis_tokens::{KeyOwner, KeyRing, SignedClaims, TokenError};
use moka::sync::Cache;

use crate::memory::{Asked, IDLE, Memory};
use crate::{App, Fault};

/// Most tokens remembered at once.
const MAX_REMEMBERED: u64 = 100_000;
/// Most tokens remembered of which no more than the signature was asked.
const MAX_SIGNATURES: u64 = 10_000;

/// How long access tokens live that do not say when they were issued.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetimes {
    /// jauth's.
    pub jauth: chrono::Duration,
}

impl Default for TokenLifetimes {
    fn default() -> Self {
        Self {
            jauth: chrono::Duration::hours(1),
        }
    }
}

/// What every first-party access token says in its dialect's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BearerFacts {
    /// What it rests on.
    pub grounds: Grounds,
    /// Whom it names.
    pub subject: Subject,
    /// From this moment on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

/// What ends a token before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// The end of the log-in it comes from.
    Session(SessionId),
    /// That everything the account was given before a later moment is worth nothing: of a token that names no log-in.
    IssuedAt(DateTime<Utc>),
}

/// How a token names its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// By its uid.
    Uid(Uid),
    /// By its id.
    Id(AccountId),
    /// By its number.
    Number(AccountNumber),
}

/// An access token that was checked: signature, time, session, account.
#[derive(Debug)]
pub struct Authenticated {
    /// The dialect that issued the token.
    pub issuer: Dialect,
    /// Who is behind it.
    pub standing: Standing,
    /// What it says.
    pub signed: Arc<SignedClaims>,
}

impl Authenticated {
    /// For this door: a session opened with less than its account asks for is worth something at its own door only.
    fn at(self: &Arc<Self>, door: Dialect) -> Result<Arc<Self>, BearerError> {
        if self.standing.assurance.is_full() || self.issuer == door {
            Ok(Arc::clone(self))
        } else {
            Err(BearerError::NotAnAccessToken)
        }
    }
}

/// Why a bearer token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// Not a token of ours, or changed.
    #[error("not a token of this server")]
    Invalid,
    /// A token of ours that is no first-party access token: a mail token, an ID token, one that somebody gave a
    /// program, or one of another dialect where crossing is off or the key is shared.
    #[error("not an access token for this door")]
    NotAnAccessToken,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its session was ended, or its account may hold no tokens.
    #[error("the token was revoked")]
    Revoked,
    /// No answer.
    #[error("no answer")]
    Fault(Fault),
}

impl From<Fault> for BearerError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Tokens verified lately. A signature is verified once; whether its session still stands is asked again when
/// it was asked too long ago, or when anything was revoked since.
pub(crate) struct BearerCache {
    known: Memory<TokenDigest, Verified>,
    signatures: Cache<TokenDigest, Arc<Signature>>,
}

/// A signature that was verified, with keys that need not be in force any more.
struct Signature {
    ring: Arc<KeyRing>,
    signed: Arc<SignedClaims>,
}

/// A token of ours, and what it says.
#[derive(Clone)]
struct Claimed {
    issuer: Dialect,
    /// What a token says whose signature was verified; one that says nothing is looked for by its digest.
    facts: Option<BearerFacts>,
    signed: Arc<SignedClaims>,
}

impl Claimed {
    fn signed(signed: SignedClaims, lifetimes: &TokenLifetimes) -> Result<Self, BearerError> {
        let KeyOwner::Dialect(issuer) = signed.owner else {
            return Err(BearerError::NotAnAccessToken);
        };
        let facts = facts(&signed, issuer, lifetimes).ok_or(BearerError::NotAnAccessToken)?;
        Ok(Self {
            issuer,
            facts: Some(facts),
            signed: Arc::new(signed),
        })
    }

    /// A token that says nothing: only the SSO users API hands such out.
    fn opaque() -> Self {
        Self {
            issuer: Dialect::Sso,
            facts: None,
            signed: Arc::new(SignedClaims {
                owner: KeyOwner::Dialect(Dialect::Sso),
                shared_secret: false,
                claims: serde_json::Map::new(),
            }),
        }
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.expires_at <= now)
    }

    fn names(&self, standing: &Standing) -> bool {
        self.facts.as_ref().is_none_or(|facts| match &facts.subject {
            Subject::Id(id) => *id == standing.account,
            Subject::Number(number) => *number == standing.number,
            Subject::Uid(uid) => *uid == standing.uid,
        })
    }
}

struct Verified {
    claimed: Claimed,
    authenticated: Arc<Authenticated>,
}

impl Default for BearerCache {
    fn default() -> Self {
        Self {
            known: Memory::new(MAX_REMEMBERED, IDLE),
            signatures: Cache::builder()
                .max_capacity(MAX_SIGNATURES)
                .time_to_idle(IDLE)
                .build(),
        }
    }
}

impl App {
    /// Whose access token this is, for the door of a dialect. One that somebody gave a program opens nothing here.
    pub async fn authenticate(&self, token: &str, door: Dialect) -> Result<Arc<Authenticated>, BearerError> {
        let authenticated = self.authenticate_delegated(token, door).await?;
        match authenticated.standing.client {
            None => Ok(authenticated),
            Some(_) => Err(BearerError::NotAnAccessToken),
        }
    }

    /// As [`App::authenticate`], for the little that a token in a program's hands opens. The caller looks at
    /// [`Standing::client`].
    pub(crate) async fn authenticate_delegated(
        &self,
        token: &str,
        door: Dialect,
    ) -> Result<Arc<Authenticated>, BearerError> {
        let digest = TokenDigest::of(token);
        let now = self.clock.now();
        let memory = &self.bearers().known;
        let known = memory.any(&digest);
        let claimed = match &known {
            Some(known) => known.value.claimed.clone(),
            None if is_opaque(token) => Claimed::opaque(),
            None => Claimed::signed(self.verify(token).await?, &self.token_lifetimes)?,
        };
        self.may_cross(&claimed, door)?;
        if claimed.is_over(now) {
            return Err(BearerError::Expired);
        }
        if let Some(known) = known.filter(|known| known.is_fresh(self.store.revocations())) {
            return known.value.authenticated.at(door);
        }
        let asked = Asked::now(self.store.revocations());
        let standing = self.standing(&claimed, digest).await?;
        if !claimed.names(&standing) || standing.through != claimed.issuer {
            return Err(BearerError::Invalid);
        }
        let authenticated = Arc::new(Authenticated {
            issuer: claimed.issuer,
            standing,
            signed: Arc::clone(&claimed.signed),
        });
        let verified = Verified {
            claimed,
            authenticated,
        };
        memory
            .remember(digest, verified, asked)
            .value
            .authenticated
            .at(door)
    }

    /// As [`App::verify`], of a token that is likely to be shown again: its signature is verified once for as long as
    /// the keys stay the same.
    pub(crate) async fn verify_again(&self, token: &str) -> Result<Arc<SignedClaims>, BearerError> {
        let digest = TokenDigest::of(token);
        let signatures = &self.bearers().signatures;
        // Taken before: where the keys change in between, the signature is verified anew the next time.
        let ring = self.ring.get();
        let known = signatures.get(&digest);
        if let Some(known) = known.filter(|known| Arc::ptr_eq(&known.ring, &ring)) {
            return Ok(Arc::clone(&known.signed));
        }
        let signed = Arc::new(self.verify(token).await?);
        let known = Signature {
            ring,
            signed: Arc::clone(&signed),
        };
        signatures.insert(digest, Arc::new(known));
        Ok(signed)
    }

    /// A token's claims once its signature was verified. A key that appeared since the ring was opened is
    /// looked for once.
    pub(crate) async fn verify(&self, token: &str) -> Result<SignedClaims, BearerError> {
        match self.ring.get().verify(token) {
            Ok(signed) => Ok(signed),
            Err(TokenError::UnknownKey) if self.ring.may_look_again() => {
                if let Err(error) = self.ring.reload().await {
                    tracing::warn!(%error, "the signing keys could not be read again");
                }
                self.ring.get().verify(token).map_err(|_| BearerError::Invalid)
            }
            Err(TokenError::UnknownKey | TokenError::Malformed | TokenError::BadSignature) => {
                Err(BearerError::Invalid)
            }
        }
    }

    fn may_cross(&self, token: &Claimed, door: Dialect) -> Result<(), BearerError> {
        if token.issuer == door || (self.tokens_across && !token.signed.shared_secret) {
            return Ok(());
        }
        Err(BearerError::NotAnAccessToken)
    }

    async fn standing(&self, token: &Claimed, digest: TokenDigest) -> Result<Standing, BearerError> {
        let facts = token.facts.clone();
        let (issuer, clock) = (token.issuer, Arc::clone(&self.clock));
        let standing = clavis_flows::read(self.store.as_ref(), move |ports| {
            let now = clock.now();
            match &facts {
                None => clavis_flows::standing_by_secret(ports, &digest, now),
                Some(facts) => match facts.grounds {
                    Grounds::Session(session) => clavis_flows::standing(ports, session, now),
                    Grounds::IssuedAt(at) => match facts.subject {
                        Subject::Id(account) => clavis_flows::standing_of_account(ports, account, issuer, at),
                        // No dialect hands out such tokens.
                        Subject::Number(_) | Subject::Uid(_) => Ok(Err(StandingError::SessionEnded)),
                    },
                },
            }
        });
        match standing.await.map_err(Fault::from)? {
            Ok(standing) => Ok(standing),
            // Nothing shows that it ever was one of ours.
            Err(StandingError::SessionEnded) if token.facts.is_none() => Err(BearerError::Invalid),
            Err(StandingError::SessionEnded | StandingError::AccountNotActive) => Err(BearerError::Revoked),
        }
    }
}

/// Whether a token is not of the three parts of a signed one (RFC 7515 §7.1).
pub(crate) fn is_opaque(token: &str) -> bool {
    !token.contains('.')
}

/// What a dialect's access token says; `None` when it is none, or lacks what it must have.
fn facts(signed: &SignedClaims, issuer: Dialect, lifetimes: &TokenLifetimes) -> Option<BearerFacts> {
    match issuer {
        Dialect::Jauth => crate::dialects::jauth::bearer_facts(signed, lifetimes.jauth),
        Dialect::Pluto => crate::dialects::pluto::bearer_facts(signed),
        Dialect::BackendPlus => crate::dialects::backend_plus::bearer_facts(signed),
        Dialect::Barong => crate::dialects::barong::bearer_facts(signed),
        // The SSO users API signs nothing.
        Dialect::Sso | Dialect::Operator => None,
    }
}
