//! Our own hosted pages: what mailed links lead to, and in dev mode a mailbox.
//!
//! A GET shows a page and changes nothing, so that programs that follow links in mails do no harm; the page's
//! button posts. The ticket in the form is what authorizes it: nobody who does not hold it can make a browser
//! post it, so it serves as the form's CSRF token too.

mod link;
mod mail;
mod mailbox;
mod present;

use std::sync::Arc;

use actix_web::web;
use clavis_flows::{Activation, Admission, Door};
use clavis_kernel::Dialect;

pub use mailbox::{MailboxMail, MailboxReader, MailboxSummary, MailboxText};

use crate::{App, Endpoint, get_or_head};

/// The pages and what stands behind them.
pub struct Pages {
    /// What every handler shares.
    pub app: web::Data<App>,
    /// The doors whose mails lead here.
    pub doors: Vec<MailDoor>,
    /// The mails and texts not sent but kept in files, shown in dev mode.
    pub mailbox: Option<Arc<dyn MailboxReader>>,
}

/// Says in words what is wrong with a new password, if anything is.
pub type PasswordProblem = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Through which door the ticket of a link is used.
pub struct MailDoor {
    /// The dialect that mailed it.
    pub dialect: Dialect,
    /// How that dialect behaves.
    pub door: Arc<Door>,
    /// What is wrong with a new password, in words.
    pub password_problem: PasswordProblem,
    /// Where to go on after success.
    pub continue_url: Option<String>,
    /// Whether the old address is told when it is replaced.
    pub old_address: clavis_flows::OldAddress,
    /// Whether a new password must not be one that was seen in a breach.
    pub refuses_breached: bool,
    /// How a link is followed that opens a session; `None` when the dialect has none.
    pub link: Option<LinkDoor>,
}

/// How a link is followed that opens a session.
pub struct LinkDoor {
    /// How accounts become active: where it is by mail, the link of a registration does it.
    pub activation: Activation,
    /// The application logged in to, by its name.
    pub application: &'static str,
    /// Where to go on with what the link opened.
    pub onward: Box<dyn Fn(&Admission) -> String + Send + Sync>,
}

/// Mounts the pages.
pub fn routes(config: &mut web::ServiceConfig, pages: web::Data<Pages>) {
    let has_mailbox = pages.mailbox.is_some();
    config.app_data(pages);
    config.service(
        web::scope("/mail")
            .service(web::resource("/style.css").route(get_or_head().to(present::style)))
            .service(
                Endpoint::at(["/activate", "/verify"])
                    .route(|| get_or_head().to(mail::activation_page))
                    .route(|| web::post().to(mail::activate)),
            )
            .service(
                web::resource("/reset")
                    .route(get_or_head().to(mail::reset_page))
                    .route(web::post().to(mail::reset)),
            )
            .service(
                web::resource("/log-in")
                    .route(get_or_head().to(link::page_of_link))
                    .route(web::post().to(link::log_in)),
            )
            .service(
                web::resource("/register")
                    .route(get_or_head().to(link::page_of_link))
                    .route(web::post().to(link::register)),
            )
            .service(
                web::resource("/email")
                    .route(get_or_head().to(mail::email_page))
                    .route(web::post().to(mail::change_email)),
            ),
    );
    if has_mailbox {
        config.service(
            web::scope("/dev")
                .service(web::resource("/mailbox").route(get_or_head().to(mailbox::list)))
                .service(web::resource("/mailbox/{id}").route(get_or_head().to(mailbox::show))),
        );
    }
}
