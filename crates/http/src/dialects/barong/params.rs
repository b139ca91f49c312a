//! The parameters of a request: query string and body as one set, whatever the body's type, and the one way to
//! ask for them.

mod check;
mod date;
mod form;
mod multipart;
mod upload;
mod value;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::error::BarongError;
use value::{Budget, Fields};

pub(crate) use check::{Check, Presence};
pub(crate) use upload::{Upload, UploadRoom};
pub(crate) use value::Param;

/// Most bytes of everything in a body that is no file.
const FIELDS_BYTES: usize = 64 * 1024;

/// How much of a body is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds<'a> {
    fields_bytes: usize,
    files: Option<FileBounds<'a>>,
}

/// How much of a body's files is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileBounds<'a> {
    /// How many files of full size there is room for.
    pub(crate) count: usize,
    /// Most bytes of one file; of a longer one only its length is kept.
    pub(crate) bytes_each: usize,
    /// What the memory comes from.
    pub(crate) room: &'a UploadRoom,
}

impl<'a> Bounds<'a> {
    /// For a body without files.
    pub(crate) const FIELDS: Self = Self {
        fields_bytes: FIELDS_BYTES,
        files: None,
    };

    /// For a body with files.
    pub(crate) const fn with_files(files: FileBounds<'a>) -> Self {
        Self {
            fields_bytes: FIELDS_BYTES,
            files: Some(files),
        }
    }

    /// Most bytes of a body in parts. What stands between the parts takes room, too, and so does a file that is
    /// too long: it is read far enough to say so.
    fn total_bytes(&self) -> usize {
        let files = self.files.map_or(0, |files| {
            files.count.saturating_add(1).saturating_mul(files.bytes_each)
        });
        self.fields_bytes.saturating_mul(2).saturating_add(files)
    }
}

/// The parameters of a request. What they hold may be secret, so they are never printed.
pub(crate) struct Params {
    fields: Fields,
    /// The memory that the files lie in, given back together with them.
    _room: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Params(..)")
    }
}

impl Params {
    /// Reads query string and body; of a parameter in both, the body's counts. To be called once it is known who
    /// asks: a bad token is refused before a bad body.
    pub(crate) async fn read(
        request: &HttpRequest,
        payload: Payload,
        bounds: Bounds<'_>,
    ) -> Result<Self, BarongError> {
        let mut budget = Budget::default();
        let mut fields = form::parse(request.query_string().as_bytes(), &mut budget)?;
        let (body, room) = match BodyType::of(request) {
            BodyType::Multipart => multipart::read(request.headers(), payload, bounds, &mut budget).await?,
            body_type @ (BodyType::Json | BodyType::Form | BodyType::Unknown) => {
                let body = bytes(payload, bounds.fields_bytes).await?;
                (body_type.parse(&body, &mut budget)?, None)
            }
        };
        fields.merge(body);
        Ok(Self { fields, _room: room })
    }

    /// The parameters in a query string alone.
    #[cfg(test)]
    pub(crate) fn of_query(request: &HttpRequest) -> Result<Self, BarongError> {
        let fields = form::parse(request.query_string().as_bytes(), &mut Budget::default())?;
        Ok(Self { fields, _room: None })
    }

    /// Parameters that came in another way: what other servers sign.
    pub(crate) fn of_object(object: Map<String, Value>) -> Result<Self, BarongError> {
        let fields = Fields::of_parameters(object, &mut Budget::default())?;
        Ok(Self { fields, _room: None })
    }

    /// A parameter as it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&Param> {
        self.fields.get(name)
    }

    /// A parameter's text, unless there is nothing but blanks in it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = self.get(name)?.as_text()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyType {
    Multipart,
    Json,
    Form,
    Unknown,
}

impl BodyType {
    fn of(request: &HttpRequest) -> Self {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        match essence.as_str() {
            "multipart/form-data" => Self::Multipart,
            "application/x-www-form-urlencoded" => Self::Form,
            "application/json" | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Unknown,
        }
    }

    /// Of a body whose type is not told, or is none that there should be, an object in JSON counts.
    fn parse(self, body: &[u8], budget: &mut Budget) -> Result<Fields, BarongError> {
        match self {
            Self::Json => json(body, budget),
            Self::Form => form::parse(body, budget),
            Self::Unknown if body.trim_ascii_start().starts_with(b"{") => json(body, budget),
            Self::Unknown | Self::Multipart => Ok(Fields::default()),
        }
    }
}

async fn bytes(payload: Payload, most: usize) -> Result<Bytes, BarongError> {
    match payload.to_bytes_limited(most).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(BarongError::NOT_A_FORM),
        Err(_) => Err(BarongError::TOO_LARGE),
    }
}

/// What is JSON and no object holds no parameters.
fn json(body: &[u8], budget: &mut Budget) -> Result<Fields, BarongError> {
    // Clients that set the type on every request send it with an empty body, too.
    if body.trim_ascii().is_empty() {
        return Ok(Fields::default());
    }
    match serde_json::from_slice(body).map_err(|_| BarongError::NOT_JSON)? {
        Value::Object(object) => Ok(Fields::of_parameters(object, budget)?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Ok(Fields::default())
        }
    }
}

#[cfg(test)]
mod tests;
