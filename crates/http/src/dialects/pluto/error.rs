use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use clavis_flows::{
    ActivationError, ArrivalError, AssignRoleError, AuthorizationError, BindError, ClientError,
    CreateApplicationError, DefaultRoleError, DefaultScopeError, DelegatedLogInError, DelegatedRefreshError,
    ExtendApplicationError, LogInError, PasswordResetError, ProfileError, RedeemCodeError, RefreshFlowError,
    RegisterClientError, ReplaceScopesError, ResendError, ResetRequestError, SignUpError, UnbindError,
    UnknownApplication, UnknownClient,
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
    const BOUND_ALREADY: Self = Self::forbidden(2007, "Bind already exists");
    const NOT_BOUND: Self = Self::forbidden(2008, "Bind does not exist");
    pub(super) const NO_PASSWORD: Self = Self::new(
        StatusCode::BAD_REQUEST,
        2009,
        "Password has not been set for this account",
    );
    const LAST_BINDING: Self = Self::forbidden(2010, "Cannot unbind the last account.");
    pub(super) const WRONG_PASSWORD: Self = Self::forbidden(3001, "Invalid Password");
    pub(super) const INVALID_REFRESH_TOKEN: Self = Self::forbidden(3002, "Invalid Refresh Token");
    pub(super) const INVALID_JWT: Self = Self::forbidden(3003, "Invalid JWT Token");
    pub(super) const INVALID_GOOGLE_TOKEN: Self = Self::forbidden(3004, "Invalid Google ID Token");
    pub(super) const INVALID_WECHAT_CODE: Self = Self::forbidden(3005, "Invalid Wechat Code");
    pub(super) const INVALID_AVATAR: Self = Self::new(StatusCode::BAD_REQUEST, 3006, "Invalid Avatar Format");
    pub(super) const INVALID_APPLE_TOKEN: Self = Self::forbidden(3007, "Invalid Apple ID Token");
    pub(super) const INVALID_APPLICATION: Self = Self::forbidden(3010, "Invalid Application");
    pub(super) const JWT_EXPIRED: Self = Self::forbidden(3008, "JWT Token Expired");
    pub(super) const INVALID_ACCESS_TOKEN: Self = Self::forbidden(3009, "Invalid Access Token");
    pub(super) const REFRESH_TOKEN_EXPIRED: Self = Self::forbidden(3011, "Refresh token expired");
    const SCOPE_TAKEN: Self = Self::forbidden(4001, "Scope already exists");
    const UNKNOWN_SCOPE: Self = Self::forbidden(4002, "Scope not exist");
    const APPLICATION_TAKEN: Self = Self::forbidden(4004, "Application already exists");
    pub(super) const UNKNOWN_APPLICATION: Self = Self::forbidden(4005, "Application does not exist");
    const ROLE_TAKEN: Self = Self::forbidden(4006, "Role already exists");
    const UNKNOWN_ROLE: Self = Self::forbidden(4007, "Role does not exist");
    pub(super) const NOT_ADMIN: Self = Self::forbidden(4008, "Not the pluto admin");
    pub(super) const UNKNOWN_USER: Self = Self::forbidden(4009, "User is not exist");
    pub(super) const INVALID_GRANT_TYPE: Self = Self::forbidden(5001, "Invalid grant type");
    const UNKNOWN_CODE: Self = Self::forbidden(5002, "Authorization code not found");
    // The text is spelled so.
    pub(super) const INVALID_REDIRECT_URI: Self = Self::forbidden(5003, "Invlid redirect uri");
    const CODE_EXPIRED: Self = Self::forbidden(5004, "Authorization code expired");
    pub(super) const UNKNOWN_CLIENT: Self =
        Self::new(StatusCode::UNAUTHORIZED, 5005, "client_id or secret not found");
    const CLIENT_TAKEN: Self = Self::new(StatusCode::UNAUTHORIZED, 5006, "Client already exists");
    pub(super) const INVALID_CLIENT_STATUS: Self =
        Self::new(StatusCode::UNAUTHORIZED, 5007, "Invalid client status");
    pub(super) const INVALID_CLIENT: Self = Self::forbidden(5008, "Invalid client");
    // Refusals that Pluto has none for begin at 9000.
    const TOO_MANY_REQUESTS: Self = Self::new(StatusCode::TOO_MANY_REQUESTS, 9001, "Too many requests");
    pub(super) const BUSY: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 9002, "Server is busy").after(RETRY_AFTER_SECONDS);
    pub(super) const SECOND_FACTOR_REQUIRED: Self = Self::forbidden(9003, "Second factor required");
    pub(super) const BODY_TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 9004, "Request body is too large");
    pub(super) const FOREIGN_FORM: Self = Self::forbidden(9006, "The form is not from this server");
    const WRONG_CODE_VERIFIER: Self = Self::forbidden(9005, "Invalid code verifier");
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

impl From<ArrivalError> for PlutoError {
    fn from(refusal: ArrivalError) -> Self {
        match refusal {
            // Only where accounts are linked by address.
            ArrivalError::Unknown | ArrivalError::AddressTaken => Self::UNKNOWN_USER,
            ArrivalError::LogIn(refusal) => log_in_refused(refusal, Self::UNKNOWN_USER),
        }
    }
}

impl From<BindError> for PlutoError {
    fn from(refusal: BindError) -> Self {
        match refusal {
            BindError::AccountNotActive => Self::INVALID_ACCESS_TOKEN,
            BindError::ReducedSession => Self::SECOND_FACTOR_REQUIRED,
            BindError::AlreadyBound => Self::BOUND_ALREADY,
            BindError::TooManyMails => Self::TOO_MANY_MAILS,
        }
    }
}

impl From<UnbindError> for PlutoError {
    fn from(refusal: UnbindError) -> Self {
        match refusal {
            UnbindError::AccountNotActive => Self::INVALID_ACCESS_TOKEN,
            UnbindError::ReducedSession => Self::SECOND_FACTOR_REQUIRED,
            UnbindError::NotBound => Self::NOT_BOUND,
            UnbindError::LastOne => Self::LAST_BINDING,
        }
    }
}

impl From<CreateApplicationError> for PlutoError {
    fn from(refusal: CreateApplicationError) -> Self {
        match refusal {
            // Every dialect has an application of its name.
            CreateApplicationError::NameTaken | CreateApplicationError::Reserved => Self::APPLICATION_TAKEN,
        }
    }
}

/// A new role was refused.
pub(super) fn role_refused(refusal: ExtendApplicationError) -> PlutoError {
    match refusal {
        ExtendApplicationError::UnknownApplication => PlutoError::UNKNOWN_APPLICATION,
        ExtendApplicationError::NameTaken => PlutoError::ROLE_TAKEN,
    }
}

/// A new scope was refused.
pub(super) fn scope_refused(refusal: ExtendApplicationError) -> PlutoError {
    match refusal {
        ExtendApplicationError::UnknownApplication => PlutoError::UNKNOWN_APPLICATION,
        ExtendApplicationError::NameTaken => PlutoError::SCOPE_TAKEN,
    }
}

impl From<UnknownApplication> for PlutoError {
    fn from(_: UnknownApplication) -> Self {
        Self::UNKNOWN_APPLICATION
    }
}

impl From<ReplaceScopesError> for PlutoError {
    fn from(refusal: ReplaceScopesError) -> Self {
        match refusal {
            ReplaceScopesError::UnknownRole => Self::UNKNOWN_ROLE,
            ReplaceScopesError::OwnAuthority => Self::FORBIDDEN,
        }
    }
}

impl From<DefaultScopeError> for PlutoError {
    fn from(refusal: DefaultScopeError) -> Self {
        match refusal {
            DefaultScopeError::UnknownRole => Self::UNKNOWN_ROLE,
            DefaultScopeError::UnknownScope => Self::UNKNOWN_SCOPE,
        }
    }
}

impl From<DefaultRoleError> for PlutoError {
    fn from(refusal: DefaultRoleError) -> Self {
        match refusal {
            DefaultRoleError::UnknownApplication => Self::UNKNOWN_APPLICATION,
            DefaultRoleError::UnknownRole => Self::UNKNOWN_ROLE,
        }
    }
}

impl From<AssignRoleError> for PlutoError {
    fn from(refusal: AssignRoleError) -> Self {
        match refusal {
            AssignRoleError::UnknownAccount => Self::UNKNOWN_USER,
            AssignRoleError::UnknownApplication => Self::UNKNOWN_APPLICATION,
            AssignRoleError::UnknownRole => Self::UNKNOWN_ROLE,
            AssignRoleError::OwnAuthority => Self::FORBIDDEN,
        }
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

impl From<RegisterClientError> for PlutoError {
    fn from(refusal: RegisterClientError) -> Self {
        match refusal {
            RegisterClientError::KeyTaken => Self::CLIENT_TAKEN,
            RegisterClientError::TooMany => Self::FORBIDDEN,
            RegisterClientError::AccountNotActive => Self::INVALID_ACCESS_TOKEN,
        }
    }
}

impl From<UnknownClient> for PlutoError {
    fn from(_: UnknownClient) -> Self {
        Self::UNKNOWN_CLIENT
    }
}

impl From<ClientError> for PlutoError {
    fn from(refusal: ClientError) -> Self {
        match refusal {
            ClientError::Unknown => Self::UNKNOWN_CLIENT,
            ClientError::NotApproved | ClientError::WrongSecret => Self::INVALID_CLIENT,
        }
    }
}

impl From<RedeemCodeError> for PlutoError {
    fn from(refusal: RedeemCodeError) -> Self {
        match refusal {
            RedeemCodeError::Client(refusal) => refusal.into(),
            RedeemCodeError::Unknown | RedeemCodeError::Replayed => Self::UNKNOWN_CODE,
            RedeemCodeError::WrongRedirectUri => Self::INVALID_REDIRECT_URI,
            RedeemCodeError::Expired => Self::CODE_EXPIRED,
            RedeemCodeError::WrongVerifier => Self::WRONG_CODE_VERIFIER,
        }
    }
}

impl From<DelegatedLogInError> for PlutoError {
    fn from(refusal: DelegatedLogInError) -> Self {
        match refusal {
            DelegatedLogInError::Client(refusal) => refusal.into(),
            DelegatedLogInError::LogIn(refusal) => log_in_refused(refusal, Self::MAIL_UNKNOWN),
        }
    }
}

impl From<DelegatedRefreshError> for PlutoError {
    fn from(refusal: DelegatedRefreshError) -> Self {
        match refusal {
            DelegatedRefreshError::Client(refusal) => refusal.into(),
            DelegatedRefreshError::Token(refusal) => RefreshFlowError::Token(refusal).into(),
            DelegatedRefreshError::WrongApplication => Self::INVALID_APPLICATION,
            DelegatedRefreshError::AccountNotActive => Self::INVALID_REFRESH_TOKEN,
        }
    }
}

impl From<AuthorizationError> for PlutoError {
    fn from(refusal: AuthorizationError) -> Self {
        match refusal {
            AuthorizationError::SessionEnded => Self::UNAUTHORIZED,
            AuthorizationError::UnknownClient => Self::UNKNOWN_CLIENT,
            AuthorizationError::ClientNotApproved => Self::INVALID_CLIENT,
            AuthorizationError::WrongRedirectUri => Self::INVALID_REDIRECT_URI,
            AuthorizationError::UnknownApplication => Self::UNKNOWN_APPLICATION,
            AuthorizationError::SecondFactorMissing => Self::SECOND_FACTOR_REQUIRED,
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
