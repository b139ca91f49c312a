//! Refusals to other servers, which are texts in every release.

use actix_web::http::StatusCode;

use super::{BarongError, said_alike};

impl BarongError {
    pub(crate) const MANAGEMENT_VERB: Self = said_alike(
        StatusCode::METHOD_NOT_ALLOWED,
        "Only POST and PUT verbs are allowed.",
    );
    pub(crate) const MANAGEMENT_QUERY: Self =
        said_alike(StatusCode::BAD_REQUEST, "Query parameters are not allowed.");
    pub(crate) const MANAGEMENT_BODY: Self =
        said_alike(StatusCode::BAD_REQUEST, "Only JSON body is accepted.");
    pub(crate) const MANAGEMENT_UNREADABLE: Self = said_alike(StatusCode::BAD_REQUEST, "Couldn't parse JWT.");
    pub(crate) const MANAGEMENT_UNVERIFIED: Self =
        said_alike(StatusCode::UNAUTHORIZED, "Failed to verify JWT.");
    pub(crate) const MANAGEMENT_SIGNATURES: Self =
        said_alike(StatusCode::UNAUTHORIZED, "Not enough signatures for the action.");
    pub(crate) const MANAGEMENT_USER_EXISTS: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "User already exists by this email",
    );
    /// No such service account, where one is to be changed.
    pub(crate) const MANAGEMENT_NO_SERVICE: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "Service account doesnt exist");
    /// The operator lets no server do this.
    pub(crate) const MANAGEMENT_DISABLED: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "disabled_management_endpoint");
    /// No such account, where a key is to be made or changed; the next two are of the same kind.
    pub(crate) const MANAGEMENT_NO_USER: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "user_doesnt_exist");
    pub(crate) const MANAGEMENT_NO_KEY_SERVICE: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "service_account_doesnt_exist");
    pub(crate) const MANAGEMENT_NO_KEY: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "api_key_doesnt_exist");
    pub(crate) const MANAGEMENT_FACTOR_OFF: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "Account has not enabled 2FA");
}
