//! Pluto's envelope and the one decoder of its parameters.

use std::borrow::Cow;
use std::ops::Deref;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, web};
use clavis_kernel::{Email, Secret};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::error::PlutoError;
use crate::Fault;

/// Most bytes of a body that carries no picture.
pub(super) const MAX_BODY_BYTES: usize = 100 * 1024;

/// A success: always 200, with a body that may be `null`.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

#[derive(Serialize)]
struct Success<T> {
    status: &'static str,
    body: T,
}

impl<T: Serialize> Responder for Body<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        answer(StatusCode::OK).json(Success {
            status: "ok",
            body: self.0,
        })
    }
}

/// A success as it is written, to be answered by [`ready`].
pub(super) fn written(body: &impl Serialize) -> Result<Bytes, Fault> {
    let success = Success { status: "ok", body };
    let text = serde_json::to_vec(&success).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Fault::Internal
    })?;
    Ok(text.into())
}

/// A success that was written before.
pub(super) fn ready(written: Bytes) -> HttpResponse {
    answer(StatusCode::OK)
        .content_type(ContentType::json())
        .body(written)
}

/// The envelope of a refusal.
#[derive(Serialize)]
pub(super) struct Failure {
    status: &'static str,
    error: FailureDetail,
}

#[derive(Serialize)]
struct FailureDetail {
    code: u16,
    message: &'static str,
}

impl Failure {
    pub(super) fn new(code: u16, message: &'static str) -> Self {
        Self {
            status: "error",
            error: FailureDetail { code, message },
        }
    }
}

/// An answer begun: what it holds may be a token, so nobody keeps a copy.
pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

/// A text parameter. It holds no NUL, which no database column does.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('\0') {
            return Err(serde::de::Error::custom("a NUL in a text"));
        }
        Ok(Self(text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text {
    /// The text, unless there is nothing but blanks in it.
    pub(super) fn given(&self) -> Option<&str> {
        (!self.0.trim().is_empty()).then_some(self.0.as_str())
    }

    /// The text of a parameter that must be there.
    pub(super) fn required(&self) -> Result<&str, PlutoError> {
        self.given().ok_or(PlutoError::BAD_REQUEST)
    }

    /// A password that must be there.
    pub(super) fn password(&self) -> Result<Secret, PlutoError> {
        Ok(Secret::new(self.required()?))
    }
}

/// The parameters of an endpoint that has none: whatever is sent is ignored, as long as it can be read.
#[derive(Deserialize)]
pub(super) struct NoParameters {}

/// An address as Pluto's clients write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mail {
    /// An address that an account may have.
    Address(Email),
    /// An address by the pattern, which no account can have: two dots in a row, or too long.
    Nobodys,
}

impl Mail {
    /// Reads an address; `None` when the text is none by the pattern of HTML's `<input type=email>`, which
    /// Pluto uses everywhere.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@')?;
        let local_fits = !local.is_empty()
            && local
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let fits = local_fits && domain.split('.').all(label_fits);
        fits.then(|| text.parse().map_or(Self::Nobodys, Self::Address))
    }

    /// The address of a parameter that must be one.
    pub(super) fn required(text: &Text) -> Result<Self, PlutoError> {
        Self::parse(text.required()?).ok_or(PlutoError::BAD_REQUEST)
    }

    /// The address as an account could have it.
    pub(super) fn address(self) -> Option<Email> {
        match self {
            Self::Address(address) => Some(address),
            Self::Nobodys => None,
        }
    }
}

/// Reads the body and the query string into one structure; the query string wins.
pub(super) async fn decode<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    max_bytes: usize,
) -> Result<T, PlutoError> {
    decode_where(request, payload, max_bytes, Repeated::TheLastCounts).await
}

/// As [`decode`], of a request of OAuth, whose parameters must not be repeated (RFC 6749 §3.1 and §3.2).
pub(super) async fn decode_oauth<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    max_bytes: usize,
) -> Result<T, PlutoError> {
    decode_where(request, payload, max_bytes, Repeated::AreRefused).await
}

/// What becomes of names that a query or a form has several times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeated {
    /// As in a JSON object.
    TheLastCounts,
    AreRefused,
}

async fn decode_where<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    max_bytes: usize,
    repeated: Repeated,
) -> Result<T, PlutoError> {
    let body = match payload.to_bytes_limited(max_bytes).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(PlutoError::BAD_REQUEST),
        Err(_) => return Err(PlutoError::BODY_TOO_LARGE),
    };
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    merge(&content_type, &body, request.query_string(), repeated).ok_or(PlutoError::BAD_REQUEST)
}

/// `None` when something does not parse or does not convert.
fn merge<T: DeserializeOwned>(content_type: &str, body: &[u8], query: &str, repeated: Repeated) -> Option<T> {
    let mut parameters = if content_type.contains("application/json") {
        from_json(body)?
    } else if content_type.contains("application/x-www-form-urlencoded") {
        from_form(body, repeated)?
    } else {
        Map::new()
    };
    let query = from_form(query.as_bytes(), repeated)?;
    if !query.is_empty() {
        // A body that does not convert is refused even where the query string would win.
        let _: T = serde_json::from_value(Value::Object(parameters.clone())).ok()?;
        parameters.extend(query);
    }
    serde_json::from_value(Value::Object(parameters)).ok()
}

fn from_json(body: &[u8]) -> Option<Map<String, Value>> {
    // Clients that set the type on every request send it with an empty body, too.
    if body.trim_ascii().is_empty() {
        return Some(Map::new());
    }
    match serde_json::from_slice(body).ok()? {
        // Null is a field that was not sent.
        Value::Object(object) => Some(object.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        Value::Null => Some(Map::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

fn from_form(text: &[u8], repeated: Repeated) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for pair in text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        let name = unescape(parts.next().unwrap_or_default())?;
        let value = unescape(parts.next().unwrap_or_default())?;
        // The web log-in's own spellings.
        let name = match name.as_str() {
            "appID" => "app_id".to_owned(),
            "deviceID" => "device_id".to_owned(),
            _ => name,
        };
        let before = fields.insert(name, Value::String(value));
        if before.is_some() && repeated == Repeated::AreRefused {
            return None;
        }
    }
    Some(fields)
}

/// Strict where `form_urlencoded` puts a replacement character: bad UTF-8 is refused.
fn unescape(bytes: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
