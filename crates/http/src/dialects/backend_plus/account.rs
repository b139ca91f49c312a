use actix_web::{HttpRequest, HttpResponse, web};

use super::BackendPlus;
use super::cookies::Cookies;
use super::error::Refusal;
use super::wire::Fields;

/// `POST /auth/delete`. A body is of no consequence, as long as it is one.
pub(super) async fn delete(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    _body: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.rules.require(dialect.rules.self_delete)?;
    let account = dialect.authenticate(&request).await?.account;
    dialect
        .transaction(&request, move |on| on.delete_account(account))
        .await??;
    let mut response = HttpResponse::NoContent();
    Cookies::clear(&mut response);
    Ok(response.finish())
}
