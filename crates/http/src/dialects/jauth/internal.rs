//! For other servers of the operator's, which show a key: what they need to send jauth's mails.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError as _, web};
use clavis_flows::{Flows, VouchedResetError};
use clavis_kernel::{AccountId, Answer, Dialect, Secret};
use serde::Serialize;
use uuid::Uuid;

use super::Jauth;
use super::claims::TemporaryToken;
use super::error::JauthError;
use super::wire::{Fields, Success};

/// The header that carries the key.
const SERVER_KEY: &str = "X-Server-Key";

/// A token to be mailed.
#[derive(Serialize)]
pub(super) struct Minted {
    temp_token: String,
}

/// Asks for the key before anything else, even whether there is such a path.
pub(super) async fn with_server_key(
    jauth: web::Data<Jauth>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let shown = request
        .headers()
        .get(SERVER_KEY)
        .and_then(|key| key.to_str().ok());
    // Every key is compared: how long it takes does not tell which is near.
    let known = shown.is_some_and(|shown| {
        let same = |key: &Secret| key.same_as(shown);
        jauth
            .settings
            .internal_api_keys
            .iter()
            .filter(|key| same(key))
            .count()
            > 0
    });
    if known {
        next.call(request).await
    } else {
        Ok(request.into_response(JauthError::SERVER_KEY.error_response()))
    }
}

/// `POST /internal/token/email_verify`: for who reads the address that the account shows now.
pub(super) async fn mint_verification(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<Minted>, JauthError> {
    let account = user_id(payload, "CreateEmailVerifyTokenRequest").await?;
    let look = move |on: &Flows<'_>| on.account_card(account);
    let card = jauth
        .app
        .look_up(&jauth.door, jauth.caller(&request), look)
        .await?;
    let card = card
        .filter(|card| card.view.account.created_through == Dialect::Jauth)
        .filter(|card| card.view.account.state.may_hold_tokens())
        .ok_or(JauthError::USER_NOT_FOUND)?;
    let address = card.view.contact_address().ok_or(JauthError::USER_NOT_FOUND)?;
    let token = TemporaryToken::Email(address.as_str().to_owned());
    Ok(Success(jauth.mint(account, &token)))
}

/// `POST /internal/token/password_reset`: for who forgot the password that the account has now.
pub(super) async fn mint_reset(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<Minted>, JauthError> {
    let account = user_id(payload, "CreatePasswordResetTokenRequest").await?;
    let look = move |on: &Flows<'_>| version_of_own(on, account);
    let version = jauth
        .app
        .look_up(&jauth.door, jauth.caller(&request), look)
        .await??;
    Ok(Success(
        jauth.mint(account, &TemporaryToken::PasswordReset(version)),
    ))
}

/// Of an account that was made through jauth: its servers have no power over who came through another door, an
/// administrator for one.
fn version_of_own(on: &Flows<'_>, account: AccountId) -> Answer<i64, VouchedResetError> {
    let own = on
        .account_by_id(account)?
        .is_some_and(|view| view.account.created_through == Dialect::Jauth);
    if own {
        on.resettable_version(account)
    } else {
        Ok(Err(VouchedResetError::AccountNotActive))
    }
}

async fn user_id(payload: web::Payload, class: &'static str) -> Result<AccountId, JauthError> {
    let id = Fields::read(payload, class).await?.text("user_id")?;
    let id: Uuid = id.parse().map_err(|_| JauthError::USER_NOT_FOUND)?;
    Ok(AccountId(id))
}

impl Jauth {
    fn mint(&self, account: AccountId, token: &TemporaryToken) -> Minted {
        Minted {
            temp_token: token.sign(account, &self.mailed_tokens, self.app.clock.now()),
        }
    }
}
