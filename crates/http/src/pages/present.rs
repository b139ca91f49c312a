use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

use crate::Fault;
use crate::fault::RETRY_AFTER_SECONDS;

/// Nothing is loaded but our own style sheet, nothing is framed, forms post to this server only.
const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page whose button posts a ticket.
#[derive(Template)]
#[template(path = "pages/confirm.html")]
pub(super) struct ConfirmPage<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub action: &'a str,
    pub field: &'a str,
    pub secret: &'a str,
    pub button: &'a str,
}

/// A page that asks for a new password.
#[derive(Template)]
#[template(path = "pages/password.html")]
pub(super) struct PasswordPage<'a> {
    pub field: &'a str,
    pub secret: &'a str,
    pub problem: Option<&'a str>,
}

/// How it ended.
#[derive(Template)]
#[template(path = "pages/result.html")]
pub(super) struct ResultPage<'a> {
    /// The way from the page's folder to the root: the public URL may have a path that never arrives here.
    pub root: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub continue_url: Option<&'a str>,
}

/// A page as an answer. Its URL may hold a ticket: it is not kept, not framed and not told to other sites.
pub(super) fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be rendered");
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}

/// The page for a request that got no answer of its own.
pub(super) fn fault_page(fault: Fault) -> HttpResponse {
    match fault {
        Fault::Internal => page(
            StatusCode::INTERNAL_SERVER_ERROR,
            &ResultPage {
                root: "..",
                title: "Something went wrong",
                text: "Nothing was changed. Please try again later.",
                continue_url: None,
            },
        ),
        Fault::Busy => {
            let mut response = page(
                StatusCode::SERVICE_UNAVAILABLE,
                &ResultPage {
                    root: "..",
                    title: "Too busy just now",
                    text: "Nothing was changed. Please try again in a moment.",
                    continue_url: None,
                },
            );
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            response
        }
    }
}

/// The style sheet.
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(include_str!("../../templates/pages/style.css"))
}
