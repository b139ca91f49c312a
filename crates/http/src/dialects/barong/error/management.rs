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
    pub(crate) const MANAGEMENT_FACTOR_OFF: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "Account has not enabled 2FA");
}
