//! Refusals in the dialect's envelope: one entry for each problem.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use clavis_flows::{ActivationError, ChangeUserError, KeepError, LogInError, SignUpError};
use serde::Serialize;

use super::wire;
use crate::fault::RETRY_AFTER_SECONDS;
use crate::{BearerError, Fault};

/// The fields of every request, in the order in which their problems are reported.
const FIELDS: [&str; 19] = [
    "email",
    "password",
    "first_name",
    "last_name",
    "active",
    "_activation_email",
    "_activation_optins",
    "grant_type",
    "id",
    "token",
    "name",
    "value",
    "key",
    "agreement_type",
    "source",
    "page",
    "perPage",
    "sort",
    "predicate",
];

/// What is wrong, and with which field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    message: Cow<'static, str>,
    key: Option<&'static str>,
}

/// What is wrong with a request's fields, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem; of one field only the first counts.
    pub(super) fn add(&mut self, key: &'static str, message: impl Into<Cow<'static, str>>) {
        if !self.0.iter().any(|problem| problem.key == Some(key)) {
            self.0.push(Problem {
                message: message.into(),
                key: Some(key),
            });
        }
    }

    /// All of them together, in the order of the fields.
    pub(super) fn finish(mut self) -> Result<(), SsoError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let place = |problem: &Problem| FIELDS.iter().position(|field| Some(*field) == problem.key);
        self.0
            .sort_by_key(|problem| place(problem).unwrap_or(FIELDS.len()));
        Err(SsoError {
            problems: self.0,
            ..SsoError::of(StatusCode::BAD_REQUEST)
        })
    }
}

/// A refusal: the status, which is every entry's code, and the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SsoError {
    status: StatusCode,
    problems: Vec<Problem>,
    retry_after_seconds: Option<u32>,
    allow: Option<&'static str>,
}

pub(super) const ADDRESS_TAKEN: &str = "E-Mail ist bereits vergeben";
const BANNED: &str = "Der Benutzer wurde vom Betreiber gesperrt";

impl SsoError {
    const fn of(status: StatusCode) -> Self {
        Self {
            status,
            problems: Vec::new(),
            retry_after_seconds: None,
            allow: None,
        }
    }

    fn new(status: StatusCode, message: &'static str, key: Option<&'static str>) -> Self {
        let message = message.into();
        Self {
            problems: vec![Problem { message, key }],
            ..Self::of(status)
        }
    }

    /// One field is wrong.
    pub(super) fn field(key: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some(key))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Nicht angemeldet", None)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Zugriff verweigert", None)
    }

    /// The session was opened with less than the account asks for, or at another door.
    pub(super) fn not_fully_proven() -> Self {
        const MESSAGE: &str = "Mit diesem Token können E-Mail und Passwort nicht geändert werden";
        Self::new(StatusCode::FORBIDDEN, MESSAGE, None)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Nicht gefunden", None)
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Methode nicht erlaubt", None)
        }
    }

    pub(super) fn bad_body() -> Self {
        const MESSAGE: &str = "Der Inhalt der Anfrage ist kein JSON-Objekt";
        Self::new(StatusCode::BAD_REQUEST, MESSAGE, None)
    }

    pub(super) fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large", None)
    }

    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self {
            retry_after_seconds: Some(seconds.saturating_add(1)),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", None)
        }
    }

    fn second_factor_required() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Second factor required", None)
    }

    /// Of a log-in by address and password: who has an account, and in which state, is told to nobody.
    pub(super) fn of_log_in(refusal: LogInError) -> Self {
        match refusal {
            LogInError::UnknownAccount
            | LogInError::NotActivated
            | LogInError::Suspended
            | LogInError::NoPassword
            | LogInError::WrongPassword
            | LogInError::LockedOut => Self::field("email", "E-Mail oder Passwort ist falsch"),
            LogInError::SecondFactorMissing
            | LogInError::SecondFactorWrong
            | LogInError::SecondFactorReplayed
            | LogInError::SecondFactorUnsupported => Self::second_factor_required(),
            // The dialect's own application is made at every start.
            LogInError::UnknownApplication => Fault::Internal.into(),
        }
    }
}

#[derive(Serialize)]
struct Failure<'a> {
    success: bool,
    errors: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    message: &'a str,
    code: u16,
    key: Option<&'static str>,
}

impl fmt::Display for SsoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl ResponseError for SsoError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = wire::answer(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        let entries = self.problems.iter().map(|problem| Entry {
            message: &problem.message,
            code: self.status.as_u16(),
            key: problem.key,
        });
        response.json(Failure {
            success: false,
            errors: entries.collect(),
        })
    }
}

impl From<Fault> for SsoError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Interner Fehler", None),
            Fault::Busy => Self {
                retry_after_seconds: Some(RETRY_AFTER_SECONDS),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Server is busy", None)
            },
        }
    }
}

impl From<BearerError> for SsoError {
    fn from(error: BearerError) -> Self {
        match error {
            BearerError::Invalid
            | BearerError::NotAnAccessToken
            | BearerError::Expired
            | BearerError::Revoked => Self::unauthorized(),
            BearerError::Fault(fault) => fault.into(),
        }
    }
}

impl From<SignUpError> for SsoError {
    fn from(refusal: SignUpError) -> Self {
        match refusal {
            SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation | SignUpError::NameTaken => {
                Self::field("email", ADDRESS_TAKEN)
            }
        }
    }
}

impl From<ChangeUserError> for SsoError {
    fn from(refusal: ChangeUserError) -> Self {
        match refusal {
            ChangeUserError::UnknownAccount => Self::not_found(),
            ChangeUserError::AddressTaken => Self::field("email", ADDRESS_TAKEN),
            ChangeUserError::Banned => Self::field("active", BANNED),
        }
    }
}

impl From<ActivationError> for SsoError {
    fn from(refusal: ActivationError) -> Self {
        match refusal {
            ActivationError::Unknown => Self::field("token", "Token ist ungültig"),
            ActivationError::Expired => Self::field("token", "Token ist abgelaufen"),
            ActivationError::AlreadyActive => Self::field("token", "Token wurde bereits verwendet"),
        }
    }
}

impl SsoError {
    /// Something more was not kept about a user.
    pub(super) fn of_keeping(refusal: KeepError, key: &'static str) -> Self {
        match refusal {
            KeepError::UnknownAccount => Self::not_found(),
            KeepError::TooMany => Self::field(key, "Es sind bereits zu viele vorhanden"),
        }
    }
}

impl Problems {
    /// What the store says stands in the way of a change.
    pub(super) fn add_obstacles(&mut self, obstacles: clavis_flows::ChangeObstacle) {
        if obstacles.address_taken {
            self.add("email", ADDRESS_TAKEN);
        }
        if obstacles.banned {
            self.add("active", BANNED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_in_the_order_of_the_fields_and_one_for_each() {
        let mut problems = Problems::default();
        problems.add("active", "c");
        problems.add("email", "a");
        problems.add("email", "later");
        problems.add("password", "b");
        let error = problems.finish().unwrap_err();
        let keys: Vec<_> = error
            .problems
            .iter()
            .map(|problem| (problem.key.unwrap(), problem.message.as_ref()))
            .collect();
        assert_eq!(keys, [("email", "a"), ("password", "b"), ("active", "c")]);
        assert_eq!(Problems::default().finish(), Ok(()));
    }
}
