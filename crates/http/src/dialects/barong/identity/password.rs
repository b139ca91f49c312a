use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{PasswordResetError, PendingAccounts, ResetRequestError};
use clavis_identity::TicketPurpose;
use clavis_kernel::{Email, Secret};

use super::confirmation::MAIL_WAIT;
use super::created;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Profile, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};
use crate::dialects::barong::settings::CaptchaPlace;

/// `POST /identity/users/password/generate_code`.
pub(super) async fn generate_code(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let email = check.required("email");
    let solution = barong.solution(&mut check, CaptchaPlace::PasswordReset);
    check.finish()?;
    barong.check_newcomer_rate(&request)?;
    barong.check_solution(&request, solution).await?;
    let asked = match email.parse::<Email>() {
        Ok(address) => {
            barong
                .transaction(&request, move |on| {
                    on.request_password_reset(&address, PendingAccounts::MayReset)
                })
                .await?
        }
        Err(_) => Err(ResetRequestError::UnknownAddress),
    };
    // The coded profile tells nobody who has an account.
    match asked {
        Ok(()) => Ok(created()),
        Err(_) if Profile::of(&request) == Profile::Coded => Ok(created()),
        Err(ResetRequestError::TooManyMails) => Err(BarongError::too_many_requests(MAIL_WAIT)),
        // The contract has one refusal: who cannot be helped is told what strangers are told.
        Err(
            ResetRequestError::UnknownAddress
            | ResetRequestError::NotActivated
            | ResetRequestError::Suspended,
        ) => Err(BarongError::NO_SUCH_ACCOUNT),
    }
}

/// `POST /identity/users/password/confirm_code`.
pub(super) async fn confirm_code(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let token = Secret::new(check.required_nb("reset_password_token"));
    let password = Secret::new(check.required_nb("password"));
    let again = check.required_nb("confirm_password");
    check.finish()?;
    if !password.same_as(&again) {
        return Err(BarongError::PASSWORDS_DIFFER);
    }
    let ticket = token.clone();
    let examined = barong
        .look_up(&request, move |on| on.examine_reset(&ticket))
        .await?;
    if let Err(refusal) = examined {
        return Err(barong.reset_refused(refusal, &token).await);
    }
    let problems = barong.password_problems(&password);
    if !problems.is_empty() {
        let refusal = BarongError::account(problems);
        let (ticket, reason) = (token.clone(), refusal.reason());
        barong
            .transaction(&request, move |on| on.refuse_reset(&ticket, &reason))
            .await?;
        return Err(refusal);
    }
    let hash = barong.app.hash(password).await?;
    let ticket = token.clone();
    let reset = barong
        .transaction(&request, move |on| on.reset_password(&ticket, &hash))
        .await?;
    match reset {
        Ok(_) => Ok(created()),
        Err(refusal) => Err(barong.reset_refused(refusal, &token).await),
    }
}

impl Barong {
    async fn reset_refused(&self, refusal: PasswordResetError, token: &Secret) -> BarongError {
        match refusal {
            PasswordResetError::Expired => BarongError::MAIL_TOKEN_EXPIRED,
            PasswordResetError::Suspended => BarongError::NOT_ACTIVE,
            PasswordResetError::Unknown => self.bad_mail_token(token, TicketPurpose::ResetPassword).await,
        }
    }
}
