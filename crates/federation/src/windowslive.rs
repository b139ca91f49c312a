//! Microsoft's accounts of people: codes from a browser. What it tells of addresses says of none whether it is verified.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::code::{self, Code};
use crate::json;
use crate::person::Told;
use crate::settings::{Client, SettingsError, WindowsliveSettings, endpoint};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.windowslive";
const SCOPE: &str = "wl.basic wl.emails wl.contacts_emails";
const BAD: &str = "the access token is not good";

pub(crate) struct Windowslive {
    wire: Wire,
    client: Client,
    authorize_url: Url,
    token_url: Url,
    me_url: Url,
}

impl Windowslive {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &WindowsliveSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == WindowsliveSettings::default() {
            return Ok(None);
        }
        let at = |name, set, usual| endpoint(SECTION, name, set, usual);
        Ok(Some(Self {
            wire,
            client: Client::required(
                SECTION,
                settings.client_id.as_ref(),
                settings.client_secret.as_ref(),
            )?,
            authorize_url: at(
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://login.live.com/oauth20_authorize.srf",
            )?,
            token_url: at(
                "token_url",
                settings.token_url.as_ref(),
                "https://login.live.com/oauth20_token.srf",
            )?,
            me_url: at(
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
        let code = Code::of(evidence).ok_or(OTHER_KIND)?.without_verifier();
        let authentication = self.client.in_form();
        let answer = code::exchange(&self.wire, &self.token_url, &code, &authentication).await?;
        self.by_token(&code::access_token(&answer)?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let client = ("client_id", &*self.client.id);
        let url = code::authorization_url(&self.authorize_url, client, SCOPE, request, &[]);
        Ok(Departure::to(url))
    }
}
