//! `/api/users/me`: users look after themselves.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use clavis_kernel::Dialect;

use super::Sso;
use super::error::SsoError;
use super::fields::Body;
use super::users::Change;
use super::wire::{self, User, UserLinks};

/// Where one's own user is.
const ME: &str = "/api/users/me";

/// `GET /api/users/me`.
pub(super) async fn show(sso: web::Data<Sso>, request: HttpRequest) -> Result<HttpResponse, SsoError> {
    let signed_in = sso.signed_in(&request).await?;
    let account = signed_in.authenticated.standing.account;
    let look = move |on: &clavis_flows::Flows<'_>| on.account_by_id(account);
    let view = sso.app.look_up(&sso.door, signed_in.caller, look).await?;
    let view = view.ok_or_else(SsoError::unauthorized)?;
    let response = wire::answer(StatusCode::OK);
    Ok(wire::linked(
        response,
        User::of(&view),
        UserLinks::of(sso.url(ME)),
    ))
}

/// `PATCH /api/users/me`. What people log in with is changed by a token of this API's own, and of full worth: whoever
/// has another API's token for an hour is not to have the account for good.
pub(super) async fn update(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let signed_in = sso.signed_in(&request).await?;
    let standing = &signed_in.authenticated.standing;
    let (account, assurance) = (standing.account, standing.assurance);
    let own_door = signed_in.authenticated.issuer == Dialect::Sso;
    let mut change = Change::read(&Body::read(payload).await?)?;
    if change.fields.has("active") {
        change
            .fields
            .problems
            .add("active", "Das Feld darf hier nicht geändert werden");
    }
    let obstacles = sso.obstacles(&signed_in.caller, account, Some(&change)).await?;
    let obstacles = obstacles.ok_or_else(SsoError::unauthorized)?;
    if !(assurance.is_full() && own_door) && (change.fields.has("email") || change.fields.has("password")) {
        return Err(SsoError::not_fully_proven());
    }
    let change = sso.wanted_change(change, obstacles).await?;
    let done = sso
        .app
        .transaction(&sso.door, signed_in.caller, move |on| {
            on.change_own_user(account, &change)
        })
        .await?;
    match done {
        Ok(()) => Ok(wire::done(StatusCode::OK)),
        // It was deactivated or deleted a moment ago.
        Err(clavis_flows::ChangeUserError::UnknownAccount) => Err(SsoError::unauthorized()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `DELETE /api/users/me`: nobody's.
pub(super) async fn remove(sso: web::Data<Sso>, request: HttpRequest) -> Result<HttpResponse, SsoError> {
    sso.signed_in(&request).await?;
    Err(SsoError::forbidden())
}
