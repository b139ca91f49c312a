//! Refusals about second factors, and about the API keys that stand behind one.

use actix_web::http::StatusCode;
use clavis_flows::{
    ApiKeyGateError, BeginFactorError, CodeError, CreateApiKeyError, FactorError, RemoveApiKeyError,
    UpdateApiKeyError,
};

use super::super::sentence::RecordError;
use super::{BarongError, said};

impl BarongError {
    pub(crate) const CODE_REPLAYED: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "This code was already used. Wait until the next time period",
        "totp.error",
    );
    pub(crate) const FACTOR_ON: Self = said(
        StatusCode::BAD_REQUEST,
        "2FA has been already enabled for this account",
        "resource.otp.already_enabled",
    );
    /// A code is to be verified while the factor is off: the code of the opposite, as upstream has it.
    pub(crate) const FACTOR_OFF_AT_VERIFY: Self = said(
        StatusCode::BAD_REQUEST,
        "2FA has not been enabled for this account",
        "resource.otp.already_enabled",
    );
    /// The factor is to be switched off and is off.
    pub(crate) const FACTOR_OFF: Self = said(
        StatusCode::BAD_REQUEST,
        "2FA has not been enabled for this account",
        "resource.otp.not_enabled",
    );
    pub(crate) const CODE_WRONG: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "OTP code is invalid",
        "resource.otp.invalid",
    );

    pub(crate) const KEYS_NEED_A_FACTOR: Self = said(
        StatusCode::BAD_REQUEST,
        "Only accounts with enabled 2FA alowed",
        "resource.api_key.2fa_disabled",
    );
    pub(crate) const KEYS_CODE_MISSING: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "OTP code is missing",
        "resource.api_key.missing_totp",
    );
    pub(crate) const KEYS_CODE_WRONG: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "OTP code is invalid",
        "resource.api_key.invalid_totp",
    );
    /// The account has as many keys as it may have. Upstream knows no limit.
    const TOO_MANY_KEYS: Self = said(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Maximum number of API keys already reached",
        "resource.api_key.limit_reached",
    );

    /// What is said where a code is verified.
    pub(crate) fn at_verification(refusal: FactorError) -> Self {
        match refusal {
            FactorError::NotEnabled => Self::FACTOR_OFF_AT_VERIFY,
            FactorError::AlreadyEnabled
            | FactorError::NotBegun
            | FactorError::AccountClosed
            | FactorError::Code(_) => refusal.into(),
        }
    }
}

/// A failure is said no other way when the factor is closed after too many: who guesses learns nothing.
impl From<CodeError> for BarongError {
    fn from(refusal: CodeError) -> Self {
        match refusal {
            CodeError::Wrong | CodeError::LockedOut => Self::CODE_WRONG,
            CodeError::Replayed => Self::CODE_REPLAYED,
        }
    }
}

impl From<BeginFactorError> for BarongError {
    fn from(refusal: BeginFactorError) -> Self {
        match refusal {
            BeginFactorError::AlreadyEnabled => Self::FACTOR_ON,
            BeginFactorError::AccountClosed => Self::BEARER,
        }
    }
}

impl From<FactorError> for BarongError {
    fn from(refusal: FactorError) -> Self {
        match refusal {
            FactorError::AlreadyEnabled => Self::FACTOR_ON,
            FactorError::NotEnabled => Self::FACTOR_OFF,
            FactorError::NotBegun => Self::CODE_WRONG,
            FactorError::AccountClosed => Self::BEARER,
            FactorError::Code(refusal) => refusal.into(),
        }
    }
}

impl From<ApiKeyGateError> for BarongError {
    fn from(refusal: ApiKeyGateError) -> Self {
        match refusal {
            ApiKeyGateError::AccountClosed => Self::BEARER,
            ApiKeyGateError::NoSecondFactor => Self::KEYS_NEED_A_FACTOR,
            ApiKeyGateError::CodeMissing => Self::KEYS_CODE_MISSING,
            ApiKeyGateError::Code(CodeError::Wrong | CodeError::LockedOut) => Self::KEYS_CODE_WRONG,
            ApiKeyGateError::Code(CodeError::Replayed) => Self::CODE_REPLAYED,
        }
    }
}

impl From<CreateApiKeyError> for BarongError {
    fn from(refusal: CreateApiKeyError) -> Self {
        match refusal {
            CreateApiKeyError::Invalid(violations) => {
                Self::record(violations.into_iter().map(RecordError::from))
            }
            CreateApiKeyError::TooMany => Self::TOO_MANY_KEYS,
        }
    }
}

impl From<UpdateApiKeyError> for BarongError {
    fn from(refusal: UpdateApiKeyError) -> Self {
        match refusal {
            UpdateApiKeyError::Unknown => Self::NOT_FOUND,
            UpdateApiKeyError::Invalid(violations) => {
                Self::record(violations.into_iter().map(RecordError::from))
            }
        }
    }
}

impl From<RemoveApiKeyError> for BarongError {
    fn from(refusal: RemoveApiKeyError) -> Self {
        match refusal {
            RemoveApiKeyError::Unknown => Self::NOT_FOUND,
        }
    }
}
