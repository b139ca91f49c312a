//! Links that open a session in place of a password.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Admission, FollowLinkError, LinkAction, SessionRequest};
use clavis_kernel::Secret;

use super::Pages;
use super::mail::{Carried, NOT_VALID, caller, confirm, door, incomplete, own_name, refused};
use super::present::{ResultPage, fault_page, page};
use crate::Fault;

pub(super) async fn page_of_link(request: HttpRequest, query: Option<web::Query<Carried>>) -> HttpResponse {
    let action = own_name(&request);
    confirm(query, "Log in", "Press the button to log in.", action, "Log in")
}

pub(super) async fn log_in(
    request: HttpRequest,
    pages: web::Data<Pages>,
    form: Option<web::Form<Carried>>,
) -> HttpResponse {
    follow(&request, &pages, form, LinkAction::LogIn).await
}

pub(super) async fn register(
    request: HttpRequest,
    pages: web::Data<Pages>,
    form: Option<web::Form<Carried>>,
) -> HttpResponse {
    follow(&request, &pages, form, LinkAction::Register).await
}

/// Follows the link and shows where to go on. The session is in the address of the button: a form that this page posted
/// cannot lead to another site.
async fn follow(
    request: &HttpRequest,
    pages: &Pages,
    form: Option<web::Form<Carried>>,
    action: LinkAction,
) -> HttpResponse {
    let Some(form) = form else { return incomplete() };
    let Some(presented) = form.presented() else {
        return incomplete();
    };
    let mail_door = match door(request, pages, presented, action.purpose()).await {
        Ok(door) => door,
        Err(answer) => return answer,
    };
    let Some(link) = &mail_door.link else {
        tracing::error!(dialect = %mail_door.dialect, "a link that logs in leads to no application");
        return fault_page(Fault::Internal);
    };
    let (token, activation) = (Secret::new(presented.secret()), link.activation);
    let asked = SessionRequest {
        application: link.application.to_owned(),
        device: None,
    };
    let caller = caller(request, pages, mail_door);
    let followed = pages
        .app
        .transaction(&mail_door.door, caller, move |on| {
            on.follow_link(&token, action, activation, &asked)
        })
        .await;
    let admission = match followed {
        Ok(Ok(admission)) => admission,
        Ok(Err(FollowLinkError::Unknown)) => return refused(StatusCode::FORBIDDEN, NOT_VALID),
        Ok(Err(FollowLinkError::SecondFactorUnsupported)) => {
            return refused(StatusCode::FORBIDDEN, "This account needs a second factor.");
        }
        Err(fault) => return fault_page(fault),
    };
    let (title, text) = match &admission {
        Admission::Session(_) => ("You are logged in", "Go on to the application."),
        Admission::FactorAwaited(_) => (
            "One step is left",
            "Go on to the application and enter a code of your authenticator app.",
        ),
    };
    page(
        StatusCode::OK,
        &ResultPage {
            root: "..",
            title,
            text,
            continue_url: Some(&(link.onward)(&admission)),
        },
    )
}
