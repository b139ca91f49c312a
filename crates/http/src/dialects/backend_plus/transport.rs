use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use url::Url;

use super::BackendPlus;
use super::error::Refusal;
use super::settings::{Settings, SettingsError};
use super::window::Standing;

/// On every answer.
const SECURITY: [(HeaderName, &str); 6] = [
    (header::X_DNS_PREFETCH_CONTROL, "off"),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=15552000; includeSubDomains",
    ),
    (HeaderName::from_static("x-download-options"), "noopen"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
];

/// On every answer below `/auth`.
const NO_CACHE: [(HeaderName, &str); 4] = [
    (
        header::CACHE_CONTROL,
        "no-store, no-cache, must-revalidate, proxy-revalidate",
    ),
    (header::PRAGMA, "no-cache"),
    (header::EXPIRES, "0"),
    (HeaderName::from_static("surrogate-control"), "no-store"),
];

/// What every answer of the dialect has in common: who may read it, how long it may be kept, and how many more
/// there are.
pub(super) async fn observe(
    dialect: &BackendPlus,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .filter(|origin| dialect.admits_origin(origin))
        .cloned();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let may_be_framed = is_read && request.path().starts_with("/storage/");
    let below_auth = request.path() == "/auth" || request.path().starts_with("/auth/");
    let mut standing = None;
    let mut response = if request.method() == Method::OPTIONS {
        let answer = preflight(request.request());
        request.into_response(answer)
    } else {
        standing = dialect.count(request.request());
        match (&dialect.limiter, standing) {
            (Some(limiter), Some(Standing { exceeded: true, .. })) => {
                let answer = Refusal::rate_limited(limiter.seconds()).respond();
                request.into_response(answer)
            }
            _ => next.call(request).await?,
        }
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if may_be_framed {
        headers.remove(header::X_FRAME_OPTIONS);
    }
    if below_auth {
        for (name, value) in NO_CACHE {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Some(standing) = standing {
        tell(headers, standing);
    }
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

/// What a browser asks before it sends a request from another origin.
fn preflight(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::NO_CONTENT);
    response.insert_header((
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "GET,HEAD,PUT,PATCH,POST,DELETE",
    ));
    if let Some(asked) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
    }
    response.insert_header((header::VARY, "Origin, Access-Control-Request-Headers"));
    response.finish()
}

fn tell(headers: &mut HeaderMap, standing: Standing) {
    headers.insert(
        HeaderName::from_static("x-ratelimit-limit"),
        standing.limit.into(),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-remaining"),
        standing.remaining.into(),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-reset"),
        standing.resets_at.into(),
    );
}

/// Origins as browsers say them (RFC 6454 §7).
pub(super) fn origins(settings: &Settings) -> Result<Vec<String>, SettingsError> {
    let is_origin = |text: &String| {
        text == "null" || Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == *text)
    };
    if settings.cors_allowed_origins.iter().all(is_origin) {
        return Ok(settings.cors_allowed_origins.clone());
    }
    Err(SettingsError::new(
        "cors_allowed_origins",
        "expected origins as https://app.example.org, in lower case and without a path",
    ))
}
