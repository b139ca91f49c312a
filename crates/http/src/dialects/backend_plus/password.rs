use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{LogInError, PendingAccounts, ResetRequestError};

use super::BackendPlus;
use super::caller::Known;
use super::error::Refusal;
use super::rules::Disclosure;
use super::wire::Fields;

/// `POST /auth/change-password/request`.
pub(super) async fn request(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    rules.require(rules.lost_password)?;
    rules.require_mail()?;
    let email = fields.email("email", &rules.domains)?;
    fields.finish()?;
    dialect.check_newcomer_rate(&request)?;
    let asked = dialect
        .transaction(&request, move |on| {
            on.request_password_reset(&email, PendingAccounts::MayNot)
        })
        .await?;
    match asked {
        Err(ResetRequestError::UnknownAddress) if rules.reset_accounts == Disclosure::Told => {
            Err(Refusal::UNKNOWN_ACCOUNT)
        }
        Ok(())
        | Err(
            ResetRequestError::UnknownAddress
            | ResetRequestError::NotActivated
            | ResetRequestError::Suspended
            | ResetRequestError::TooManyMails,
        ) => Ok(HttpResponse::NoContent().finish()),
    }
}

/// `POST /auth/change-password/change`: with a mailed ticket, or with the old password.
pub(super) async fn change(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    fields: Fields,
) -> Result<HttpResponse, Refusal> {
    if fields.has("ticket") {
        dialect.reset(&request, fields).await
    } else {
        dialect.change_with_old_one(&request, fields).await
    }
}

/// `POST /auth/change-password`.
pub(super) async fn change_with_old_one(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    fields: Fields,
) -> Result<HttpResponse, Refusal> {
    dialect.change_with_old_one(&request, fields).await
}

impl BackendPlus {
    async fn reset(&self, request: &HttpRequest, mut fields: Fields) -> Result<HttpResponse, Refusal> {
        self.rules.require(self.rules.lost_password)?;
        let ticket = fields.ticket("ticket")?;
        let password = fields.new_password("new_password", self.rules.shortest_password)?;
        fields.finish()?;
        let examined = ticket.clone();
        self.look_up(request, move |on| on.examine_reset(&examined))
            .await??;
        self.screen(&password).await?;
        let hash = self.app.hash(password).await?;
        self.transaction(request, move |on| on.reset_password(&ticket, &hash))
            .await??;
        Ok(HttpResponse::NoContent().finish())
    }

    async fn change_with_old_one(
        &self,
        request: &HttpRequest,
        mut fields: Fields,
    ) -> Result<HttpResponse, Refusal> {
        let profile = self.rules.profile;
        let Known { account, session } = self.authenticate(request).await?;
        let candidate = match self.look_up(request, move |on| on.candidate_of(account)).await? {
            Ok(candidate) => Some(candidate),
            Err(LogInError::NoPassword) => None,
            Err(
                LogInError::UnknownAccount
                | LogInError::NotActivated
                | LogInError::Suspended
                | LogInError::WrongPassword
                | LogInError::LockedOut
                | LogInError::UnknownApplication
                | LogInError::SecondFactorMissing
                | LogInError::SecondFactorWrong
                | LogInError::SecondFactorReplayed
                | LogInError::SecondFactorUnsupported,
            ) => return Err(profile.not_authenticated()),
        };
        // An account without a password sets one: what it calls the old one does not matter.
        let old = if candidate.is_some() {
            Some(fields.password("old_password")?)
        } else {
            fields.ignore("old_password");
            None
        };
        let new = fields.new_password("new_password", self.rules.shortest_password)?;
        fields.finish()?;
        self.screen(&new).await?;
        let checked = match candidate.zip(old) {
            Some((candidate, old)) => {
                self.check_log_in_rate(request)?;
                Some(self.app.check_password(candidate, old).await?)
            }
            None => None,
        };
        let hash = self.app.hash(new).await?;
        let changed = self.transaction(request, move |on| match &checked {
            Some(checked) => on.change_password(checked, session, &hash),
            None => on.set_first_password(account, session, &hash),
        });
        let changed = changed.await?;
        changed.map_err(|refusal| profile.password_change(refusal))?;
        Ok(HttpResponse::NoContent().finish())
    }
}
