//! Other people's servers that say who somebody is: Google, Apple, Facebook, Kakao, `WeChat`, GitHub, `LinkedIn`, Spotify,
//! Twitter, Microsoft, and any OpenID provider.
//!
//! Everything that a provider says is untrusted until it was verified: signatures against the keys it publishes, an
//! access token's application against ours. Each question is one bounded attempt.

mod apple;
mod breached;
mod browser;
mod captcha;
mod code;
mod facebook;
mod github;
mod google;
mod id_token;
mod json;
mod kakao;
mod kept;
mod keys;
mod linkedin;
mod oidc;
mod person;
mod settings;
mod signature;
mod spotify;
mod twitter;
mod wechat;
mod windowslive;
mod wire;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal, Providers};
use clavis_identity::Provider;
use clavis_kernel::Clock;
use metrics::{counter, histogram};

pub use breached::{Breaches, UnknownBehaviour, Unseen};
pub use captcha::SiteVerify;
pub use settings::{ClientOfDialect, ClientUrls, Settings, SettingsError};

use wire::{LazyClient, Wire};

/// One provider, as it is asked.
#[async_trait]
trait Site: Send + Sync {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal>;
    /// Whether enough is set for browsers.
    fn takes_browsers(&self) -> bool {
        true
    }
    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal>;
}

/// The evidence is of a kind that the provider does not hand out.
const OTHER_KIND: ProviderRefusal = ProviderRefusal::Rejected("the provider knows no evidence of this kind");

/// The providers with settings of their own.
const NAMED: [&str; 10] = [
    Provider::GOOGLE,
    Provider::APPLE,
    Provider::FACEBOOK,
    Provider::KAKAO,
    Provider::WECHAT,
    Provider::GITHUB,
    Provider::LINKEDIN,
    Provider::SPOTIFY,
    Provider::TWITTER,
    Provider::WINDOWSLIVE,
];

/// The providers that the operator configured.
pub struct Federation {
    sites: HashMap<String, Box<dyn Site>>,
    /// How long one question to a provider may take.
    patience: Duration,
}

impl fmt::Debug for Federation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Federation")
            .field("sites", &self.sites.keys())
            .finish_non_exhaustive()
    }
}

impl Federation {
    /// The providers with their settings. Asks nobody yet.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        let patience = settings.patience()?;
        let mut sites: HashMap<String, Box<dyn Site>> = HashMap::new();
        if settings.name_nobody() {
            return Ok(Self {
                sites,
                patience: patience.total,
            });
        }
        let client = LazyClient::new(patience, settings.authority())
            .map_err(|problem| SettingsError::new("federation.ca_file", problem))?;
        let wire = |name: &str| -> Result<Wire, SettingsError> {
            let provider: Result<Provider, _> = name.parse();
            let provider = provider
                .map_err(|error| SettingsError::new(format!("federation.oidc.{name}"), error.to_string()))?;
            Ok(Wire::new(client.clone(), provider, patience))
        };
        let mut add = |name: &str, site: Option<Box<dyn Site>>| match site {
            Some(site) => sites.insert(name.to_owned(), site),
            None => None,
        };
        let google = google::Google::new(&settings.google, wire(Provider::GOOGLE)?, Arc::clone(&clock))?;
        add(Provider::GOOGLE, google.map(|site| Box::new(site) as _));
        let apple = apple::Apple::new(&settings.apple, wire(Provider::APPLE)?, Arc::clone(&clock))?;
        add(Provider::APPLE, apple.map(|site| Box::new(site) as _));
        let facebook = facebook::Facebook::new(&settings.facebook, wire(Provider::FACEBOOK)?)?;
        add(Provider::FACEBOOK, facebook.map(|site| Box::new(site) as _));
        let kakao = kakao::Kakao::new(&settings.kakao, wire(Provider::KAKAO)?)?;
        add(Provider::KAKAO, kakao.map(|site| Box::new(site) as _));
        let wechat = wechat::WeChat::new(&settings.wechat, wire(Provider::WECHAT)?)?;
        add(Provider::WECHAT, wechat.map(|site| Box::new(site) as _));
        let github = github::Github::new(&settings.github, wire(Provider::GITHUB)?)?;
        add(Provider::GITHUB, github.map(|site| Box::new(site) as _));
        let linkedin = linkedin::Linkedin::new(&settings.linkedin, wire(Provider::LINKEDIN)?)?;
        add(Provider::LINKEDIN, linkedin.map(|site| Box::new(site) as _));
        let spotify = spotify::Spotify::new(&settings.spotify, wire(Provider::SPOTIFY)?)?;
        add(Provider::SPOTIFY, spotify.map(|site| Box::new(site) as _));
        let twitter = twitter::Twitter::new(&settings.twitter, wire(Provider::TWITTER)?, Arc::clone(&clock))?;
        add(Provider::TWITTER, twitter.map(|site| Box::new(site) as _));
        let windowslive = windowslive::Windowslive::new(&settings.windowslive, wire(Provider::WINDOWSLIVE)?)?;
        add(Provider::WINDOWSLIVE, windowslive.map(|site| Box::new(site) as _));
        for (name, oidc) in &settings.oidc {
            if NAMED.contains(&name.as_str()) {
                return Err(SettingsError::new(
                    format!("federation.oidc.{name}"),
                    "expected another name: this one has settings of its own",
                ));
            }
            let site = oidc::Oidc::new(oidc, wire(name)?, Arc::clone(&clock))?;
            add(name, site.map(|site| Box::new(site) as _));
        }
        Ok(Self {
            sites,
            patience: patience.total,
        })
    }

    fn site(&self, provider: &Provider) -> Result<&dyn Site, ProviderRefusal> {
        let site = self.sites.get(provider.as_str());
        site.map(AsRef::as_ref).ok_or(ProviderRefusal::NotConfigured)
    }

    async fn in_time<T>(
        &self,
        asking: impl Future<Output = Result<T, ProviderRefusal>>,
    ) -> Result<T, ProviderRefusal> {
        tokio::time::timeout(self.patience, asking)
            .await
            .unwrap_or(Err(ProviderRefusal::Unavailable("it is too slow")))
    }
}

#[async_trait]
impl Providers for Federation {
    fn knows(&self, provider: &Provider) -> bool {
        self.sites.contains_key(provider.as_str())
    }

    fn takes_browsers(&self, provider: &Provider) -> bool {
        self.site(provider).is_ok_and(Site::takes_browsers)
    }

    async fn identify(
        &self,
        provider: &Provider,
        evidence: &Evidence,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let site = self.site(provider)?;
        let began = Instant::now();
        let answer = self.in_time(site.identify(evidence)).await;
        count(provider, began, answer.as_ref().err());
        answer
    }

    async fn authorization_url(
        &self,
        provider: &Provider,
        request: &AuthorizationRequest,
    ) -> Result<Departure, ProviderRefusal> {
        self.in_time(self.site(provider)?.authorization_url(request))
            .await
    }
}

/// Counts and notes how a question went. Only configured providers are counted: their names are few.
fn count(provider: &Provider, began: Instant, refusal: Option<&ProviderRefusal>) {
    let outcome = match refusal {
        None => "identified",
        Some(ProviderRefusal::Rejected(reason)) => {
            tracing::info!(%provider, reason, "a provider's evidence was refused");
            "rejected"
        }
        Some(ProviderRefusal::NotConfigured) => {
            tracing::warn!(%provider, "a provider is not configured for this");
            "not_configured"
        }
        Some(ProviderRefusal::Unavailable(reason)) => {
            tracing::warn!(%provider, reason, "a provider is of no use");
            "unavailable"
        }
    };
    let name = provider.as_str().to_owned();
    counter!("clavis_federation_total", "provider" => name.clone(), "outcome" => outcome).increment(1);
    histogram!("clavis_federation_seconds", "provider" => name).record(began.elapsed().as_secs_f64());
}
