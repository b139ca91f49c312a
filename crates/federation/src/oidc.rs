//! Any OpenID provider, by what it publishes about itself.

mod discovery;

use std::sync::Arc;

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::{Clock, Secret};
use url::Url;

use crate::code::{self, Authentication, Code};
use crate::id_token::{Claims, Expected, standard_claims};
use crate::json;
use crate::kept::Kept;
use crate::keys::Algorithm;
use crate::settings::{OidcSettings, SettingsError, endpoint, required};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

use discovery::Discovery;

const SCOPES: &str = "openid email profile";

pub(crate) struct Oidc {
    wire: Wire,
    clock: Arc<dyn Clock>,
    /// To the letter as it is set: the provider must call itself the same.
    issuers: [String; 1],
    clients: [String; 1],
    secret: Option<Secret>,
    scope: String,
    discovery_url: Url,
    discovery: Kept<Discovery>,
}

impl Oidc {
    /// `None` when nothing is set.
    pub(crate) fn new(
        settings: &OidcSettings,
        wire: Wire,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, SettingsError> {
        if *settings == OidcSettings::default() {
            return Ok(None);
        }
        let section = format!("federation.oidc.{}", wire.provider());
        let issuer = required(&section, "issuer", settings.issuer.as_ref(), "the provider's URL")?;
        let url = endpoint(&section, "issuer", Some(&issuer), "")?;
        if url.query().is_some() {
            return Err(SettingsError::new(
                format!("{section}.issuer"),
                "expected a URL without a query",
            ));
        }
        let discovery_url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let client = required(
            &section,
            "client_id",
            settings.client_id.as_ref(),
            "the client's id there",
        )?;
        let mut scopes = settings.scopes.clone();
        if scopes.is_empty() {
            scopes.push(SCOPES.to_owned());
        } else if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        Ok(Some(Self {
            discovery: Kept::new(wire.patience().total / 2),
            discovery_url: endpoint(&section, "issuer", Some(&discovery_url), "")?,
            wire,
            clock,
            issuers: [issuer],
            clients: [client],
            secret: settings.client_secret.as_ref().map(|secret| secret.0.clone()),
            scope: scopes.join(" "),
        }))
    }

    async fn discover(&self) -> Result<Arc<Discovery>, ProviderRefusal> {
        let [issuer] = &self.issuers;
        let fetch = || async {
            let document = self.wire.get(&self.discovery_url, &[], None).await?.document()?;
            Discovery::read(&document, issuer, &self.wire).map_err(ProviderRefusal::Unavailable)
        };
        self.discovery.get(&*self.clock, |_| true, fetch).await
    }

    async fn verify(
        &self,
        discovery: &Discovery,
        token: &Secret,
        nonce: Option<&str>,
    ) -> Result<Claims, ProviderRefusal> {
        let expected = Expected {
            algorithms: &Algorithm::ALL,
            issuers: &self.issuers,
            clients: &self.clients,
            nonce,
        };
        Claims::of(token, &discovery.keys, (&self.wire, &*self.clock), &expected).await
    }

    async fn by_code(&self, code: &Code<'_>) -> Result<ProviderAccount, ProviderRefusal> {
        let discovery = self.discover().await?;
        let [client] = &self.clients;
        let authentication = match &self.secret {
            Some(secret) if discovery.takes_basic => Authentication::InHeader { client, secret },
            secret => Authentication::InForm {
                client,
                secret: secret.as_ref(),
            },
        };
        let answer = code::exchange(&self.wire, &discovery.token_url, code, &authentication).await?;
        let claims = self
            .verify(&discovery, &code::id_token(&answer)?, code.nonce)
            .await?;
        match &discovery.userinfo_url {
            // Many put no more than the subject into the token.
            Some(url) if !claims.has_address() => {
                let token = code::access_token(&answer)?;
                self.ask_for_more(&claims, url, &token).await
            }
            Some(_) | None => claims.account(&self.wire),
        }
    }

    /// What the userinfo endpoint tells (OpenID Connect Core §5.3), which must be about the same person.
    async fn ask_for_more(
        &self,
        claims: &Claims,
        url: &Url,
        token: &Secret,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let more = self.wire.get(url, &[], Some(token)).await?.document()?;
        if json::text(&more, "sub") != claims.subject() {
            return Err(ProviderRefusal::Rejected("userinfo is about somebody else"));
        }
        let (mut told, more) = (claims.told(), standard_claims(&more));
        told.address = more.address;
        told.address_verified = more.address_verified;
        told.name = told.name.or(more.name);
        told.picture = told.picture.or(more.picture);
        told.account(self.wire.provider(), claims.subject())
    }
}

#[async_trait]
impl Site for Oidc {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        if let Evidence::IdToken { token, nonce } = evidence {
            let discovery = self.discover().await?;
            let claims = self.verify(&discovery, token, nonce.as_deref()).await?;
            return claims.account(&self.wire);
        }
        self.by_code(&Code::of(evidence).ok_or(OTHER_KIND)?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let discovery = self.discover().await?;
        let [client] = &self.clients;
        let url = code::authorization_url(
            &discovery.authorize_url,
            ("client_id", client),
            &self.scope,
            request,
            &code::nonce_and_challenge(request),
        );
        Ok(Departure::to(url))
    }
}
