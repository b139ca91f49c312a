//! Who calls with an access token.

use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_flows::{Flows, Person};
use clavis_identity::{Account, Accounts, Assurance};
use clavis_kernel::{AccountId, Dialect, SessionId, StoreError, Uid};

use super::Barong;
use super::claims::{ClaimsError, OWNER};
use super::error::BarongError;
use crate::BearerError;

/// Somebody with an access token, of Barong's own or of another dialect.
#[derive(Debug, Clone)]
pub(super) struct Bearer {
    who: Who,
    /// The log-in it comes from; a token that a key was exchanged for has none.
    pub(super) session: Option<SessionId>,
    /// What was proven at that log-in.
    pub(super) assurance: Assurance,
}

#[derive(Debug, Clone)]
enum Who {
    /// By our own token: the account may be gone meanwhile, or in any state.
    Uid(Uid),
    /// By another dialect's, which was looked at in the store.
    Id(AccountId),
}

impl Bearer {
    /// The account behind the token; `None` when there is none, or a tombstone.
    pub(super) fn account(&self, on: &Flows<'_>) -> Result<Option<Account>, StoreError> {
        let account = match &self.who {
            Who::Uid(uid) => on.ports.find_by_uid(uid)?,
            Who::Id(id) => Accounts::find(on.ports, *id)?,
        };
        Ok(account.filter(|account| !account.state.is_gone()))
    }

    /// As [`Bearer::account`], with everything that is shown of it.
    pub(super) fn person(&self, on: &Flows<'_>) -> Result<Option<Person>, StoreError> {
        let account = self.account(on)?;
        account.map(|account| on.person_of(account)).transpose()
    }
}

impl Barong {
    /// Who calls. Barong's own tokens are believed until they end, whatever became of the account since; those of other
    /// dialects while their session stands.
    pub(super) async fn bearer(&self, request: &HttpRequest) -> Result<Bearer, BarongError> {
        let token = presented(request).ok_or_else(|| self.not_believed("Authorization header is missing"))?;
        if crate::bearer::is_opaque(token) {
            return self.of_another_dialect(token).await;
        }
        let signed = match self.app.verify(token).await {
            Ok(signed) => signed,
            Err(refusal) => return Err(self.refused(refusal)),
        };
        if signed.owner == OWNER {
            let now = self.app.clock.now();
            return match self.claims_policy.check(&signed, now) {
                Ok((uid, session)) => Ok(Bearer {
                    who: Who::Uid(uid),
                    session,
                    assurance: Assurance::Full,
                }),
                Err(refusal) => Err(self.not_believed(reason(refusal))),
            };
        }
        self.of_another_dialect(token).await
    }

    /// As [`Barong::bearer`], for what says who may get in later: our own token, too, is believed only while the log-in
    /// stands that it comes from, so that a stolen one opens nothing for good after a log-out or a reset.
    pub(super) async fn standing_bearer(&self, request: &HttpRequest) -> Result<Bearer, BarongError> {
        let bearer = self.bearer(request).await?;
        if let (Who::Uid(_), Some(_), Some(token)) = (&bearer.who, bearer.session, presented(request)) {
            let Err(refusal) = self.app.authenticate(token, Dialect::Barong).await else {
                return Ok(bearer);
            };
            // Who is gone is not found, whatever is asked.
            let asked = bearer.clone();
            let known = self.look_up(request, move |on| asked.account(on));
            if known.await?.is_some() {
                return Err(self.refused(refusal));
            }
        }
        Ok(bearer)
    }

    async fn of_another_dialect(&self, token: &str) -> Result<Bearer, BarongError> {
        match self.app.authenticate(token, Dialect::Barong).await {
            Ok(authenticated) => Ok(Bearer {
                who: Who::Id(authenticated.standing.account),
                session: authenticated.standing.session,
                assurance: authenticated.standing.assurance,
            }),
            Err(refusal) => Err(self.refused(refusal)),
        }
    }

    fn refused(&self, refusal: BearerError) -> BarongError {
        match refusal {
            BearerError::Fault(fault) => BarongError::from(fault),
            BearerError::Invalid => self.not_believed("Signature verification raised"),
            BearerError::NotAnAccessToken => self.not_believed("Invalid subject"),
            BearerError::Expired => self.not_believed("Signature has expired"),
            BearerError::Revoked => self.not_believed("Session has ended"),
        }
    }

    fn not_believed(&self, reason: &'static str) -> BarongError {
        if self.settings.verbose_bearer_errors {
            BarongError::bearer_explained(reason)
        } else {
            BarongError::BEARER
        }
    }
}

const fn reason(refusal: ClaimsError) -> &'static str {
    match refusal {
        ClaimsError::Expired => "Signature has expired",
        ClaimsError::NotYet => "Signature nbf has not been reached",
        ClaimsError::IssuedLater => "Invalid iat",
        ClaimsError::Subject => "Invalid subject",
        ClaimsError::Unnamed => "Missing jti",
        ClaimsError::Issuer => "Invalid issuer",
        ClaimsError::Audience => "Invalid audience",
        ClaimsError::NoUid => "Missing uid",
    }
}

/// The token: after the word `Bearer`, written so, and blanks.
fn presented(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer")?;
    let bare = token.trim_start_matches([' ', '\t']);
    (bare.len() < token.len() && !bare.is_empty() && !bare.contains([' ', '\t'])).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_scheme_is_written_bearer_and_nothing_else() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("Bearer   abc", Some("abc")),
            ("Bearer\tabc", Some("abc")),
            ("bearer abc", None),
            ("BEARER abc", None),
            ("Bearerabc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer a b", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let request = TestRequest::default()
                .insert_header((header::AUTHORIZATION, value))
                .to_http_request();
            assert_eq!(presented(&request), expected, "{value}");
        }
    }
}
