//! Which path is what.

use actix_web::guard;
use actix_web::http::Method;
use actix_web::{Resource, ResponseError as _, Route, web};

use super::error::SsoError;
use super::{Sso, auth, kept, me, users, wire};
use crate::{Endpoint, get_or_head};

/// Where jauth's users are, and by an old spelling two methods of ours.
const ALIAS: &str = "/users/";

/// Mounts the dialect. What is mounted below `/api` before it stays where it is.
pub fn routes(config: &mut web::ServiceConfig, dialect: web::Data<Sso>) {
    config
        .app_data(dialect)
        .service(
            web::scope("/api")
                .service(
                    at("/users")
                        .route(|| get_or_head().to(users::list))
                        .route(|| web::post().to(users::create))
                        .otherwise(|| not_allowed("GET, HEAD, POST")),
                )
                .service(
                    at("/users/me")
                        .route(|| get_or_head().to(me::show))
                        .route(|| web::patch().to(me::update))
                        .route(|| web::delete().to(me::remove))
                        .otherwise(|| not_allowed("GET, HEAD, PATCH")),
                )
                .service(
                    at("/users/{id}")
                        .route(|| get_or_head().to(users::show))
                        .route(|| web::patch().to(users::update))
                        .route(|| web::delete().to(users::remove))
                        .otherwise(|| not_allowed("GET, HEAD, PATCH, DELETE")),
                )
                .service(
                    at("/users/{id}/attributes")
                        .route(|| get_or_head().to(kept::attributes))
                        .otherwise(|| not_allowed("GET, HEAD")),
                )
                .service(
                    at("/users/{id}/attributes/{name}")
                        .route(|| web::put().to(kept::put_attribute))
                        .route(|| web::delete().to(kept::remove_attribute))
                        .otherwise(|| not_allowed("PUT, DELETE")),
                )
                .service(
                    at("/users/{id}/optins")
                        .route(|| get_or_head().to(kept::opt_ins))
                        .otherwise(|| not_allowed("GET, HEAD")),
                )
                .service(
                    at("/users/{id}/optins/{key}")
                        .route(|| web::put().to(kept::put_opt_in))
                        .route(|| web::delete().to(kept::remove_opt_in))
                        .otherwise(|| not_allowed("PUT, DELETE")),
                )
                .service(
                    at("/attributes")
                        .route(|| get_or_head().to(kept::all_attributes))
                        .otherwise(|| not_allowed("GET, HEAD")),
                )
                .service(
                    at("/auth")
                        .route(|| web::post().to(auth::register))
                        .otherwise(|| not_allowed("POST")),
                )
                .service(
                    at("/auth/activation")
                        .route(|| web::put().to(auth::activate))
                        .otherwise(|| not_allowed("PUT")),
                )
                .service(
                    at("/auth/token")
                        .route(|| web::post().to(auth::token))
                        .route(|| web::delete().to(auth::revoke))
                        .otherwise(|| not_allowed("POST, DELETE")),
                )
                .default_service(web::to(not_found)),
        )
        .service(alias());
}

/// The same two methods as the documents' examples spell them, of a UUID only: every other path and method there is
/// somebody else's.
fn alias() -> Resource {
    let ours = |context: &guard::GuardContext<'_>| {
        let head = context.head();
        let id = head.uri.path().strip_prefix(ALIAS).unwrap_or_default();
        matches!(head.method, Method::PATCH | Method::DELETE) && wire::account_id(id).is_some()
    };
    web::resource("/users/{id}")
        .guard(guard::fn_guard(ours))
        .route(web::patch().to(users::update))
        .route(web::delete().to(users::remove))
}

/// A path, with and without a slash behind it, and with no parameters but its own.
fn at(path: &str) -> Endpoint {
    Endpoint::at([path.to_owned(), format!("{path}/")])
}

/// 405 with the methods that there are (RFC 9110 §15.5.6).
fn not_allowed(methods: &'static str) -> Route {
    web::to(move || async move { SsoError::method_not_allowed(methods).error_response() })
}

async fn not_found() -> actix_web::HttpResponse {
    SsoError::not_found().error_response()
}
