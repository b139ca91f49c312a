//! Whether a person or a program is asking, where the operator wants to know.

use actix_web::HttpRequest;
use clavis_kernel::Secret;

use crate::client;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::BarongError;
use crate::dialects::barong::params::Check;
use crate::dialects::barong::settings::CaptchaPlace;

/// What a client brought to show that its puzzle was solved, at a place where that is asked for.
pub(super) struct Solution(Option<Secret>);

impl Barong {
    /// Takes what a client brought; `None` where nothing is asked for, and nothing looked at.
    pub(super) fn solution(&self, check: &mut Check<'_>, place: CaptchaPlace) -> Option<Solution> {
        let is_asked_for =
            self.captcha.is_some() && self.settings.captcha_protected_endpoints.contains(&place);
        is_asked_for.then(|| {
            let brought = check.optional("captcha_response");
            let brought = brought.or_else(|| check.optional("recaptcha_response"));
            Solution(brought.filter(|text| !text.trim().is_empty()).map(Secret::new))
        })
    }

    /// Refuses who has not solved a puzzle. While nobody can say so, nobody has.
    pub(super) async fn check_solution(
        &self,
        request: &HttpRequest,
        solution: Option<Solution>,
    ) -> Result<(), BarongError> {
        let (Some(captcha), Some(Solution(brought))) = (&self.captcha, solution) else {
            return Ok(());
        };
        let brought = brought.ok_or(BarongError::CAPTCHA_MISSING)?;
        let client = client::client_ip(request, &self.app.trusted_proxies);
        match captcha.is_solved(&brought, client).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(BarongError::CAPTCHA_WRONG),
            Err(error) => {
                tracing::error!(%error, "somebody was turned away");
                Err(BarongError::CAPTCHA_WRONG)
            }
        }
    }
}
