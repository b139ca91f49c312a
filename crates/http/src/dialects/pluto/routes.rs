//! Which path is what.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, web};

use super::{
    Pluto, account, binding, oauth, oauth_consent, oauth_pages, oauth_tokens, pages, rbac, social, token,
    user,
};
use crate::{Endpoint, get_or_head};

/// Mounts the dialect.
pub fn routes(config: &mut web::ServiceConfig, dialect: web::Data<Pluto>) {
    config.app_data(dialect).service(api()).service(web_pages());
}

fn api() -> impl HttpServiceFactory + 'static {
    // The account endpoints moved below `/user` later; both spellings are served. What is asked for most goes first: paths
    // are compared one after the other.
    web::scope("/v1")
        .service(post(["/token/refresh"], token::refresh))
        .service(get(["/token/publickey"], token::public_key))
        .service(get(["/token/access/verify"], token::verify))
        .service(get(["/user/info/public"], user::public_info))
        .service(
            web::resource("/user/info")
                .route(get_or_head().to(user::own_info))
                .route(web::put().to(user::update_own))
                .default_service(not_allowed("GET, HEAD, PUT")),
        )
        .service(
            web::resource("/user/info/{id}")
                .route(get_or_head().to(user::info))
                .route(web::patch().to(user::update))
                .route(web::put().to(user::update))
                .default_service(not_allowed("GET, HEAD, PATCH, PUT")),
        )
        .service(post(["/register", "/user/register"], account::register))
        .service(post(
            ["/register/verify/mail", "/user/register/verify/mail"],
            account::resend,
        ))
        .service(post(["/login/account", "/user/login/account"], account::log_in))
        .service(post(
            ["/login/google/mobile", "/user/login/google/mobile"],
            social::google,
        ))
        .service(post(
            ["/login/apple/mobile", "/user/login/apple/mobile"],
            social::apple,
        ))
        .service(post(
            ["/login/wechat/mobile", "/user/login/wechat/mobile"],
            social::wechat,
        ))
        .service(post(
            ["/password/reset/mail", "/user/password/reset/mail"],
            account::request_reset,
        ))
        .service(get(["/healthcheck"], account::health))
        .service(get(["/user/search"], user::search))
        .service(get(["/user/count"], user::count))
        .service(get(["/user/summary"], user::summary))
        .service(post(["/user/binding"], binding::bind))
        .service(post(["/user/unbinding"], binding::unbind))
        .service(rbac_api())
        .service(
            web::resource("/oauth/client")
                .route(get_or_head().to(oauth::list))
                .route(web::post().to(oauth::register))
                .default_service(not_allowed("GET, HEAD, POST")),
        )
        .service(
            web::resource("/oauth/client/status")
                .route(web::put().to(oauth::set_status))
                .default_service(not_allowed("PUT")),
        )
        .service(post(["/oauth/tokens"], oauth_tokens::tokens))
        .default_service(web::to(pages::not_found))
}

fn rbac_api() -> impl HttpServiceFactory + 'static {
    web::scope("/rbac")
        .service(post(["/application/create"], rbac::create_application))
        .service(get(["/application/list"], rbac::list_applications))
        .service(change("/application/update-i18n-name", rbac::set_display_names))
        .service(get(["/application/i18n-name"], rbac::display_names))
        .service(change("/application/role/default", rbac::set_default_role))
        .service(post(["/role/create"], rbac::create_role))
        .service(get(["/role/list"], rbac::list_roles))
        .service(change("/role/scope", rbac::replace_scopes))
        .service(change("/role/scope/default", rbac::set_default_scope))
        .service(post(["/scope/create"], rbac::create_scope))
        .service(get(["/scope/list"], rbac::list_scopes))
        .service(change("/user/application/role", rbac::assign_role))
        .default_service(web::to(pages::not_found))
}

fn web_pages() -> impl HttpServiceFactory + 'static {
    web::scope("/web")
        .service(
            web::resource("/login")
                .route(get_or_head().to(oauth_pages::form))
                .route(web::post().to(oauth_pages::log_in))
                .default_service(not_allowed("GET, HEAD, POST")),
        )
        .service(
            web::resource("/authorize")
                .route(get_or_head().to(oauth_consent::ask))
                .route(web::post().to(oauth_consent::decide))
                .default_service(not_allowed("GET, HEAD, POST")),
        )
        .service(post(["/mail/verify"], pages::resend))
        .service(
            // No HEAD: programs that look links over must not use them up.
            web::resource("/mail/verify/{token}")
                .route(web::get().to(pages::verify))
                .default_service(not_allowed("GET")),
        )
        .service(
            web::resource("/password/reset/{token}")
                .route(get_or_head().to(pages::reset_form))
                .route(web::post().to(pages::reset))
                .default_service(not_allowed("GET, HEAD, POST")),
        )
        .service(get(["/avatar/{name}"], user::avatar))
        .service(get(["/style.css"], pages::style))
        .default_service(web::to(pages::not_found))
}

fn get<const N: usize, F, Args>(paths: [&str; N], handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint::at(paths)
        .route(move || get_or_head().to(handler.clone()))
        .otherwise(|| not_allowed("GET, HEAD"))
}

fn post<const N: usize, F, Args>(paths: [&str; N], handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint::at(paths)
        .route(move || web::post().to(handler.clone()))
        .otherwise(|| not_allowed("POST"))
}

/// What the documents say is a POST, and the older server a PUT.
fn change<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler.clone()))
        .route(web::put().to(handler))
        .default_service(not_allowed("POST, PUT"))
}

/// 405 with nothing but the methods that there are (RFC 9110 §15.5.6).
fn not_allowed(methods: &'static str) -> actix_web::Route {
    web::to(move || async move {
        HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, methods))
            .finish()
    })
}
