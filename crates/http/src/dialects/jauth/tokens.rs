//! Log-in, refresh, and looking at an access token.

use actix_web::{HttpRequest, web};
use clavis_flows::{
    Arrival, Entitled, Flows, Grant, Linking, LogInError, LoginName, Returning, SessionRequest,
};
use clavis_kernel::{Answer, Caller, Dialect, Email};
use clavis_tokens::RefreshTokenSecret;
use serde::Serialize;

use super::Jauth;
use super::bearer::presented_token;
use super::claims::AccessClaims;
use super::error::JauthError;
use super::third_party::UserType;
use super::wire::{Fields, Success};
use crate::Fault;

/// What a log-in gives.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    refresh_token: String,
}

/// What a refresh gives: the refresh token stays.
#[derive(Serialize)]
pub(super) struct AccessToken {
    access_token: String,
}

/// `POST /token/email`.
pub(super) async fn log_in(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<Tokens>, JauthError> {
    let mut fields = Fields::read(payload, "CreateEmailUserTokenRequest").await?;
    let account = fields.text("account")?;
    let password = fields.secret("password")?;
    let (app, door, caller) = (&jauth.app, &jauth.door, jauth.caller(&request));
    jauth.check_rate(&caller)?;
    let candidate = app.look_up(door, caller.clone(), move |on| candidate(on, &account));
    let candidate = match candidate.await? {
        Ok(candidate) => candidate,
        Err(refusal) => {
            app.check_decoy(password).await?;
            return Err(refusal.into());
        }
    };
    let checked = app.check_password(candidate, password).await?;
    let session = session();
    let granted = app.transaction(door, caller, move |on| {
        let granted = on.log_in(&checked, None, &session)?;
        entitled(on, granted)
    });
    let (grant, entitled) = granted.await??;
    Ok(Success(jauth.present(&grant, &entitled)?))
}

/// `POST /token/third_party`: registers nobody.
pub(super) async fn log_in_through_third_party(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<Tokens>, JauthError> {
    let mut fields = Fields::read(payload, "CreateThirdPartyUserTokenRequest").await?;
    let user_type = fields.required("user_type")?;
    let token = fields.secret("third_party_token")?;
    let third_party = UserType::third_party(&user_type)?;
    let caller = jauth.caller(&request);
    jauth.check_rate(&caller)?;
    let arrival = Arrival {
        who: jauth.identify(third_party, token).await?,
        linking: Linking::Never,
        newcomer: None,
        returning: Returning::default(),
    };
    let session = session();
    let granted = jauth.app.transaction(&jauth.door, caller, move |on| {
        let granted = on.log_in_through_provider(&arrival, None, &session)?;
        entitled(on, granted)
    });
    let (grant, entitled) = granted.await??;
    Ok(Success(jauth.present(&grant, &entitled)?))
}

/// `POST` and `GET /token/self`: what the token says. Nothing is looked up: the account need not be there.
pub(super) async fn own(
    request: HttpRequest,
    jauth: web::Data<Jauth>,
) -> Result<Success<AccessClaims>, JauthError> {
    let token = presented_token(&request)?;
    let signed = jauth.app.verify_again(token.expose()).await?;
    let claims = AccessClaims::of(&signed, jauth.app.clock.now());
    claims.map(Success).ok_or(JauthError::INVALID_TOKEN)
}

/// `PUT /token`.
pub(super) async fn refresh(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<AccessToken>, JauthError> {
    let mut fields = Fields::read(payload, "RefreshTokenRequest").await?;
    let presented = RefreshTokenSecret::presented(fields.text("refresh_token")?);
    let entitled = jauth
        .app
        .transaction(&jauth.door, jauth.caller(&request), move |on| {
            on.use_refresh_token(&presented)
        });
    Ok(Success(AccessToken {
        access_token: jauth.access_token(&entitled.await??)?,
    }))
}

impl Jauth {
    /// Log-ins from one client.
    pub(super) fn check_rate(&self, caller: &Caller) -> Result<(), JauthError> {
        let rate = &self.app.login_rate;
        rate.check(caller.ip).map_err(JauthError::too_many_requests)
    }

    fn present(&self, grant: &Grant, entitled: &Entitled) -> Result<Tokens, Fault> {
        Ok(Tokens {
            access_token: self.access_token(entitled)?,
            refresh_token: grant.refresh_token.secret.expose().to_owned(),
        })
    }

    fn access_token(&self, entitled: &Entitled) -> Result<String, Fault> {
        let (ring, now) = (self.app.ring.get(), self.app.clock.now());
        AccessClaims::sign(entitled, self.access_lifetime, &ring, now)
    }
}

fn session() -> SessionRequest {
    SessionRequest {
        application: Dialect::Jauth.name().to_owned(),
        device: None,
    }
}

/// Whose password is to be checked: who is called so, else whose log-in address it is.
fn candidate(on: &Flows<'_>, account: &str) -> Answer<clavis_flows::Candidate, LogInError> {
    let by_name = match account.parse() {
        Ok(name) => on.candidate(&LoginName::Name(name))?,
        Err(_) => Err(LogInError::UnknownAccount),
    };
    match (by_name, account.parse::<Email>()) {
        (Err(LogInError::UnknownAccount), Ok(address)) => on.candidate(&LoginName::Address(address)),
        (by_name, _) => Ok(by_name),
    }
}

/// With what an access token needs, from the same transaction.
fn entitled<E>(on: &Flows<'_>, granted: Result<Grant, E>) -> Answer<(Grant, Entitled), E> {
    match granted {
        Ok(grant) => {
            let entitled = on.entitle(grant.account.account.clone())?;
            Ok(Ok((grant, entitled)))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}
