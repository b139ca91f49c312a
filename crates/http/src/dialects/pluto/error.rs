use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use clavis_flows::{
    ActivationError, LogInError, PasswordResetError, ProfileError, RefreshFlowError, ResendError,
    ResetRequestError, SignUpError,
};
use clavis_tokens::RefreshError;

use super::picture::PictureError;
use super::wire;
use crate::fault::RETRY_AFTER_SECONDS;
use crate::{BearerError, Fault};

/// After how long somebody who asked for too many mails may ask again: the window in which they are counted.
const MAILS_AGAIN_AFTER_SECONDS: u32 = 3600;

/// A refusal in Pluto's words: the HTTP status, Pluto's own code and the text that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlutoError {
    status: StatusCode,
    code: u16,
    message: &'static str,
    retry_after_seconds: Option<u32>,
}

impl PlutoError {
    pub(super) const SERVER_ERROR: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, 1000, "Server Error");
    pub(super) const BAD_REQUEST: Self = Self::new(StatusCode::BAD_REQUEST, 1001, "Bad Request");
    pub(super) const FORBIDDEN: Self = Self::forbidden(1002, "Permission Forbidden");
    pub(super) const UNAUTHORIZED: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1003, "Request is unauthorized");
    pub(super) const PATH_NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, 1005, "Path not found");
    pub(super) const MAIL_TAKEN: Self = Self::forbidden(2001, "Mail is already been registered");
    pub(super) const MAIL_UNKNOWN: Self = Self::forbidden(2002, "Mail does not exist");
    pub(super) const MAIL_NOT_VERIFIED: Self = Self::forbidden(2003, "Mail is not verified");
    pub(super) const MAIL_VERIFIED: Self =
        Self::new(StatusCode::BAD_REQUEST, 2004, "Mail is already verified");
    pub(super) const NAME_UNKNOWN: Self = Self::forbidden(2005, "Username does not exist");
    pub(super) const NAME_TAKEN: Self = Self::forbidden(2006, "User name already exists");
    pub(super) const NO_PASSWORD: Self = Self::new(
        StatusCode::BAD_REQUEST,
        2009,
        "Password has not been set for this account",
    );
    pub(super) const WRONG_PASSWORD: Self = Self::forbidden(3001, "Invalid Password");
    pub(super) const INVALID_REFRESH_TOKEN: Self = Self::forbidden(3002, "Invalid Refresh Token");
    pub(super) const INVALID_JWT: Self = Self::forbidden(3003, "Invalid JWT Token");
    pub(super) const INVALID_AVATAR: Self = Self::new(StatusCode::BAD_REQUEST, 3006, "Invalid Avatar Format");
    pub(super) const JWT_EXPIRED: Self = Self::forbidden(3008, "JWT Token Expired");
    pub(super) const INVALID_ACCESS_TOKEN: Self = Self::forbidden(3009, "Invalid Access Token");
    pub(super) const REFRESH_TOKEN_EXPIRED: Self = Self::forbidden(3011, "Refresh token expired");
    pub(super) const UNKNOWN_APPLICATION: Self = Self::forbidden(4005, "Application does not exist");
    pub(super) const NOT_ADMIN: Self = Self::forbidden(4008, "Not the pluto admin");
    pub(super) const UNKNOWN_USER: Self = Self::forbidden(4009, "User is not exist");
    // Refusals that Pluto has none for begin at 9000.
    const TOO_MANY_REQUESTS: Self = Self::new(StatusCode::TOO_MANY_REQUESTS, 9001, "Too many requests");
    pub(super) const BUSY: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 9002, "Server is busy").after(RETRY_AFTER_SECONDS);
    const SECOND_FACTOR_REQUIRED: Self = Self::forbidden(9003, "Second factor required");
    pub(super) const BODY_TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 9004, "Request body is too large");
    const TOO_MANY_MAILS: Self = Self::TOO_MANY_REQUESTS.after(MAILS_AGAIN_AFTER_SECONDS);

    const fn new(status: StatusCode, code: u16, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
            retry_after_seconds: None,
        }
    }

    const fn forbidden(code: u16, message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    const fn after(self, seconds: u32) -> Self {
        Self {
            retry_after_seconds: Some(seconds),
            ..self
        }
    }

    /// Too many requests came from one client; it may come back after the wait.
    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self::TOO_MANY_REQUESTS.after(seconds.saturating_add(1))
    }

    pub(super) fn status(self) -> StatusCode {
        self.status
    }

    pub(super) fn code(self) -> u16 {
        self.code
    }

    pub(super) fn message(self) -> &'static str {
        self.message
    }

    pub(super) fn retry_after_seconds(self) -> Option<u32> {
        self.retry_after_seconds
    }
}

impl fmt::Display for PlutoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl ResponseError for PlutoError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = wire::answer(self.status);
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(wire::Failure::new(self.code, self.message))
    }
}

impl From<Fault> for PlutoError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::SERVER_ERROR,
            Fault::Busy => Self::BUSY,
        }
    }
}

impl From<BearerError> for PlutoError {
    fn from(refusal: BearerError) -> Self {
        match refusal {
            BearerError::Invalid | BearerError::NotAnAccessToken => Self::INVALID_JWT,
            BearerError::Expired => Self::JWT_EXPIRED,
            BearerError::Revoked => Self::INVALID_ACCESS_TOKEN,
            BearerError::Fault(fault) => fault.into(),
        }
    }
}

impl From<SignUpError> for PlutoError {
    fn from(refusal: SignUpError) -> Self {
        match refusal {
            SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation => Self::MAIL_TAKEN,
            SignUpError::NameTaken => Self::NAME_TAKEN,
        }
    }
}

impl From<ResendError> for PlutoError {
    fn from(refusal: ResendError) -> Self {
        match refusal {
            ResendError::UnknownAddress => Self::MAIL_UNKNOWN,
            ResendError::AlreadyActive => Self::MAIL_VERIFIED,
            ResendError::Suspended => Self::FORBIDDEN,
            ResendError::TooManyMails => Self::TOO_MANY_MAILS,
        }
    }
}

impl From<ResetRequestError> for PlutoError {
    fn from(refusal: ResetRequestError) -> Self {
        match refusal {
            ResetRequestError::UnknownAddress => Self::MAIL_UNKNOWN,
            ResetRequestError::NotActivated => Self::MAIL_NOT_VERIFIED,
            ResetRequestError::Suspended => Self::FORBIDDEN,
            ResetRequestError::TooManyMails => Self::TOO_MANY_MAILS,
        }
    }
}

impl From<ActivationError> for PlutoError {
    fn from(refusal: ActivationError) -> Self {
        match refusal {
            ActivationError::Unknown => Self::INVALID_JWT,
            ActivationError::Expired => Self::JWT_EXPIRED,
            ActivationError::AlreadyActive => Self::MAIL_VERIFIED,
        }
    }
}

impl From<PasswordResetError> for PlutoError {
    fn from(refusal: PasswordResetError) -> Self {
        match refusal {
            PasswordResetError::Unknown => Self::INVALID_JWT,
            PasswordResetError::Expired => Self::JWT_EXPIRED,
            PasswordResetError::Suspended => Self::FORBIDDEN,
        }
    }
}

/// A log-in tells an unknown address from an unknown name; which it was is known where it was parsed.
pub(super) fn log_in_refused(refusal: LogInError, unknown: PlutoError) -> PlutoError {
    match refusal {
        LogInError::UnknownAccount => unknown,
        LogInError::NotActivated => PlutoError::MAIL_NOT_VERIFIED,
        LogInError::Suspended => PlutoError::FORBIDDEN,
        LogInError::NoPassword => PlutoError::NO_PASSWORD,
        LogInError::WrongPassword | LogInError::LockedOut => PlutoError::WRONG_PASSWORD,
        LogInError::UnknownApplication => PlutoError::UNKNOWN_APPLICATION,
        LogInError::SecondFactorUnsupported
        | LogInError::SecondFactorMissing
        | LogInError::SecondFactorWrong
        | LogInError::SecondFactorReplayed => PlutoError::SECOND_FACTOR_REQUIRED,
    }
}

impl From<RefreshFlowError> for PlutoError {
    fn from(refusal: RefreshFlowError) -> Self {
        match refusal {
            RefreshFlowError::UnknownApplication => Self::UNKNOWN_APPLICATION,
            RefreshFlowError::AccountNotActive => Self::INVALID_REFRESH_TOKEN,
            RefreshFlowError::Token(refusal) => match refusal {
                RefreshError::Unknown
                | RefreshError::Revoked
                | RefreshError::Reused
                | RefreshError::WrongClient => Self::INVALID_REFRESH_TOKEN,
                RefreshError::Expired => Self::REFRESH_TOKEN_EXPIRED,
            },
        }
    }
}

impl From<ProfileError> for PlutoError {
    fn from(refusal: ProfileError) -> Self {
        match refusal {
            ProfileError::AccountNotActive => Self::INVALID_ACCESS_TOKEN,
            ProfileError::NameTaken => Self::NAME_TAKEN,
        }
    }
}

impl From<PictureError> for PlutoError {
    fn from(refusal: PictureError) -> Self {
        match refusal {
            PictureError::NotAPicture => Self::INVALID_AVATAR,
            PictureError::Busy => Self::BUSY,
        }
    }
}
