//! The second factor: an authenticator app, and recovery codes for who loses it.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{FactorError, Flows};
use clavis_kernel::{AccountId, Answer, Secret};
use serde::Serialize;
use serde_json::Value;

use super::Barong;
use super::bearer::Bearer;
use super::error::{BarongError, Thing};
use super::params::{Bounds, Check, Params};
use super::routes::at;
use crate::barcode::{self, DrawingError};
use crate::get_or_head;

/// Below `/otp`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/generate_qrcode").route(|| web::post().to(generate_qrcode)))
        .service(at("/enable").route(|| web::post().to(enable)))
        .service(at("/verify").route(|| web::post().to(verify)))
        .service(at("/disable").route(|| web::post().to(disable)))
        .service(
            at("/recovery_codes")
                .route(|| web::post().to(create_recovery_codes))
                .route(|| get_or_head().to(count_recovery_codes)),
        );
}

/// A new secret in the envelope of the store of secrets that older servers forwarded. Clients read `data`.
#[derive(Serialize)]
struct Envelope<'a> {
    data: Enrolment<'a>,
    auth: Option<Value>,
    lease_duration: u32,
    lease_id: &'static str,
    renewable: bool,
    warnings: Option<Value>,
    wrap_info: Option<Value>,
    metadata: Option<Value>,
}

#[derive(Serialize)]
struct Enrolment<'a> {
    barcode: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct RecoveryCodes<'a> {
    recovery_codes: Vec<&'a str>,
}

#[derive(Serialize)]
struct Remaining {
    remaining: u64,
}

/// `POST /otp/generate_qrcode`: a secret for an authenticator app, in place of one that waits.
async fn generate_qrcode(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.standing_bearer(&request).await?;
    Params::read(&request, payload, Bounds::FIELDS).await?;
    let (person, secret) = barong
        .transaction(&request, move |on| {
            let Some(person) = bearer.person(on)? else {
                return Ok(Err(BarongError::NOT_FOUND));
            };
            let begun = on.begin_second_factor(person.account().id)?;
            Ok(begun.map(|secret| (person, secret)).map_err(BarongError::from))
        })
        .await??;
    let address = person.address();
    let account = if address.is_empty() {
        person.account().uid.as_str()
    } else {
        &address
    };
    let url = barcode::url(&barong.settings.app_name, account, &secret.to_base32());
    // Two milliseconds, as long as a signature takes: not worth a way to another thread.
    let barcode = barcode::drawn(&url)?;
    Ok(HttpResponse::Created().json(Envelope {
        data: Enrolment {
            barcode: barcode.expose(),
            url: url.expose(),
        },
        auth: None,
        lease_duration: 0,
        lease_id: "",
        renewable: false,
        warnings: None,
        wrap_info: None,
        metadata: None,
    }))
}

/// `POST /otp/enable`: the secret that waits is in force from now on. The answer is a number, as upstream's.
async fn enable(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let shown = Shown::read(&barong, &request, payload).await?;
    barong
        .transaction(&request, move |on| {
            shown.to(on, BarongError::from, |account, code| {
                on.enable_second_factor(account, shown.bearer.session, code)
            })
        })
        .await??;
    Ok(HttpResponse::Created().json(200))
}

/// `POST /otp/verify`: whether this is a code; it is used up.
async fn verify(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let shown = Shown::by(barong.bearer(&request).await?, &request, payload).await?;
    barong
        .transaction(&request, move |on| {
            shown.to(on, BarongError::at_verification, |account, code| {
                on.verify_second_factor(account, code)
            })
        })
        .await??;
    Ok(HttpResponse::Created().json(Value::Null))
}

/// `POST /otp/disable`: log-ins need no second factor any more, and keys sign nothing.
async fn disable(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let shown = Shown::read(&barong, &request, payload).await?;
    barong
        .transaction(&request, move |on| {
            shown.to(on, BarongError::from, |account, code| {
                on.disable_second_factor(account, code)
            })
        })
        .await??;
    Ok(HttpResponse::Ok().json(200))
}

/// `POST /otp/recovery_codes`: ten new ones in place of those from before. They are shown this once.
async fn create_recovery_codes(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let shown = Shown::read(&barong, &request, payload).await?;
    let codes = barong
        .transaction(&request, move |on| {
            shown.to(on, BarongError::from, |account, code| {
                on.create_recovery_codes(account, code)
            })
        })
        .await??;
    Ok(HttpResponse::Created().json(RecoveryCodes {
        recovery_codes: codes.iter().map(|code| code.as_secret().expose()).collect(),
    }))
}

/// `GET /otp/recovery_codes`: how many are left.
async fn count_recovery_codes(
    barong: web::Data<Barong>,
    request: HttpRequest,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let remaining = barong
        .look_up(&request, move |on| {
            let Some(account) = bearer.account(on)? else {
                return Ok(Err(BarongError::NOT_FOUND));
            };
            on.count_recovery_codes(account.id).map(Ok)
        })
        .await??;
    Ok(HttpResponse::Ok().json(Remaining { remaining }))
}

impl From<DrawingError> for BarongError {
    fn from(error: DrawingError) -> Self {
        tracing::error!(%error, "a QR code was not drawn");
        Self::INTERNAL
    }
}

/// Somebody who shows a code.
struct Shown {
    bearer: Bearer,
    code: Secret,
}

impl Shown {
    async fn read(barong: &Barong, request: &HttpRequest, payload: Payload) -> Result<Self, BarongError> {
        Self::by(barong.standing_bearer(request).await?, request, payload).await
    }

    async fn by(bearer: Bearer, request: &HttpRequest, payload: Payload) -> Result<Self, BarongError> {
        let params = Params::read(request, payload, Bounds::FIELDS).await?;
        let mut check = Check::of(&params, Thing::Otp);
        let code = Secret::new(check.required_nb("code"));
        check.finish()?;
        Ok(Self { bearer, code })
    }

    /// Shows the code to a use case, whose refusals are said so.
    fn to<T>(
        &self,
        on: &Flows<'_>,
        say: fn(FactorError) -> BarongError,
        decide: impl FnOnce(AccountId, &Secret) -> Answer<T, FactorError>,
    ) -> Answer<T, BarongError> {
        match self.bearer.account(on)? {
            Some(account) => Ok(decide(account.id, &self.code)?.map_err(say)),
            None => Ok(Err(BarongError::NOT_FOUND)),
        }
    }
}
