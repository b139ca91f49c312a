use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, Route, web};

use super::error::Refusal;
use super::rules::Switch;
use super::{
    BackendPlus, account, activation, email, log_in, magic_link, mfa, password, providers, registration,
    storage, token, transport,
};
use crate::{Endpoint, exactly, get_or_head};

/// Mounts the dialect: `/auth`, `/storage`, and exactly `/version` and `/healthz`.
pub fn routes(config: &mut web::ServiceConfig, dialect: web::Data<BackendPlus>) {
    config.app_data(dialect.clone());
    let observed = || {
        let dialect = dialect.clone();
        from_fn(move |request, next| {
            let dialect = dialect.clone();
            async move { transport::observe(&dialect, request, next).await }
        })
    };
    config
        .service(
            web::scope("/auth")
                .configure(|config| auth(config, &dialect))
                .default_service(web::to(nowhere))
                .wrap(observed()),
        )
        .service(
            web::scope("/storage")
                .route("/o/{path:.*}", web::to(storage::serve))
                .route("/m/{path:.*}", web::to(storage::serve))
                .route("/meta/{path:.*}", web::to(storage::serve))
                .default_service(web::to(storage::serve))
                .wrap(observed()),
        )
        .service(alone("/healthz", get_or_head().to(healthz)).wrap(observed()))
        .service(alone("/version", get_or_head().to(version)).wrap(observed()));
}

/// What is asked for most goes first: paths are compared one after the other.
fn auth(config: &mut web::ServiceConfig, dialect: &BackendPlus) {
    if dialect.rules.auth == Switch::Off {
        return;
    }
    config
        .service(at("/jwks").route(|| get_or_head().to(token::jwks)))
        .service(
            at("/token/refresh")
                .route(|| web::post().to(token::refresh))
                .route(|| get_or_head().to(token::refresh)),
        )
        .service(at("/token/revoke").route(|| web::post().to(token::revoke)))
        .service(at("/change-email").route(|| web::post().to(email::change_at_once)))
        .service(at("/change-email/request").route(|| web::post().to(email::request)))
        .service(at("/change-email/change").route(|| web::post().to(email::change)))
        .service(at("/providers/{name}").route(|| get_or_head().to(providers::depart)))
        .service(
            at("/providers/{name}/callback")
                .route(|| get_or_head().to(providers::arrive_by_link))
                .route(|| web::post().to(providers::arrive_by_form)),
        )
        .service(at("/mfa/generate").route(|| web::post().to(mfa::generate)))
        .service(at("/mfa/enable").route(|| web::post().to(mfa::enable)))
        .service(at("/mfa/disable").route(|| web::post().to(mfa::disable)))
        .service(at("/mfa/totp").route(|| web::post().to(mfa::totp)))
        .service(at("/magic-link").route(|| get_or_head().to(magic_link::follow)));
    for (activate, delete) in [("/activate", "/delete"), ("/account/activate", "/account/delete")] {
        config
            .service(
                at(activate)
                    .route(|| web::post().to(activation::by_post))
                    .route(|| get_or_head().to(activation::by_link)),
            )
            .service(at(delete).route(|| web::post().to(account::delete)));
    }
    if dialect.rules.local_users == Switch::Off {
        return;
    }
    config
        .service(at("/register").route(|| web::post().to(registration::register)))
        .service(at("/login").route(|| web::post().to(log_in::log_in)))
        .service(at("/logout").route(|| web::post().to(token::log_out)))
        .service(at("/change-password").route(|| web::post().to(password::change_with_old_one)))
        .service(at("/change-password/request").route(|| web::post().to(password::request)))
        .service(at("/change-password/change").route(|| web::post().to(password::change)));
}

/// A path below the scope, with or without a slash at the end. A method that none of the routes takes is as unknown as
/// a path.
fn at(path: &str) -> Endpoint {
    Endpoint::with_either_slash(path).otherwise(|| web::to(nowhere))
}

/// One path to the letter.
fn alone(path: &'static str, route: Route) -> Resource {
    web::resource(path)
        .guard(exactly(path))
        .route(route)
        .default_service(web::to(nowhere))
}

async fn nowhere() -> HttpResponse {
    Refusal::NOT_FOUND.respond()
}

/// `GET /healthz`: liveness.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body("OK")
}

/// `GET /version`: JSON, but not said to be, as ever.
async fn version(dialect: web::Data<BackendPlus>) -> HttpResponse {
    let version = serde_json::json!({ "version": format!("v{}", dialect.app.version) });
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(version.to_string())
}
