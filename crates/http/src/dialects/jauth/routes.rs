//! Which path is what.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, ResponseError as _, Route, web};

use super::error::JauthError;
use super::transport::across_origins;
use super::{Jauth, internal, passwords, search, temporary, tokens, users};
use crate::{Endpoint, get_or_head};

/// Mounts the dialect. Below `/users` others live, too: what they do not own is answered here, so this goes last.
pub fn routes(config: &mut web::ServiceConfig, dialect: web::Data<Jauth>) {
    config
        .app_data(dialect)
        .service(internal_scope())
        .service(token_scope())
        .service(users_scope());
}

fn users_scope() -> impl HttpServiceFactory + 'static {
    web::scope("/users")
        .service(
            at("/-/self", "GET, HEAD, PUT")
                .route(|| get_or_head().to(users::own))
                .route(|| web::put().to(users::update_own)),
        )
        .service(at("/-/self:verify", "POST").route(|| web::post().to(temporary::verify)))
        .service(at("/-/{user_id}", "GET, HEAD").route(|| get_or_head().to(users::show)))
        .service(at("/email", "POST").route(|| web::post().to(users::sign_up)))
        .service(at("/third_party", "POST").route(|| web::post().to(users::sign_up_through_third_party)))
        .service(at("/email/self/password", "PUT").route(|| web::put().to(passwords::change)))
        .service(at("/email/self/password:reset", "POST").route(|| web::post().to(temporary::reset)))
        .default_service(not_found())
        .wrap(from_fn(across_origins))
}

fn token_scope() -> impl HttpServiceFactory + 'static {
    web::scope("/token")
        .service(
            Endpoint::with_either_slash("")
                .otherwise(|| not_allowed("PUT"))
                .route(|| web::put().to(tokens::refresh)),
        )
        .service(at("/email", "POST").route(|| web::post().to(tokens::log_in)))
        .service(at("/third_party", "POST").route(|| web::post().to(tokens::log_in_through_third_party)))
        .service(
            at("/self", "GET, HEAD, POST")
                .route(|| get_or_head().to(tokens::own))
                .route(|| web::post().to(tokens::own)),
        )
        .default_service(not_found())
        .wrap(from_fn(across_origins))
}

/// For other servers, which show a key before they are told anything.
fn internal_scope() -> impl HttpServiceFactory + 'static {
    web::scope("/internal")
        .service(at("/token/email_verify", "POST").route(|| web::post().to(internal::mint_verification)))
        .service(at("/token/password_reset", "POST").route(|| web::post().to(internal::mint_reset)))
        .service(at("/users:search", "POST").route(|| web::post().to(search::search)))
        .default_service(not_found())
        .wrap(from_fn(internal::with_server_key))
        .wrap(from_fn(across_origins))
}

/// A path, and what it says to methods that it does not have.
fn at(path: &str, methods: &'static str) -> Endpoint {
    Endpoint::at([path]).otherwise(move || not_allowed(methods))
}

fn not_found() -> Route {
    web::to(|| async { Err::<HttpResponse, _>(JauthError::PATH_NOT_FOUND) })
}

/// 405 with the methods that there are (RFC 9110 §15.5.6).
fn not_allowed(methods: &'static str) -> Route {
    web::to(move || async move {
        let mut response = JauthError::METHOD_NOT_ALLOWED.error_response();
        let methods = header::HeaderValue::from_static(methods);
        response.headers_mut().insert(header::ALLOW, methods);
        response
    })
}
