//! Who calls.

use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_identity::Accounts;
use clavis_kernel::{AccountId, Dialect, Secret, SessionId};

use super::Jauth;
use super::claims::{self, OWNER};
use super::error::JauthError;
use crate::BearerError;
use crate::bearer::Subject;

/// What stands before a token, to the letter.
const PREFIX: &[u8] = b"Bearer ";

/// Somebody with an access token, of jauth's own or of another dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visitor {
    /// Whose account may use it.
    Here {
        account: AccountId,
        /// The session the token belongs to; jauth's own tokens name none.
        session: Option<SessionId>,
    },
    /// Whose account is gone, or may not be used: told only after what is wrong with the request.
    Gone,
}

impl Visitor {
    /// The account, if it may be used.
    pub(super) fn account(self) -> Result<AccountId, JauthError> {
        match self {
            Self::Here { account, .. } => Ok(account),
            Self::Gone => Err(JauthError::USER_NOT_FOUND),
        }
    }

    /// The session that goes on when all others end.
    pub(super) fn session(self) -> Option<SessionId> {
        match self {
            Self::Here { session, .. } => session,
            Self::Gone => None,
        }
    }
}

impl Jauth {
    /// Who calls.
    pub(super) async fn authenticate(&self, request: &HttpRequest) -> Result<Visitor, JauthError> {
        let token = presented_token(request)?;
        match self.app.authenticate(token.expose(), Dialect::Jauth).await {
            Ok(authenticated) => Ok(Visitor::Here {
                account: authenticated.standing.account,
                session: authenticated.standing.session,
            }),
            Err(BearerError::Revoked) if self.is_of_nobody(request, &token).await? => Ok(Visitor::Gone),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Whether one of jauth's own tokens is good, but its account may not be used.
    async fn is_of_nobody(&self, request: &HttpRequest, token: &Secret) -> Result<bool, JauthError> {
        let signed = self.app.verify_again(token.expose()).await?;
        if signed.owner != OWNER {
            return Ok(false);
        }
        let Some(facts) = claims::bearer_facts(&signed, self.access_lifetime) else {
            return Ok(false);
        };
        let Subject::Id(account) = facts.subject else {
            return Ok(false);
        };
        let look = move |on: &clavis_flows::Flows<'_>| Accounts::find(on.ports, account);
        let account = self.app.look_up(&self.door, self.caller(request), look).await?;
        Ok(account.is_none_or(|account| !account.state.may_hold_tokens()))
    }
}

/// The token of the header.
pub(super) fn presented_token(request: &HttpRequest) -> Result<Secret, JauthError> {
    let header = request.headers().get(header::AUTHORIZATION);
    let token = header
        .and_then(|value| value.as_bytes().strip_prefix(PREFIX))
        .ok_or(JauthError::NOT_DELIVERED)?;
    let token = str::from_utf8(token).map_err(|_| JauthError::INVALID_TOKEN)?;
    Ok(Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    #[track_caller]
    fn check(authorization: Option<&[u8]>, expected: Result<&str, &str>) {
        let mut request = TestRequest::default();
        if let Some(value) = authorization {
            let value = HeaderValue::from_bytes(value).unwrap();
            request = request.insert_header((header::AUTHORIZATION, value));
        }
        let token = presented_token(&request.to_http_request());
        let token = token.as_ref().map(Secret::expose).map_err(JauthError::reason);
        assert_eq!(token, expected, "{authorization:?}");
    }

    #[test]
    fn the_prefix_is_matched_to_the_letter() {
        const NONE: Result<&str, &str> = Err("token is not delivered");
        check(Some(b"Bearer abc"), Ok("abc"));
        check(Some(b"Bearer  abc"), Ok(" abc"));
        for other in [
            &b"bearer abc"[..],
            b"BEARER abc",
            b"Bearer",
            b"JWT abc",
            b"abc",
            b"Bearer\tabc",
        ] {
            check(Some(other), NONE);
        }
        check(None, NONE);
        check(Some(b"Bearer \xff"), Err("invalid token"));
    }
}
