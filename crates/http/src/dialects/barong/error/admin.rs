//! Refusals to administrators. The contract knows them by their codes alone; the classic profile puts the same
//! into its envelope.

use actix_web::http::StatusCode;

use super::{BarongError, said_alike, said_apart};

impl BarongError {
    pub(crate) const NOT_AN_ADMIN: Self = said_alike(StatusCode::UNAUTHORIZED, "admin.access.denied");
    pub(crate) const ADMIN_NO_USER: Self = missing("admin.user.doesnt_exist");
    pub(crate) const ADMIN_NO_LABEL: Self = missing("admin.label.doesnt_exist");
    pub(crate) const ADMIN_NO_COMMENT: Self = missing("admin.comment.doesnt_exist");
    pub(crate) const ADMIN_NO_PERMISSION: Self = missing("admin.permission.doesnt_exist");
    pub(crate) const ADMIN_NO_PROFILE: Self = missing("admin.profile.doesnt_exist");
    pub(crate) const ADMIN_NO_DOCUMENT: Self = missing("admin.document.doesnt_exist");
    pub(crate) const ADMIN_UPDATES_HIMSELF: Self = unprocessable("admin.user.update_himself");
    pub(crate) const ADMIN_CHANGES_SUPERADMIN: Self = unprocessable("admin.user.superadmin_change");
    /// A second factor cannot be switched on for somebody else.
    pub(crate) const ADMIN_ENABLES_FACTOR: Self = unprocessable("admin.user.enable_2fa");
    pub(crate) const ADMIN_STATE_UNCHANGED: Self = unprocessable("admin.user.state_no_change");
    pub(crate) const ADMIN_FACTOR_UNCHANGED: Self = unprocessable("admin.user.otp_no_change");
    pub(crate) const ADMIN_EMAIL_UNCHANGED: Self = unprocessable("admin.user.email_no_change");
    pub(crate) const ADMIN_ROLE_UNCHANGED: Self = unprocessable("admin.user.role_no_change");
    /// One thing is changed at a time.
    pub(crate) const ADMIN_NOT_ONE_CHANGE: Self = said_apart(
        (
            StatusCode::BAD_REQUEST,
            "exactly one of state, otp, email must be provided",
        ),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "admin.user.one_of_state_otp_email",
        ),
    );
    pub(crate) const ADMIN_NO_RESTRICTION: Self = missing("admin.restriction.doesnt_exist");
    pub(crate) const ADMIN_TOO_MANY_RESTRICTIONS: Self = unprocessable("admin.restriction.limit_reached");
    /// It would be good for longer than any may be, or for no time.
    pub(crate) const WHITELINK_LIFETIME: Self = said_apart(
        (StatusCode::BAD_REQUEST, "expire_time is invalid"),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "admin.restriction.invalid_expire_time",
        ),
    );
    pub(crate) const ADMIN_TOO_MANY_WHITELINKS: Self =
        unprocessable("admin.restriction.whitelink_limit_reached");
    pub(crate) const ADMIN_NO_DATA_STORAGE: Self = missing("admin.data_storage.doesnt_exist");
    /// The account is a tombstone.
    pub(crate) const ADMIN_USER_GONE: Self = unprocessable("admin.user.deleted");
    pub(crate) const ADMIN_NO_ROLE: Self = unprocessable("admin.user.invalid_role");
    /// It takes authority that the administrator does not have.
    pub(crate) const ADMIN_BEYOND_OWN: Self = unprocessable("admin.ability.not_permitted");
    pub(crate) const ADMIN_TOO_MANY_LABELS: Self = unprocessable("admin.label.limit_reached");
    pub(crate) const ADMIN_TOO_MANY_COMMENTS: Self = unprocessable("admin.comment.limit_reached");
    pub(crate) const ADMIN_TOO_MANY_PERMISSIONS: Self = unprocessable("admin.permission.limit_reached");
    pub(crate) const ADMIN_NO_EDITABLE_PROFILE: Self = missing("admin.profile.doesnt_exist_or_not_editable");
    /// Somebody decided already, or its owner still works on it.
    pub(crate) const ADMIN_PROFILE_NOT_WAITING: Self = unprocessable("admin.profile.not_submitted");
    pub(crate) const ADMIN_DOCUMENT_NOT_WAITING: Self = unprocessable("admin.document.not_pending");
    /// It is not what the reviewer looked at any more.
    pub(crate) const ADMIN_PROFILE_CHANGED: Self = outdated("admin.profile.changed");
    pub(crate) const ADMIN_DOCUMENT_CHANGED: Self = outdated("admin.document.changed");
}

const fn missing(code: &'static str) -> BarongError {
    said_alike(StatusCode::NOT_FOUND, code)
}

const fn outdated(code: &'static str) -> BarongError {
    said_alike(StatusCode::CONFLICT, code)
}

const fn unprocessable(code: &'static str) -> BarongError {
    said_alike(StatusCode::UNPROCESSABLE_ENTITY, code)
}
