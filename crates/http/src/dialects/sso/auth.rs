//! `/api/auth`: back ends register users, activate them, and get and take back their tokens.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{LogInError, LoginName, MAX_KEPT, OpaqueRequest, OptInKey, OptInSource};
use clavis_kernel::{AccountId, Email, Secret};
use serde::Serialize;
use serde_json::Value;

use super::Sso;
use super::error::SsoError;
use super::fields::{Body, Fields};
use super::gate::BackEnd;
use super::wire::{self, AccountIdText, Link};

/// Where a registration is completed.
const ACTIVATION: &str = "/api/auth/activation";

#[derive(Serialize)]
struct Token {
    token: String,
    id: AccountIdText,
}

#[derive(Serialize)]
struct Registered {
    activation: String,
}

#[derive(Serialize)]
struct RegisteredLinks {
    activation: Link,
}

/// `POST /api/auth/token`.
pub(super) async fn token(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let mut fields = Body::read(payload).await?.fields()?;
    match fields.value("grant_type") {
        None => {}
        Some(Value::String(grant)) if grant == "password" => {}
        Some(Value::String(grant)) if grant == "id" => return sso.token_by_id(back_end, fields).await,
        Some(_) => fields
            .problems
            .add("grant_type", "Die Art der Anmeldung ist unbekannt"),
    }
    let (email, password) = (fields.text("email"), fields.text("password"));
    fields.problems.finish()?;
    sso.app
        .login_rate
        .check(back_end.caller.ip)
        .map_err(SsoError::too_many_requests)?;
    // Whatever is no address is nobody's.
    let address: Option<Email> = email.and_then(|text| text.parse().ok());
    sso.token_by_password(back_end, address, Secret::new(password.unwrap_or_default()))
        .await
}

/// `DELETE /api/auth/token`.
pub(super) async fn revoke(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let token = required_token(payload).await?;
    let client = back_end.client;
    let revoked = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.revoke_for_client(&client, &token)
        })
        .await?;
    if revoked {
        Ok(wire::done(StatusCode::OK))
    } else {
        Err(SsoError::field("token", "Token ist ungültig"))
    }
}

/// `POST /api/auth`.
pub(super) async fn register(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let mut fields = Body::read(payload).await?.fields()?;
    let mailed = fields.flag("_activation_email").unwrap_or(false);
    let opt_ins = opt_ins(&mut fields);
    let user = sso.new_user(&back_end.caller, fields, false).await?;
    let client = back_end.client;
    let token = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.register_user_for_client(&client, &user, mailed, &opt_ins)
        })
        .await??;
    let data = Registered {
        activation: token.expose().to_owned(),
    };
    let activation = Link::to(sso.url(ACTIVATION), "PUT");
    let response = wire::answer(StatusCode::OK);
    Ok(wire::linked(response, data, RegisteredLinks { activation }))
}

/// `PUT /api/auth/activation`.
pub(super) async fn activate(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let token = required_token(payload).await?;
    let client = back_end.client;
    sso.app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.activate_for_client(&client, &token)
        })
        .await??;
    Ok(wire::done(StatusCode::OK))
}

async fn required_token(payload: web::Payload) -> Result<Secret, SsoError> {
    let mut fields = Body::read(payload).await?.fields()?;
    let token = fields.text("token");
    fields.problems.finish()?;
    Ok(Secret::new(token.unwrap_or_default()))
}

/// What a user agrees to along with the registration.
fn opt_ins(fields: &mut Fields) -> Vec<(OptInKey, OptInSource)> {
    const KEY: &str = "_activation_optins";
    let wanted: Option<Vec<_>> = match fields.value(KEY) {
        None => return Vec::new(),
        Some(Value::Array(items)) if items.len() <= MAX_KEPT => items.iter().map(opt_in).collect(),
        Some(_) => None,
    };
    wanted.unwrap_or_else(|| {
        fields.problems.add(
            KEY,
            "Das Feld muss eine Liste von Objekten mit key und source sein",
        );
        Vec::new()
    })
}

fn opt_in(item: &Value) -> Option<(OptInKey, OptInSource)> {
    let key = item.get("key")?.as_str()?.parse().ok()?;
    let source = match item.get("source") {
        None | Some(Value::Null) => "",
        Some(source) => source.as_str()?,
    };
    Some((key, source.parse().ok()?))
}

impl Sso {
    /// The three steps of a log-in. Whoever is not there, or may not log in, costs as much as a wrong password.
    async fn token_by_password(
        &self,
        back_end: BackEnd,
        address: Option<Email>,
        password: Secret,
    ) -> Result<HttpResponse, SsoError> {
        let candidate = match address {
            Some(address) => {
                let login = LoginName::Address(address);
                let look = move |on: &clavis_flows::Flows<'_>| on.candidate(&login);
                self.app
                    .look_up(&self.door, back_end.caller.clone(), look)
                    .await?
            }
            None => Err(LogInError::UnknownAccount),
        };
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(refusal) => {
                self.app.check_decoy(password).await?;
                tracing::debug!(%refusal, "a log-in was refused as if the password were wrong");
                return Err(SsoError::of_log_in(refusal));
            }
        };
        let checked = self.app.check_password(candidate, password).await?;
        let opaque = OpaqueRequest::generate(self.app.entropy.as_ref(), self.token_lifetime);
        let (client, token) = (back_end.client, opaque.token.clone());
        let id = self
            .app
            .transaction(&self.door, back_end.caller, move |on| {
                on.log_in_for_client(&client, &checked, &opaque)
            })
            .await?;
        Ok(handed_out(&token, id.map_err(SsoError::of_log_in)?))
    }

    /// A token on the back end's word: it opens this door only.
    async fn token_by_id(&self, back_end: BackEnd, mut fields: Fields) -> Result<HttpResponse, SsoError> {
        let unknown = || SsoError::field("id", "Der Benutzer ist unbekannt oder nicht aktiv");
        let id = fields.text("id");
        fields.problems.finish()?;
        let id = id.as_deref().and_then(wire::account_id).ok_or_else(unknown)?;
        let opaque = OpaqueRequest::generate(self.app.entropy.as_ref(), self.token_lifetime);
        let (client, token) = (back_end.client, opaque.token.clone());
        let id = self
            .app
            .transaction(&self.door, back_end.caller, move |on| {
                on.vouch_for_client(&client, id, &opaque)
            })
            .await?;
        Ok(handed_out(&token, id.map_err(|_| unknown())?))
    }
}

fn handed_out(token: &Secret, id: AccountId) -> HttpResponse {
    wire::data(Token {
        token: token.expose().to_owned(),
        id: AccountIdText(id),
    })
}
