//! Refusals as status and body, in both of the dialect's ways of saying them.

mod account;
mod admin;
mod factor;
mod gateway;
mod kyc;
mod management;
mod parameter;
mod voice;

use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::sentence::{self, RecordError};
use crate::Fault;
use crate::fault::RETRY_AFTER_SECONDS;

pub(super) use parameter::{ParameterFault, ParameterProblem, Thing};
pub(super) use voice::{Profile, Voice, spoken};

/// The number that goes with every bearer failure which is explained.
const BEARER_FAILURE: u16 = 2001;

/// A refusal. It says everything that both profiles could say of it; [`Self::render`] picks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BarongError {
    words: Words,
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    /// A fixed status and text in each profile.
    Fixed {
        classic: (StatusCode, &'static str),
        coded: (StatusCode, &'static str),
    },
    /// A code of the gateway, which is the same in both.
    Gateway(StatusCode, &'static str),
    /// Why a bearer token was not believed: for installations that tell.
    BearerExplained(&'static str),
    /// What is wrong with the parameters.
    Parameters(Vec<ParameterFault>),
    /// What is wrong with a record.
    Record {
        classic_status: StatusCode,
        shape: Shape,
        errors: Vec<RecordError>,
    },
}

/// How the classic profile puts a record's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// All as one English sentence.
    Sentence,
    /// A list of sentences.
    List,
    /// By field, without the field's name in the messages.
    Fields,
}

/// A refusal with its words in both profiles.
const fn said(status: StatusCode, text: &'static str, code: &'static str) -> BarongError {
    said_apart((status, text), (status, code))
}

/// A refusal whose status, too, differs between the profiles.
const fn said_apart(classic: (StatusCode, &'static str), coded: (StatusCode, &'static str)) -> BarongError {
    BarongError {
        words: Words::Fixed { classic, coded },
        retry_after_seconds: None,
    }
}

/// A refusal that the contract knows by one text alone; both profiles say it in their envelope.
const fn said_alike(status: StatusCode, text: &'static str) -> BarongError {
    said(status, text, text)
}

impl BarongError {
    pub(super) const BEARER: Self = said(
        StatusCode::UNAUTHORIZED,
        "Permission Denied",
        "jwt.decode_and_verify",
    );
    pub(super) const NOT_FOUND: Self = said(StatusCode::NOT_FOUND, "Record is not found", "record.not_found");
    pub(super) const NO_ROUTE: Self = said(StatusCode::NOT_FOUND, "Route is not found", "record.not_found");
    pub(super) const INTERNAL: Self = said(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "server.internal_error",
    );
    pub(super) const TOO_LARGE: Self = said(
        StatusCode::PAYLOAD_TOO_LARGE,
        "Request body is too large",
        "request.too_large",
    );
    const BUSY: Self = said(StatusCode::SERVICE_UNAVAILABLE, "Server is busy", "server.busy");
    const TOO_MANY_REQUESTS: Self = said(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many requests",
        "request.too_many_requests",
    );

    pub(super) const NOT_JSON: Self = said(
        StatusCode::BAD_REQUEST,
        "Request body is not valid JSON",
        "request.invalid_json",
    );
    pub(super) const NOT_A_FORM: Self = said(
        StatusCode::BAD_REQUEST,
        "Request body is not a valid form",
        "request.invalid_form",
    );
    pub(super) const TOO_MANY_PARAMETERS: Self = said(
        StatusCode::BAD_REQUEST,
        "Request has too many or too deep parameters",
        "request.too_many_parameters",
    );

    /// There is no room just now.
    pub(super) fn busy() -> Self {
        Self::BUSY.after(RETRY_AFTER_SECONDS.into())
    }

    /// Too many requests came from one client; it may come back after the wait.
    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        Self::TOO_MANY_REQUESTS.after(seconds.max(1))
    }

    fn after(self, seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(seconds),
            ..self
        }
    }

    /// A bearer failure with its reason. Only for installations that set `verbose_bearer_errors`: the others
    /// answer [`Self::BEARER`].
    pub(super) const fn bearer_explained(reason: &'static str) -> Self {
        Self::with(Words::BearerExplained(reason))
    }

    /// What is wrong with the parameters.
    pub(super) const fn parameters(faults: Vec<ParameterFault>) -> Self {
        Self::with(Words::Parameters(faults))
    }

    /// What is wrong with a record, as one sentence: 422.
    pub(super) fn record(errors: impl IntoIterator<Item = RecordError>) -> Self {
        Self::of_record(StatusCode::UNPROCESSABLE_ENTITY, Shape::Sentence, errors)
    }

    /// What is wrong with a document, as one sentence: 400, which later releases made 422.
    pub(super) fn document(errors: impl IntoIterator<Item = RecordError>) -> Self {
        Self::of_record(StatusCode::BAD_REQUEST, Shape::Sentence, errors)
    }

    /// What is wrong with an account, as a list of sentences: 422.
    pub(super) fn account(errors: impl IntoIterator<Item = RecordError>) -> Self {
        Self::of_record(StatusCode::UNPROCESSABLE_ENTITY, Shape::List, errors)
    }

    /// What is wrong with a phone, or with a label that another server sets, by field: 422.
    pub(super) fn by_field(errors: impl IntoIterator<Item = RecordError>) -> Self {
        Self::of_record(StatusCode::UNPROCESSABLE_ENTITY, Shape::Fields, errors)
    }

    fn of_record(
        classic_status: StatusCode,
        shape: Shape,
        errors: impl IntoIterator<Item = RecordError>,
    ) -> Self {
        Self::with(Words::Record {
            classic_status,
            shape,
            errors: errors.into_iter().collect(),
        })
    }

    const fn with(words: Words) -> Self {
        Self {
            words,
            retry_after_seconds: None,
        }
    }

    /// The status in the voice of a mount.
    pub(super) fn status(&self, voice: Voice) -> StatusCode {
        match (&self.words, voice) {
            (Words::Fixed { classic, .. }, Voice::Classic | Voice::Management) => classic.0,
            (Words::Fixed { coded, .. }, Voice::Coded) => coded.0,
            (Words::Gateway(status, _), _) => *status,
            (Words::BearerExplained(_), _) => StatusCode::UNAUTHORIZED,
            (Words::Parameters(_), Voice::Classic) => StatusCode::BAD_REQUEST,
            (Words::Parameters(_) | Words::Record { .. }, Voice::Coded | Voice::Management) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            (Words::Record { classic_status, .. }, Voice::Classic) => *classic_status,
        }
    }

    /// The body in the voice of a mount.
    pub(super) fn body(&self, voice: Voice) -> Value {
        match voice {
            Voice::Coded => json!({ "errors": self.codes() }),
            Voice::Classic | Voice::Management => self.classic_body(),
        }
    }

    /// The whole answer in the voice of a mount.
    pub(super) fn render(&self, voice: Voice) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status(voice));
        response
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(self.body(voice))
    }

    /// What the classic profile says as text: also what the activity log keeps as a failure's reason.
    pub(super) fn reason(&self) -> String {
        match &self.words {
            Words::Fixed { classic, .. } => classic.1.to_owned(),
            Words::Gateway(_, code) => (*code).to_owned(),
            Words::BearerExplained(reason) => explained(reason),
            Words::Parameters(faults) => {
                let messages: Vec<_> = faults.iter().map(ParameterFault::message).collect();
                messages.join(", ")
            }
            Words::Record { errors, .. } => sentence::joined(&sentences(errors)),
        }
    }

    fn classic_body(&self) -> Value {
        match &self.words {
            Words::Fixed { .. } | Words::Parameters(_) => json!({ "error": self.reason() }),
            Words::Gateway(_, code) => json!({ "errors": [code] }),
            Words::BearerExplained(reason) => {
                json!({ "error": { "code": BEARER_FAILURE, "message": explained(reason) } })
            }
            Words::Record { shape, errors, .. } => match shape {
                Shape::Sentence => json!({ "error": self.reason() }),
                Shape::List => json!({ "error": sentences(errors) }),
                Shape::Fields => json!({ "error": fields(errors) }),
            },
        }
    }

    fn codes(&self) -> Vec<String> {
        match &self.words {
            Words::Fixed { coded, .. } => vec![coded.1.to_owned()],
            Words::Gateway(_, code) => vec![(*code).to_owned()],
            Words::BearerExplained(_) => Self::BEARER.codes(),
            Words::Parameters(faults) => faults.iter().map(ParameterFault::code).collect(),
            Words::Record { errors, .. } => errors.iter().map(RecordError::code).collect(),
        }
    }
}

fn explained(reason: &str) -> String {
    format!("{BEARER_FAILURE}: Authorization failed: {reason}")
}

fn sentences(errors: &[RecordError]) -> Vec<String> {
    errors.iter().map(RecordError::sentence).collect()
}

fn fields(errors: &[RecordError]) -> Value {
    let mut fields = Map::new();
    for error in errors {
        let messages = fields.entry(error.field()).or_insert_with(|| json!([]));
        if let Value::Array(messages) = messages {
            messages.push(error.message().into());
        }
    }
    Value::Object(fields)
}

impl fmt::Display for BarongError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

impl ResponseError for BarongError {
    fn status_code(&self) -> StatusCode {
        self.status(Voice::Classic)
    }

    /// The classic answer; where a mount speaks otherwise, [`spoken`] puts its own in this one's place.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.render(Voice::Classic)
    }
}

impl From<Fault> for BarongError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::INTERNAL,
            Fault::Busy => Self::busy(),
        }
    }
}

#[cfg(test)]
mod tests;
