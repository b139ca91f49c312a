use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use clavis_identity::Provider;
use clavis_kernel::Secret;

use crate::{AuthorizationRequest, Evidence, ProviderAccount, ProviderRefusal, Providers};

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

    async fn identify(
        &self,
        _provider: &Provider,
        evidence: &Evidence,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let shown: &Secret = match evidence {
            Evidence::IdToken { token, .. } | Evidence::AccessToken(token) => token,
            Evidence::Code { code, .. } => code,
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
    ) -> Result<String, ProviderRefusal> {
        Ok(format!(
            "https://{provider}.example/authorize?redirect_uri={}",
            request.redirect_uri
        ))
    }
}
