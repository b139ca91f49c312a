use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{CodeError, RetireError};
use clavis_kernel::Secret;

use super::super::Barong;
use super::super::error::{BarongError, Thing};
use super::super::params::{Bounds, Check, Params, Presence};

/// `DELETE /users/me`. The address stays taken.
pub(super) async fn leave(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.standing_bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::User);
    let password = Secret::new(check.required_nb("password"));
    let code = check.text(Presence::Optional, "otp_code").unwrap_or_default();
    check.finish()?;
    // What was sent empty is refused in other words than what was not sent.
    let code = params.get("otp_code").map(|_| Secret::new(code));
    let candidate = barong
        .candidate(&request, bearer)
        .await?
        .ok_or(BarongError::LEAVE_PASSWORD_WRONG)?;
    let checked = barong.app.check_password(candidate, password).await?;
    let left = barong.transaction(&request, move |on| on.retire_account(&checked, code.as_ref()));
    left.await?.map_err(BarongError::from)?;
    Ok(HttpResponse::Ok().json(200))
}

impl From<RetireError> for BarongError {
    fn from(refusal: RetireError) -> Self {
        match refusal {
            RetireError::AccountNotActive => Self::BEARER,
            RetireError::WrongPassword => Self::LEAVE_PASSWORD_WRONG,
            RetireError::CodeMissing => Self::LEAVE_CODE_MISSING,
            RetireError::CodeEmpty => Self::LEAVE_CODE_EMPTY,
            RetireError::Code(CodeError::Wrong | CodeError::LockedOut) => Self::LEAVE_CODE_WRONG,
            RetireError::Code(CodeError::Replayed) => Self::CODE_REPLAYED,
        }
    }
}
