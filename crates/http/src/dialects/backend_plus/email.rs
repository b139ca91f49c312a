use actix_web::{HttpRequest, HttpResponse, web};

use super::BackendPlus;
use super::error::Refusal;
use super::rules::Switch;
use super::wire::Fields;

/// `POST /auth/change-email/request`: mails a ticket to the new address.
pub(super) async fn request(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    rules.require(rules.change_email)?;
    let account = dialect.authenticate(&request).await?.account;
    rules.require_mail()?;
    let email = fields.email("new_email", &rules.domains)?;
    fields.finish()?;
    let asked = dialect
        .transaction(&request, move |on| on.request_email_change(account, &email))
        .await?;
    asked.map_err(|refusal| rules.profile.email_change_request(refusal))?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /auth/change-email/change`: spends the ticket.
pub(super) async fn change(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    rules.require(rules.change_email)?;
    let ticket = fields.ticket("ticket")?;
    fields.finish()?;
    let old = rules.old_address;
    dialect
        .transaction(&request, move |on| on.change_email(&ticket, old))
        .await??;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /auth/change-email`: at once, where addresses are not verified.
pub(super) async fn change_at_once(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    rules.require(rules.change_email)?;
    if rules.unverified_email_change == Switch::Off {
        return Err(Refusal::NOT_FOUND);
    }
    let account = dialect.authenticate(&request).await?.account;
    let email = fields.email("new_email", &rules.domains)?;
    fields.finish()?;
    let old = rules.old_address;
    dialect
        .transaction(&request, move |on| {
            on.change_email_unverified(account, &email, old)
        })
        .await??;
    Ok(HttpResponse::NoContent().finish())
}
