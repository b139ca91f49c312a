//! Adding and removing ways to log in to one's own account.

use actix_web::{HttpRequest, web};
use clavis_flows::Binding;
use serde::Deserialize;

use super::Pluto;
use super::error::PlutoError;
use super::social::Social;
use super::user_wire::MAIL;
use super::wire::{self, Body, MAX_BODY_BYTES, Mail, Text};

#[derive(Default, Deserialize)]
#[serde(default)]
struct BindingRequest {
    #[serde(rename = "type")]
    kind: Text,
    mail: Text,
    id_token: Text,
    code: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UnbindingRequest {
    #[serde(rename = "type")]
    kind: Text,
}

/// What a client calls a way to log in.
enum Kind {
    Mail,
    Social(Social),
}

impl Kind {
    fn required(text: &Text) -> Result<Self, PlutoError> {
        match text.required()?.trim() {
            MAIL => Ok(Self::Mail),
            other => Social::parse(other)
                .map(Self::Social)
                .ok_or(PlutoError::FORBIDDEN),
        }
    }
}

/// `POST /v1/user/binding`. An address is bound by whoever follows the mail that is sent to it; a provider's account by
/// whoever shows the provider's word for it.
pub(super) async fn bind(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    let wanted: BindingRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let standing = &visitor.authenticated.standing;
    let (account, assurance) = (standing.account, standing.assurance);
    match Kind::required(&wanted.kind)? {
        Kind::Mail => {
            let address = Mail::required(&wanted.mail)?
                .address()
                .ok_or(PlutoError::BAD_REQUEST)?;
            let sent = pluto.mail(&pluto.door, pluto.caller(&request), move |on| {
                on.bind_address(account, assurance, &address)
            });
            sent.await.map(Body)
        }
        Kind::Social(social) => {
            let brought = match social {
                Social::Google => &wanted.id_token,
                Social::Apple | Social::Wechat => &wanted.code,
            };
            let evidence = social.evidence(brought)?;
            let who = pluto.identify(social, &evidence).await?;
            let bound = pluto
                .app
                .transaction(&pluto.door, pluto.caller(&request), move |on| {
                    on.bind_provider(account, assurance, &who)
                });
            bound.await??;
            Ok(Body(()))
        }
    }
}

/// `POST /v1/user/unbinding`.
pub(super) async fn unbind(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    let wanted: UnbindingRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let binding = match Kind::required(&wanted.kind)? {
        Kind::Mail => Binding::Address,
        Kind::Social(social) => Binding::Provider(social.provider()),
    };
    let standing = &visitor.authenticated.standing;
    let (account, assurance) = (standing.account, standing.assurance);
    let known = Social::providers();
    let unbound = pluto
        .app
        .transaction(&pluto.door, pluto.caller(&request), move |on| {
            on.unbind(account, assurance, &binding, &known)
        });
    unbound.await??;
    Ok(Body(()))
}
