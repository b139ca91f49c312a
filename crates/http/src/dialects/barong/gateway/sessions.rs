use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use clavis_flows::{ClientMarks, CookieRefusal, CookieSession, PlainVerb};
use clavis_kernel::{Secret, TokenDigest};

use super::token::Token;
use crate::client;
use crate::dialects::barong::Barong;
use crate::dialects::barong::claims::Claimant;
use crate::dialects::barong::error::BarongError;
use crate::dialects::barong::identity::SessionSecret;
use crate::memory::{Asked, IDLE, Known, Memory};

/// Most sessions remembered at once.
const MAX_REMEMBERED: u64 = 50_000;

/// Sessions in use, by the digests of their secrets.
pub(super) struct KnownSessions(Memory<TokenDigest, KnownSession>);

/// A session in use.
pub(super) struct KnownSession {
    token: Token,
    csrf: Secret,
    marks: ClientMarks,
    expires_at: DateTime<Utc>,
}

/// Whether a request with a cookie must show the session's CSRF token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CsrfCheck {
    /// It must where its method changes something.
    WhereSomethingChanges,
    /// It need not.
    Never,
}

impl Default for KnownSessions {
    fn default() -> Self {
        Self(Memory::new(MAX_REMEMBERED, IDLE))
    }
}

impl Barong {
    /// The token for the session that a request shows.
    pub(super) async fn by_cookie(
        &self,
        request: &HttpRequest,
        verb: &PlainVerb,
        csrf: CsrfCheck,
    ) -> Result<Token, BarongError> {
        let secret = SessionSecret::shown(request).ok_or(BarongError::NO_SESSION)?;
        let digest = secret.digest();
        let known = match self
            .gateway
            .sessions
            .0
            .fresh(&digest, self.app.store.revocations())
        {
            Some(known) => known,
            None => self.recall_session(request, &secret, digest).await?,
        };
        let session = &known.value;
        let is_over = session.expires_at <= self.app.clock.now();
        let user_agent = client::user_agent(request);
        if is_over || !session.marks.fit(user_agent.as_deref(), self.client_ip(request)) {
            return Err(BarongError::SESSION_MISMATCH);
        }
        if csrf == CsrfCheck::WhereSomethingChanges && verb.changes_something() {
            check_csrf(request, &session.csrf)?;
        }
        Ok(session.token.clone())
    }

    /// Asks the store about a session, and moves its end when it is in use.
    async fn recall_session(
        &self,
        request: &HttpRequest,
        secret: &SessionSecret,
        digest: TokenDigest,
    ) -> Result<Arc<Known<KnownSession>>, BarongError> {
        let memory = &self.gateway.sessions.0;
        let asked = Asked::now(self.app.store.revocations());
        let now = self.app.clock.now();
        let found = self
            .look_up(request, move |on| on.cookie_session(&digest))
            .await?;
        let checked = match found {
            Some(found) => found.check(now).map(|()| found),
            None => Err(CookieRefusal::NoSession),
        };
        let found = match checked {
            Ok(found) => found,
            Err(refusal) => {
                memory.forget(&digest);
                return Err(refusal.into());
            }
        };
        let before = memory.any(&digest);
        let before = before.as_ref().map(|known| &known.value.token);
        let (claimant, account) = (Claimant::from(&found.person), found.person.account().id);
        let known = KnownSession {
            token: self.token_for(&claimant, account, Some(found.session.id), before, now)?,
            csrf: self.gateway.csrf_token(secret),
            marks: found.marks(),
            expires_at: self.prolonged(request, &found, now).await,
        };
        Ok(memory.remember(digest, known, asked))
    }

    /// Until when the session lasts. Only its own client keeps it alive; and a store that cannot write just now is no
    /// reason to refuse what may be answered.
    async fn prolonged(
        &self,
        request: &HttpRequest,
        found: &CookieSession,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let session = &found.session;
        let longest = self.app.limits.session_lifetime;
        let until = found.extension(now, self.session_lifetime, longest).filter(|_| {
            let user_agent = client::user_agent(request);
            found.marks().fit(user_agent.as_deref(), self.client_ip(request))
        });
        let Some(until) = until else {
            return session.expires_at;
        };
        let ended = session.clone();
        let extended = self.transaction(request, move |on| on.extend_cookie_session(&ended, until));
        match extended.await {
            Ok(true) => until,
            Ok(false) | Err(_) => session.expires_at,
        }
    }

    pub(super) fn client_ip(&self, request: &HttpRequest) -> Option<IpAddr> {
        client::client_ip(request, &self.app.trusted_proxies)
    }
}

fn check_csrf(request: &HttpRequest, expected: &Secret) -> Result<(), BarongError> {
    let shown = request
        .headers()
        .get("x-csrf-token")
        .filter(|value| !value.is_empty())
        .ok_or(BarongError::CSRF_MISSING)?;
    if shown.to_str().is_ok_and(|shown| expected.same_as(shown)) {
        Ok(())
    } else {
        Err(BarongError::CSRF_MISMATCH)
    }
}

impl From<CookieRefusal> for BarongError {
    fn from(refusal: CookieRefusal) -> Self {
        match refusal {
            CookieRefusal::NoSession => Self::NO_SESSION,
            CookieRefusal::AccountNotActive => Self::SESSION_NOT_ACTIVE,
            CookieRefusal::Mismatch => Self::SESSION_MISMATCH,
        }
    }
}
