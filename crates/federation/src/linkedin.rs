//! `LinkedIn`: codes from a browser. It has no code challenges for clients with a secret, and says of no address whether
//! it is verified.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::Site;
use crate::browser::{BrowserClient, Challenges, Usual};
use crate::json;
use crate::person::Told;
use crate::settings::{LinkedinSettings, SettingsError, endpoint};
use crate::wire::Wire;

const SECTION: &str = "federation.linkedin";
const USUAL: Usual = Usual {
    authorize_url: "https://www.linkedin.com/oauth/v2/authorization",
    token_url: "https://www.linkedin.com/oauth/v2/accessToken",
};
const SCOPE: &str = "r_emailaddress r_liteprofile";
const PROFILE: [(&str, &str); 1] = [(
    "projection",
    "(id,localizedFirstName,localizedLastName,profilePicture(displayImage~:playableStreams))",
)];
const ADDRESS: [(&str, &str); 2] = [("q", "members"), ("projection", "(elements*(handle~))")];
const BAD: &str = "the access token is not good";

pub(crate) struct Linkedin {
    wire: Wire,
    browser: BrowserClient,
    me_url: Url,
    address_url: Url,
}

impl Linkedin {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &LinkedinSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == LinkedinSettings::default() {
            return Ok(None);
        }
        let api = |path: &str| {
            let base = settings
                .api_url
                .as_deref()
                .unwrap_or("https://api.linkedin.com/v2");
            let url = format!("{}{path}", base.trim_end_matches('/'));
            endpoint(SECTION, "api_url", Some(&url), "")
        };
        Ok(Some(Self {
            wire,
            browser: BrowserClient::new(SECTION, settings.browser(), &USUAL, Challenges::Unknown)?,
            me_url: api("/me")?,
            address_url: api("/emailAddress")?,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let me = self.wire.get(&self.me_url, &PROFILE, Some(token)).await?;
        let me = me.document_for(BAD)?;
        let reply = self.wire.get(&self.address_url, &ADDRESS, Some(token)).await?;
        // Who did not agree to tell an address is somebody all the same.
        let addresses = if reply.is_refusal() {
            Map::new()
        } else {
            reply.document()?
        };
        let names = ["localizedFirstName", "localizedLastName"].map(|name| json::text(&me, name));
        let name: Vec<_> = names.into_iter().flatten().collect();
        let name = name.join(" ");
        let told = Told {
            address: address(&addresses),
            // LinkedIn does not say.
            address_verified: false,
            name: Some(&name),
            picture: picture(&me),
        };
        told.account(self.wire.provider(), json::text(&me, "id"))
    }
}

fn address(answer: &Map<String, Value>) -> Option<&str> {
    let first = answer.get("elements")?.as_array()?.first()?;
    first.get("handle~")?.get("emailAddress")?.as_str()
}

/// The largest picture, which comes last.
fn picture(me: &Map<String, Value>) -> Option<&str> {
    let pictures = me.get("profilePicture")?.get("displayImage~")?.get("elements")?;
    let addresses = pictures.as_array()?.last()?.get("identifiers")?;
    addresses.as_array()?.first()?.get("identifier")?.as_str()
}

#[async_trait]
impl Site for Linkedin {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        let authentication = self.browser.client.in_form();
        let token = self.browser.access_token(&self.wire, evidence, &authentication);
        self.by_token(&token.await?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        Ok(self.browser.departure(SCOPE, request))
    }
}
