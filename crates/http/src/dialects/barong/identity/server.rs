use actix_web::{HttpRequest, HttpResponse, web};
use clavis_identity::PasswordRules;
use clavis_kernel::{EntropyExt as _, Secret};
use serde::Serialize;
use serde_json::json;

use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};

/// What a new password must have, as clients of the family read it.
const PASSWORD_REGEXP: &str = "(?=.*[[:lower:]])(?=.*[[:upper:]])(?=.*[[:digit:]]).{8,80}";

/// What clients do in one way or another.
#[derive(Serialize)]
struct Configs {
    session_expire_time: u32,
    captcha_type: &'static str,
    captcha_id: Option<String>,
    /// A code by text message; the name is that of whoever sent them upstream.
    phone_verification_type: &'static str,
    password_min_entropy: u32,
    password_regexp: &'static str,
}

/// A challenge of Geetest's own when it is not to be had.
#[derive(Serialize)]
struct NoCaptcha {
    success: u8,
    gt: &'static str,
    challenge: String,
    new_captcha: bool,
}

/// `GET /ping`.
pub(super) async fn ping() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "ping": "pong" }))
}

/// `GET /time`.
pub(super) async fn time(barong: web::Data<Barong>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "time": barong.app.clock.now().timestamp() }))
}

/// `GET /version`.
pub(super) async fn version(barong: web::Data<Barong>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "version": barong.app.version }))
}

/// `GET /configs`.
pub(super) async fn configs(barong: web::Data<Barong>) -> HttpResponse {
    HttpResponse::Ok().json(Configs {
        session_expire_time: barong.settings.session_expire_time,
        captcha_type: barong.settings.captcha.name(),
        captcha_id: barong.settings.recaptcha_site_key.clone(),
        phone_verification_type: "twilio_sms",
        password_min_entropy: barong.settings.password_min_entropy,
        password_regexp: PASSWORD_REGEXP,
    })
}

/// `POST /public/kyc`: where a provider calls back who was asked who somebody is. Only reviewers are asked here.
pub(super) async fn kyc() -> Result<HttpResponse, BarongError> {
    Err(BarongError::KYC_IS_LOCAL)
}

/// `POST /password/validate`.
pub(super) async fn validate_password(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::IdentityUser);
    let password = Secret::new(check.required("password"));
    check.finish()?;
    Ok(HttpResponse::Created().json(json!({ "entropy": PasswordRules::entropy_bits(&password) })))
}

/// `GET /users/register_geetest`: the answer by which Geetest's own clients learn that the service is not to be had,
/// and go on without it. What they then send is not looked at.
pub(super) async fn captcha(barong: web::Data<Barong>) -> HttpResponse {
    let challenge = hex::encode(barong.app.entropy.bytes::<16>());
    HttpResponse::Ok().json(NoCaptcha {
        success: 0,
        gt: "",
        challenge,
        new_captcha: true,
    })
}
