//! Passwords, changed by who knows them.

use actix_web::{HttpRequest, web};
use clavis_flows::{Flows, LogInError, NewPassword};

use super::Jauth;
use super::error::JauthError;
use super::wire::{Fields, Success};

/// `PUT /users/email/self/password`. Every other session ends, and with them every token of jauth's that was issued
/// before.
pub(super) async fn change(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<bool>, JauthError> {
    let visitor = jauth.authenticate(&request).await?;
    let mut fields = Fields::read(payload, "UpdateUserPasswordRequest").await?;
    let original = fields.secret("original_password")?;
    let new = fields.secret("new_password")?;
    let (account, session) = (visitor.account()?, visitor.session());
    let (app, door, caller) = (&jauth.app, &jauth.door, jauth.caller(&request));
    jauth.check_rate(&caller)?;
    let candidate = app.look_up(door, caller, move |on| on.candidate_of(account));
    let candidate = candidate.await?.map_err(|refusal| match refusal {
        LogInError::NoPassword => JauthError::NO_PASSWORD_TO_UPDATE,
        other => other.into(),
    })?;
    if jauth.password_problem(new.expose()).is_some() {
        return Err(JauthError::PASSWORD_POLICY);
    }
    let checked = app.check_password(candidate, original).await?;
    // Who does not know the old one is refused, whatever the new one: no work for it.
    let wanted = if checked.verdict.is_right() {
        NewPassword::Fit(app.hash(new).await?)
    } else {
        NewPassword::Unchanged
    };
    let replace = move |on: &Flows<'_>| on.replace_password(&checked, session, &wanted);
    jauth.changing(&request, account, replace).await??;
    Ok(Success(true))
}
