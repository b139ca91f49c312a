//! Log-ins on the word of one OpenID provider: Auth0, or whoever speaks as it does.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    Arrival, ArrivalError, Evidence, Linking, Newcomer, ProviderAccount, ProviderRefusal, Returning,
};
use clavis_identity::{Attributes, Provider};
use clavis_kernel::Secret;
use serde_json::json;

use super::cookie::SessionSecret;
use super::session::refused;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Bounds, Check, Params};

/// How the provider is called among the others of the installation.
pub const AUTH0: &str = "auth0";

/// `GET /public/configs/auth0`: where clients send people for a token; nowhere, where the operator names nobody.
pub(super) async fn configs(barong: web::Data<Barong>) -> HttpResponse {
    let client = barong.auth0.as_ref();
    HttpResponse::Ok().json(json!({
        "auth0_domain": client.map(|client| &client.domain),
        "auth0_client_id": client.map(|client| &client.client_id),
    }))
}

/// `POST /identity/sessions/auth0`.
pub(super) async fn log_in(
    request: HttpRequest,
    payload: web::Payload,
    barong: web::Data<Barong>,
) -> Result<HttpResponse, BarongError> {
    if barong.auth0.is_none() {
        return Err(BarongError::NO_ROUTE);
    }
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Session);
    let token = Secret::new(check.required("id_token"));
    let code = check.optional("otp_code").map(Secret::new);
    check.finish()?;
    barong.check_log_in_rate(&request)?;
    barong.may_log_in_from_there(&request).await?;

    let arrival = arrival(barong.identify(token).await?);
    let secret = SessionSecret::generate(barong.app.entropy.as_ref());
    let wanted = barong.cookie_request(&request, &secret);
    let opened = barong
        .transaction(&request, move |on| {
            on.log_in_through_provider_with_cookie(&arrival, code.as_ref(), &wanted)
        })
        .await?;
    let opened = opened.map_err(|refusal| match refusal {
        ArrivalError::Unknown | ArrivalError::AddressTaken => BarongError::STRANGER_FROM_AUTH0,
        ArrivalError::LogIn(refusal) => refused(refusal),
    })?;
    let logged_in = barong.logged_in(&request, &secret, opened.person, StatusCode::CREATED);
    logged_in.await
}

/// Somebody new is let in by an address that the provider vouches for, which is theirs from then on.
fn arrival(who: ProviderAccount) -> Arrival {
    let is_vouched_for = who.address.is_some() && who.address_verified;
    let newcomer = Newcomer {
        name: None,
        display_name: String::new(),
        avatar: None,
        attributes: Attributes::new(),
        claims_address: true,
        roles: None,
    };
    Arrival {
        who,
        linking: Linking::ProvenAddress,
        newcomer: is_vouched_for.then_some(newcomer),
        returning: Returning::default(),
    }
}

impl Barong {
    /// Who the provider says that it is: asked outside any transaction.
    async fn identify(&self, token: Secret) -> Result<ProviderAccount, BarongError> {
        let provider: Provider = AUTH0.parse().map_err(|_| BarongError::INTERNAL)?;
        // The API has no place for a nonce.
        let evidence = Evidence::IdToken { token, nonce: None };
        let asked = self.app.providers.identify(&provider, &evidence).await;
        asked.map_err(|refusal| match refusal {
            ProviderRefusal::Rejected(_) => BarongError::AUTH0_TOKEN_WRONG,
            ProviderRefusal::NotConfigured | ProviderRefusal::Unavailable(_) => {
                BarongError::AUTH0_UNAVAILABLE
            }
        })
    }
}
