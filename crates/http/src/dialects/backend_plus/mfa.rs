//! The second factor. Its code is six characters by contract, so recovery codes, which are longer, are of no use here.

use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::Admission;
use clavis_kernel::{AccountId, Secret};

use super::BackendPlus;
use super::error::Refusal;
use super::session::Handover;
use super::wire::{self, Fields};
use crate::barcode;

/// The answer to a log-in whose second factor is awaited.
#[derive(serde::Serialize)]
struct Awaited<'a> {
    mfa: bool,
    ticket: &'a str,
}

/// A secret for an authenticator app, as a picture and as text.
#[derive(serde::Serialize)]
struct Enrolment<'a> {
    image_url: &'a str,
    otp_secret: &'a str,
}

/// `POST /auth/mfa/generate`: a secret that waits until a code of it is shown. Any body will do.
pub(super) async fn generate(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    _body: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.rules.require(dialect.rules.mfa)?;
    let account = dialect.authenticate(&request).await?.account;
    let secret = dialect
        .transaction(&request, move |on| on.begin_second_factor(account))
        .await??
        .to_base32();
    let url = otpauth(&dialect.rules.otp_issuer, account, &secret);
    let picture = barcode::drawn(&url).map_err(|error| {
        tracing::error!(%error, "a QR code was not drawn");
        Refusal::INTERNAL
    })?;
    let image_url = Secret::new(format!("data:image/png;base64,{}", picture.expose()));
    let enrolment = Enrolment {
        image_url: image_url.expose(),
        otp_secret: secret.expose(),
    };
    Ok(wire::json(&mut HttpResponse::Ok(), wire::to_json(&enrolment)?))
}

/// `POST /auth/mfa/enable`: the secret that waits is in force from now on.
pub(super) async fn enable(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.rules.require(dialect.rules.mfa)?;
    let caller = dialect.authenticate(&request).await?;
    let code = fields.code("code")?;
    fields.finish()?;
    dialect
        .transaction(&request, move |on| {
            on.enable_second_factor(caller.account, caller.session, &code)
        })
        .await??;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /auth/mfa/disable`: log-ins need no second factor any more.
pub(super) async fn disable(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.rules.require(dialect.rules.mfa)?;
    let account = dialect.authenticate(&request).await?.account;
    let code = fields.code("code")?;
    fields.finish()?;
    let disabled = dialect
        .transaction(&request, move |on| on.disable_second_factor(account, &code))
        .await?;
    disabled.map_err(Refusal::at_disabling)?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /auth/mfa/totp`: the second request of a log-in.
pub(super) async fn totp(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.rules.require(dialect.rules.mfa)?;
    let code = fields.code("code")?;
    let ticket = fields.ticket("ticket")?;
    let handover = Handover::asked(fields.flag("cookie")?);
    fields.finish()?;
    dialect.check_log_in_rate(&request)?;
    let asked = BackendPlus::session_request();
    let grant = dialect
        .transaction(&request, move |on| on.finish_log_in(&ticket, &code, &asked))
        .await??;
    dialect.session(&grant, handover)
}

impl BackendPlus {
    /// The answer to a log-in: a session, or neither cookies nor tokens but a ticket.
    pub(super) fn admission(
        &self,
        admission: &Admission,
        handover: Handover,
    ) -> Result<HttpResponse, Refusal> {
        match admission {
            Admission::Session(grant) => self.session(grant, handover),
            Admission::FactorAwaited(ticket) => {
                let awaited = Awaited {
                    mfa: true,
                    ticket: ticket.expose(),
                };
                Ok(wire::json(&mut HttpResponse::Ok(), wire::to_json(&awaited)?))
            }
        }
    }
}

/// The URL that authenticator apps take, its parameters in the order of the contract.
fn otpauth(issuer: &str, account: AccountId, secret: &Secret) -> Secret {
    let issuer = barcode::encoded(issuer).to_string();
    Secret::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&period=30&digits=6&algorithm=SHA1&issuer={issuer}",
        secret.expose()
    ))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_url_is_the_contracts() {
        let account = AccountId(Uuid::from_u128(7));
        let url = otpauth(
            "My App",
            account,
            &Secret::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        );
        assert_eq!(
            url.expose(),
            "otpauth://totp/My%20App:00000000-0000-0000-0000-000000000007\
             ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&period=30&digits=6&algorithm=SHA1&issuer=My%20App"
        );
    }
}
