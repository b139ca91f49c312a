use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clavis_identity::{Provider, ProviderJourneys};
use clavis_kernel::{Secret, StoreError, TokenDigest};

use super::FakePorts;
use crate::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal, Providers};

/// Providers that believe what a test told them: each piece of evidence is somebody, or a refusal.
#[derive(Debug, Default)]
pub struct FakeProviders {
    known: Mutex<HashMap<String, Result<ProviderAccount, ProviderRefusal>>>,
}

impl FakeProviders {
    /// Makes a token or code, at whatever provider, stand for this.
    pub fn answer(&self, evidence: &str, answer: Result<ProviderAccount, ProviderRefusal>) {
        self.known
            .lock()
            .expect("no test panics while it holds this")
            .insert(evidence.to_owned(), answer);
    }
}

#[async_trait]
impl Providers for FakeProviders {
    fn knows(&self, _provider: &Provider) -> bool {
        true
    }

    fn takes_browsers(&self, _provider: &Provider) -> bool {
        true
    }

    async fn identify(
        &self,
        _provider: &Provider,
        evidence: &Evidence,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let shown: &Secret = match evidence {
            Evidence::IdToken { token, .. } | Evidence::AccessToken(token) => token,
            Evidence::Code { code, .. } => code,
            Evidence::RequestToken { verifier, .. } => verifier,
        };
        self.known
            .lock()
            .expect("no test panics while it holds this")
            .get(shown.expose())
            .cloned()
            .unwrap_or(Err(ProviderRefusal::Rejected("unknown")))
    }

    async fn authorization_url(
        &self,
        provider: &Provider,
        request: &AuthorizationRequest,
    ) -> Result<Departure, ProviderRefusal> {
        Ok(Departure::to(format!(
            "https://{provider}.example/authorize?redirect_uri={}",
            request.redirect_uri
        )))
    }
}

impl ProviderJourneys for FakePorts {
    fn end(&self, journey: &TokenDigest, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("ProviderJourneys::end")?;
        let is_new = !state.provider_journeys.contains_key(journey);
        state.provider_journeys.entry(*journey).or_insert(expires_at);
        Ok(is_new)
    }
}
