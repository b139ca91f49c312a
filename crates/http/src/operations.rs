use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::{App, get_or_head};

/// Writes the metrics in Prometheus's text format.
#[derive(Clone)]
pub struct MetricsText(Arc<dyn Fn() -> String + Send + Sync>);

impl MetricsText {
    /// From whoever collects them.
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }
}

/// `/readyz`, the published keys, and `/metrics` unless it has a listener of its own. Liveness is Backend
/// Plus's `/healthz`.
pub(crate) fn routes(metrics: Option<MetricsText>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .service(web::resource("/readyz").route(get_or_head().to(ready)))
            .service(web::resource("/.well-known/jwks.json").route(get_or_head().to(keys)));
        if let Some(metrics) = metrics {
            config.configure(metrics_route(metrics));
        }
    }
}

/// `/metrics` alone.
pub(crate) fn metrics_route(metrics: MetricsText) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.app_data(web::Data::new(metrics));
        config.service(web::resource("/metrics").route(get_or_head().to(metrics_text)));
    }
}

/// Whether requests can be served: 200 when the database answers, 503 when it does not.
async fn ready(app: web::Data<App>) -> HttpResponse {
    match app.store.ping().await {
        Ok(()) => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "unavailable" }))
        }
    }
}

/// Every public key (RFC 7517 §5), those that still verify and those that will sign soon included.
async fn keys(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/jwk-set+json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(app.ring.get().jwks().all.clone())
}

async fn metrics_text(metrics: web::Data<MetricsText>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body((metrics.0)())
}
