use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Applicant, CookieRequest, LogInError, Person};
use clavis_identity::AccountState;
use clavis_kernel::{Email, Secret};
use serde::Serialize;
use serde_json::json;

use super::cookie::{SessionSecret, no_cookie};
use crate::client;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Profile, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};
use crate::dialects::barong::settings::CaptchaPlace;
use crate::dialects::barong::user_wire::FullUser;

/// Carries the token that a page sends with the cookie.
const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// Somebody who logged in, with what goes along with the cookie.
#[derive(Serialize)]
struct LoggedIn<'a> {
    #[serde(flatten)]
    account: FullUser<'a>,
    csrf_token: &'a str,
}

/// `POST /identity/sessions`. The order of the refusals is part of the contract.
pub(super) async fn log_in(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Session);
    let email = check.required("email");
    let password = Secret::new(check.required("password"));
    let code = check.optional("otp_code").map(Secret::new);
    let solution = barong.solution(&mut check, CaptchaPlace::SessionCreate);
    check.finish()?;
    barong.check_log_in_rate(&request)?;
    barong.check_solution(&request, solution).await?;
    barong.may_log_in_from_there(&request).await?;

    let applicant = match email.parse::<Email>() {
        Ok(address) => barong.look_up(&request, move |on| on.applicant(&address)).await?,
        Err(_) => Applicant::Nobody,
    };
    let candidate = match applicant {
        Applicant::Candidate(candidate) => candidate,
        Applicant::Nobody | Applicant::WithoutPassword => {
            barong.app.check_decoy(password).await?;
            return Err(BarongError::WRONG_CREDENTIALS);
        }
        Applicant::Closed(account, state) => {
            barong
                .transaction(&request, move |on| on.refuse_closed(account, state))
                .await?;
            return Err(closed(state));
        }
    };
    let checked = barong.app.check_password(candidate, password).await?;
    let secret = SessionSecret::generate(barong.app.entropy.as_ref());
    let wanted = barong.cookie_request(&request, &secret);
    let opened = barong
        .transaction(&request, move |on| {
            on.log_in_with_cookie(&checked, code.as_ref(), &wanted)
        })
        .await?;
    let opened = opened.map_err(refused)?;
    barong
        .logged_in(&request, &secret, opened.person, StatusCode::OK)
        .await
}

/// `DELETE /identity/sessions`.
pub(super) async fn log_out(
    request: HttpRequest,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let digest = SessionSecret::shown(&request)
        .ok_or(BarongError::NOT_FOUND)?
        .digest();
    let ended = barong
        .transaction(&request, move |on| on.log_out_cookie(&digest))
        .await?;
    if !ended {
        return Err(BarongError::NOT_FOUND);
    }
    Ok(HttpResponse::Ok()
        .cookie(no_cookie(barong.app.public_url.is_https()))
        .json(json!(200)))
}

impl Barong {
    /// Refuses a client that logs in too often.
    pub(in crate::dialects::barong) fn check_log_in_rate(
        &self,
        request: &HttpRequest,
    ) -> Result<(), BarongError> {
        let client = client::client_ip(request, &self.app.trusted_proxies);
        self.app
            .login_rate
            .check(client)
            .map_err(BarongError::too_many_requests)
    }

    /// Refuses a client that makes accounts or asks for mails too often.
    pub(in crate::dialects::barong) fn check_newcomer_rate(
        &self,
        request: &HttpRequest,
    ) -> Result<(), BarongError> {
        let client = client::client_ip(request, &self.app.trusted_proxies);
        self.app
            .newcomer_rate
            .check(client)
            .map_err(BarongError::too_many_requests)
    }

    /// What a log-in is to give for the secret of a new cookie.
    pub(super) fn cookie_request(&self, request: &HttpRequest, secret: &SessionSecret) -> CookieRequest {
        CookieRequest {
            secret: secret.digest(),
            lifetime: self.session_lifetime,
            replaces: SessionSecret::shown(request).map(|shown| shown.digest()),
        }
    }

    /// The cookie of a session that was just opened, and in the coded profile who it belongs to.
    pub(super) async fn logged_in(
        &self,
        request: &HttpRequest,
        secret: &SessionSecret,
        person: Person,
        status: StatusCode,
    ) -> Result<HttpResponse, BarongError> {
        let csrf_token = self.gateway.csrf_token(secret);
        let header = HeaderValue::from_str(csrf_token.expose()).map_err(|_| BarongError::INTERNAL)?;
        let mut response = HttpResponse::build(status);
        response
            .cookie(secret.cookie(self.app.public_url.is_https()))
            .insert_header((CSRF_HEADER, header));
        if Profile::of(request) == Profile::Classic {
            return Ok(response.json(status.as_u16()));
        }
        let dossier = self
            .look_up(request, move |on| on.dossier(person.clone()))
            .await?;
        Ok(response.json(LoggedIn {
            account: self.full_user(&dossier, Profile::Coded),
            csrf_token: csrf_token.expose(),
        }))
    }
}

/// What is told of an account that is not in use, before its password is looked at.
const fn closed(state: AccountState) -> BarongError {
    match state {
        AccountState::Active | AccountState::Pending | AccountState::Locked => BarongError::NOT_ACTIVE,
        AccountState::Banned => BarongError::BANNED,
        AccountState::Deleted | AccountState::Withdrawn => BarongError::DELETED,
    }
}

pub(super) fn refused(refusal: LogInError) -> BarongError {
    match refusal {
        LogInError::NotActivated | LogInError::Suspended => BarongError::NOT_ACTIVE,
        LogInError::UnknownAccount
        | LogInError::NoPassword
        | LogInError::WrongPassword
        | LogInError::LockedOut => BarongError::WRONG_CREDENTIALS,
        LogInError::SecondFactorMissing => BarongError::LOG_IN_CODE_MISSING,
        LogInError::SecondFactorWrong => BarongError::LOG_IN_CODE_WRONG,
        LogInError::SecondFactorReplayed => BarongError::CODE_REPLAYED,
        // Neither comes of this door: it asks for codes, and names its own application.
        LogInError::SecondFactorUnsupported | LogInError::UnknownApplication => BarongError::INTERNAL,
    }
}
