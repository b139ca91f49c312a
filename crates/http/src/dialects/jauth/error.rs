use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use clavis_flows::{
    AccountNotActive, ArrivalError, LastingRefreshError, LogInError, ProviderRefusal, ReplacePasswordError,
    VouchedResetError,
};
use clavis_tokens::RefreshError;

use super::wire::{self, NoResult};
use crate::fault::RETRY_AFTER_SECONDS;
use crate::{BearerError, Fault};

/// A refusal in jauth's words: the HTTP status, and a text that is its only identifier.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct JauthError {
    status: StatusCode,
    result: NoResult,
    reason: Cow<'static, str>,
    retry_after_seconds: Option<u32>,
}

impl JauthError {
    // Found outside the endpoint's own logic.
    pub(super) const NOT_JSON: Self = Self::outside(StatusCode::BAD_REQUEST, "Not JSON type");
    pub(super) const NOT_DELIVERED: Self = Self::outside(StatusCode::UNAUTHORIZED, "token is not delivered");
    pub(super) const INVALID_TOKEN: Self = Self::outside(StatusCode::UNAUTHORIZED, "invalid token");
    pub(super) const SERVER_KEY: Self =
        Self::outside(StatusCode::FORBIDDEN, "api server key validating failed");
    pub(super) const PATH_NOT_FOUND: Self = Self::outside(StatusCode::NOT_FOUND, "Not Found");
    pub(super) const METHOD_NOT_ALLOWED: Self =
        Self::outside(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    const UNKNOWN: Self = Self::outside(StatusCode::INTERNAL_SERVER_ERROR, "Unknown error");
    const TOO_MANY_REQUESTS: Self = Self::outside(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    const BUSY: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        result: NoResult::Empty,
        reason: Cow::Borrowed("Server is busy"),
        retry_after_seconds: Some(RETRY_AFTER_SECONDS),
    };
    pub(super) const BODY_TOO_LARGE: Self =
        Self::outside(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large");
    // Decided by the endpoint.
    pub(super) const USER_NOT_FOUND: Self = Self::decided(StatusCode::NOT_FOUND, "user not found");
    pub(super) const TOKEN_NOT_FOUND: Self = Self::decided(StatusCode::NOT_FOUND, "token not found");
    pub(super) const PASSWORD_POLICY: Self =
        Self::decided(StatusCode::BAD_REQUEST, "password policy is not satisfied");
    pub(super) const WRONG_PASSWORD: Self = Self::decided(StatusCode::FORBIDDEN, "Invalid password");
    pub(super) const NO_PASSWORD_TO_UPDATE: Self =
        Self::decided(StatusCode::NOT_FOUND, "only email user can update password");
    pub(super) const NO_PASSWORD_TO_RESET: Self =
        Self::decided(StatusCode::BAD_REQUEST, "only email user can reset password");
    pub(super) const USER_TYPE: Self = Self::decided(StatusCode::BAD_REQUEST, "invalid user type");
    const THIRD_PARTY_TOKEN: Self = Self::decided(StatusCode::BAD_REQUEST, "invalid third party token");
    const SECOND_FACTOR: Self = Self::decided(StatusCode::FORBIDDEN, "Second factor required");

    const fn new(status: StatusCode, result: NoResult, reason: &'static str) -> Self {
        Self {
            status,
            result,
            reason: Cow::Borrowed(reason),
            retry_after_seconds: None,
        }
    }

    const fn outside(status: StatusCode, reason: &'static str) -> Self {
        Self::new(status, NoResult::Empty, reason)
    }

    const fn decided(status: StatusCode, reason: &'static str) -> Self {
        Self::new(status, NoResult::Null, reason)
    }

    fn told(self, reason: String) -> Self {
        Self {
            reason: Cow::Owned(reason),
            ..self
        }
    }

    /// A field that must be there is not.
    pub(super) fn missing(class: &str, field: &str) -> Self {
        Self::NOT_JSON.told(format!("Unexpected missing value for: {class}.{field}"))
    }

    /// A field has a value of another type. Types are Python's.
    pub(super) fn mistyped(got: &str, want: &str, class: &str, field: &str) -> Self {
        Self::NOT_JSON.told(format!(
            "Cannot deserialize '<class '{got}'>' to '<class '{want}'>' for '{class}.{field}'"
        ))
    }

    /// The body is no object.
    pub(super) fn mistyped_body(got: &str, class: &str) -> Self {
        Self::NOT_JSON.told(format!(
            "Cannot deserialize '<class '{got}'>' to '<class '{class}'>'"
        ))
    }

    /// A field has a value that is no good, for this reason.
    pub(super) fn refused_field(field: &'static str, reason: &str) -> Self {
        Self::USER_TYPE.told(format!("{field} {reason}"))
    }

    /// Somebody has the name, or the subject at a provider.
    pub(super) fn taken(account: &str) -> Self {
        Self::decided(StatusCode::CONFLICT, "").told(format!("account[{account}] already exists"))
    }

    /// No name that an account can have.
    pub(super) fn account_format(account: &str) -> Self {
        Self::USER_TYPE.told(format!("{account} is invalid account format"))
    }

    /// No address that an account can have.
    pub(super) fn email_format(email: &str) -> Self {
        Self::USER_TYPE.told(format!("{email} is invalid email format"))
    }

    /// Too many requests came from one client; it may come back after the wait.
    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self {
            retry_after_seconds: Some(seconds.saturating_add(1)),
            ..Self::TOO_MANY_REQUESTS
        }
    }

    #[cfg(test)]
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

/// The reason may repeat what the client sent.
impl fmt::Debug for JauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JauthError")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for JauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.status)
    }
}

impl ResponseError for JauthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = wire::answer(self.status);
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        wire::refuse(response, self.result, &self.reason)
    }
}

impl From<Fault> for JauthError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::UNKNOWN,
            Fault::Busy => Self::BUSY,
        }
    }
}

impl From<BearerError> for JauthError {
    fn from(refusal: BearerError) -> Self {
        match refusal {
            BearerError::Invalid
            | BearerError::NotAnAccessToken
            | BearerError::Expired
            | BearerError::Revoked => Self::INVALID_TOKEN,
            BearerError::Fault(fault) => fault.into(),
        }
    }
}

impl From<LogInError> for JauthError {
    fn from(refusal: LogInError) -> Self {
        match refusal {
            // Accounts in any state but one, and those without a password, are as if they were not there.
            LogInError::UnknownAccount
            | LogInError::NotActivated
            | LogInError::Suspended
            | LogInError::NoPassword => Self::USER_NOT_FOUND,
            LogInError::WrongPassword | LogInError::LockedOut => Self::WRONG_PASSWORD,
            LogInError::SecondFactorUnsupported
            | LogInError::SecondFactorMissing
            | LogInError::SecondFactorWrong
            | LogInError::SecondFactorReplayed => Self::SECOND_FACTOR,
            // The dialect's own application is there from the first start.
            LogInError::UnknownApplication => Self::UNKNOWN,
        }
    }
}

impl From<ArrivalError> for JauthError {
    fn from(refusal: ArrivalError) -> Self {
        match refusal {
            // Only where accounts are linked by address.
            ArrivalError::Unknown | ArrivalError::AddressTaken => Self::USER_NOT_FOUND,
            ArrivalError::LogIn(refusal) => refusal.into(),
        }
    }
}

impl From<ProviderRefusal> for JauthError {
    fn from(refusal: ProviderRefusal) -> Self {
        match refusal {
            ProviderRefusal::Rejected(_)
            | ProviderRefusal::NotConfigured
            | ProviderRefusal::Unavailable(_) => Self::THIRD_PARTY_TOKEN,
        }
    }
}

impl From<LastingRefreshError> for JauthError {
    fn from(refusal: LastingRefreshError) -> Self {
        match refusal {
            LastingRefreshError::AccountNotActive => Self::USER_NOT_FOUND,
            LastingRefreshError::Token(refusal) => match refusal {
                RefreshError::Unknown
                | RefreshError::Revoked
                | RefreshError::Expired
                | RefreshError::WrongClient
                | RefreshError::Reused => Self::TOKEN_NOT_FOUND,
            },
        }
    }
}

impl From<AccountNotActive> for JauthError {
    fn from(_: AccountNotActive) -> Self {
        Self::USER_NOT_FOUND
    }
}

impl From<ReplacePasswordError> for JauthError {
    fn from(refusal: ReplacePasswordError) -> Self {
        match refusal {
            ReplacePasswordError::AccountNotActive => Self::USER_NOT_FOUND,
            ReplacePasswordError::WrongPassword => Self::WRONG_PASSWORD,
            ReplacePasswordError::Unchanged | ReplacePasswordError::Unfit => Self::PASSWORD_POLICY,
        }
    }
}

impl From<VouchedResetError> for JauthError {
    fn from(refusal: VouchedResetError) -> Self {
        match refusal {
            VouchedResetError::AccountNotActive => Self::USER_NOT_FOUND,
            VouchedResetError::NoPassword => Self::NO_PASSWORD_TO_RESET,
            VouchedResetError::Spent => Self::INVALID_TOKEN,
        }
    }
}
