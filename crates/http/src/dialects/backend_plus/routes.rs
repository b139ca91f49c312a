use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, Route, web};

use super::error::Refusal;
use super::rules::Switch;
use super::{
    BackendPlus, account, activation, email, log_in, magic_link, mfa, password, providers, registration,
    storage, token, transport,
};
use crate::{EITHER_SLASH, exactly, get_or_head};

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

fn auth(config: &mut web::ServiceConfig, dialect: &BackendPlus) {
    if dialect.rules.auth == Switch::Off {
        return;
    }
    config
        .service(at(
            &["activate", "account/activate"],
            [
                web::post().to(activation::by_post),
                get_or_head().to(activation::by_link),
            ],
        ))
        .service(at(
            &["delete", "account/delete"],
            [web::post().to(account::delete)],
        ))
        .service(at(&["change-email"], [web::post().to(email::change_at_once)]))
        .service(at(&["change-email/request"], [web::post().to(email::request)]))
        .service(at(&["change-email/change"], [web::post().to(email::change)]))
        .service(at(
            &["token/refresh"],
            [web::post().to(token::refresh), get_or_head().to(token::refresh)],
        ))
        .service(at(&["token/revoke"], [web::post().to(token::revoke)]))
        .service(at(&["providers/{name}"], [get_or_head().to(providers::depart)]))
        .service(at(
            &["providers/{name}/callback"],
            [
                get_or_head().to(providers::arrive_by_link),
                web::post().to(providers::arrive_by_form),
            ],
        ))
        .service(at(&["jwks"], [get_or_head().to(token::jwks)]))
        .service(at(&["mfa/generate"], [web::post().to(mfa::generate)]))
        .service(at(&["mfa/enable"], [web::post().to(mfa::enable)]))
        .service(at(&["mfa/disable"], [web::post().to(mfa::disable)]))
        .service(at(&["mfa/totp"], [web::post().to(mfa::totp)]))
        .service(at(&["magic-link"], [get_or_head().to(magic_link::follow)]));
    if dialect.rules.local_users == Switch::Off {
        return;
    }
    config
        .service(at(&["register"], [web::post().to(registration::register)]))
        .service(at(&["login"], [web::post().to(log_in::log_in)]))
        .service(at(&["logout"], [web::post().to(token::log_out)]))
        .service(at(
            &["change-password"],
            [web::post().to(password::change_with_old_one)],
        ))
        .service(at(
            &["change-password/request"],
            [web::post().to(password::request)],
        ))
        .service(at(
            &["change-password/change"],
            [web::post().to(password::change)],
        ));
}

/// Paths below the scope, with or without a slash at the end. A method that none of the routes takes is as
/// unknown as a path.
fn at<const N: usize>(paths: &[&str], routes: [Route; N]) -> Resource {
    let patterns: Vec<_> = paths
        .iter()
        .map(|path| format!("/{path}{EITHER_SLASH}"))
        .collect();
    let resource = web::resource(patterns).default_service(web::to(nowhere));
    routes.into_iter().fold(resource, Resource::route)
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
