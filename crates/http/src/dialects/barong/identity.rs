//! What needs no bearer token: registration, log-in, recovery, and what clients ask about the server itself.

mod access;
mod auth0;
mod captcha;
mod confirmation;
mod cookie;
mod password;
mod registration;
mod server;
mod session;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::gateway;
use super::routes::no_open_route;
use crate::{Endpoint, get_or_head};

pub use auth0::AUTH0;
pub(super) use cookie::{CsrfKey, SessionSecret};

/// Below `/identity`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/users").route(|| web::post().to(registration::register)))
        .service(at("/users/access").route(|| web::post().to(access::redeem)))
        .service(at("/users/email/generate_code").route(|| web::post().to(confirmation::generate_code)))
        .service(at("/users/email/confirm_code").route(|| web::post().to(confirmation::confirm_code)))
        .service(at("/users/password/generate_code").route(|| web::post().to(password::generate_code)))
        .service(at("/users/password/confirm_code").route(|| web::post().to(password::confirm_code)))
        .service(at("/users/register_geetest").route(|| get_or_head().to(server::captcha)))
        .service(
            at("/sessions")
                .route(|| web::post().to(session::log_in))
                .route(|| web::delete().to(session::log_out)),
        )
        .service(at("/sessions/auth0").route(|| web::post().to(auth0::log_in)))
        .service(web::resource("/sessions/authorize/{path:.*}").route(web::route().to(gateway::authorize)))
        .configure(about_the_server);
}

/// Below `/public`.
pub(super) fn public_routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/kyc").route(|| web::post().to(server::kyc)))
        .service(at("/configs/auth0").route(|| get_or_head().to(auth0::configs)))
        .configure(about_the_server);
}

fn about_the_server(config: &mut web::ServiceConfig) {
    config
        .service(at("/ping").route(|| get_or_head().to(server::ping)))
        .service(at("/time").route(|| get_or_head().to(server::time)))
        .service(at("/version").route(|| get_or_head().to(server::version)))
        .service(at("/configs").route(|| get_or_head().to(server::configs)))
        .service(at("/password/validate").route(|| web::post().to(server::validate_password)));
}

/// A path with its methods; any other method is no route.
fn at(path: &str) -> Endpoint {
    Endpoint::with_either_slash(path).otherwise(|| web::to(no_open_route))
}

/// What upstream answers where there is nothing to tell: the status, as a number.
fn created() -> HttpResponse {
    HttpResponse::Created().json(json!(201))
}
