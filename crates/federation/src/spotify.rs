//! Spotify: codes from a browser. It says itself that the address it tells is not verified.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use url::Url;

use crate::Site;
use crate::browser::{BrowserClient, Challenges, Usual};
use crate::json;
use crate::person::Told;
use crate::settings::{SettingsError, SpotifySettings, endpoint};
use crate::wire::Wire;

const SECTION: &str = "federation.spotify";
const USUAL: Usual = Usual {
    authorize_url: "https://accounts.spotify.com/authorize",
    token_url: "https://accounts.spotify.com/api/token",
};
const SCOPE: &str = "user-read-email user-read-private";
const BAD: &str = "the access token is not good";

pub(crate) struct Spotify {
    wire: Wire,
    browser: BrowserClient,
    me_url: Url,
}

impl Spotify {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &SpotifySettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == SpotifySettings::default() {
            return Ok(None);
        }
        Ok(Some(Self {
            wire,
            browser: BrowserClient::new(SECTION, settings.browser(), &USUAL, Challenges::Compared)?,
            me_url: endpoint(
                SECTION,
                "me_url",
                settings.me_url.as_ref(),
                "https://api.spotify.com/v1/me",
            )?,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let me = self.wire.get(&self.me_url, &[], Some(token)).await?;
        let me = me.document_for(BAD)?;
        let picture = me
            .get("images")
            .and_then(|images| images.as_array()?.first()?.get("url")?.as_str());
        let told = Told {
            address: json::text(&me, "email"),
            address_verified: false,
            name: json::text(&me, "display_name"),
            picture,
        };
        told.account(self.wire.provider(), json::text(&me, "id"))
    }
}

#[async_trait]
impl Site for Spotify {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        let authentication = self.browser.client.in_header();
        let token = self.browser.access_token(&self.wire, evidence, &authentication);
        self.by_token(&token.await?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        Ok(self.browser.departure(SCOPE, request))
    }
}
