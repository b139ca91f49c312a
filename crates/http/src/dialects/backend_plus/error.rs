use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use clavis_flows::{
    ActivationError, ArrivalError, BeginFactorError, CodeError, EmailChangeError, EmailChangeRequestError,
    FactorError, FinishLogInError, LeaveError, LogInError, PasswordChangeError, PasswordResetError,
    RefreshFlowError, SignUpError,
};

use super::cookies::Cookies;
use crate::Fault;
use crate::fault::RETRY_AFTER_SECONDS;

/// Which answers to give where the releases of this family differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// What the documentation promises.
    #[default]
    Documented,
    /// What the last release did.
    V2_7,
}

/// The text names no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected documented or v2.7")]
pub struct UnknownProfile;

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "documented" => Ok(Self::Documented),
            "v2.7" => Ok(Self::V2_7),
            _ => Err(UnknownProfile),
        }
    }
}

/// An answer other than success: `{"statusCode", "error", "message"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: Option<Cow<'static, str>>,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) const NOT_FOUND: Self = Self::text(StatusCode::NOT_FOUND, "Not Found");
    /// A body that is no JSON; it has no message.
    pub(super) const MALFORMED: Self = Self {
        status: StatusCode::BAD_REQUEST,
        message: None,
        retry_after: None,
    };
    pub(super) const INVALID_PATH: Self = Self::text(StatusCode::BAD_REQUEST, "Invalid path");
    pub(super) const FORBIDDEN: Self = Self::text(StatusCode::FORBIDDEN, "Forbidden");
    pub(super) const UPLOAD_TO_DIRECTORY: Self =
        Self::text(StatusCode::FORBIDDEN, "Can't upload file that ends with /");
    pub(super) const BAD_ACCESS_TOKEN: Self = Self::text(StatusCode::FORBIDDEN, "incorrect x-access-token");
    pub(super) const RANGE_NOT_SATISFIABLE: Self =
        Self::text(StatusCode::RANGE_NOT_SATISFIABLE, "Range Not Satisfiable");
    pub(super) const TOO_LARGE: Self = Self::text(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large");
    pub(super) const INTERNAL: Self = Self::text(
        StatusCode::INTERNAL_SERVER_ERROR,
        "An internal server error occurred",
    );
    pub(super) const NO_JWKS: Self = Self::text(
        StatusCode::NOT_IMPLEMENTED,
        "JWKS is not implemented on this server.",
    );
    pub(super) const BAD_TICKET: Self = Self::text(StatusCode::UNAUTHORIZED, "Invalid or expired ticket.");
    pub(super) const BAD_REFRESH_TOKEN: Self =
        Self::text(StatusCode::UNAUTHORIZED, "Invalid or expired refresh token.");
    pub(super) const BAD_LINK: Self = Self::text(StatusCode::UNAUTHORIZED, "Invalid or expired token.");
    pub(super) const WEAK_PASSWORD: Self = Self::text(StatusCode::BAD_REQUEST, "Password is too weak.");
    pub(super) const BAD_ADMIN_SECRET: Self = Self::text(StatusCode::UNAUTHORIZED, "Invalid x-admin-secret");
    pub(super) const UNKNOWN_ACCOUNT: Self = Self::text(StatusCode::BAD_REQUEST, "Account does not exist.");
    pub(super) const DEFAULT_ROLE_NOT_ALLOWED: Self = Self::text(
        StatusCode::BAD_REQUEST,
        "Default role must be part of allowed roles.",
    );
    pub(super) const ROLE_NOT_ALLOWED: Self = Self::text(
        StatusCode::BAD_REQUEST,
        "allowed roles must be a subset of ALLOWED_ROLES",
    );
    const ACCOUNT_EXISTS: Self = Self::text(StatusCode::BAD_REQUEST, "Account already exists.");
    const NOT_ACTIVATED: Self = Self::text(StatusCode::BAD_REQUEST, "Account is not activated.");
    const FACTOR_ENABLED: Self = Self::text(StatusCode::BAD_REQUEST, "MFA is already enabled.");
    const FACTOR_DISABLED: Self = Self::text(StatusCode::BAD_REQUEST, "MFA is already disabled.");
    const FACTOR_NOT_ENABLED: Self = Self::text(StatusCode::BAD_REQUEST, "MFA is not enabled.");
    const FACTOR_NOT_BEGUN: Self = Self::text(StatusCode::BAD_REQUEST, "OTP secret is not set.");
    const BAD_CODE: Self = Self::text(StatusCode::UNAUTHORIZED, "Invalid two-factor code.");
    pub(super) const SECOND_FACTOR_REQUIRED: Self =
        Self::text(StatusCode::FORBIDDEN, "Second factor required");
    pub(super) const PROVIDER_SILENT: Self =
        Self::text(StatusCode::BAD_GATEWAY, "The provider does not answer.");
    const ADDRESS_TAKEN: Self = Self::text(StatusCode::BAD_REQUEST, "Cannot use this email.");
    const NOT_DELETED: Self = Self::text(StatusCode::UNAUTHORIZED, "Unable to delete account");

    const fn text(status: StatusCode, message: &'static str) -> Self {
        Self {
            status,
            message: Some(Cow::Borrowed(message)),
            retry_after: None,
        }
    }

    /// A field that is not as it must be.
    pub(super) fn invalid(message: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: Some(Cow::Owned(message)),
            retry_after: None,
        }
    }

    /// One client did something too often.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::text(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
        }
    }

    /// One client made as many requests as the contract's limiter lets it.
    pub(super) fn rate_limited(window_seconds: u64) -> Self {
        Self {
            retry_after: Some(window_seconds),
            ..Self::text(StatusCode::TOO_MANY_REQUESTS, "You are being rate limited.")
        }
    }

    /// The answer.
    pub(super) fn respond(&self) -> HttpResponse {
        self.respond_with(HttpResponse::build(self.status))
    }

    /// The answer, with both cookies cleared.
    pub(super) fn respond_and_clear_cookies(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        Cookies::clear(&mut response);
        self.respond_with(response)
    }

    fn respond_with(&self, mut response: HttpResponseBuilder) -> HttpResponse {
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response
            .content_type("application/json; charset=utf-8")
            .body(self.envelope())
    }

    fn envelope(&self) -> String {
        #[derive(serde::Serialize)]
        struct Envelope<'a> {
            #[serde(rename = "statusCode")]
            status_code: u16,
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<&'a str>,
        }
        let envelope = Envelope {
            status_code: self.status.as_u16(),
            error: self.status.canonical_reason().unwrap_or_default(),
            message: self.message.as_deref(),
        };
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or("malformed body"))
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.respond()
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::INTERNAL,
            Fault::Busy => Self {
                retry_after: Some(u64::from(RETRY_AFTER_SECONDS)),
                ..Self::text(StatusCode::SERVICE_UNAVAILABLE, "Server is busy")
            },
        }
    }
}

impl From<ActivationError> for Refusal {
    fn from(refusal: ActivationError) -> Self {
        match refusal {
            ActivationError::Unknown | ActivationError::Expired | ActivationError::AlreadyActive => {
                Self::BAD_TICKET
            }
        }
    }
}

impl From<RefreshFlowError> for Refusal {
    fn from(refusal: RefreshFlowError) -> Self {
        match refusal {
            RefreshFlowError::UnknownApplication => missing_application(),
            RefreshFlowError::AccountNotActive | RefreshFlowError::Token(_) => Self::BAD_REFRESH_TOKEN,
        }
    }
}

impl From<PasswordResetError> for Refusal {
    fn from(refusal: PasswordResetError) -> Self {
        match refusal {
            PasswordResetError::Unknown | PasswordResetError::Expired | PasswordResetError::Suspended => {
                Self::BAD_TICKET
            }
        }
    }
}

impl From<EmailChangeError> for Refusal {
    fn from(refusal: EmailChangeError) -> Self {
        match refusal {
            EmailChangeError::Unknown => Self::UNKNOWN_ACCOUNT,
            EmailChangeError::Spent | EmailChangeError::Expired | EmailChangeError::AccountNotActive => {
                Self::BAD_TICKET
            }
            EmailChangeError::AddressTaken => Self::ADDRESS_TAKEN,
        }
    }
}

impl From<LeaveError> for Refusal {
    fn from(refusal: LeaveError) -> Self {
        match refusal {
            LeaveError::UnknownAccount | LeaveError::Suspended => Self::NOT_DELETED,
        }
    }
}

impl From<BeginFactorError> for Refusal {
    fn from(refusal: BeginFactorError) -> Self {
        match refusal {
            BeginFactorError::AlreadyEnabled => Self::FACTOR_ENABLED,
            BeginFactorError::AccountClosed => Self::UNKNOWN_ACCOUNT,
        }
    }
}

impl From<CodeError> for Refusal {
    fn from(refusal: CodeError) -> Self {
        match refusal {
            CodeError::Wrong | CodeError::Replayed | CodeError::LockedOut => Self::BAD_CODE,
        }
    }
}

impl From<FactorError> for Refusal {
    fn from(refusal: FactorError) -> Self {
        match refusal {
            FactorError::AlreadyEnabled => Self::FACTOR_ENABLED,
            FactorError::NotEnabled => Self::FACTOR_NOT_ENABLED,
            FactorError::NotBegun => Self::FACTOR_NOT_BEGUN,
            FactorError::AccountClosed => Self::UNKNOWN_ACCOUNT,
            FactorError::Code(refusal) => refusal.into(),
        }
    }
}

impl Refusal {
    /// Why a second factor was not taken away.
    pub(super) fn at_disabling(refusal: FactorError) -> Self {
        match refusal {
            FactorError::NotEnabled => Self::FACTOR_DISABLED,
            FactorError::AlreadyEnabled
            | FactorError::NotBegun
            | FactorError::AccountClosed
            | FactorError::Code(_) => refusal.into(),
        }
    }
}

impl From<FinishLogInError> for Refusal {
    fn from(refusal: FinishLogInError) -> Self {
        match refusal {
            FinishLogInError::Ticket => Self::BAD_TICKET,
            FinishLogInError::NotEnabled => Self::FACTOR_NOT_ENABLED,
            FinishLogInError::AccountNotActive => Self::NOT_ACTIVATED,
            FinishLogInError::Code(refusal) => refusal.into(),
            FinishLogInError::UnknownApplication => missing_application(),
        }
    }
}

/// Texts and statuses that the profiles spell differently.
impl Profile {
    pub(super) fn not_authenticated(self) -> Refusal {
        Refusal::text(
            StatusCode::UNAUTHORIZED,
            match self {
                Self::Documented => "Unauthorized",
                Self::V2_7 => "Not logged in",
            },
        )
    }

    /// A part of the dialect that the operator switched off.
    pub(super) fn switched_off(self) -> Refusal {
        match self {
            Self::Documented => Refusal::NOT_FOUND,
            Self::V2_7 => Refusal::INTERNAL,
        }
    }

    pub(super) fn wrong_password(self) -> Refusal {
        Refusal::text(
            StatusCode::UNAUTHORIZED,
            match self {
                Self::Documented => "Password does not match.",
                Self::V2_7 => "Username and password do not match",
            },
        )
    }

    pub(super) fn wrong_current_password(self) -> Refusal {
        Refusal::text(
            StatusCode::UNAUTHORIZED,
            match self {
                Self::Documented => "Incorrect password.",
                Self::V2_7 => "Incorrect current password.",
            },
        )
    }

    pub(super) fn sign_up(self, refusal: SignUpError) -> Refusal {
        match (refusal, self) {
            (SignUpError::AddressAwaitsActivation, Self::V2_7) => Refusal::text(
                StatusCode::BAD_REQUEST,
                "Account already exists but is not activated.",
            ),
            (SignUpError::AddressAwaitsActivation, Self::Documented)
            | (SignUpError::AddressTaken | SignUpError::NameTaken, _) => Refusal::ACCOUNT_EXISTS,
        }
    }

    pub(super) fn log_in(self, refusal: LogInError) -> Refusal {
        match refusal {
            LogInError::UnknownAccount => Refusal::UNKNOWN_ACCOUNT,
            LogInError::NotActivated | LogInError::Suspended => Refusal::NOT_ACTIVATED,
            LogInError::NoPassword | LogInError::WrongPassword | LogInError::LockedOut => {
                self.wrong_password()
            }
            LogInError::UnknownApplication => missing_application(),
            LogInError::SecondFactorUnsupported
            | LogInError::SecondFactorMissing
            | LogInError::SecondFactorWrong
            | LogInError::SecondFactorReplayed => Refusal::SECOND_FACTOR_REQUIRED,
        }
    }

    pub(super) fn arrival(self, refusal: ArrivalError) -> Refusal {
        match refusal {
            ArrivalError::Unknown => Refusal::invalid("\"email\" is not in an authorised domain".to_owned()),
            ArrivalError::AddressTaken => Refusal::ACCOUNT_EXISTS,
            ArrivalError::LogIn(refusal) => self.log_in(refusal),
        }
    }

    pub(super) fn password_change(self, refusal: PasswordChangeError) -> Refusal {
        match refusal {
            PasswordChangeError::AccountNotActive => self.not_authenticated(),
            PasswordChangeError::WrongPassword => self.wrong_current_password(),
        }
    }

    pub(super) fn email_change_request(self, refusal: EmailChangeRequestError) -> Refusal {
        match refusal {
            EmailChangeRequestError::AddressTaken => Refusal::ADDRESS_TAKEN,
            EmailChangeRequestError::AccountNotActive => self.not_authenticated(),
            EmailChangeRequestError::TooManyMails => Refusal::too_many(Duration::from_hours(1)),
        }
    }
}

/// The dialect's own application is made at every start; without it nothing can be granted.
fn missing_application() -> Refusal {
    tracing::error!("the application backend_plus is missing");
    Refusal::INTERNAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_status_reason_and_text() {
        assert_eq!(
            Refusal::UNKNOWN_ACCOUNT.envelope(),
            r#"{"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
        );
        assert_eq!(
            Refusal::MALFORMED.envelope(),
            r#"{"statusCode":400,"error":"Bad Request"}"#
        );
        assert_eq!(
            Refusal::TOO_LARGE.envelope(),
            r#"{"statusCode":413,"error":"Payload Too Large","message":"Request body is too large"}"#
        );
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        let wait = |millis| Refusal::too_many(Duration::from_millis(millis)).retry_after;
        assert_eq!(
            [wait(0), wait(1), wait(1000), wait(1001)],
            [Some(1), Some(1), Some(1), Some(2)]
        );
    }
}
