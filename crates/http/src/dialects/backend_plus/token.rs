use actix_web::{HttpRequest, HttpResponse, web};
use clavis_kernel::Dialect;
use clavis_tokens::{Algorithm, KeyOwner, RefreshTokenSecret};

use super::cookies::Cookies;
use super::error::{Profile, Refusal};
use super::session::Handover;
use super::wire::{Fields, parse_uuid_v4};
use super::{APPLICATION, BackendPlus};

/// `POST` or `GET /auth/token/refresh`: rotates.
pub(super) async fn refresh(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (presented, handover) = dialect.presented(&request).ok_or(Refusal::BAD_REFRESH_TOKEN)?;
    let presented = presented.ok_or(Refusal::BAD_REFRESH_TOKEN)?;
    let grant = dialect
        .transaction(&request, move |on| on.refresh(&presented, APPLICATION, ""))
        .await??;
    dialect.session(&grant, handover)
}

/// `POST /auth/token/revoke`: ends every session of the account.
pub(super) async fn revoke(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    _body: Fields,
) -> Result<HttpResponse, Refusal> {
    let account = dialect.authenticate(&request).await?.account;
    dialect
        .transaction(&request, move |on| on.revoke_sessions(account))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /auth/logout`: ends the session of a refresh token, or all of its account's. Cookies are cleared
/// whatever else is wrong.
pub(super) async fn log_out(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    fields: Fields,
) -> HttpResponse {
    let mut response = match dialect.end_session(&request, fields).await {
        Ok(()) => HttpResponse::NoContent(),
        Err(refusal) => return refusal.respond_and_clear_cookies(),
    };
    Cookies::clear(&mut response);
    response.finish()
}

/// `GET /auth/jwks`: the RSA keys, old and new.
pub(super) async fn jwks(dialect: web::Data<BackendPlus>) -> Result<HttpResponse, Refusal> {
    let app = &dialect.app;
    let ring = app.ring.get();
    let algorithm = ring.algorithm(KeyOwner::Dialect(Dialect::BackendPlus), app.clock.now());
    if algorithm.is_some_and(Algorithm::is_symmetric) {
        return Err(Refusal::NO_JWKS);
    }
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .body(ring.jwks().rsa.clone()))
}

impl BackendPlus {
    /// The refresh token that a request presents, and how its successor is handed over; `None` when there is
    /// none at all. The cookie wins, even when it is none of ours.
    fn presented(&self, request: &HttpRequest) -> Option<(Option<RefreshTokenSecret>, Handover)> {
        let from_cookie = self
            .cookies
            .refresh_token(request.headers())
            .map(|text| (text, Handover::Cookies));
        let (text, handover) = from_cookie.or_else(|| {
            let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
            let found = pairs
                .into_iter()
                .find(|(name, value)| name == "refresh_token" && !value.is_empty());
            found.map(|(_, value)| (value.into_owned(), Handover::Body))
        })?;
        Some((parse_uuid_v4(&text).map(RefreshTokenSecret::presented), handover))
    }

    async fn end_session(&self, request: &HttpRequest, mut fields: Fields) -> Result<(), Refusal> {
        let all = fields.flag("all")?.unwrap_or(false);
        fields.finish()?;
        let presented = match (self.presented(request), self.rules.profile) {
            (Some((presented, _)), _) => presented,
            (None, Profile::Documented) => None,
            (None, Profile::V2_7) => return Err(Refusal::BAD_REFRESH_TOKEN),
        };
        let Some(presented) = presented else { return Ok(()) };
        let ended = self.transaction(request, move |on| {
            let account = on.log_out(&presented)?;
            if let Some(account) = account.filter(|_| all) {
                on.revoke_sessions(account)?;
            }
            Ok(())
        });
        Ok(ended.await?)
    }
}
