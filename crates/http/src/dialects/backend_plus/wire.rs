use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use clavis_kernel::{Email, Secret};
use serde_json::{Map, Value};

use super::admission::Domains;
use super::error::Refusal;

/// The largest body, in bytes.
const MAX_BODY: usize = 100 * 1024;
/// The longest password, in UTF-16 code units, as JavaScript counts.
const MAX_PASSWORD: usize = 128;
/// The length of a code of an authenticator app, in UTF-16 code units.
const CODE_LENGTH: usize = 6;
/// The longest value of a custom attribute, as JSON, in bytes: it may travel in every token and cookie.
const MAX_ATTRIBUTE: usize = 2048;

/// A request's fields, each taken once; what is left in the end was not asked for.
#[derive(Debug, Default)]
pub(super) struct Fields {
    fields: Map<String, Value>,
    /// What their names begin with in errors: `user_data.`.
    path: String,
}

impl FromRequest for Fields {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        let too_large = announced
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > MAX_BODY));
        let body = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if too_large {
                return Err(Refusal::TOO_LARGE);
            }
            let body = body.await.map_err(|_| Refusal::MALFORMED)?;
            let read = body
                .to_bytes_limited(MAX_BODY)
                .await
                .map_err(|_| Refusal::TOO_LARGE)?;
            let bytes = read.map_err(|_| Refusal::MALFORMED)?;
            if is_json {
                Self::parse(&bytes)
            } else {
                Ok(Self::default())
            }
        })
    }
}

impl Fields {
    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self {
                fields,
                path: String::new(),
            }),
            Ok(Value::Array(_)) => Err(Refusal::invalid("\"value\" must be of type object".to_owned())),
            Ok(_) | Err(_) => Err(Refusal::MALFORMED),
        }
    }

    /// The fields of a query string.
    pub(super) fn of_query(request: &HttpRequest) -> Result<Self, Refusal> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        let pairs = pairs.map_err(|_| Refusal::MALFORMED)?.into_inner();
        let fields = pairs
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        Ok(Self {
            fields,
            path: String::new(),
        })
    }

    /// Refuses anything but one action by its name.
    pub(super) fn only_action(mut self, action: &str) -> Result<(), Refusal> {
        if self.text("action")? != action {
            return Err(self.invalid("action", &format!("must be [{action}]")));
        }
        self.finish()
    }

    /// Whether a field is there, of whatever type.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Forgets a field that does not matter.
    pub(super) fn ignore(&mut self, name: &str) {
        self.fields.remove(name);
    }

    /// An address within the domains that are allowed.
    pub(super) fn email(&mut self, name: &str, domains: &Domains) -> Result<Email, Refusal> {
        let text = self.text(name)?;
        let email = parse_email(&text).ok_or_else(|| self.invalid(name, "must be a valid email"))?;
        if domains.admit(&email) {
            Ok(email)
        } else {
            Err(self.invalid(name, "is not in an authorised domain"))
        }
    }

    /// A new password.
    pub(super) fn new_password(&mut self, name: &str, shortest: u32) -> Result<Secret, Refusal> {
        let text = self.text(name)?;
        match password_length(&text, shortest) {
            Ok(()) => Ok(Secret::new(text)),
            Err(problem) => Err(self.invalid(name, &problem)),
        }
    }

    /// A password that exists; older ones may be short.
    pub(super) fn password(&mut self, name: &str) -> Result<Secret, Refusal> {
        self.new_password(name, 0)
    }

    /// A mailed ticket.
    pub(super) fn ticket(&mut self, name: &str) -> Result<Secret, Refusal> {
        let text = self.text(name)?;
        let ticket = parse_uuid_v4(&text).ok_or_else(|| self.invalid(name, "must be a valid GUID"))?;
        Ok(Secret::new(ticket))
    }

    /// A code of an authenticator app: six characters, whatever they are.
    pub(super) fn code(&mut self, name: &str) -> Result<Secret, Refusal> {
        let text = self.text(name)?;
        if text.encode_utf16().count() != CODE_LENGTH {
            let problem = format!("length must be {CODE_LENGTH} characters long");
            return Err(self.invalid(name, &problem));
        }
        Ok(Secret::new(text))
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<T, Refusal> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.invalid(name, &format!("must be one of [{}]", words.join(", ")))
        })
    }

    /// `true` or `false`, also as text.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.fields.remove(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(self.invalid(name, "must be a boolean")),
        }
    }

    /// An object's fields.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.fields.remove(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self {
                fields,
                path: format!("{}{name}.", self.path),
            })),
            Some(_) => Err(self.invalid(name, "must be of type object")),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        match self.fields.remove(name) {
            None => Ok(None),
            Some(Value::Array(values)) => {
                let texts = values
                    .into_iter()
                    .enumerate()
                    .map(|(index, value)| self.non_empty(&format!("{name}[{index}]"), value));
                texts.collect::<Result<Vec<_>, _>>().map(Some)
            }
            Some(_) => Err(self.invalid(name, "must be an array")),
        }
    }

    /// A text that need not be there.
    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.fields
            .remove(name)
            .map(|value| self.non_empty(name, value))
            .transpose()
    }

    /// A custom attribute: a text, a number, a boolean, an object, or a list of those.
    pub(super) fn attribute(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        let Some(value) = self.fields.remove(name) else {
            return Ok(None);
        };
        let fits = match &value {
            Value::Null => false,
            Value::Array(values) => !values.iter().any(|value| value.is_null() || value.is_array()),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => true,
        };
        if !fits {
            return Err(self.invalid(name, "must be one of [array, string, number, boolean, object]"));
        }
        if has_nul(&value) {
            return Err(self.invalid(name, "must not contain NUL characters"));
        }
        if value.to_string().len() > MAX_ATTRIBUTE {
            let problem = format!("length must be less than or equal to {MAX_ATTRIBUTE} characters long");
            return Err(self.invalid(name, &problem));
        }
        Ok(Some(value))
    }

    /// Refuses what was not asked for.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.invalid(name, "is not allowed")),
        }
    }

    /// A field that is not as it must be.
    pub(super) fn invalid(&self, name: &str, problem: &str) -> Refusal {
        Refusal::invalid(format!("\"{}{name}\" {problem}", self.path))
    }

    fn text(&mut self, name: &str) -> Result<String, Refusal> {
        let value = self
            .fields
            .remove(name)
            .ok_or_else(|| self.invalid(name, "is required"))?;
        self.non_empty(name, value)
    }

    fn non_empty(&self, name: &str, value: Value) -> Result<String, Refusal> {
        match value {
            Value::String(text) if text.is_empty() => Err(self.invalid(name, "is not allowed to be empty")),
            Value::String(text) => Ok(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.invalid(name, "must be a string"))
            }
        }
    }
}

/// What is wrong with the length of a password, as the end of a sentence.
pub(super) fn password_length(password: &str, shortest: u32) -> Result<(), String> {
    let length = password.encode_utf16().count();
    if length < usize::try_from(shortest).unwrap_or(usize::MAX) {
        return Err(format!("length must be at least {shortest} characters long"));
    }
    if length > MAX_PASSWORD {
        return Err(format!(
            "length must be less than or equal to {MAX_PASSWORD} characters long"
        ));
    }
    Ok(())
}

/// An address as this family takes it: ASCII, at least two labels, the last of them a top-level domain there is.
fn parse_email(text: &str) -> Option<Email> {
    let (local, domain) = text.split_once('@')?;
    let (_, top) = domain.rsplit_once('.')?;
    let fits = local.split('.').all(|atom| !atom.is_empty())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+%-".contains(&byte))
        && domain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    let exists = psl::suffix(domain.to_ascii_lowercase().as_bytes()).is_some_and(|suffix| suffix.is_known());
    if fits && exists { text.parse().ok() } else { None }
}

/// A version-4 UUID in lower case.
pub(super) fn parse_uuid_v4(text: &str) -> Option<String> {
    let uuid = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    let fits = uuid.get_version_num() == 4 && uuid.get_variant() == uuid::Variant::RFC4122;
    fits.then(|| uuid.to_string())
}

/// Whether a text in it, a key included, has the one character that a database cannot keep.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A JSON answer.
pub(super) fn json(status: &mut actix_web::HttpResponseBuilder, body: String) -> HttpResponse {
    status.content_type("application/json; charset=utf-8").body(body)
}

/// A value as the JSON of an answer.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Refusal::INTERNAL
    })
}

#[cfg(test)]
mod tests;
