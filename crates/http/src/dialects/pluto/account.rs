//! Registration, its mail, log-in and the mail of a password reset.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use clavis_flows::{
    Activation, AvatarName, Door, Flows, LoginName, PendingAccounts, Resend, SessionRequest, SignUp,
};
use clavis_identity::{Attributes, Name};
use clavis_kernel::{Answer, Caller, Email, Secret, StoreError};
use serde::{Deserialize, Serialize};

use super::Pluto;
use super::error::{PlutoError, log_in_refused};
use super::token::TokenResponse;
use super::wire::{self, Body, MAX_BODY_BYTES, Mail, Text};

/// Longest name, in characters.
pub(super) const MAX_NAME_CHARS: usize = 60;
/// Longest name of a device, in characters.
pub(super) const MAX_DEVICE_CHARS: usize = 255;
/// The device of whoever names none.
const UNKNOWN_DEVICE: &str = "UnKnown Device";

#[derive(Default, Deserialize)]
#[serde(default)]
struct RegisterRequest {
    mail: Text,
    name: Text,
    password: Text,
}

#[derive(Serialize)]
pub(super) struct Registered {
    mail: String,
    verified: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MailRequest {
    pub(super) mail: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoginRequest {
    account: Text,
    password: Text,
    app_id: Text,
    device_id: Text,
}

#[derive(Serialize)]
pub(super) struct Health {
    version: &'static str,
}

/// `POST /v1/register`.
pub(super) async fn register(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<Registered>, PlutoError> {
    let wanted: RegisterRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let address = Mail::required(&wanted.mail)?
        .address()
        .ok_or(PlutoError::BAD_REQUEST)?;
    let name = name(wanted.name.required()?)?;
    let password = pluto.new_password(&wanted.password)?;
    let caller = pluto.caller(&request);
    pluto.check_newcomer_rate(&caller)?;
    let (app, door) = (&pluto.app, &pluto.door);
    app.look_up(door, caller.clone(), {
        let (address, name) = (address.clone(), name.clone());
        move |on| on.may_sign_up(&address, Some(&name))
    })
    .await??;
    let hash = app.hash(password).await?;
    let command = SignUp {
        display_name: name.as_str().to_owned(),
        name: Some(name),
        attributes: Attributes::new(),
        avatar: Some(pluto.picture_url(&AvatarName::generate(app.entropy.as_ref()))),
        password: Some(hash),
        activation: pluto.activation(),
        roles: None,
        address: address.clone(),
    };
    let account = app
        .transaction(door, caller, move |on| on.sign_up(&command))
        .await??;
    Ok(Body(Registered {
        mail: address.as_str().to_owned(),
        verified: account.state.may_hold_tokens(),
    }))
}

/// `POST /v1/register/verify/mail`: older links stay good.
pub(super) async fn resend(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let wanted: MailRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    pluto.check_newcomer_rate(&pluto.caller(&request))?;
    pluto
        .mail_verification(&wanted.mail, pluto.caller(&request))
        .await
        .map(Body)
}

/// `POST /v1/password/reset/mail`.
pub(super) async fn request_reset(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let wanted: MailRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    pluto.check_newcomer_rate(&pluto.caller(&request))?;
    let address = known_address(&wanted.mail)?;
    let sent = pluto.mail(&pluto.reset_door, pluto.caller(&request), move |on| {
        on.request_password_reset(&address, PendingAccounts::MayReset)
    });
    sent.await.map(Body)
}

/// `POST /v1/login/account`.
pub(super) async fn log_in(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<TokenResponse>, PlutoError> {
    let wanted: LoginRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let password = wanted.password.password()?;
    let application = wanted.app_id.required()?.to_owned();
    let device = device(&wanted.device_id)?;
    let (login, unknown) = login_name(wanted.account.required()?);
    let caller = pluto.caller(&request);
    let app = &pluto.app;
    app.login_rate
        .check(caller.ip)
        .map_err(PlutoError::too_many_requests)?;
    let login = login.ok_or(unknown)?;
    let refused = |refusal| log_in_refused(refusal, unknown);
    let candidate = app
        .look_up(&pluto.door, caller.clone(), move |on| on.candidate(&login))
        .await?;
    let checked = app.check_password(candidate.map_err(refused)?, password).await?;
    let session = SessionRequest {
        application,
        device: Some(device),
    };
    let grant = app
        .transaction(&pluto.door, caller, move |on| on.log_in(&checked, None, &session))
        .await?;
    Ok(Body(pluto.present(&grant.map_err(refused)?)?))
}

/// `GET /v1/healthcheck`.
pub(super) async fn health(pluto: web::Data<Pluto>) -> Body<Health> {
    Body(Health {
        version: pluto.app.version,
    })
}

impl Pluto {
    /// Refuses a client that makes accounts or asks for mails too often.
    fn check_newcomer_rate(&self, caller: &Caller) -> Result<(), PlutoError> {
        let rate = &self.app.newcomer_rate;
        rate.check(caller.ip).map_err(PlutoError::too_many_requests)
    }

    /// Mails a fresh verification to an address.
    pub(super) async fn mail_verification(&self, mail: &Text, caller: Caller) -> Result<(), PlutoError> {
        let address = known_address(mail)?;
        self.mail(&self.door, caller, move |on| {
            on.resend_activation(&address, Resend::Pending)
        })
        .await
    }

    /// Runs a use case whose point is a mail. Where mails cannot be sent all other refusals come first.
    pub(super) async fn mail<E: Into<PlutoError> + Send + 'static>(
        &self,
        door: &Arc<Door>,
        caller: Caller,
        mut ask: impl FnMut(&Flows<'_>) -> Answer<(), E> + Send + 'static,
    ) -> Result<(), PlutoError> {
        let enabled = self.settings.emails_enabled;
        let asked = self.app.transaction(door, caller, move |on| match ask(on)? {
            Ok(()) if !enabled => Err(StoreError::new("mail", "dialects.pluto.emails_enabled is false")),
            asked => Ok(asked),
        });
        asked.await?.map_err(Into::into)
    }

    fn activation(&self) -> Activation {
        if self.settings.skip_register_verify_mail {
            Activation::AtOnce
        } else if self.settings.emails_enabled {
            Activation::ByMail
        } else {
            Activation::ByOperator
        }
    }

    /// A password that somebody chooses.
    pub(super) fn new_password(&self, password: &Text) -> Result<Secret, PlutoError> {
        match self.password_problem(password) {
            None => password.password(),
            Some(_) => Err(PlutoError::BAD_REQUEST),
        }
    }
}

/// What a client calls its device.
pub(super) fn device(text: &Text) -> Result<String, PlutoError> {
    let device = text.given().unwrap_or(UNKNOWN_DEVICE);
    if device.chars().count() > MAX_DEVICE_CHARS {
        return Err(PlutoError::BAD_REQUEST);
    }
    Ok(device.to_owned())
}

/// A name that somebody chooses.
pub(super) fn name(text: &str) -> Result<Name, PlutoError> {
    let name: Name = text.parse().map_err(|_| PlutoError::BAD_REQUEST)?;
    if name.as_str().chars().count() > MAX_NAME_CHARS {
        return Err(PlutoError::BAD_REQUEST);
    }
    Ok(name)
}

/// By what somebody logs in, and the refusal when nobody has it: an address when it looks like one. `None` is
/// what nobody can have.
pub(super) fn login_name(text: &str) -> (Option<LoginName>, PlutoError) {
    match Mail::parse(text) {
        Some(mail) => (mail.address().map(LoginName::Address), PlutoError::MAIL_UNKNOWN),
        None => (text.parse().ok().map(LoginName::Name), PlutoError::NAME_UNKNOWN),
    }
}

/// The address of an account that there may be.
fn known_address(mail: &Text) -> Result<Email, PlutoError> {
    Mail::required(mail)?.address().ok_or(PlutoError::MAIL_UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_at_most_sixty_characters() {
        assert!(name(&"ä".repeat(60)).is_ok());
        assert_eq!(name(&"ä".repeat(61)).map(drop), Err(PlutoError::BAD_REQUEST));
        assert_eq!(name("a\u{202e}b").map(drop), Err(PlutoError::BAD_REQUEST));
    }

    #[test]
    fn what_looks_like_an_address_logs_in_by_it() {
        assert!(matches!(
            login_name("ann@example.org"),
            (Some(LoginName::Address(_)), _)
        ));
        assert!(matches!(
            login_name("ann"),
            (Some(LoginName::Name(_)), PlutoError::NAME_UNKNOWN)
        ));
        assert!(matches!(
            login_name("ann@-x"),
            (Some(LoginName::Name(_)), PlutoError::NAME_UNKNOWN)
        ));
        assert!(matches!(
            login_name("a..b@example.org"),
            (Some(LoginName::Address(_)), PlutoError::MAIL_UNKNOWN)
        ));
        assert!(matches!(
            login_name(&"x".repeat(65)),
            (None, PlutoError::NAME_UNKNOWN)
        ));
    }
}
