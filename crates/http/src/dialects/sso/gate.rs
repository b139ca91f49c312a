//! Who calls: a back end with a token of the operator's, or a user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_flows::{AdminToken, AdminTokens, ApiClient};
use clavis_kernel::{Caller, Dialect, TokenDigest};

use super::Sso;
use super::error::SsoError;
use crate::client::MAX_USER_AGENT_BYTES;
use crate::memory::{Asked, BELIEVED_FOR, Known, Memory};
use crate::{Authenticated, Fault};

/// Most tokens remembered at once.
const MAX_REMEMBERED: u64 = 10_000;

/// The address and the browser of the end user for whom a back end acts.
const CLIENT_IP: &str = "x-client-ip";
const CLIENT_USER_AGENT: &str = "x-client-user-agent";

/// Whether tokens seen lately are back ends'.
pub(super) struct AdminTokenMemory {
    known: Memory<TokenDigest, Seen>,
}

struct Seen {
    /// `None` for a token that is no back end's.
    token: Option<AdminToken>,
    /// Whether this use was noted, or need not be.
    noted: AtomicBool,
}

impl Default for AdminTokenMemory {
    fn default() -> Self {
        Self {
            known: Memory::new(MAX_REMEMBERED, BELIEVED_FOR),
        }
    }
}

/// A back end, and on whose behalf it acts.
pub(super) struct BackEnd {
    pub(super) client: ApiClient,
    pub(super) caller: Caller,
}

/// A user with a token.
pub(super) struct SignedIn {
    pub(super) authenticated: Arc<Authenticated>,
    pub(super) caller: Caller,
}

enum Shown {
    BackEnd(ApiClient),
    User(Arc<Authenticated>),
}

impl Sso {
    /// The back end that calls. What it says of the end user is believed.
    pub(super) async fn back_end(&self, request: &HttpRequest) -> Result<BackEnd, SsoError> {
        match self.shown(request).await? {
            Shown::User(_) => Err(SsoError::forbidden()),
            Shown::BackEnd(client) => Ok(BackEnd {
                client,
                caller: on_behalf(request, self.caller(request)),
            }),
        }
    }

    /// The user who calls, with a token of any door that opens this one.
    pub(super) async fn signed_in(&self, request: &HttpRequest) -> Result<SignedIn, SsoError> {
        match self.shown(request).await? {
            Shown::BackEnd(_) => Err(SsoError::forbidden()),
            Shown::User(authenticated) => Ok(SignedIn {
                authenticated,
                caller: self.caller(request),
            }),
        }
    }

    async fn shown(&self, request: &HttpRequest) -> Result<Shown, SsoError> {
        let token = bearer(request).ok_or_else(SsoError::unauthorized)?;
        if let Some(known) = self.admin_token(token).await?.value.token.as_ref() {
            let client = ApiClient::showing(known, self.app.clock.now());
            return client.map(Shown::BackEnd).ok_or_else(SsoError::unauthorized);
        }
        let authenticated = self.app.authenticate(token, Dialect::Sso).await?;
        Ok(Shown::User(authenticated))
    }

    async fn admin_token(&self, token: &str) -> Result<Arc<Known<Seen>>, SsoError> {
        let digest = TokenDigest::of(token);
        let memory = &self.admin_tokens.known;
        let known = match memory.fresh(&digest, self.app.store.revocations()) {
            Some(known) => known,
            None => self.ask_for_admin_token(digest).await?,
        };
        if let Some(token) = known.value.token.clone()
            && !known.value.noted.swap(true, Ordering::Relaxed)
        {
            let note = move |on: &clavis_flows::Flows<'_>| on.note_use_of_admin_token(&token);
            let noted = self.app.transaction(&self.door, Caller::OPERATOR, note).await;
            // The request is as good without it; the fault was logged.
            let _: Result<(), Fault> = noted;
        }
        Ok(known)
    }

    async fn ask_for_admin_token(&self, digest: TokenDigest) -> Result<Arc<Known<Seen>>, SsoError> {
        let store = &self.app.store;
        let asked = Asked::now(store.revocations());
        let found = clavis_flows::read(store.as_ref(), move |ports| AdminTokens::find(ports, &digest));
        let token = found.await.map_err(Fault::from)?;
        let now = self.app.clock.now();
        let is_worth_noting = |token: &AdminToken| token.is_in_force(now) && token.is_use_worth_noting(now);
        let seen = Seen {
            noted: AtomicBool::new(!token.as_ref().is_some_and(is_worth_noting)),
            token,
        };
        Ok(self.admin_tokens.known.remember(digest, seen, asked))
    }
}

/// The token of `Authorization: Bearer`, the scheme in any case.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut lines = request.headers().get_all(header::AUTHORIZATION);
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let fits = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ');
    fits.then_some(token)
}

/// The caller that a back end names in the place of itself; what does not parse is as if it were not there.
fn on_behalf(request: &HttpRequest, own: Caller) -> Caller {
    let text = |name| {
        let value = request.headers().get(name)?.to_str().ok()?.trim();
        (!value.is_empty()).then_some(value)
    };
    let ip = text(CLIENT_IP).and_then(|ip| ip.parse::<std::net::IpAddr>().ok());
    let user_agent = text(CLIENT_USER_AGENT).map(|agent| agent.chars().take(MAX_USER_AGENT_BYTES).collect());
    Caller {
        ip: ip.map(|ip| ip.to_canonical()).or(own.ip),
        user_agent: user_agent.or(own.user_agent),
        ..own
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_bearer_is_one_header_with_one_token() {
        let shown = |lines: &[&str]| {
            let mut request = TestRequest::default();
            for line in lines {
                request = request.append_header((header::AUTHORIZATION, *line));
            }
            bearer(&request.to_http_request()).map(str::to_owned)
        };
        assert_eq!(shown(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(shown(&["bearer  abc "]).as_deref(), Some("abc"));
        for bad in [
            &["abc"][..],
            &["Basic abc"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a b"],
            &[],
        ] {
            assert_eq!(shown(bad), None, "{bad:?}");
        }
        assert_eq!(shown(&["Bearer abc", "Bearer abd"]), None);
    }

    #[test]
    fn what_does_not_parse_is_as_if_it_were_not_there() {
        let own = || Caller {
            ip: Some("192.0.2.1".parse().unwrap()),
            user_agent: Some("back end".to_owned()),
            ..Caller::OPERATOR
        };
        let named = |ip: &str, agent: &str| {
            let request = TestRequest::default()
                .insert_header((CLIENT_IP, ip))
                .insert_header((CLIENT_USER_AGENT, agent))
                .to_http_request();
            let caller = on_behalf(&request, own());
            (caller.ip.unwrap().to_string(), caller.user_agent.unwrap())
        };
        let pair = |ip: &str, agent: &str| (ip.to_owned(), agent.to_owned());
        assert_eq!(named("203.0.113.9", "Firefox"), pair("203.0.113.9", "Firefox"));
        assert_eq!(named("::ffff:203.0.113.9", "Firefox").0, "203.0.113.9");
        assert_eq!(named("203.0.113.9, 10.0.0.1", ""), pair("192.0.2.1", "back end"));
        assert_eq!(named("nonsense", " "), pair("192.0.2.1", "back end"));
        assert_eq!(named("", &"x".repeat(1000)).1.len(), MAX_USER_AGENT_BYTES);
    }
}
