use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{ActivationError, EmailChangeError, PasswordResetError};
use clavis_identity::TicketPurpose;
use clavis_kernel::{Caller, Secret};
use serde::Deserialize;

use super::present::{ConfirmPage, PasswordPage, ResultPage, fault_page, page};
use super::{MailDoor, Pages};
use crate::{Fault, client};

/// No ticket of ours is longer.
const MAX_TICKET_BYTES: usize = 4096;

/// What a mailed link, or the form it leads to, carries.
#[derive(Deserialize)]
pub(super) struct Carried {
    ticket: Option<String>,
    token: Option<String>,
    password: Option<String>,
    confirm: Option<String>,
}

/// A ticket, and what the link calls it.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    field: &'static str,
    secret: &'a str,
}

impl Presented<'_> {
    pub(super) fn secret(&self) -> &str {
        self.secret
    }
}

impl Carried {
    pub(super) fn presented(&self) -> Option<Presented<'_>> {
        let (field, secret) = match (&self.ticket, &self.token) {
            (Some(ticket), None) => ("ticket", ticket),
            (None, Some(token)) => ("token", token),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let fits = !secret.is_empty() && secret.len() <= MAX_TICKET_BYTES;
        fits.then_some(Presented { field, secret })
    }
}

/// The door of the dialect that mailed a ticket; any, if that one is not open: the ticket is good or bad at all of
/// them.
pub(super) async fn door<'p>(
    request: &HttpRequest,
    pages: &'p Pages,
    presented: Presented<'_>,
    purpose: TicketPurpose,
) -> Result<&'p MailDoor, HttpResponse> {
    let any = pages.doors.first().ok_or_else(incomplete)?;
    let ticket = Secret::new(presented.secret);
    let through = pages
        .app
        .look_up(&any.door, caller(request, pages, any), move |on| {
            on.mailed_through(&ticket, purpose)
        })
        .await
        .map_err(fault_page)?;
    let own = pages.doors.iter().find(|door| Some(door.dialect) == through);
    Ok(own.unwrap_or(any))
}

pub(super) async fn activation_page(
    request: HttpRequest,
    query: Option<web::Query<Carried>>,
) -> HttpResponse {
    confirm(
        query,
        "Activate your account",
        "Press the button to confirm that this address is yours.",
        own_name(&request),
        "Activate",
    )
}

pub(super) async fn email_page(request: HttpRequest, query: Option<web::Query<Carried>>) -> HttpResponse {
    confirm(
        query,
        "Confirm your new address",
        "Press the button to log in with this address from now on.",
        own_name(&request),
        "Confirm",
    )
}

/// The page's address from its own folder: the public URL may have a path in front that never arrives here.
pub(super) fn own_name(request: &HttpRequest) -> &str {
    request.path().rsplit('/').next().unwrap_or_default()
}

pub(super) fn confirm(
    query: Option<web::Query<Carried>>,
    title: &str,
    text: &str,
    action: &str,
    button: &str,
) -> HttpResponse {
    let Some(carried) = query else { return incomplete() };
    let Some(Presented { field, secret }) = carried.presented() else {
        return incomplete();
    };
    page(
        StatusCode::OK,
        &ConfirmPage {
            title,
            text,
            action,
            field,
            secret,
            button,
        },
    )
}

pub(super) async fn reset_page(
    request: HttpRequest,
    pages: web::Data<Pages>,
    query: Option<web::Query<Carried>>,
) -> HttpResponse {
    let Some(carried) = query else { return incomplete() };
    let Some(presented) = carried.presented() else {
        return incomplete();
    };
    match examine(&request, &pages, presented).await {
        Ok(_) => password_form(StatusCode::OK, presented, None),
        Err(answer) => answer,
    }
}

/// The door of a reset ticket that is worth asking for a password: nobody types one in vain, and none is hashed in
/// vain.
async fn examine<'p>(
    request: &HttpRequest,
    pages: &'p Pages,
    presented: Presented<'_>,
) -> Result<&'p MailDoor, HttpResponse> {
    let door = door(request, pages, presented, TicketPurpose::ResetPassword).await?;
    let ticket = Secret::new(presented.secret);
    let caller = caller(request, pages, door);
    let examined = pages
        .app
        .look_up(&door.door, caller, move |on| on.examine_reset(&ticket))
        .await;
    examined.map_err(fault_page)?.map_err(reset_refused)?;
    Ok(door)
}

pub(super) async fn activate(
    request: HttpRequest,
    pages: web::Data<Pages>,
    form: Option<web::Form<Carried>>,
) -> HttpResponse {
    let Some(form) = form else { return incomplete() };
    let Some(presented) = form.presented() else {
        return incomplete();
    };
    let door = match door(&request, &pages, presented, TicketPurpose::Activate).await {
        Ok(door) => door,
        Err(answer) => return answer,
    };
    let secret = Secret::new(presented.secret);
    let caller = caller(&request, &pages, door);
    let answer = pages
        .app
        .transaction(&door.door, caller, move |on| on.activate(&secret))
        .await;
    match answer {
        Ok(Ok(_)) => done(door, "Your account is active", "You can log in now."),
        Ok(Err(ActivationError::AlreadyActive)) => refused(
            StatusCode::CONFLICT,
            "Your account is active already. You can log in.",
        ),
        Ok(Err(ActivationError::Expired)) => refused(StatusCode::FORBIDDEN, EXPIRED),
        Ok(Err(ActivationError::Unknown)) => refused(StatusCode::FORBIDDEN, NOT_VALID),
        Err(fault) => fault_page(fault),
    }
}

pub(super) async fn reset(
    request: HttpRequest,
    pages: web::Data<Pages>,
    form: Option<web::Form<Carried>>,
) -> HttpResponse {
    let Some(form) = form else { return incomplete() };
    let Some(presented) = form.presented() else {
        return incomplete();
    };
    let door = match examine(&request, &pages, presented).await {
        Ok(door) => door,
        Err(answer) => return answer,
    };
    let password = form.password.as_deref().unwrap_or_default();
    if form.confirm.as_deref() != Some(password) {
        return password_form(
            StatusCode::BAD_REQUEST,
            presented,
            Some("The two passwords differ."),
        );
    }
    if let Some(problem) = (door.password_problem)(password) {
        return password_form(StatusCode::BAD_REQUEST, presented, Some(&problem));
    }
    if door.refuses_breached {
        match pages.app.breached.contain(&Secret::new(password)).await {
            Ok(false) => {}
            Ok(true) => {
                let problem = Some("This password is known from a breach. Choose another.");
                return password_form(StatusCode::BAD_REQUEST, presented, problem);
            }
            Err(error) => {
                tracing::error!(%error, "a new password was refused unseen");
                return fault_page(Fault::Internal);
            }
        }
    }
    let hash = match pages.app.hash(Secret::new(password)).await {
        Ok(hash) => hash,
        Err(fault) => return fault_page(fault),
    };
    let (ticket, caller) = (Secret::new(presented.secret), caller(&request, &pages, door));
    let answer = pages
        .app
        .transaction(&door.door, caller, move |on| on.reset_password(&ticket, &hash))
        .await;
    match answer {
        Ok(Ok(_)) => done(door, "Your password was changed", "Log in with the new password."),
        Ok(Err(refusal)) => reset_refused(refusal),
        Err(fault) => fault_page(fault),
    }
}

pub(super) async fn change_email(
    request: HttpRequest,
    pages: web::Data<Pages>,
    form: Option<web::Form<Carried>>,
) -> HttpResponse {
    let Some(form) = form else { return incomplete() };
    let Some(presented) = form.presented() else {
        return incomplete();
    };
    let door = match door(&request, &pages, presented, TicketPurpose::ChangeEmail).await {
        Ok(door) => door,
        Err(answer) => return answer,
    };
    let (secret, old) = (Secret::new(presented.secret), door.old_address);
    let caller = caller(&request, &pages, door);
    let answer = pages
        .app
        .transaction(&door.door, caller, move |on| on.change_email(&secret, old))
        .await;
    match answer {
        Ok(Ok(_)) => done(
            door,
            "Your address was changed",
            "Log in with the new address from now on.",
        ),
        Ok(Err(EmailChangeError::Unknown | EmailChangeError::Spent | EmailChangeError::AccountNotActive)) => {
            refused(StatusCode::FORBIDDEN, NOT_VALID)
        }
        Ok(Err(EmailChangeError::Expired)) => refused(StatusCode::FORBIDDEN, EXPIRED),
        Ok(Err(EmailChangeError::AddressTaken)) => refused(
            StatusCode::CONFLICT,
            "This address belongs to another account by now.",
        ),
        Err(fault) => fault_page(fault),
    }
}

pub(super) const NOT_VALID: &str = "This link is not valid, or it was used already. Ask for a new mail.";
const EXPIRED: &str = "This link has expired. Ask for a new mail.";

fn reset_refused(refusal: PasswordResetError) -> HttpResponse {
    match refusal {
        PasswordResetError::Unknown => refused(StatusCode::FORBIDDEN, NOT_VALID),
        PasswordResetError::Expired => refused(StatusCode::FORBIDDEN, EXPIRED),
        PasswordResetError::Suspended => refused(StatusCode::FORBIDDEN, "This account is suspended."),
    }
}

pub(super) fn caller(request: &HttpRequest, pages: &Pages, door: &MailDoor) -> Caller {
    client::caller(request, &pages.app.trusted_proxies, door.dialect)
}

fn password_form(status: StatusCode, presented: Presented<'_>, problem: Option<&str>) -> HttpResponse {
    page(
        status,
        &PasswordPage {
            field: presented.field,
            secret: presented.secret,
            problem,
        },
    )
}

fn done(door: &MailDoor, title: &str, text: &str) -> HttpResponse {
    page(
        StatusCode::OK,
        &ResultPage {
            root: "..",
            title,
            text,
            continue_url: door.continue_url.as_deref(),
        },
    )
}

pub(super) fn refused(status: StatusCode, text: &str) -> HttpResponse {
    page(
        status,
        &ResultPage {
            root: "..",
            title: "That did not work",
            text,
            continue_url: None,
        },
    )
}

pub(super) fn incomplete() -> HttpResponse {
    refused(
        StatusCode::BAD_REQUEST,
        "This link is not complete. Copy all of it from the mail.",
    )
}
