//! What somebody does with a token that another server mailed to them.

use actix_web::{HttpRequest, web};
use clavis_flows::Flows;
use clavis_kernel::AccountId;

use super::Jauth;
use super::claims::TemporaryToken;
use super::error::JauthError;
use super::user_wire;
use super::wire::{Fields, Success};

/// `POST /users/-/self:verify`.
pub(super) async fn verify(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<bool>, JauthError> {
    let mut fields = Fields::read(payload, "VerifyUserEmailRequest").await?;
    let token = fields.text("temp_token")?;
    let (account, TemporaryToken::Email(address)) = jauth.temporary(&token)? else {
        return Err(JauthError::INVALID_TOKEN);
    };
    let attributes = user_wire::keeping_verified(Some(&address));
    let confirm = move |on: &Flows<'_>| on.confirm_contact(account, &address, &attributes);
    if jauth.changing(&request, account, confirm).await?? {
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
    let (account, TemporaryToken::PasswordReset(version)) = jauth.temporary(&token)? else {
        return Err(JauthError::INVALID_TOKEN);
    };
    let app = &jauth.app;
    let look = move |on: &Flows<'_>| on.may_reset_vouched(account, version);
    app.look_up(&jauth.door, jauth.caller(&request), look).await??;
    if jauth.password_problem(password.expose()).is_some() {
        return Err(JauthError::PASSWORD_POLICY);
    }
    let hash = app.hash(password).await?;
    let set = move |on: &Flows<'_>| on.reset_vouched_password(account, version, &hash);
    jauth.changing(&request, account, set).await??;
    Ok(Success(true))
}

impl Jauth {
    /// Whose token it is and what for.
    fn temporary(&self, token: &str) -> Result<(AccountId, TemporaryToken), JauthError> {
        let read = TemporaryToken::read(token, &self.mailed_tokens, self.app.clock.now());
        read.ok_or(JauthError::INVALID_TOKEN)
    }
}
