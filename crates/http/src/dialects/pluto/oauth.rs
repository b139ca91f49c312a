//! The clients of OAuth: registered by anybody, let in by an administrator.

use actix_web::{HttpRequest, web};
use clavis_flows::{ClientCard, Registration};
use clavis_oauth::{ClientStatus, OAuthClient};
use serde::{Deserialize, Serialize};

use super::error::PlutoError;
use super::wire::{self, Body, MAX_BODY_BYTES, Text};
use super::{MAX_PASSWORD_BYTES, Pluto};

#[derive(Default, Deserialize)]
#[serde(default)]
struct RegisterRequest {
    key: Text,
    secret: Text,
    redirect_uri: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusRequest {
    key: Text,
    status: Text,
}

#[derive(Serialize)]
pub(super) struct ClientState {
    key: String,
    status: &'static str,
}

#[derive(Serialize)]
pub(super) struct Clients {
    clients: Vec<OwnedClient>,
}

#[derive(Serialize)]
struct OwnedClient {
    key: String,
    status: &'static str,
    user_id: i64,
}

impl From<OAuthClient> for ClientState {
    fn from(client: OAuthClient) -> Self {
        Self {
            status: client.status.name(),
            key: client.key.as_str().to_owned(),
        }
    }
}

impl From<ClientCard> for OwnedClient {
    fn from(card: ClientCard) -> Self {
        let state = ClientState::from(card.client);
        Self {
            key: state.key,
            status: state.status,
            user_id: card.owner.0,
        }
    }
}

/// `POST /v1/oauth/client`: nobody can use it before an administrator approved it.
pub(super) async fn register(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<ClientState>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    visitor.fully_proven()?;
    let wanted: RegisterRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let key = wanted
        .key
        .required()?
        .parse()
        .map_err(|_| PlutoError::BAD_REQUEST)?;
    let secret = wanted.secret.password()?;
    let redirect_uri = wanted.redirect_uri.given().map(str::parse).transpose();
    let redirect_uri = redirect_uri.map_err(|_| PlutoError::BAD_REQUEST)?;
    if secret.expose().len() > MAX_PASSWORD_BYTES {
        return Err(PlutoError::BAD_REQUEST);
    }
    let owner = visitor.authenticated.standing.account;
    let (app, caller) = (&pluto.app, pluto.caller(&request));
    let free = app.look_up(&pluto.door, caller.clone(), {
        let key = clavis_oauth::ClientKey::clone(&key);
        move |on| on.may_register_client(owner, &key)
    });
    free.await??;
    let registration = Registration {
        key,
        secret: app.hash(secret).await?,
        redirect_uri,
    };
    let registered = app.transaction(&pluto.door, caller, move |on| {
        on.register_client(owner, &registration)
    });
    Ok(Body(registered.await??.into()))
}

/// `PUT /v1/oauth/client/status`.
pub(super) async fn set_status(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<ClientState>, PlutoError> {
    let read = |wanted: StatusRequest| {
        let key = wanted.key.required()?.to_owned();
        match wanted.status.required()?.parse() {
            Ok(status @ (ClientStatus::Approved | ClientStatus::Denied)) => Ok((key, status)),
            Ok(ClientStatus::Pending) | Err(_) => Err(PlutoError::INVALID_CLIENT_STATUS),
        }
    };
    let decided = pluto.change_as_admin(&request, payload, read, |on, permission, (key, status)| {
        Ok(on
            .set_client_status(permission, key, *status)?
            .map_err(Into::into))
    });
    Ok(Body(ClientState::from(decided.await?)))
}

/// `GET /v1/oauth/client`: the caller's own, and an administrator's all.
pub(super) async fn list(request: HttpRequest, pluto: web::Data<Pluto>) -> Result<Body<Clients>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    let may_be_admin = visitor.claims_administration().is_ok();
    let listed = pluto.app.look_up(&pluto.door, pluto.caller(&request), move |on| {
        if may_be_admin && let Ok(permission) = visitor.authorize(on)? {
            return on.all_clients(&permission);
        }
        on.clients_of(visitor.authenticated.standing.account)
    });
    let clients = listed.await?.into_iter().map(Into::into).collect();
    Ok(Body(Clients { clients }))
}
