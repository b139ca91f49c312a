//! What every answer of the dialect has in common.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};

/// What a browser may be told that it may send.
const METHODS: &str = "GET, HEAD, POST, PUT, OPTIONS";

/// Pages of any origin may call every route, with credentials and any header: nothing here believes a cookie.
pub(super) async fn across_origins(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        let answer = preflight(request.request());
        request.into_response(answer)
    } else {
        next.call(request).await?
    };
    allow(response.headers_mut(), origin);
    Ok(response)
}

fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
}

/// What a browser asks before it sends a request from another origin.
fn preflight(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::OK);
    response.insert_header((header::ALLOW, METHODS));
    if request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        response.append_header((header::VARY, "Access-Control-Request-Headers"));
        if let Some(asked) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
        }
    }
    response.finish()
}
