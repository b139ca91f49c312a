//! People who say nothing of themselves, and those who do later.

use actix_web::{HttpRequest, HttpResponse};
use clavis_kernel::AccountId;

use super::BackendPlus;
use super::error::Refusal;
use super::session::Handover;
use super::wire::Fields;

impl BackendPlus {
    /// `POST /auth/login` with `anonymous`: an account with nothing to log in with, and its only session.
    pub(super) async fn log_in_anonymously(
        &self,
        request: &HttpRequest,
        mut fields: Fields,
        role: String,
    ) -> Result<HttpResponse, Refusal> {
        // Clients may send what they send for anybody else; it is not looked at closer.
        for unused in ["email", "password"] {
            fields.optional_text(unused)?;
        }
        let handover = Handover::asked(fields.flag("cookie")?);
        fields.finish()?;
        self.check_log_in_rate(request)?;
        let asked = Self::session_request();
        let grant = self
            .transaction(request, move |on| on.enter_anonymously(&role, &asked))
            .await?;
        let grant = grant.map_err(|refusal| self.rules.profile.log_in(refusal))?;
        self.session(&grant, handover)
    }

    /// Who registers while logged in, where accounts may be anonymous. Whether theirs is, is looked at with everything
    /// else. A token that opens nothing is as if it were not there.
    pub(super) async fn registering_caller(
        &self,
        request: &HttpRequest,
    ) -> Result<Option<AccountId>, Refusal> {
        if self.rules.anonymous_role.is_none() {
            return Ok(None);
        }
        match self.authenticate(request).await {
            Ok(caller) => Ok(Some(caller.account)),
            Err(refusal) if refusal == self.rules.profile.not_authenticated() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
