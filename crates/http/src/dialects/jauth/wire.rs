//! jauth's envelope, and the one reader of its bodies.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, web};
use clavis_kernel::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::JauthError;

/// Most bytes of a body, and so of the free object that an account carries.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A success: always 200.
#[derive(Debug)]
pub(super) struct Success<T>(pub(super) T);

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    result: T,
    reason: Option<&'a str>,
}

impl<T: Serialize> Responder for Success<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        answer(StatusCode::OK).json(Envelope {
            success: true,
            result: self.0,
            reason: None,
        })
    }
}

/// What stands for the result where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoResult {
    /// `""`: found before the endpoint's own logic.
    Empty,
    /// `null`: decided by the endpoint.
    Null,
}

/// The envelope of a refusal.
pub(super) fn refuse(mut response: HttpResponseBuilder, result: NoResult, reason: &str) -> HttpResponse {
    let result = match result {
        NoResult::Empty => Some(""),
        NoResult::Null => None,
    };
    response.json(Envelope {
        success: false,
        result,
        reason: Some(reason),
    })
}

/// An answer begun: what it holds may be a token, so nobody keeps a copy.
pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

/// A body's fields, each asked for by its name: the first problem, in the order asked, is the one that is told.
pub(super) struct Fields {
    class: &'static str,
    object: Map<String, Value>,
}

impl Fields {
    /// Reads a body, whatever type it says it has. `class` is what refusals call it.
    pub(super) async fn read(payload: web::Payload, class: &'static str) -> Result<Self, JauthError> {
        let body = match payload.to_bytes_limited(MAX_BODY_BYTES).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Err(JauthError::NOT_JSON),
            Err(_) => return Err(JauthError::BODY_TOO_LARGE),
        };
        Self::parse(&body, class)
    }

    fn parse(body: &[u8], class: &'static str) -> Result<Self, JauthError> {
        match serde_json::from_slice(body).map_err(|_| JauthError::NOT_JSON)? {
            Value::Object(object) => Ok(Self { class, object }),
            other => Err(JauthError::mistyped_body(python_type(&other), class)),
        }
    }

    /// A field that must be there, of any type.
    pub(super) fn required(&mut self, name: &'static str) -> Result<Value, JauthError> {
        self.object
            .remove(name)
            .ok_or_else(|| JauthError::missing(self.class, name))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, JauthError> {
        match self.required(name)? {
            Value::String(text) => Ok(text),
            other => Err(self.mistyped(&other, "str", name)),
        }
    }

    /// A text that must be there and must not be seen.
    pub(super) fn secret(&mut self, name: &'static str) -> Result<Secret, JauthError> {
        self.text(name).map(Secret::new)
    }

    /// An object that must be there.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Map<String, Value>, JauthError> {
        match self.required(name)? {
            Value::Object(object) => Ok(object),
            other => Err(self.mistyped(&other, "dict", name)),
        }
    }

    /// An object that may be left out: then it is empty.
    pub(super) fn object_or_empty(&mut self, name: &'static str) -> Result<Map<String, Value>, JauthError> {
        if self.object.contains_key(name) {
            self.object(name)
        } else {
            Ok(Map::new())
        }
    }

    /// A number that may be left out.
    pub(super) fn number_or(&mut self, name: &'static str, otherwise: u64) -> Result<u64, JauthError> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(Value::Number(number)) if number.is_u64() => Ok(number.as_u64().unwrap_or(otherwise)),
            Some(Value::Number(number)) if number.is_i64() => {
                Err(JauthError::refused_field(name, "is 0 or more"))
            }
            Some(other) => Err(self.mistyped(&other, "int", name)),
        }
    }

    /// A list that may be left out, of so many at most.
    pub(super) fn list(
        &mut self,
        name: &'static str,
        at_most: usize,
    ) -> Result<Option<Vec<Value>>, JauthError> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) if list.len() > at_most => {
                let reason = format!("has at most {at_most} values");
                Err(JauthError::refused_field(name, &reason))
            }
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(self.mistyped(&other, "list", name)),
        }
    }

    /// A value of another type than the field has.
    fn mistyped(&self, got: &Value, want: &'static str, name: &'static str) -> JauthError {
        JauthError::mistyped(python_type(got), want, self.class, name)
    }
}

/// What Python calls the type of a value that was read from JSON.
fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], expected: Result<(), &str>) {
        let read = Fields::parse(body, "SomeRequest").and_then(|mut fields| {
            fields.text("a")?;
            fields.object_or_empty("b").map(drop)
        });
        assert_eq!(
            read.as_ref().map_err(JauthError::reason).copied(),
            expected,
            "{}",
            String::from_utf8_lossy(body)
        );
    }

    #[test]
    fn the_first_problem_in_the_order_of_the_fields_is_told() {
        check(br#"{"a":"x"}"#, Ok(()));
        check(br#"{"a":"x","b":{"c":1},"unknown":null}"#, Ok(()));
        check(b"", Err("Not JSON type"));
        check(b"{", Err("Not JSON type"));
        check(b"\xff", Err("Not JSON type"));
        check(
            b"[]",
            Err("Cannot deserialize '<class 'list'>' to '<class 'SomeRequest'>'"),
        );
        check(
            b"null",
            Err("Cannot deserialize '<class 'NoneType'>' to '<class 'SomeRequest'>'"),
        );
        check(br#"{"b":1}"#, Err("Unexpected missing value for: SomeRequest.a"));
        for (got, class) in [
            ("1", "int"),
            ("1.5", "float"),
            ("null", "NoneType"),
            ("true", "bool"),
        ] {
            let reason =
                format!("Cannot deserialize '<class '{class}'>' to '<class 'str'>' for 'SomeRequest.a'");
            check(format!(r#"{{"a":{got}}}"#).as_bytes(), Err(&reason));
        }
        check(
            br#"{"a":"x","b":"y"}"#,
            Err("Cannot deserialize '<class 'str'>' to '<class 'dict'>' for 'SomeRequest.b'"),
        );
    }

    #[test]
    fn what_is_nested_too_deeply_is_not_read() {
        let deep = format!(r#"{{"a":"x","b":{}{}}}"#, r#"{"c":"#.repeat(200), "}".repeat(200));
        check(deep.as_bytes(), Err("Not JSON type"));
    }
}
