use std::sync::Arc;

use chrono::{DateTime, Duration};
use clavis_federation::{Federation, Settings, SettingsError};
use clavis_flows::{
    AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal, Providers as Asked,
};
use clavis_identity::Provider;
use clavis_kernel::Secret;
use clavis_kernel::fake::FakeClock;
use serde_json::{Map, Value, json};

/// The stand-ins that the end-to-end tests use.
#[path = "../../../../tests/src/harness/providers.rs"]
mod stand_ins;

pub(crate) use stand_ins::{Key, Manner, Person, Providers, Signing, Site, client, paths};

/// The providers, and us with settings for all of them.
pub(crate) struct World {
    pub(crate) providers: Providers,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) federation: Federation,
}

pub(crate) type Identified = Result<ProviderAccount, ProviderRefusal>;

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// Who waits for nobody longer than two seconds.
    pub(crate) fn hasty() -> Self {
        Self::with(&[("CLAVIS_FEDERATION__TIMEOUT_SECONDS", "2")])
    }

    /// With further settings, as the variables that they are.
    pub(crate) fn with(more: &[(&str, &str)]) -> Self {
        let providers = Providers::start();
        let clock = Arc::new(now());
        let variables: Vec<_> = providers
            .settings()
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        let federation = Federation::new(&settings(&variables), clock.clone()).unwrap();
        Self {
            providers,
            clock,
            federation,
        }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }

    pub(crate) async fn identify(&self, site: Site, evidence: &Evidence) -> Identified {
        self.federation.identify(&provider(site), evidence).await
    }

    /// Somebody brings an ID token.
    pub(crate) async fn by_id_token(&self, site: Site, token: &str) -> Identified {
        self.identify(site, &id_token(token, None)).await
    }

    /// Somebody brings a code of a device.
    pub(crate) async fn by_code(&self, site: Site, code: &str) -> Identified {
        self.identify(site, &self::code(code)).await
    }

    /// Somebody brings an access token.
    pub(crate) async fn by_access_token(&self, site: Site, token: &str) -> Identified {
        self.identify(site, &Evidence::AccessToken(Secret::new(token)))
            .await
    }

    /// Somebody is sent to a provider.
    pub(crate) async fn depart(&self, site: Site) -> Result<Departure, ProviderRefusal> {
        let request = AuthorizationRequest {
            redirect_uri: "https://id.example.org/back?x=1".to_owned(),
            state: Secret::new("state-1"),
            nonce: "nonce-1".to_owned(),
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        };
        self.federation.authorization_url(&provider(site), &request).await
    }

    /// Somebody goes to Twitter and comes back.
    pub(crate) async fn by_request_token(&self, person: &Person) -> Identified {
        let departure = self.depart(Site::Twitter).await?;
        let back = self.providers.consent(Site::Twitter, &departure.url, person);
        let evidence = Evidence::RequestToken {
            token: departure.request_token.unwrap(),
            verifier: Secret::new(told(back.as_str(), "oauth_verifier").unwrap()),
        };
        self.identify(Site::Twitter, &evidence).await
    }

    /// Somebody goes to a provider with a browser and comes back, and `change` is done to what they bring.
    pub(crate) async fn by_browser(
        &self,
        site: Site,
        person: &Person,
        change: impl FnOnce(&mut Evidence),
    ) -> Identified {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let request = AuthorizationRequest {
            redirect_uri: "https://id.example.org/back?x=1".to_owned(),
            state: Secret::new("state-1"),
            nonce: "nonce-1".to_owned(),
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        };
        let url = self
            .federation
            .authorization_url(&provider(site), &request)
            .await?
            .url;
        let back = self.providers.consent(site, &url, person);
        let told = |name: &str| {
            back.query_pairs()
                .find(|(told, _)| told == name)
                .unwrap()
                .1
                .into_owned()
        };
        assert_eq!(told("state"), "state-1");
        let mut evidence = Evidence::Code {
            code: Secret::new(told("code")),
            redirect_uri: Some(request.redirect_uri),
            verifier: Some(Secret::new(verifier)),
            // Who has no ID tokens has no nonce either.
            nonce: matches!(site, Site::Google | Site::Apple | Site::Oidc).then(|| request.nonce.clone()),
        };
        change(&mut evidence);
        self.identify(site, &evidence).await
    }
}

pub(crate) fn id_token(token: &str, nonce: Option<&str>) -> Evidence {
    Evidence::IdToken {
        token: Secret::new(token),
        nonce: nonce.map(str::to_owned),
    }
}

pub(crate) fn code(code: &str) -> Evidence {
    Evidence::Code {
        code: Secret::new(code),
        redirect_uri: None,
        verifier: None,
        nonce: None,
    }
}

pub(crate) fn provider(site: Site) -> Provider {
    let name = match site {
        Site::Google => Provider::GOOGLE,
        Site::Apple => Provider::APPLE,
        Site::Facebook => Provider::FACEBOOK,
        Site::Kakao => Provider::KAKAO,
        Site::WeChat => Provider::WECHAT,
        Site::Oidc => client::OIDC_NAME,
        Site::Github => Provider::GITHUB,
        Site::Linkedin => Provider::LINKEDIN,
        Site::Spotify => Provider::SPOTIFY,
        Site::Twitter => Provider::TWITTER,
        Site::Windowslive => Provider::WINDOWSLIVE,
    };
    name.parse().unwrap()
}

/// What stands in the query of a URL under this name.
pub(crate) fn told(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    let mut pairs = url.query_pairs();
    pairs
        .find(|(told, _)| told == name)
        .map(|(_, value)| value.into_owned())
}

/// Ann, of whom everything is told.
pub(crate) fn ann() -> Person {
    Person::new("10769150350006150715")
        .with_address("Ann@example.org")
        .named("Ann Example")
        .pictured("https://pictures.example/ann.png")
}

/// The stand-ins look at the machine's clock, so ours begins with it.
pub(crate) fn now() -> FakeClock {
    #[expect(clippy::disallowed_methods, reason = "the stand-ins look at the same clock")]
    let now = std::time::SystemTime::now();
    FakeClock::at(DateTime::from(now))
}

/// The settings that variables make.
pub(crate) fn settings(variables: &[(&str, &str)]) -> Settings {
    let mut root = json!({});
    for (name, value) in variables {
        let path = name.strip_prefix("CLAVIS_FEDERATION__").unwrap().to_lowercase();
        let mut place = &mut root;
        for part in path.split("__") {
            let object: &mut Map<String, Value> = place.as_object_mut().unwrap();
            place = object.entry(part).or_insert_with(|| json!({}));
        }
        *place = json!(value);
    }
    serde_json::from_value(root).unwrap()
}

/// How these settings are refused.
pub(crate) fn refusal(variables: &[(&str, &str)]) -> SettingsError {
    Federation::new(&settings(variables), Arc::new(now())).unwrap_err()
}
