mod checks;
mod forms;
mod parts;

use actix_web::FromRequest as _;
use actix_web::test::TestRequest;
use serde_json::Value;

use super::*;
use crate::dialects::barong::error::Voice;

/// What a body of this type is read as: everything as JSON, a file as its name and length; or the refusal.
async fn read(
    uri: &str,
    content_type: Option<&str>,
    body: impl Into<Bytes>,
    bounds: Bounds<'_>,
) -> Result<Params, String> {
    let mut request = TestRequest::post().uri(uri).set_payload(body);
    if let Some(content_type) = content_type {
        request = request.insert_header((header::CONTENT_TYPE, content_type));
    }
    let (request, mut payload) = request.to_http_parts();
    let payload = Payload::from_request(&request, &mut payload).await.unwrap();
    let params = Params::read(&request, payload, bounds).await;
    params.map_err(|error| said(&error))
}

fn said(error: &BarongError) -> String {
    format!(
        "{} {}",
        error.status(Voice::Classic).as_u16(),
        error.body(Voice::Classic)
    )
}

fn shown(params: &Params) -> Value {
    shown_fields(&params.fields)
}

fn shown_fields(fields: &Fields) -> Value {
    let names = fields
        .names()
        .map(|(name, value)| (name.to_owned(), shown_value(value)));
    Value::Object(names.collect())
}

fn shown_value(value: &Param) -> Value {
    match value {
        Param::Null => Value::Null,
        Param::Text(text) => text.as_str().into(),
        Param::Number(number) => Value::Number(number.clone()),
        Param::Flag(flag) => (*flag).into(),
        Param::List(values) => values.iter().map(shown_value).collect(),
        Param::Map(fields) => shown_fields(fields),
        Param::Unreadable => "unreadable".into(),
        Param::File(file) => format!("{}:{}:{}", file.name(), file.length(), file.bytes().len()).into(),
    }
}

/// What a query string is read as.
fn query(text: &str) -> Result<Value, String> {
    let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
    let params = Params::of_query(&request);
    params.map(|params| shown(&params)).map_err(|error| said(&error))
}
