//! GitHub: codes from a browser. Which addresses are somebody's, and whether they are verified, it tells apart from the
//! rest.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use reqwest::StatusCode;
use serde_json::{Map, Value};
use url::Url;

use crate::Site;
use crate::browser::{BrowserClient, Challenges, Usual};
use crate::json;
use crate::person::Told;
use crate::settings::{GithubSettings, SettingsError, endpoint};
use crate::wire::Wire;

const SECTION: &str = "federation.github";
const USUAL: Usual = Usual {
    authorize_url: "https://github.com/login/oauth/authorize",
    token_url: "https://github.com/login/oauth/access_token",
};
const SCOPE: &str = "user:email";
const BAD: &str = "the access token is not good";

pub(crate) struct Github {
    wire: Wire,
    browser: BrowserClient,
    user_url: Url,
    emails_url: Url,
}

impl Github {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &GithubSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == GithubSettings::default() {
            return Ok(None);
        }
        let user_url = endpoint(
            SECTION,
            "user_url",
            settings.user_url.as_ref(),
            "https://api.github.com/user",
        )?;
        let mut emails_url = user_url.clone();
        emails_url.set_path(&format!("{}/emails", user_url.path().trim_end_matches('/')));
        Ok(Some(Self {
            wire,
            browser: BrowserClient::new(SECTION, settings.browser(), &USUAL, Challenges::Compared)?,
            user_url,
            emails_url,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let user = self.wire.get(&self.user_url, &[], Some(token)).await?;
        let user = user.document_for(BAD)?;
        let addresses = self.addresses(token).await?;
        let address = best(&addresses);
        let told = Told {
            address: address.and_then(|address| json::text(address, "email")),
            address_verified: address.is_some_and(|address| json::is_true(address, "verified")),
            name: json::text(&user, "name").or_else(|| json::text(&user, "login")),
            picture: json::text(&user, "avatar_url"),
        };
        told.account(self.wire.provider(), json::id(&user, "id").as_deref())
    }

    /// The addresses; none when the person did not agree to tell them.
    async fn addresses(&self, token: &Secret) -> Result<Vec<Value>, ProviderRefusal> {
        let reply = self.wire.get(&self.emails_url, &[], Some(token)).await?;
        if reply.is_refusal() || reply.status == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        reply.list()
    }
}

/// The address that stands for the person: the one they call their first, or else one that is verified.
fn best(addresses: &[Value]) -> Option<&Map<String, Value>> {
    let addresses = || addresses.iter().filter_map(Value::as_object);
    addresses()
        .find(|address| json::is_true(address, "primary"))
        .or_else(|| addresses().find(|address| json::is_true(address, "verified")))
}

#[async_trait]
impl Site for Github {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        let authentication = self.browser.client.in_form();
        let token = self.browser.access_token(&self.wire, evidence, &authentication);
        self.by_token(&token.await?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        Ok(self.browser.departure(SCOPE, request))
    }
}
