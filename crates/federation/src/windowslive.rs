//! Microsoft's accounts of people: codes from a browser. What it tells of addresses says of none whether it is verified.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::Site;
use crate::browser::{BrowserClient, Challenges, Usual};
use crate::json;
use crate::person::Told;
use crate::settings::{SettingsError, WindowsliveSettings, endpoint};
use crate::wire::Wire;

const SECTION: &str = "federation.windowslive";
const USUAL: Usual = Usual {
    authorize_url: "https://login.live.com/oauth20_authorize.srf",
    token_url: "https://login.live.com/oauth20_token.srf",
};
const SCOPE: &str = "wl.basic wl.emails wl.contacts_emails";
const BAD: &str = "the access token is not good";

pub(crate) struct Windowslive {
    wire: Wire,
    browser: BrowserClient,
    me_url: Url,
}

impl Windowslive {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &WindowsliveSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == WindowsliveSettings::default() {
            return Ok(None);
        }
        Ok(Some(Self {
            wire,
            browser: BrowserClient::new(SECTION, settings.browser(), &USUAL, Challenges::Unknown)?,
            me_url: endpoint(
                SECTION,
                "me_url",
                settings.me_url.as_ref(),
                "https://apis.live.net/v5.0/me",
            )?,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let me = self.wire.get(&self.me_url, &[], Some(token)).await?;
        let me = me.document_for(BAD)?;
        let told = Told {
            address: address(&me),
            address_verified: false,
            name: json::text(&me, "name"),
            picture: None,
        };
        told.account(self.wire.provider(), json::text(&me, "id"))
    }
}

/// The address of the account, or the one that the person prefers.
fn address(me: &Map<String, Value>) -> Option<&str> {
    let emails = me.get("emails")?.as_object()?;
    ["account", "preferred"]
        .into_iter()
        .find_map(|kind| json::text(emails, kind))
}

#[async_trait]
impl Site for Windowslive {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        let authentication = self.browser.client.in_form();
        let token = self.browser.access_token(&self.wire, evidence, &authentication);
        self.by_token(&token.await?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        Ok(self.browser.departure(SCOPE, request))
    }
}
