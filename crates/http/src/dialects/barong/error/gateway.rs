//! Refusals of the gateway: of signed requests, of cookies, and of paths. They are codes in both profiles.

use actix_web::http::StatusCode;
use clavis_rbac::{Restricted, RestrictionCategory};

use super::{BarongError, Words, said_alike};

impl BarongError {
    pub(crate) const API_KEY_HEADERS: Self =
        gateway(StatusCode::UNPROCESSABLE_ENTITY, "authz.invalid_api_key_headers");
    pub(crate) const API_KEY_UNKNOWN: Self = unauthorized("authz.unexistent_apikey");
    pub(crate) const NONCE_NOT_A_TIME: Self = unauthorized("authz.nonce_not_valid_timestamp");
    /// The nonce is too far from now, or was seen before.
    pub(crate) const NONCE_EXPIRED: Self = unauthorized("authz.nonce_expired");
    pub(crate) const SIGNATURE_WRONG: Self = unauthorized("authz.invalid_signature");
    pub(crate) const API_KEY_INACTIVE: Self = unauthorized("authz.apikey_not_active");
    pub(crate) const API_KEY_WITHOUT_FACTOR: Self = unauthorized("authz.disabled_2fa");
    /// The role may not do this with this path.
    pub(crate) const NOT_PERMITTED: Self = unauthorized("authz.invalid_permission");
    pub(crate) const NO_SESSION: Self = unauthorized("authz.invalid_session");
    pub(crate) const SESSION_NOT_ACTIVE: Self = unauthorized("authz.user_not_active");
    /// The session was opened by another client, or is over.
    pub(crate) const SESSION_MISMATCH: Self = unauthorized("authz.client_session_mismatch");
    pub(crate) const CSRF_MISSING: Self = unauthorized("authz.missing_csrf_token");
    pub(crate) const CSRF_MISMATCH: Self = unauthorized("authz.csrf_token_mismatch");
    pub(crate) const PATH_BLOCKED: Self = unauthorized("authz.permission_denied");
}

/// The status is the rule's own. The gateway says it in codes alone; so does the log-in in the coded profile.
impl From<Restricted> for BarongError {
    fn from(refusal: Restricted) -> Self {
        let status = StatusCode::from_u16(refusal.code.as_u16()).unwrap_or(StatusCode::UNAUTHORIZED);
        match refusal.category {
            RestrictionCategory::Maintenance => gateway(status, "authz.restrict.maintenance"),
            RestrictionCategory::Blacklist => gateway(status, "authz.restrict.blacklist"),
            RestrictionCategory::Blocklogin => said_alike(status, "authz.restrict.blocklogin"),
            // It lets in.
            RestrictionCategory::Whitelist => Self::INTERNAL,
        }
    }
}

const fn unauthorized(code: &'static str) -> BarongError {
    gateway(StatusCode::UNAUTHORIZED, code)
}

const fn gateway(status: StatusCode, code: &'static str) -> BarongError {
    BarongError::with(Words::Gateway(status, code))
}
