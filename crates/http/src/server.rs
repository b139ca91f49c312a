use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App as ActixApp, HttpResponse, HttpServer, middleware, web};

use crate::operations::{self, MetricsText};
use crate::pages::Pages;
use crate::telemetry;
use crate::{App, dialects};

/// How the server listens.
#[derive(Debug)]
pub struct ServerSettings {
    /// Bound already, so that a taken port is known before anything else starts.
    pub listener: TcpListener,
    /// Where `/metrics` is served alone; `None` serves it beside everything else.
    pub metrics_listener: Option<TcpListener>,
    /// Threads that speak HTTP.
    pub workers: usize,
    /// How long requests in progress may take when the server stops.
    pub drain: Duration,
}

/// Everything that is served.
#[derive(Clone)]
pub struct Site {
    /// What every handler shares.
    pub app: web::Data<App>,
    /// The Hasura Backend Plus dialect; `None` when it is switched off.
    pub backend_plus: Option<web::Data<dialects::backend_plus::BackendPlus>>,
    /// The Barong dialect; `None` when it is switched off.
    pub barong: Option<web::Data<dialects::barong::Barong>>,
    /// The jauth dialect; `None` when it is switched off.
    pub jauth: Option<web::Data<dialects::jauth::Jauth>>,
    /// The Pluto dialect; `None` when it is switched off.
    pub pluto: Option<web::Data<dialects::pluto::Pluto>>,
    /// The SSO dialect; `None` when it is switched off.
    pub sso: Option<web::Data<dialects::sso::Sso>>,
    /// The hosted pages.
    pub pages: web::Data<Pages>,
    /// The metrics.
    pub metrics: MetricsText,
}

/// Starts to serve, and returns the servers to be awaited. Stop them through their handles.
pub fn serve(site: Site, settings: ServerSettings) -> io::Result<(Server, Option<Server>)> {
    let own_metrics = settings.metrics_listener.is_some();
    let metrics = site.metrics.clone();
    let main = HttpServer::new(move || {
        let site = site.clone();
        ActixApp::new()
            .app_data(site.app.clone())
            .wrap(middleware::from_fn(telemetry::observe))
            .configure(operations::routes((!own_metrics).then(|| site.metrics.clone())))
            .configure(|config| {
                if let Some(dialect) = site.backend_plus {
                    dialects::backend_plus::routes(config, dialect);
                }
                if let Some(dialect) = site.barong {
                    dialects::barong::routes(config, dialect);
                }
                if let Some(dialect) = site.pluto {
                    dialects::pluto::routes(config, dialect);
                }
                // Barong's mounts below `/api/v2`, and its `/users/me` and `/users/activity`, go before these.
                if let Some(dialect) = site.sso {
                    dialects::sso::routes(config, dialect);
                }
                if let Some(dialect) = site.jauth {
                    dialects::jauth::routes(config, dialect);
                }
                crate::pages::routes(config, site.pages);
            })
            .default_service(web::to(nowhere))
    })
    .workers(settings.workers)
    .shutdown_timeout(settings.drain.as_secs())
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    // A streamed answer is written in pieces: none waits until the client has acknowledged the one before.
    .tcp_nodelay(true)
    .disable_signals()
    .listen(settings.listener)?
    .run();
    let metrics = settings.metrics_listener.map(|listener| {
        HttpServer::new(move || ActixApp::new().configure(operations::metrics_route(metrics.clone())))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .map(HttpServer::run)
    });
    Ok((main, metrics.transpose()?))
}

/// What no dialect owns.
async fn nowhere() -> HttpResponse {
    HttpResponse::NotFound().json(serde_json::json!({ "error": "not_found" }))
}
