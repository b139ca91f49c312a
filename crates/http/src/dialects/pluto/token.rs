//! Refresh, the public key, and looking at an access token.

use actix_web::{HttpRequest, web};
use clavis_flows::Grant;
use clavis_tokens::RefreshTokenSecret;
use serde::{Deserialize, Serialize};

use super::Pluto;
use super::claims::{AccessClaims, OWNER, end_of};
use super::error::PlutoError;
use super::wire::{self, Body, MAX_BODY_BYTES, Text};
use crate::Fault;

#[derive(Serialize)]
pub(super) struct TokenResponse {
    refresh_token: String,
    access_token: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// When the refresh token ends, in seconds.
    refresh_token_expire_at: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefreshRequest {
    refresh_token: Text,
    app_id: Text,
    scopes: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct VerifyRequest {
    token: Text,
}

#[derive(Serialize)]
pub(super) struct PublicKey {
    public_key: String,
}

/// `POST /v1/token/refresh`: rotates. The old value answers 403/3002 from then on.
pub(super) async fn refresh(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<TokenResponse>, PlutoError> {
    let wanted: RefreshRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let presented = RefreshTokenSecret::presented(wanted.refresh_token.required()?);
    let application = wanted.app_id.required()?.to_owned();
    let scopes = wanted.scopes;
    let grant = pluto
        .app
        .transaction(&pluto.door, pluto.caller(&request), move |on| {
            on.refresh(&presented, &application, &scopes)
        });
    Ok(Body(pluto.present(&grant.await??)?))
}

/// `GET /v1/token/publickey`.
pub(super) async fn public_key(pluto: web::Data<Pluto>) -> Result<Body<PublicKey>, PlutoError> {
    let ring = pluto.app.ring.get();
    let pem = ring.public_pem(OWNER, pluto.app.clock.now());
    let pem = pem.ok_or(PlutoError::SERVER_ERROR)?;
    Ok(Body(PublicKey {
        public_key: pem.replace("\r\n", "\n"),
    }))
}

/// `GET /v1/token/access/verify`: what the token says. Nothing is looked up: the account need not be there.
pub(super) async fn verify(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<AccessClaims>, PlutoError> {
    let wanted: VerifyRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let signed = pluto.app.verify_again(wanted.token.required()?).await?;
    if signed.owner != OWNER {
        return Err(PlutoError::INVALID_JWT);
    }
    let claims = AccessClaims::of(&signed).ok_or(PlutoError::INVALID_ACCESS_TOKEN)?;
    let end = signed
        .moment("exp")
        .and_then(end_of)
        .ok_or(PlutoError::INVALID_ACCESS_TOKEN)?;
    if end <= pluto.app.clock.now() {
        return Err(PlutoError::JWT_EXPIRED);
    }
    Ok(Body(claims))
}

impl Pluto {
    /// What a client gets for a log-in or a refresh.
    pub(super) fn present(&self, grant: &Grant) -> Result<TokenResponse, Fault> {
        let now = self.app.clock.now();
        Ok(TokenResponse {
            access_token: AccessClaims::sign(&grant.into(), self.access_lifetime, &self.app.ring.get(), now)?,
            refresh_token: grant.refresh_token.secret.expose().to_owned(),
            kind: "Bearer",
            refresh_token_expire_at: grant.refresh_token.expires_at.timestamp(),
        })
    }
}
