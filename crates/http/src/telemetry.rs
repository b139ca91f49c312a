use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use clavis_kernel::Entropy;
use metrics::{Counter, Histogram};
use uuid::Uuid;

use crate::App;

/// The log's target for requests: `log.filter` names it.
const ACCESS: &str = "clavis::access";

/// The id under which a request is found in the logs; also in the answer's `X-Request-Id`.
#[derive(Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    fn new(app: &App) -> Option<Self> {
        let mut letters = Uuid::encode_buffer();
        let millis = u64::try_from(app.clock.now().timestamp_millis()).unwrap_or_default();
        let random = NOISE.with_borrow_mut(|noise| noise.next(app.entropy.as_ref()));
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        HeaderValue::from_str(id.simple().encode_lower(&mut letters))
            .ok()
            .map(Self)
    }

    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Random bytes for the ids of many requests, asked for at once.
struct Noise {
    bytes: [u8; Self::IDS * Self::ID],
    used: usize,
}

impl Noise {
    /// What a UUID of version 7 has of random bytes.
    const ID: usize = 10;
    /// For so many.
    const IDS: usize = 64;

    fn next(&mut self, entropy: &dyn Entropy) -> [u8; Self::ID] {
        if self.used >= self.bytes.len() {
            entropy.fill(&mut self.bytes);
            self.used = 0;
        }
        let rest = self.bytes.get(self.used..).unwrap_or_default();
        self.used += Self::ID;
        rest.first_chunk().copied().unwrap_or_default()
    }
}

thread_local! {
    static NOISE: RefCell<Noise> = const {
        RefCell::new(Noise {
            bytes: [0; Noise::IDS * Noise::ID],
            used: usize::MAX,
        })
    };
    static REQUESTS: RefCell<Requests> = RefCell::default();
    static SECONDS: Histogram = metrics::histogram!("clavis_http_request_seconds");
}

/// Counters of requests, each by its method and status, below their pattern of paths. To find one among all that are
/// kept takes longer than many a request.
#[derive(Default)]
struct Requests(HashMap<String, Vec<(&'static str, StatusCode, Counter)>>);

impl Requests {
    fn count(&mut self, route: String, method: &'static str, status: StatusCode) {
        let known = self.0.get(&route).into_iter().flatten();
        let mut known = known.filter(|counter| counter.0 == method && counter.1 == status);
        if let Some((_, _, counter)) = known.next() {
            counter.increment(1);
            return;
        }
        let counter = metrics::counter!(
            "clavis_http_requests_total",
            "method" => method,
            "route" => route.clone(),
            "status" => status.as_str().to_owned()
        );
        counter.increment(1);
        self.0.entry(route).or_default().push((method, status, counter));
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
        .and_then(|app| RequestId::new(app));
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
    SECONDS.with(|seconds| seconds.record(elapsed.as_secs_f64()));
    if let Some(id) = id {
        // A failure is logged whatever the filter says of other requests.
        let (code, ms) = (status.as_u16(), elapsed.as_millis());
        if status.is_server_error() {
            tracing::error!(target: ACCESS, request = %id, %method, route, status = code, ms, "answered");
        } else {
            tracing::debug!(target: ACCESS, request = %id, %method, route, status = code, ms, "answered");
        }
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id.0);
    }
    REQUESTS.with_borrow_mut(|requests| requests.count(route, method_label(&method), status));
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
