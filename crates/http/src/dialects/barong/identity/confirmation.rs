use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{ActivationError, Resend, ResendError};
use clavis_identity::TicketPurpose;
use clavis_kernel::{Email, Secret};

use super::created;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Profile, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};
use crate::dialects::barong::settings::CaptchaPlace;

/// How long somebody waits who was sent as many mails in an hour as anybody is.
pub(super) const MAIL_WAIT: std::time::Duration = std::time::Duration::from_hours(1);

/// `POST /identity/users/email/generate_code`.
pub(super) async fn generate_code(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let email = check.required("email");
    let solution = barong.solution(&mut check, CaptchaPlace::EmailConfirmation);
    check.finish()?;
    barong.check_newcomer_rate(&request)?;
    barong.check_solution(&request, solution).await?;
    let asked = match email.parse::<Email>() {
        Ok(address) => {
            barong
                .transaction(&request, move |on| {
                    on.resend_activation(&address, Resend::Unproven)
                })
                .await?
        }
        Err(_) => Err(ResendError::UnknownAddress),
    };
    // The coded profile tells nobody who has an account.
    match asked {
        Ok(()) => Ok(created()),
        Err(_) if Profile::of(&request) == Profile::Coded => Ok(created()),
        Err(ResendError::TooManyMails) => Err(BarongError::too_many_requests(MAIL_WAIT)),
        Err(ResendError::UnknownAddress | ResendError::AlreadyActive | ResendError::Suspended) => {
            Err(BarongError::CANNOT_BE_CONFIRMED)
        }
    }
}

/// `POST /identity/users/email/confirm_code`.
pub(super) async fn confirm_code(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let token = Secret::new(check.required("token"));
    check.finish()?;
    let ticket = token.clone();
    let activated = barong
        .transaction(&request, move |on| on.activate(&ticket))
        .await?;
    match activated {
        Ok(_) => Ok(created()),
        Err(ActivationError::AlreadyActive) => Err(BarongError::CANNOT_BE_CONFIRMED),
        Err(ActivationError::Expired) => Err(BarongError::MAIL_TOKEN_EXPIRED),
        Err(ActivationError::Unknown) => Err(barong.bad_mail_token(&token, TicketPurpose::Activate).await),
    }
}
