use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::RedeemWhitelinkError;
use clavis_kernel::Secret;

use super::created;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};

/// `POST /identity/users/access`: somebody who is kept out because of where they are shows the link that lets them in.
pub(super) async fn redeem(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let token = Secret::new(check.required_nb("whitelink_token"));
    check.finish()?;
    barong.check_log_in_rate(&request)?;
    let redeemed = barong.transaction(&request, move |on| on.redeem_whitelink(&token));
    match redeemed.await? {
        Ok(()) => Ok(created()),
        Err(RedeemWhitelinkError::Unknown | RedeemWhitelinkError::NoAddress) => {
            Err(BarongError::WHITELINK_WRONG)
        }
        Err(RedeemWhitelinkError::TooMany) => Err(BarongError::WHITELINKS_USED_UP),
    }
}
