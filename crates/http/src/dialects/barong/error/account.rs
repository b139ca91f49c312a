//! Refusals about accounts: registration, log-in, mailed tokens, passwords, the activity log.

use actix_web::http::StatusCode;

use super::{BarongError, Words, said, said_alike, said_apart};

impl BarongError {
    pub(crate) const WRONG_CREDENTIALS: Self = said(
        StatusCode::UNAUTHORIZED,
        "Invalid Email or Password",
        "identity.session.invalid_params",
    );
    pub(crate) const NOT_ACTIVE: Self = not_active("identity.session.not_active");
    pub(crate) const BANNED: Self = not_active("identity.session.banned");
    pub(crate) const DELETED: Self = not_active("identity.session.deleted");
    pub(crate) const LOG_IN_CODE_MISSING: Self = said_apart(
        (
            StatusCode::FORBIDDEN,
            "The account has enabled 2FA but OTP code is missing",
        ),
        (StatusCode::UNAUTHORIZED, "identity.session.missing_otp"),
    );
    pub(crate) const LOG_IN_CODE_WRONG: Self = said(
        StatusCode::FORBIDDEN,
        "OTP code is invalid",
        "identity.session.invalid_otp",
    );

    /// The provider's word is good, and makes nobody known here.
    pub(crate) const STRANGER_FROM_AUTH0: Self =
        said_alike(StatusCode::UNAUTHORIZED, "identity.session.auth0.invalid_params");
    /// What was brought is not the provider's word.
    pub(crate) const AUTH0_TOKEN_WRONG: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.session.auth0.invalid_params",
    );
    /// The provider cannot be asked for its keys.
    pub(crate) const AUTH0_UNAVAILABLE: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.session.auth0.unavailable",
    );

    pub(crate) const CAPTCHA_MISSING: Self = said(
        StatusCode::BAD_REQUEST,
        "recaptcha_response is missing",
        "identity.captcha.required",
    );
    pub(crate) const CAPTCHA_WRONG: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "reCAPTCHA verification failed, please try again.",
        "identity.captcha.verification_failed",
    );

    pub(crate) const CANNOT_BE_CONFIRMED: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "User doesn't exist or has already been activated",
        "identity.user.active_or_doesnt_exist",
    );
    pub(crate) const MAIL_TOKEN_EXPIRED: Self = mail_token("jwt.decode_and_verify.expired");
    pub(crate) const MAIL_TOKEN_UNREADABLE: Self = mail_token("jwt.decode_and_verify.segments");
    pub(crate) const MAIL_TOKEN_SPENT: Self = mail_token("identity.user.utilized_token");
    pub(crate) const NO_SUCH_ACCOUNT: Self = said(
        StatusCode::NOT_FOUND,
        "User doesn't exist",
        "identity.password.user_doesnt_exist",
    );
    pub(crate) const PASSWORDS_DIFFER: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Passwords don't match",
        "identity.user.passwords_doesnt_match",
    );

    pub(crate) const NEW_PASSWORDS_DIFFER: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "New passwords don't match",
        "resource.password.doesnt_match",
    );
    pub(crate) const OLD_PASSWORD_WRONG: Self = said(
        StatusCode::BAD_REQUEST,
        "Previous password is not correct",
        "resource.password.prev_pass_not_correct",
    );
    pub(crate) const PASSWORD_UNCHANGED: Self = said(
        StatusCode::BAD_REQUEST,
        "New password cant be the same, as old one",
        "resource.password.no_change_provided",
    );

    pub(crate) const DATA_MALFORMED: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "data.invalid_format");
    pub(crate) const REFERRAL_MALFORMED: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.user.invalid_referral_format",
    );
    pub(crate) const REFERRAL_UNKNOWN: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.user.referral_doesnt_exist",
    );
    /// The link lets nobody in: it was never made, or its time is over.
    pub(crate) const WHITELINK_WRONG: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.user.access.invalid_token",
    );
    /// As many are let in by links as there may be.
    pub(crate) const WHITELINKS_USED_UP: Self = said_alike(
        StatusCode::UNPROCESSABLE_ENTITY,
        "identity.user.access.limit_reached",
    );
    pub(crate) const LEAVE_PASSWORD_WRONG: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "resource.user.invalid_password");
    pub(crate) const LEAVE_CODE_MISSING: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "resource.user.missing_otp_code");
    pub(crate) const LEAVE_CODE_EMPTY: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "resource.user.empty_otp_code");
    pub(crate) const LEAVE_CODE_WRONG: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "resource.user.invalid_otp");

    pub(crate) const NO_ACTIVITY: Self = no_activity("resource.user.no_activity");
    pub(crate) const WRONG_TOPIC: Self = no_activity("resource.user.wrong_topic");

    /// With the status that 2.0.8 gave for want of another: 500.
    pub(crate) fn in_2_0_8(self) -> Self {
        match self.words {
            Words::Fixed { classic, coded } => {
                said_apart((StatusCode::INTERNAL_SERVER_ERROR, classic.1), coded)
            }
            Words::Gateway(..) | Words::BearerExplained(_) | Words::Parameters(_) | Words::Record { .. } => {
                self
            }
        }
    }
}

const fn not_active(code: &'static str) -> BarongError {
    said(StatusCode::UNAUTHORIZED, "Your account is not active", code)
}

const fn mail_token(code: &'static str) -> BarongError {
    said_apart(
        (StatusCode::FORBIDDEN, "Failed to decode and verify JWT"),
        (StatusCode::UNPROCESSABLE_ENTITY, code),
    )
}

const fn no_activity(code: &'static str) -> BarongError {
    said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "No activity recorded or wrong topic",
        code,
    )
}
