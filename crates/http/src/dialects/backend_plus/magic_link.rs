//! Links that open a session in place of a password.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use clavis_flows::{FollowLinkError, LinkAction, RequestLinkError, SignUp};
use clavis_kernel::{AccountId, Email};

use super::activation::{onward, redirect};
use super::error::{Profile, Refusal};
use super::rules::{Disclosure, Switch};
use super::session::Handover;
use super::wire::{self, Fields};
use super::{APPLICATION, BackendPlus};
use crate::pages::LinkDoor;

/// What the contract calls the two kinds of links.
const ACTIONS: [(&str, LinkAction); 2] = [("log-in", LinkAction::LogIn), ("register", LinkAction::Register)];

/// How a kind of link is called in URLs.
pub(super) fn name(action: LinkAction) -> &'static str {
    match action {
        LinkAction::LogIn => "log-in",
        LinkAction::Register => "register",
    }
}

/// `GET /auth/magic-link?token=&action=`: for clients that call it. Our own mails lead to a page whose button posts.
pub(super) async fn follow(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    rules.require(Switch::from(rules.link_lifetime.is_some()))?;
    let mut fields = Fields::of_query(&request)?;
    let token = fields.ticket("token")?;
    let action = fields.one_of("action", &ACTIONS)?;
    fields.finish()?;
    let success = rules.redirect_success.as_deref();
    if success.is_none() && rules.profile == Profile::V2_7 {
        tracing::error!("dialects.backend_plus.redirect_url_success is not set: a link leads nowhere");
        return Err(Refusal::INTERNAL);
    }
    let activation = rules.activation;
    let followed = if request.method() == Method::HEAD {
        let examined = dialect
            .look_up(&request, move |on| on.examine_link(&token, action, activation))
            .await?;
        examined.map(|()| None)
    } else {
        let asked = BackendPlus::session_request();
        let followed = dialect
            .transaction(&request, move |on| {
                on.follow_link(&token, action, activation, &asked)
            })
            .await?;
        followed.map(Some)
    };
    match (followed, success) {
        (Err(refusal), _) => match &rules.redirect_error {
            Some(url) => Ok(redirect(url).finish()),
            None => Err(refusal.into()),
        },
        (Ok(Some(admission)), Some(url)) => Ok(redirect(&onward(url, &admission)).finish()),
        (Ok(Some(admission)), None) => dialect.admission(&admission, Handover::Body),
        (Ok(None), Some(url)) => Ok(redirect(url).finish()),
        (Ok(None), None) => Ok(HttpResponse::Ok().finish()),
    }
}

impl BackendPlus {
    /// How our own page follows a link; `None` when there are none, or nowhere to go on to.
    pub fn link_door(&self) -> Option<LinkDoor> {
        let url = self.rules.redirect_success.clone();
        let url = url.filter(|_| self.rules.link_lifetime.is_some())?;
        Some(LinkDoor {
            activation: self.rules.activation,
            application: APPLICATION,
            onward: Box::new(move |admission| onward(&url, admission)),
        })
    }

    /// `POST /auth/login` without a password: mails a link.
    pub(super) async fn mail_link(
        &self,
        request: &HttpRequest,
        email: Email,
        lifetime: Duration,
    ) -> Result<HttpResponse, Refusal> {
        self.check_log_in_rate(request)?;
        self.rules.require_mail()?;
        let asked = self
            .transaction(request, move |on| on.request_link(&email, lifetime))
            .await?;
        match asked {
            // Whoever asked too often has a mail already.
            Ok(()) | Err(RequestLinkError::TooManyMails) => {}
            Err(RequestLinkError::LogIn(refusal)) if self.rules.log_in_accounts == Disclosure::Hidden => {
                tracing::debug!(%refusal, "a link was not mailed, and nobody was told");
            }
            Err(RequestLinkError::LogIn(refusal)) => return Err(self.rules.profile.log_in(refusal)),
        }
        let answer = r#"{"magicLink":true}"#.to_owned();
        Ok(wire::json(&mut HttpResponse::Ok(), answer))
    }

    /// `POST /auth/register` without a password: an account whose first session a link opens.
    pub(super) async fn register_by_link(
        &self,
        request: &HttpRequest,
        (anonymous, command): (Option<AccountId>, SignUp),
        lifetime: Duration,
        handover: Handover,
    ) -> Result<HttpResponse, Refusal> {
        let made = self
            .transaction(request, move |on| {
                let made = on.register_by_link(anonymous, &command, lifetime)?;
                match made {
                    Ok(account) => Ok(Ok(on.account_by_id(account.id)?)),
                    Err(refusal) => Ok(Err(refusal)),
                }
            })
            .await?;
        let view = made.map_err(|refusal| self.rules.profile.sign_up(refusal))?;
        self.no_session(&view.ok_or(Refusal::INTERNAL)?, handover)
    }
}

impl From<FollowLinkError> for Refusal {
    fn from(refusal: FollowLinkError) -> Self {
        match refusal {
            FollowLinkError::Unknown => Self::BAD_LINK,
            FollowLinkError::SecondFactorUnsupported => Self::SECOND_FACTOR_REQUIRED,
        }
    }
}
