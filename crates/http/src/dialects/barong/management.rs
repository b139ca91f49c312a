//! The API for servers that the operator trusts: requests are signed, and nothing else is believed.
//!
//! What is wrong is told in this order: the verb, the query, the content type, the path, the signatures, the parameters,
//! what they name.

mod api_keys;
mod documents;
mod gate;
mod labels;
mod otp;
mod phones;
mod profiles;
mod service_accounts;
mod users;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use clavis_kernel::Uid;

use super::Barong;
use super::error::BarongError;
use super::params::Check;

pub(super) use gate::Guard;
use gate::{Signed, admitted};

/// Below `/management`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource(["", "/{path:.*}"]).route(web::to(serve)));
}

/// What a server can ask for, and the scope it needs a signature for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Timestamp,
    GetUser,
    ListUsers,
    CreateUser,
    ImportUser,
    UpdateUser,
    FilterUsers,
    ListLabels,
    CreateLabel,
    ChangeLabel,
    RemoveLabel,
    SignOtp,
    AddDocument,
    AddProfile,
    AddPhone,
    ListPhones,
    RemovePhone,
    GetService,
    ListServices,
    CreateService,
    UpdateService,
    DisableService,
    CreateApiKey,
    UpdateApiKey,
}

impl Action {
    /// The action behind a verb and a path, without slashes at its ends.
    fn of(verb: &str, path: &str) -> Option<Self> {
        Some(match (verb, path) {
            ("POST", "timestamp") => Self::Timestamp,
            ("POST", "users/get") => Self::GetUser,
            ("POST", "users/list") => Self::ListUsers,
            ("POST", "users") => Self::CreateUser,
            ("POST", "users/import") => Self::ImportUser,
            ("POST", "users/update") => Self::UpdateUser,
            ("POST", "labels/filter/users") => Self::FilterUsers,
            ("POST", "labels/list") => Self::ListLabels,
            ("POST", "labels") => Self::CreateLabel,
            ("PUT", "labels") => Self::ChangeLabel,
            ("POST", "labels/delete") => Self::RemoveLabel,
            ("POST", "otp/sign") => Self::SignOtp,
            ("POST", "documents") => Self::AddDocument,
            ("POST", "profiles") => Self::AddProfile,
            ("POST", "phones") => Self::AddPhone,
            ("POST", "phones/get") => Self::ListPhones,
            ("POST", "phones/delete") => Self::RemovePhone,
            ("POST", "service_accounts/get") => Self::GetService,
            ("POST", "service_accounts/list") => Self::ListServices,
            ("POST", "service_accounts/create") => Self::CreateService,
            ("POST", "service_accounts/update") => Self::UpdateService,
            ("POST", "service_accounts/delete") => Self::DisableService,
            ("POST", "api_keys") => Self::CreateApiKey,
            ("POST", "api_keys/update") => Self::UpdateApiKey,
            _ => return None,
        })
    }

    /// The scope as keychains name it.
    const fn scope(self) -> &'static str {
        match self {
            Self::Timestamp => "tools",
            Self::GetUser | Self::ListUsers | Self::FilterUsers => "read_users",
            Self::CreateUser | Self::ImportUser | Self::UpdateUser | Self::AddProfile => "write_users",
            Self::ListLabels => "read_labels",
            Self::CreateLabel | Self::ChangeLabel | Self::RemoveLabel => "write_labels",
            Self::SignOtp => "otp_sign",
            Self::AddDocument => "write_documents",
            Self::ListPhones => "read_phones",
            Self::AddPhone | Self::RemovePhone => "write_phones",
            Self::GetService | Self::ListServices => "read_service_accounts",
            Self::CreateService | Self::UpdateService | Self::DisableService => "write_service_accounts",
            Self::CreateApiKey | Self::UpdateApiKey => "write_apikeys",
        }
    }
}

impl Action {
    /// Whether one and the same request may be served again: where it changes nothing and spends nothing.
    const fn may_be_repeated(self) -> bool {
        match self {
            Self::Timestamp
            | Self::GetUser
            | Self::ListUsers
            | Self::FilterUsers
            | Self::ListLabels
            | Self::ListPhones
            | Self::GetService
            | Self::ListServices => true,
            Self::CreateUser
            | Self::ImportUser
            | Self::UpdateUser
            | Self::CreateLabel
            | Self::ChangeLabel
            | Self::RemoveLabel
            | Self::SignOtp
            | Self::AddDocument
            | Self::AddProfile
            | Self::AddPhone
            | Self::RemovePhone
            | Self::CreateService
            | Self::UpdateService
            | Self::DisableService
            | Self::CreateApiKey
            | Self::UpdateApiKey => false,
        }
    }
}

async fn serve(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    if !matches!(*request.method(), Method::POST | Method::PUT) {
        return Ok(wrong_verb());
    }
    let (action, signed) = admitted(&barong, &request, payload).await?;
    match action {
        Action::Timestamp => Ok(HttpResponse::Ok().json(serde_json::json!({
            "timestamp": barong.app.clock.now().timestamp(),
        }))),
        Action::GetUser => users::get(&barong, &request, signed).await,
        Action::ListUsers => users::list(&barong, &request, signed).await,
        Action::CreateUser => users::create(&barong, &request, signed).await,
        Action::ImportUser => users::import(&barong, &request, signed).await,
        Action::UpdateUser => users::update(&barong, &request, signed).await,
        Action::FilterUsers => users::filter(&barong, &request, signed).await,
        Action::ListLabels => labels::list(&barong, &request, signed).await,
        Action::CreateLabel => labels::create(&barong, &request, signed).await,
        Action::ChangeLabel => labels::change(&barong, &request, signed).await,
        Action::RemoveLabel => labels::remove(&barong, &request, signed).await,
        Action::SignOtp => otp::sign(&barong, &request, signed).await,
        Action::AddDocument => documents::add(&barong, &request, signed).await,
        Action::AddProfile => profiles::add(&barong, &request, signed).await,
        Action::AddPhone => phones::add(&barong, &request, signed).await,
        Action::ListPhones => phones::list(&barong, &request, signed).await,
        Action::RemovePhone => phones::remove(&barong, &request, signed).await,
        Action::GetService => service_accounts::get(&barong, &request, signed).await,
        Action::ListServices => service_accounts::list(&barong, &request, signed).await,
        Action::CreateService => service_accounts::create(&barong, &request, signed).await,
        Action::UpdateService => service_accounts::update(&barong, &request, signed).await,
        Action::DisableService => service_accounts::remove(&barong, &request, signed).await,
        Action::CreateApiKey => api_keys::create(&barong, &request, signed).await,
        Action::UpdateApiKey => api_keys::update(&barong, &request, signed).await,
    }
}

/// The contract's words, with the header that belongs to the status (RFC 9110 §15.5.6).
fn wrong_verb() -> HttpResponse {
    let mut response = BarongError::MANAGEMENT_VERB.error_response();
    let allowed = HeaderValue::from_static("POST, PUT");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// The account a request names. What is no uid is nobody's.
fn declared_uid(check: &mut Check<'_>, name: &'static str) -> Option<Uid> {
    check.required_nb(name).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_one_verb_and_a_scope() {
        assert_eq!(Action::of("POST", "labels"), Some(Action::CreateLabel));
        assert_eq!(Action::of("PUT", "labels"), Some(Action::ChangeLabel));
        assert_eq!(Action::of("PUT", "users/get"), None);
        assert_eq!(Action::of("POST", "nowhere"), None);
        assert_eq!(Action::ListUsers.scope(), "read_users");
    }

    #[test]
    fn what_needs_a_scope_for_writing_or_spends_a_code_is_good_once() {
        for path in [
            "timestamp",
            "users/get",
            "users/list",
            "users",
            "users/import",
            "users/update",
            "labels/filter/users",
            "labels/list",
            "labels",
            "labels/delete",
            "otp/sign",
            "documents",
            "profiles",
            "phones",
            "phones/get",
            "phones/delete",
            "service_accounts/get",
            "service_accounts/list",
            "service_accounts/create",
            "service_accounts/update",
            "service_accounts/delete",
            "api_keys",
            "api_keys/update",
        ] {
            let action = Action::of("POST", path).unwrap();
            let is_good_once = action.scope().starts_with("write_") || action.scope() == "otp_sign";
            assert_eq!(action.may_be_repeated(), !is_good_once, "{path}");
        }
    }
}
