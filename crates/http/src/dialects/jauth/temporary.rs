//! What somebody does with a token that another server mailed to them.

use actix_web::{HttpRequest, web};
use clavis_flows::Flows;
use clavis_kernel::AccountId;

use super::Jauth;
use super::claims::TemporaryToken;
use super::error::JauthError;
use super::user_wire;
use super::wire::{Fields, Success};
use crate::BearerError;

/// `POST /users/-/self:verify`.
pub(super) async fn verify(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<bool>, JauthError> {
    let mut fields = Fields::read(payload, "VerifyUserEmailRequest").await?;
    let token = fields.text("temp_token")?;
    let (account, TemporaryToken::Email(address)) = jauth.temporary(&token).await? else {
        return Err(JauthError::INVALID_TOKEN);
    };
    let attributes = user_wire::keeping_verified(Some(&address));
    let confirm = move |on: &Flows<'_>| on.confirm_contact(account, &address, &attributes);
    let confirmed = jauth
        .app
        .transaction(&jauth.door, jauth.caller(&request), confirm);
    if confirmed.await?? {
        Ok(Success(true))
    } else {
        // It was mailed to an address that is shown no more.
        Err(JauthError::INVALID_TOKEN)
    }
}

/// `POST /users/email/self/password:reset`. Everything that was issued under the old password ends.
pub(super) async fn reset(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<bool>, JauthError> {
    let mut fields = Fields::read(payload, "ResetUserPasswordRequest").await?;
    let token = fields.text("temp_token")?;
    let password = fields.secret("new_password")?;
    let (account, TemporaryToken::PasswordReset(version)) = jauth.temporary(&token).await? else {
        return Err(JauthError::INVALID_TOKEN);
    };
    let (app, door, caller) = (&jauth.app, &jauth.door, jauth.caller(&request));
    let look = move |on: &Flows<'_>| on.may_reset_vouched(account, version);
    app.look_up(door, caller.clone(), look).await??;
    if jauth.password_problem(password.expose()).is_some() {
        return Err(JauthError::PASSWORD_POLICY);
    }
    let hash = app.hash(password).await?;
    let set = move |on: &Flows<'_>| on.reset_vouched_password(account, version, &hash);
    app.transaction(door, caller, set).await??;
    Ok(Success(true))
}

impl Jauth {
    /// Whose token it is and what for.
    async fn temporary(&self, token: &str) -> Result<(AccountId, TemporaryToken), JauthError> {
        let signed = match self.app.verify(token).await {
            Ok(signed) => signed,
            Err(BearerError::Fault(fault)) => return Err(fault.into()),
            Err(_) => return Err(JauthError::INVALID_TOKEN),
        };
        TemporaryToken::of(&signed, self.app.clock.now()).ok_or(JauthError::INVALID_TOKEN)
    }
}
