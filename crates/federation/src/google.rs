//! Google: ID tokens from its software on a device, and codes from a browser.

use std::sync::Arc;

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::{Clock, Secret};
use url::Url;

use crate::code::{self, Authentication, Code};
use crate::id_token::{Claims, Expected};
use crate::keys::{Algorithm, Keys};
use crate::settings::{GoogleSettings, SettingsError, endpoint};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.google";
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

pub(crate) struct Google {
    wire: Wire,
    clock: Arc<dyn Clock>,
    keys: Keys,
    issuers: Vec<String>,
    /// The first is the one whose secret we have.
    clients: Vec<String>,
    secret: Option<Secret>,
    authorize_url: Url,
    token_url: Url,
}

impl Google {
    /// `None` when nothing is set.
    pub(crate) fn new(
        settings: &GoogleSettings,
        wire: Wire,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, SettingsError> {
        if *settings == GoogleSettings::default() {
            return Ok(None);
        }
        if settings.client_ids.is_empty() {
            return Err(SettingsError::new(
                format!("{SECTION}.client_ids"),
                "expected the client ids of the applications whose log-ins are taken",
            ));
        }
        let issuers = if settings.issuers.is_empty() {
            ISSUERS.map(str::to_owned).to_vec()
        } else {
            settings.issuers.clone()
        };
        let at = |name, set, usual| endpoint(SECTION, name, set, usual);
        let jwks_url = at(
            "jwks_url",
            settings.jwks_url.as_ref(),
            "https://www.googleapis.com/oauth2/v3/certs",
        )?;
        Ok(Some(Self {
            keys: Keys::new(jwks_url, &wire),
            wire,
            clock,
            issuers,
            clients: settings.client_ids.clone(),
            secret: settings.client_secret.as_ref().map(|secret| secret.0.clone()),
            authorize_url: at(
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://accounts.google.com/o/oauth2/v2/auth",
            )?,
            token_url: at(
                "token_url",
                settings.token_url.as_ref(),
                "https://oauth2.googleapis.com/token",
            )?,
        }))
    }

    async fn by_token(
        &self,
        token: &Secret,
        nonce: Option<&str>,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let expected = Expected {
            algorithms: &[Algorithm::Rs256],
            issuers: &self.issuers,
            clients: &self.clients,
            nonce,
        };
        let claims = Claims::of(token, &self.keys, (&self.wire, &*self.clock), &expected).await?;
        claims.account(&self.wire)
    }

    /// Who we are in a browser's flow, which needs the secret.
    fn client(&self) -> Result<(&str, &Secret), ProviderRefusal> {
        let client = self.clients.first().zip(self.secret.as_ref());
        let (client, secret) = client.ok_or(ProviderRefusal::NotConfigured)?;
        Ok((client, secret))
    }
}

#[async_trait]
impl Site for Google {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        if let Evidence::IdToken { token, nonce } = evidence {
            return self.by_token(token, nonce.as_deref()).await;
        }
        let code = Code::of(evidence).ok_or(OTHER_KIND)?;
        let (client, secret) = self.client()?;
        let authentication = Authentication::InForm {
            client,
            secret: Some(secret),
        };
        let answer = code::exchange(&self.wire, &self.token_url, &code, &authentication).await?;
        self.by_token(&code::id_token(&answer)?, code.nonce).await
    }

    fn takes_browsers(&self) -> bool {
        self.client().is_ok()
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let (client, _) = self.client()?;
        let url = code::authorization_url(
            &self.authorize_url,
            ("client_id", client),
            "openid email profile",
            request,
            &code::nonce_and_challenge(request),
        );
        Ok(Departure::to(url))
    }
}
