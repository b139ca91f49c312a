//! Who calls, and whether they may administer.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_flows::{ADMIN_APPLICATION, Flows, PlutoAdministration};
use clavis_kernel::{Answer, Dialect, Secret, SessionId};
use clavis_rbac::{Authority as _, Denied, Permission};

use super::Pluto;
use super::claims::AccessClaims;
use super::error::PlutoError;
use crate::{Authenticated, BearerError};

/// The cookie that the web log-in sets; it goes before the header.
pub(super) const COOKIE: &str = "access_token";
/// What may stand between the words of a header.
const BLANKS: [char; 2] = [' ', '\t'];

/// Somebody with an access token, of Pluto's own or of another dialect.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) authenticated: Arc<Authenticated>,
    /// What the token says; `None` when another dialect issued it.
    claims: Option<AccessClaims>,
}

impl Pluto {
    /// Who calls: somebody themselves, and no program that they let act in their place.
    pub(super) async fn authenticate(&self, request: &HttpRequest) -> Result<Visitor, PlutoError> {
        let visitor = self.authenticate_delegated(request).await?;
        if visitor.is_delegated() {
            return Err(PlutoError::INVALID_ACCESS_TOKEN);
        }
        Ok(visitor)
    }

    /// As [`Pluto::authenticate`], for the user info, which a program may read of whoever let it.
    pub(super) async fn authenticate_delegated(&self, request: &HttpRequest) -> Result<Visitor, PlutoError> {
        let token = presented_token(request).ok_or(PlutoError::UNAUTHORIZED)?;
        // A cookie is sent by the browser, whoever made it send something.
        let is_cookie = matches!(token, Presented::Cookie(_));
        if is_cookie && !request.method().is_safe() && self.is_foreign(request) {
            return Err(PlutoError::FOREIGN_FORM);
        }
        let authenticated = self
            .app
            .authenticate_delegated(token.expose(), Dialect::Pluto)
            .await?;
        let claims = if authenticated.issuer == Dialect::Pluto {
            Some(AccessClaims::of(&authenticated.signed).ok_or(PlutoError::INVALID_JWT)?)
        } else {
            None
        };
        Ok(Visitor {
            authenticated,
            claims,
        })
    }

    /// Who calls, if the token does not rule out that they may administer. What the store says of it comes with
    /// the use case.
    pub(super) async fn authenticate_admin(&self, request: &HttpRequest) -> Result<Visitor, PlutoError> {
        let visitor = self.authenticate(request).await?;
        visitor.claims_administration()?;
        Ok(visitor)
    }
}

/// Somebody who logged in on a page.
pub(super) struct PageVisitor {
    pub(super) session: SessionId,
    /// The application that they logged in to.
    pub(super) application: String,
}

impl Pluto {
    /// Who looks at a page, by the cookie that the page's log-in set: what a program shows in a header is not believed
    /// to be somebody at a browser.
    pub(super) async fn page_visitor(
        &self,
        request: &HttpRequest,
    ) -> Result<Option<PageVisitor>, PlutoError> {
        let Some(token) = cookie(request) else {
            return Ok(None);
        };
        let authenticated = match self.app.authenticate(token.expose(), Dialect::Pluto).await {
            Ok(authenticated) => authenticated,
            Err(BearerError::Fault(fault)) => return Err(fault.into()),
            Err(_) => return Ok(None),
        };
        let claims = AccessClaims::of(&authenticated.signed);
        let session = authenticated.standing.session;
        Ok(claims.zip(session).map(|(claims, session)| PageVisitor {
            session,
            application: claims.iss,
        }))
    }
}

impl Visitor {
    /// The application whose roles are shown: the one that issued the token, or Pluto's own.
    pub(super) fn application(&self) -> &str {
        self.claims
            .as_ref()
            .map_or(ADMIN_APPLICATION, |claims| &claims.iss)
    }

    /// Whether it is a program that calls in somebody's place.
    pub(super) fn is_delegated(&self) -> bool {
        self.authenticated.standing.client.is_some()
    }

    /// Whether they have shown all that their account asks for: who has not changes nothing that others log in by.
    pub(super) fn fully_proven(&self) -> Result<(), PlutoError> {
        if self.authenticated.standing.assurance.is_full() {
            Ok(())
        } else {
            Err(PlutoError::SECOND_FACTOR_REQUIRED)
        }
    }

    pub(super) fn is_number(&self, number: i64) -> bool {
        self.authenticated.standing.number.0 == number
    }

    /// Whether the token may administer as far as it says so itself; another dialect's token says nothing.
    pub(super) fn claims_administration(&self) -> Result<(), PlutoError> {
        if self.is_delegated() {
            return Err(PlutoError::INVALID_ACCESS_TOKEN);
        }
        let Some(claims) = &self.claims else {
            return Ok(());
        };
        if claims.iss != ADMIN_APPLICATION {
            return Err(PlutoError::INVALID_ACCESS_TOKEN);
        }
        if !claims
            .scopes
            .iter()
            .any(|scope| scope == PlutoAdministration::SCOPE)
        {
            return Err(PlutoError::NOT_ADMIN);
        }
        Ok(())
    }

    /// Whether the store lets them administer now.
    pub(super) fn authorize(&self, on: &Flows<'_>) -> Answer<Permission<PlutoAdministration>, Denied> {
        let standing = &self.authenticated.standing;
        on.authorize(standing.account, standing.assurance)
    }
}

fn cookie(request: &HttpRequest) -> Option<Secret> {
    let cookie = request.cookie(COOKIE)?;
    (!cookie.value().is_empty()).then(|| Secret::new(cookie.value()))
}

/// A token as it was presented.
enum Presented<'r> {
    Header(&'r str),
    Cookie(Secret),
}

impl Presented<'_> {
    fn expose(&self) -> &str {
        match self {
            Self::Header(token) => token,
            Self::Cookie(token) => token.expose(),
        }
    }
}

fn presented_token(request: &HttpRequest) -> Option<Presented<'_>> {
    if let Some(token) = cookie(request) {
        return Some(Presented::Cookie(token));
    }
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.trim().split_once(BLANKS)?;
    let token = token.trim_start();
    let known = ["bearer", "jwt"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let is_one_word = !token.is_empty() && !token.contains(BLANKS);
    (known && is_one_word).then_some(Presented::Header(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::cookie::Cookie;
    use actix_web::test::TestRequest;

    #[track_caller]
    fn check(authorization: Option<&str>, cookie: Option<&str>, expected: Option<&str>) {
        let mut request = TestRequest::default();
        if let Some(value) = authorization {
            request = request.insert_header((header::AUTHORIZATION, value));
        }
        if let Some(value) = cookie {
            request = request.cookie(Cookie::new(COOKIE, value));
        }
        let request = request.to_http_request();
        let token = presented_token(&request);
        assert_eq!(
            token.as_ref().map(Presented::expose),
            expected,
            "{authorization:?} {cookie:?}"
        );
    }

    #[test]
    fn a_token_is_two_words_or_a_cookie() {
        check(Some("Bearer abc"), None, Some("abc"));
        check(Some("bEARER abc"), None, Some("abc"));
        check(Some("jwt abc"), None, Some("abc"));
        check(Some("Basic abc"), None, None);
        check(Some("abc"), None, None);
        check(Some("Bearer"), None, None);
        check(Some("Bearer "), None, None);
        check(Some("Bearer a b"), None, None);
        check(Some("Bearer  abc "), None, Some("abc"));
        check(Some("Bearer\tabc"), None, Some("abc"));
        check(Some("Bearer a\tb"), None, None);
        check(None, None, None);
        check(None, Some("xyz"), Some("xyz"));
        check(Some("Bearer abc"), Some("xyz"), Some("xyz"));
    }
}
