use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Candidate, LogInError, NewPassword, ReplacePasswordError};
use clavis_kernel::Secret;

use super::super::Barong;
use super::super::bearer::Bearer;
use super::super::error::{BarongError, Thing};
use super::super::params::{Bounds, Check, Params};

/// `PUT /users/password`. Whoever does not know the old one learns nothing of what would be said of the new one.
pub(super) async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.standing_bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::User);
    let old = Secret::new(check.required_nb("old_password"));
    let new = Secret::new(check.required_nb("new_password"));
    let again = Secret::new(check.required_nb("confirm_password"));
    check.finish()?;
    if !new.same_as(again.expose()) {
        return Err(BarongError::NEW_PASSWORDS_DIFFER);
    }
    let session = bearer.session;
    let candidate = barong
        .candidate(&request, bearer)
        .await?
        .ok_or(BarongError::OLD_PASSWORD_WRONG)?;
    let checked = barong.app.check_password(candidate, old.clone()).await?;
    let unfit = BarongError::record(barong.password_problems(&new));
    let wanted = if new.same_as(old.expose()) {
        NewPassword::Unchanged
    } else if unfit.reason().is_empty() {
        NewPassword::Fit(barong.app.hash(new).await?)
    } else {
        NewPassword::Unfit(unfit.reason())
    };
    let replaced = barong.transaction(&request, move |on| {
        on.replace_password(&checked, session, &wanted)
    });
    replaced.await?.map_err(|refusal| match refusal {
        ReplacePasswordError::AccountNotActive => BarongError::BEARER,
        ReplacePasswordError::WrongPassword => BarongError::OLD_PASSWORD_WRONG,
        ReplacePasswordError::Unchanged => BarongError::PASSWORD_UNCHANGED,
        ReplacePasswordError::Unfit => unfit,
    })?;
    Ok(HttpResponse::Created().json(201))
}

impl Barong {
    /// The caller as somebody whose password is to be checked; `None` when they have none.
    pub(super) async fn candidate(
        &self,
        request: &HttpRequest,
        bearer: Bearer,
    ) -> Result<Option<Candidate>, BarongError> {
        self.check_log_in_rate(request)?;
        let candidate = self.look_up(request, move |on| {
            let Some(account) = bearer.account(on)? else {
                return Ok(None);
            };
            on.candidate_of(account.id).map(Some)
        });
        match candidate.await?.ok_or(BarongError::NOT_FOUND)? {
            Ok(candidate) => Ok(Some(candidate)),
            Err(LogInError::NoPassword) => Ok(None),
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
            ) => Err(BarongError::BEARER),
        }
    }
}
