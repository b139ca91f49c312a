use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Candidate, Flows, LogInError};
use clavis_identity::{Identities, IdentityKey};
use clavis_kernel::{AccountId, Email, StoreError};

use super::BackendPlus;
use super::error::Refusal;
use super::rules::Disclosure;
use super::session::Handover;
use super::wire::Fields;
use crate::client;

/// Carries the admin secret.
const ADMIN_SECRET: &str = "x-admin-secret";

/// `POST /auth/login`. The order of the refusals is part of the contract.
pub(super) async fn log_in(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    if let Some(role) = dialect.rules.anonymous_role.clone()
        && fields.flag("anonymous")? == Some(true)
    {
        return dialect.log_in_anonymously(&request, fields, role).await;
    }
    let email = fields.email("email", &dialect.rules.domains)?;
    if let Some(lifetime) = dialect.rules.link_lifetime
        && !fields.has("password")
    {
        fields.flag("cookie")?;
        fields.finish()?;
        return dialect.mail_link(&request, email, lifetime).await;
    }
    let password = fields.password("password")?;
    let handover = Handover::asked(fields.flag("cookie")?);
    fields.finish()?;
    dialect.check_log_in_rate(&request)?;

    let hidden = dialect.rules.log_in_accounts == Disclosure::Hidden;
    if hidden {
        // A wrong secret is told before anything else, or it would tell who has an account.
        dialect.impersonates(&request)?;
    }
    let found = dialect.look_up(&request, move |on| find(on, &email)).await?;
    let (account, candidate) = match found {
        Ok(found) => found,
        Err(refusal) if hidden => {
            dialect.app.check_decoy(password).await?;
            tracing::debug!(%refusal, "a log-in was refused as if the password were wrong");
            return Err(dialect.rules.profile.wrong_password());
        }
        Err(refusal) => return Err(dialect.rules.profile.log_in(refusal)),
    };
    let admission = match (dialect.impersonates(&request)?, candidate) {
        (Impersonation::Granted, _) => {
            let request_of_session = BackendPlus::session_request();
            dialect
                .transaction(&request, move |on| on.impersonate(account, &request_of_session))
                .await?
        }
        (Impersonation::NotAsked, Some(candidate)) => {
            let checked = dialect.app.check_password(candidate, password).await?;
            let request_of_session = BackendPlus::session_request();
            dialect
                .transaction(&request, move |on| on.begin_log_in(&checked, &request_of_session))
                .await?
        }
        (Impersonation::NotAsked, None) => {
            dialect.app.check_decoy(password).await?;
            Err(LogInError::NoPassword)
        }
    };
    let admission = admission.map_err(|refusal| dialect.rules.profile.log_in(refusal))?;
    dialect.admission(&admission, handover)
}

/// Who it would be, and what to compare the password with, if there is one.
type Found = Result<(AccountId, Option<Candidate>), LogInError>;

fn find(on: &Flows<'_>, email: &Email) -> Result<Found, StoreError> {
    let Some(identity) = Identities::find(on.ports, &IdentityKey::address(email))? else {
        return Ok(Err(LogInError::UnknownAccount));
    };
    Ok(match on.candidate_of(identity.account)? {
        Ok(candidate) => Ok((identity.account, Some(candidate))),
        Err(LogInError::NoPassword) => Ok((identity.account, None)),
        Err(refusal) => Err(refusal),
    })
}

/// Whether the admin secret stands in for the password.
enum Impersonation {
    Granted,
    NotAsked,
}

impl BackendPlus {
    /// Refuses a client that makes accounts or asks for mails too often.
    pub(super) fn check_newcomer_rate(&self, request: &HttpRequest) -> Result<(), Refusal> {
        let client = client::client_ip(request, &self.app.trusted_proxies);
        self.app.newcomer_rate.check(client).map_err(Refusal::too_many)
    }

    /// Refuses a client that logs in too often.
    pub(super) fn check_log_in_rate(&self, request: &HttpRequest) -> Result<(), Refusal> {
        let client = client::client_ip(request, &self.app.trusted_proxies);
        self.app.login_rate.check(client).map_err(Refusal::too_many)
    }

    fn impersonates(&self, request: &HttpRequest) -> Result<Impersonation, Refusal> {
        let header = request.headers().get(ADMIN_SECRET);
        match (&self.rules.impersonation, header) {
            (None, _) | (Some(_), None) => Ok(Impersonation::NotAsked),
            (Some(secret), Some(header)) => {
                let right = header.to_str().is_ok_and(|presented| secret.is(presented));
                if right {
                    Ok(Impersonation::Granted)
                } else {
                    Err(Refusal::BAD_ADMIN_SECRET)
                }
            }
        }
    }
}
