//! Puzzles that tell people from programs, as reCAPTCHA sets them and servers that speak as it does.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use clavis_flows::{Captcha, CaptchaError, ProviderRefusal};
use clavis_kernel::Secret;
use url::Url;

use crate::json;
use crate::settings::{SettingsError, endpoint};
use crate::wire::{LazyClient, Patience, Wire};

/// What the server is called in logs.
const NAME: &str = "captcha";
const USUAL_URL: &str = "https://www.google.com/recaptcha/api/siteverify";
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    total: Duration::from_secs(4),
};

/// A server that says whether somebody solved its puzzle: reCAPTCHA, hCaptcha and Turnstile are asked in the same way.
pub struct SiteVerify {
    wire: Wire,
    url: Url,
    secret: Secret,
}

impl std::fmt::Debug for SiteVerify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteVerify")
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

impl SiteVerify {
    /// The server at this URL, or else Google's. `section` is where the settings stand; `authority` is a certificate file
    /// to trust beside the system's. Asks nobody yet.
    pub fn new(
        section: &str,
        url: Option<&String>,
        secret: Secret,
        authority: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let url = endpoint(section, "recaptcha_verify_url", url, USUAL_URL)?;
        let client = LazyClient::new(PATIENCE, authority)
            .map_err(|problem| SettingsError::new("federation.ca_file", problem))?;
        let provider = NAME
            .parse()
            .map_err(|_| SettingsError::new(section, "expected a plain name"))?;
        Ok(Self {
            wire: Wire::new(client, provider, PATIENCE),
            url,
            secret,
        })
    }
}

#[async_trait]
impl Captcha for SiteVerify {
    async fn is_solved(&self, response: &Secret, client: Option<IpAddr>) -> Result<bool, CaptchaError> {
        let client = client.map(|client| client.to_string());
        let mut form = vec![("secret", self.secret.expose()), ("response", response.expose())];
        form.extend(client.as_deref().map(|client| ("remoteip", client)));
        let asking = async { self.wire.post(&self.url, &form, None).await?.document() };
        let answer = tokio::time::timeout(PATIENCE.total, asking)
            .await
            .unwrap_or(Err(ProviderRefusal::Unavailable("it is too slow")))
            .map_err(|refusal| match refusal {
                ProviderRefusal::Unavailable(reason) | ProviderRefusal::Rejected(reason) => {
                    CaptchaError(reason)
                }
                ProviderRefusal::NotConfigured => CaptchaError("it is not configured"),
            })?;
        if json::is_true(&answer, "success") {
            return Ok(true);
        }
        let faults = answer.get("error-codes").and_then(|codes| codes.as_array());
        let is_ours =
            |code: &serde_json::Value| code.as_str().is_some_and(|code| code.ends_with("-input-secret"));
        if faults.is_some_and(|codes| codes.iter().any(is_ours)) {
            return Err(CaptchaError("it does not know the secret that is set"));
        }
        Ok(false)
    }
}
