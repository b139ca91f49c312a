use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_kernel::{AccountId, Dialect, SessionId};

use super::error::Refusal;
use super::{BackendPlus, claims};
use crate::{BearerError, Fault, Grounds, Subject};

/// Who calls, once proven.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) account: AccountId,
    /// The log-in it comes from; a token of another dialect may name none.
    pub(super) session: Option<SessionId>,
}

impl BackendPlus {
    /// Who calls: by the cookie, when it verifies and its session lives; else by the access token.
    pub(super) async fn authenticate(&self, request: &HttpRequest) -> Result<Known, Refusal> {
        let known = self.recognize(request).await?;
        known.ok_or_else(|| self.rules.profile.not_authenticated())
    }

    /// Who calls, where nobody has to say: what does not verify is as nothing.
    pub(super) async fn recognize(&self, request: &HttpRequest) -> Result<Option<Known>, Fault> {
        if let Some(known) = self.by_cookie(request).await? {
            return Ok(Some(known));
        }
        let Some(token) = bearer(request) else {
            return Ok(None);
        };
        match self.app.authenticate(token, Dialect::BackendPlus).await {
            Ok(authenticated) => Ok(Some(Known {
                account: authenticated.standing.account,
                session: authenticated.standing.session,
            })),
            Err(BearerError::Fault(fault)) => Err(fault),
            Err(
                BearerError::Invalid
                | BearerError::NotAnAccessToken
                | BearerError::Expired
                | BearerError::Revoked,
            ) => Ok(None),
        }
    }

    async fn by_cookie(&self, request: &HttpRequest) -> Result<Option<Known>, Fault> {
        let Some(cookie) = self.cookies.permissions(request.headers()) else {
            return Ok(None);
        };
        let facts = claims::cookie_facts(&cookie).filter(|facts| self.app.clock.now() < facts.expires_at);
        let Some(facts) = facts else { return Ok(None) };
        let Grounds::Session(session) = facts.grounds else {
            return Ok(None);
        };
        let standing = self
            .look_up(request, move |on| {
                clavis_flows::standing(on.ports, session, on.clock.now())
            })
            .await?;
        let standing = standing.ok().filter(|standing| {
            standing.through == Dialect::BackendPlus && facts.subject == Subject::Id(standing.account)
        });
        Ok(standing.map(|standing| Known {
            account: standing.account,
            session: standing.session,
        }))
    }
}

/// The access token: with the scheme `Bearer` in any case, or bare.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return None,
        None => value,
    };
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_token_comes_with_its_scheme_in_any_case_or_bare() {
        #[track_caller]
        fn check(value: &str, expected: Option<&str>) {
            let request = TestRequest::default()
                .insert_header((header::AUTHORIZATION, value))
                .to_http_request();
            assert_eq!(bearer(&request), expected, "{value:?}");
        }
        check("Bearer abc", Some("abc"));
        check("bEARER  abc ", Some("abc"));
        check("abc", Some("abc"));
        check("Basic abc", None);
        check("Bearer ", Some("Bearer"));
        check("", None);
    }
}
