//! Refusals about profiles, documents, phones and labels.

use actix_web::http::StatusCode;
use clavis_flows::TextError;

use super::{BarongError, said, said_alike, said_apart};

impl BarongError {
    pub(crate) const PROFILE_EXISTS: Self = said(
        StatusCode::CONFLICT,
        "Profile already exists",
        "resource.profile.exist",
    );
    pub(crate) const NO_PROFILE: Self = said(
        StatusCode::NOT_FOUND,
        "User has no profile",
        "resource.profile.not_exist",
    );
    /// A profile is being worked on or waits already.
    pub(crate) const PROFILE_STATE_EXISTS: Self =
        said_alike(StatusCode::UNPROCESSABLE_ENTITY, "state.exists");
    pub(crate) const NO_EDITABLE_PROFILE: Self = said_alike(
        StatusCode::NOT_FOUND,
        "resource.profile.doesnt_exist_or_not_editable",
    );

    pub(crate) const DOCUMENTS_LIMIT_REACHED: Self = documents_limit("resource.documents.limit_reached");
    /// There is room for some of the files, but not for all.
    pub(crate) const DOCUMENTS_LIMIT_WILL_BE_REACHED: Self =
        documents_limit("resource.documents.limit_will_be_reached");
    pub(crate) const DOCUMENTS_UNREACHABLE: Self = said(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Connection error",
        "server.internal_error",
    );

    pub(crate) const PHONE_INVALID: Self = said(
        StatusCode::BAD_REQUEST,
        "Phone number is invalid",
        "resource.phone.invalid_num",
    );
    pub(crate) const PHONE_TAKEN: Self = said(
        StatusCode::BAD_REQUEST,
        "Phone number already exists",
        "resource.phone.number_exist",
    );
    /// The caller has this phone already, not verified yet.
    pub(crate) const PHONE_DUPLICATE: Self = said(
        StatusCode::BAD_REQUEST,
        "Phone number already exists",
        "resource.phone.exists",
    );
    /// A code is asked for, for a phone that the caller does not have.
    pub(crate) const NO_PHONE: Self = said(
        StatusCode::NOT_FOUND,
        "Record is not found",
        "resource.phone.doesnt_exist",
    );
    pub(crate) const PHONE_CODE_WRONG: Self = phone_not_verified("resource.phone.verification_invalid");
    /// A code is shown for a phone that the caller does not have; the classic profile does not tell.
    pub(crate) const NO_PHONE_TO_VERIFY: Self = phone_not_verified("resource.phone.doesnt_exist");
    /// The account has as many verified phones as it may have. Upstream knows no limit.
    pub(crate) const TOO_MANY_PHONES: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Maximum number of phones was reached",
        "resource.phone.limit_reached",
    );

    /// Nobody but reviewers here decides who somebody is: there is no provider that could call back.
    pub(crate) const KYC_IS_LOCAL: Self = said_alike(StatusCode::UNPROCESSABLE_ENTITY, "public.kyc.local");
    /// The account has as many texts as it may have. Upstream knows no limit.
    pub(crate) const TOO_MANY_DATA_STORAGES: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Maximum number of data storages was reached",
        "resource.data_storage.limit_reached",
    );
    pub(crate) const LABEL_PRIVATE: Self = said_alike(StatusCode::BAD_REQUEST, "resource.labels.private");
    /// The account has as many labels of its own as it may have. Upstream knows no limit.
    pub(crate) const TOO_MANY_LABELS: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Maximum number of labels was reached",
        "resource.labels.limit_reached",
    );
}

const fn documents_limit(code: &'static str) -> BarongError {
    said(
        StatusCode::BAD_REQUEST,
        "Maximum number of documents was reached",
        code,
    )
}

/// A text was not sent. The classic profile tells no cause.
const fn text_not_sent(code: &'static str) -> BarongError {
    said_apart(
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something wrong with Twilio Client",
        ),
        (StatusCode::UNPROCESSABLE_ENTITY, code),
    )
}

impl From<TextError> for BarongError {
    fn from(refusal: TextError) -> Self {
        text_not_sent(match refusal {
            TextError::NotReachable => "resource.phone.num_not_reachable",
            TextError::NotValid => "resource.phone.num_not_valid",
            TextError::ContentInvalid => "resource.phone.sms_content_invalid",
            TextError::Unsubscribed => "resource.phone.unsubscribed_recipient",
            TextError::Unexpected | TextError::Unavailable => "resource.phone.twilio_unexpected",
        })
    }
}

const fn phone_not_verified(code: &'static str) -> BarongError {
    said(
        StatusCode::NOT_FOUND,
        "Phone is not found or verification code is invalid",
        code,
    )
}
