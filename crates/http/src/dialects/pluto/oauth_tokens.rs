//! What a client gets: for a code, for somebody's password, for nothing but itself, for what it got before.

use actix_web::{HttpRequest, web};
use clavis_flows::{CodePresented, LoginName, OAuthGrant, SessionRequest};
use clavis_kernel::{Caller, OAuthClientId, Secret};
use clavis_oauth::CodeSecret;
use clavis_tokens::RefreshTokenSecret;
use serde::{Deserialize, Serialize};

use super::Pluto;
use super::account::MAX_DEVICE_CHARS;
use super::claims::{AccessClaims, Contents};
use super::error::{PlutoError, log_in_refused};
use super::wire::{self, Body, MAX_BODY_BYTES, Mail, Text};
use crate::Fault;

/// The device of whoever names none.
const DEVICE: &str = "oauth";

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    grant_type: Text,
    code: Text,
    redirect_uri: Text,
    /// What a client shows that promised to show something when it asked for the code.
    code_verifier: Option<Text>,
    user: Text,
    password: Text,
    refresh_token: Text,
    app_id: Text,
    scopes: Text,
    device_id: Text,
}

/// What is asked for, once the fields were checked that belong to it.
enum Grant {
    Code(CodePresented),
    Password {
        user: Option<LoginName>,
        password: Secret,
        request: SessionRequest,
    },
    ClientCredentials {
        application: String,
    },
    Refresh {
        presented: RefreshTokenSecret,
        application: String,
    },
}

/// The answer has this shape, not that of RFC 6749.
#[derive(Serialize)]
pub(super) struct Tokens {
    refresh_token: String,
    access_token: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// `POST /v1/oauth/tokens`.
pub(super) async fn tokens(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<Tokens>, PlutoError> {
    let wanted: TokenRequest = wire::decode_oauth(&request, payload, MAX_BODY_BYTES).await?;
    let grant = Grant::of(&wanted)?;
    let caller = pluto.caller(&request);
    if !Pluto::shows_credentials(&request) {
        return Err(PlutoError::UNKNOWN_CLIENT);
    }
    if let Grant::ClientCredentials { application } = &grant {
        pluto.must_be_application(application, caller.clone()).await?;
    }
    let client = pluto.authenticate_client(&request, caller.clone()).await?;
    let granted = match grant {
        Grant::Code(presented) => pluto.redeem(client, presented, caller).await?,
        Grant::Password {
            user,
            password,
            request,
        } => {
            let login = user.ok_or(PlutoError::MAIL_UNKNOWN);
            pluto
                .log_in_for_program(client, login, password, request, wanted.scopes, caller)
                .await?
        }
        Grant::Refresh {
            presented,
            application,
        } => {
            let scopes = wanted.scopes;
            let refreshed = pluto.app.transaction(&pluto.door, caller, move |on| {
                on.refresh_for_program(client, &presented, &application, &scopes)
            });
            refreshed.await??
        }
        Grant::ClientCredentials { application } => return Ok(Body(pluto.of_nobody(&application)?)),
    };
    Ok(Body(pluto.present_to_program(&granted)?))
}

impl Grant {
    fn of(wanted: &TokenRequest) -> Result<Self, PlutoError> {
        let application = || wanted.app_id.required().map(str::to_owned);
        Ok(match wanted.grant_type.required()? {
            "authorization_code" => {
                let code = CodeSecret::presented(wanted.code.required()?);
                let redirect_uri = wanted.redirect_uri.required()?.to_owned();
                Self::Code(CodePresented {
                    code,
                    redirect_uri,
                    verifier: wanted.code_verifier.as_deref().map(Secret::new),
                    device: device(&wanted.device_id)?,
                })
            }
            "password" => {
                let user = Mail::parse(wanted.user.required()?).and_then(Mail::address);
                Self::Password {
                    user: user.map(LoginName::Address),
                    password: wanted.password.password()?,
                    request: SessionRequest {
                        application: application()?,
                        device: Some(device(&wanted.device_id)?),
                    },
                }
            }
            "client_credentials" => Self::ClientCredentials {
                application: application()?,
            },
            "refresh_token" => Self::Refresh {
                presented: RefreshTokenSecret::presented(wanted.refresh_token.required()?),
                application: application()?,
            },
            _ => return Err(PlutoError::INVALID_GRANT_TYPE),
        })
    }
}

fn device(named: &Text) -> Result<String, PlutoError> {
    let device = named.given().unwrap_or(DEVICE);
    if device.chars().count() > MAX_DEVICE_CHARS {
        return Err(PlutoError::BAD_REQUEST);
    }
    Ok(device.to_owned())
}

impl Pluto {
    async fn redeem(
        &self,
        client: OAuthClientId,
        presented: CodePresented,
        caller: Caller,
    ) -> Result<OAuthGrant, PlutoError> {
        let redeemed = self
            .app
            .transaction(&self.door, caller, move |on| on.redeem_code(client, &presented));
        Ok(redeemed.await??)
    }

    /// The three steps of a log-in, for a program that has somebody's password.
    async fn log_in_for_program(
        &self,
        client: OAuthClientId,
        login: Result<LoginName, PlutoError>,
        password: Secret,
        request: SessionRequest,
        scopes: Text,
        caller: Caller,
    ) -> Result<OAuthGrant, PlutoError> {
        let app = &self.app;
        app.login_rate
            .check(caller.ip)
            .map_err(PlutoError::too_many_requests)?;
        let login = login?;
        let candidate = app.look_up(&self.door, caller.clone(), move |on| on.candidate(&login));
        let refused = |refusal| log_in_refused(refusal, PlutoError::MAIL_UNKNOWN);
        let candidate = candidate.await?.map_err(refused)?;
        let checked = app.check_password(candidate, password).await?;
        let granted = app.transaction(&self.door, caller, move |on| {
            on.log_in_for_program(client, &checked, &request, &scopes)
        });
        Ok(granted.await??)
    }

    fn present_to_program(&self, grant: &OAuthGrant) -> Result<Tokens, Fault> {
        let refresh_token = grant.refresh_token.as_ref();
        Ok(Tokens {
            refresh_token: refresh_token.map_or_else(String::new, |token| token.secret.expose().to_owned()),
            access_token: self.access_token(&grant.into())?,
            kind: "Bearer",
        })
    }

    /// A token of a program that acts in nobody's place: it opens nothing here, and nothing is kept of it.
    fn of_nobody(&self, application: &str) -> Result<Tokens, Fault> {
        Ok(Tokens {
            refresh_token: String::new(),
            access_token: self.access_token(&Contents::of_nobody(application))?,
            kind: "Bearer",
        })
    }

    fn access_token(&self, contents: &Contents<'_>) -> Result<String, Fault> {
        let now = self.app.clock.now();
        AccessClaims::sign(contents, self.access_lifetime, &self.app.ring.get(), now)
    }
}
