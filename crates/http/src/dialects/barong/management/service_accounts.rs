//! Service accounts, for servers.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{
    PersonSelector, ServerServiceError, ServiceChange, ServiceSelector, Slice, WantedService,
};
use clavis_identity::{ServiceRole, ServiceState};
use clavis_kernel::{Email, Uid};

use super::users::declared_slice;
use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Check, Params};
use crate::dialects::barong::sentence::RecordError;
use crate::dialects::barong::service_accounts::ShownService;

/// `POST /service_accounts/get`.
pub(super) async fn get(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let selector = selector(&signed.params)?;
    let Signed { server, .. } = signed;
    let found = barong.look_up(request, move |on| on.service_for_server(&server, &selector));
    let owned = found.await?.ok_or(BarongError::NOT_FOUND)?;
    Ok(HttpResponse::Ok().json(ShownService::of(&owned)))
}

/// By the first of `uid` and `email` that is there.
fn selector(params: &Params) -> Result<ServiceSelector, BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let by_uid = params.get("uid").is_some() || params.get("email").is_none();
    let uid = by_uid.then(|| declared_uid(&mut check, "uid"));
    let email = check.optional_nb("email");
    check.finish()?;
    let selector = match (uid, email) {
        (Some(uid), _) => uid.map(ServiceSelector::Uid),
        (None, email) => email
            .and_then(|email| email.parse().ok())
            .map(ServiceSelector::Address),
    };
    selector.ok_or(BarongError::NOT_FOUND)
}

/// `POST /service_accounts/list`: all, or those of one owner.
pub(super) async fn list(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = check.optional_nb("owner_uid");
    let email = check.optional_nb("owner_email");
    let slice = declared_slice(&mut check);
    check.finish()?;
    let owner = match (uid, email) {
        (Some(uid), _) => Some(uid.parse().ok().map(PersonSelector::Uid)),
        (None, Some(email)) => Some(email.parse().ok().map(PersonSelector::Address)),
        (None, None) => None,
    };
    let owner = owner
        .map(|owner| owner.ok_or(BarongError::NOT_FOUND))
        .transpose()?;
    let Signed { server, .. } = signed;
    let found = barong.look_up(request, move |on| {
        on.services_for_server(&server, owner.as_ref(), slice)
    });
    let page = found.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown: Vec<_> = page.items.iter().map(ShownService::of).collect();
    Ok(HttpResponse::Ok()
        .insert_header(("Page", page_number(slice)))
        .insert_header(("Per-Page", slice.limit.to_string()))
        .insert_header(("Total", page.total.to_string()))
        .json(shown))
}

fn page_number(slice: Slice) -> String {
    let before = slice.offset.checked_div(slice.limit.into()).unwrap_or_default();
    before.saturating_add(1).to_string()
}

/// `POST /service_accounts/create`. Somebody owns every service account: it is their second factor that stands behind
/// its keys.
pub(super) async fn create(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let wanted = wanted(&signed.params)?;
    let Signed { server, .. } = signed;
    let made = barong.transaction(request, move |on| on.make_service_for_server(&server, &wanted));
    let owned = made.await?.map_err(refused)?;
    Ok(HttpResponse::Created().json(ShownService::of(&owned)))
}

fn wanted(params: &Params) -> Result<WantedService, BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let owner = declared_uid(&mut check, "owner_uid");
    let role = check.required_nb("service_account_role");
    let uid = check.optional_nb("service_account_uid");
    let email = check.optional_nb("service_account_email");
    check.finish()?;
    let address = email.map(|email| email.parse::<Email>()).transpose();
    let uid = uid.map(|uid| uid.parse::<Uid>()).transpose();
    let role = role.parse::<ServiceRole>();
    let mut problems = Vec::new();
    if address.is_err() {
        problems.push(RecordError::EMAIL_INVALID);
    }
    if uid.is_err() {
        problems.push(RecordError::UID_INVALID);
    }
    if role.is_err() {
        problems.push(RecordError::SERVICE_ROLE_UNKNOWN);
    }
    match (address, uid, role) {
        (Ok(address), Ok(uid), Ok(role)) => Ok(WantedService {
            owner: owner.ok_or(BarongError::NOT_FOUND)?,
            uid,
            address,
            role,
        }),
        _ => Err(BarongError::account(problems)),
    }
}

/// `POST /service_accounts/update`.
pub(super) async fn update(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let owner = check.optional_nb("owner_uid");
    let role = check.optional_nb("service_account_role");
    let state = check.optional_nb("service_account_state");
    check.finish()?;
    let role = role.map(|role| role.parse::<ServiceRole>()).transpose();
    let state = state.map(|state| state.parse::<ServiceState>()).transpose();
    let mut problems = Vec::new();
    if role.is_err() {
        problems.push(RecordError::SERVICE_ROLE_UNKNOWN);
    }
    if state.is_err() {
        problems.push(RecordError::STATE_UNKNOWN);
    }
    let (Ok(role), Ok(state)) = (role, state) else {
        return Err(BarongError::account(problems));
    };
    let owner = owner.map(|owner| owner.parse::<Uid>()).transpose();
    let owner = owner.map_err(|_| BarongError::NOT_FOUND)?;
    let change = ServiceChange { owner, role, state };
    let changed = changed(barong, request, signed, uid, change).await?;
    Ok(HttpResponse::Created().json(changed))
}

/// `POST /service_accounts/delete`: it stays as disabled, so that what it did keeps a name.
pub(super) async fn remove(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    check.finish()?;
    let change = ServiceChange {
        state: Some(ServiceState::Disabled),
        ..ServiceChange::default()
    };
    let disabled = changed(barong, request, signed, uid, change).await?;
    Ok(HttpResponse::Ok().json(disabled))
}

async fn changed(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
    uid: Option<Uid>,
    change: ServiceChange,
) -> Result<serde_json::Value, BarongError> {
    let uid = uid.ok_or(BarongError::MANAGEMENT_NO_SERVICE)?;
    let Signed { server, .. } = signed;
    let done = barong.transaction(request, move |on| {
        on.change_service_for_server(&server, &uid, &change)
    });
    let owned = done.await?.map_err(refused)?;
    serde_json::to_value(ShownService::of(&owned)).map_err(|_| BarongError::INTERNAL)
}

fn refused(refusal: ServerServiceError) -> BarongError {
    match refusal {
        ServerServiceError::Unknown => BarongError::MANAGEMENT_NO_SERVICE,
        ServerServiceError::UnknownOwner => BarongError::NOT_FOUND,
        ServerServiceError::UnknownRole | ServerServiceError::Authority => {
            BarongError::account([RecordError::SERVICE_ROLE_UNKNOWN])
        }
        ServerServiceError::Taken => BarongError::account([RecordError::SERVICE_TAKEN]),
        ServerServiceError::TooMany => BarongError::account([RecordError::TOO_MANY_SERVICES]),
    }
}
