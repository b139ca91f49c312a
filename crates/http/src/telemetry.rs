use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use clavis_kernel::EntropyExt as _;

use crate::App;

/// The log's target for requests: `log.filter` names it.
const ACCESS: &str = "clavis::access";

/// The id under which a request is found in the logs; also in the answer's `X-Request-Id`.
#[derive(Clone)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives each request an id, counts it and times it. Paths are counted by their pattern, so that no client can
/// make new series; query strings, which may carry tickets, are not logged.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let id = request
        .app_data::<web::Data<App>>()
        .map(|app| RequestId(app.entropy.uuid_v7(app.clock.now()).simple().to_string().into()));
    if let Some(id) = &id {
        request.extensions_mut().insert(id.clone());
    }
    let method = request.method().clone();
    let mut response = next.call(request).await?;
    let (elapsed, status) = (started.elapsed(), response.status());
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    metrics::histogram!("clavis_http_request_seconds").record(elapsed.as_secs_f64());
    if let Some(id) = id {
        // A failure is logged whatever the filter says of other requests.
        let (status, ms) = (status.as_u16(), elapsed.as_millis());
        if status >= 500 {
            tracing::error!(target: ACCESS, request = %id, %method, route, status, ms, "answered");
        } else {
            tracing::debug!(target: ACCESS, request = %id, %method, route, status, ms, "answered");
        }
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response
                .headers_mut()
                .insert(HeaderName::from_static("x-request-id"), value);
        }
    }
    metrics::counter!(
        "clavis_http_requests_total",
        "method" => method_label(&method),
        "route" => route,
        "status" => status.as_str().to_owned()
    )
    .increment(1);
    Ok(response)
}

fn method_label(method: &actix_web::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
