//! Spotify: codes from a browser. It says itself that the address it tells is not verified.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use url::Url;

use crate::code::{self, Code};
use crate::json;
use crate::person::Told;
use crate::settings::{Client, SettingsError, SpotifySettings, endpoint};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.spotify";
const SCOPE: &str = "user-read-email user-read-private";
const BAD: &str = "the access token is not good";

pub(crate) struct Spotify {
    wire: Wire,
    client: Client,
    authorize_url: Url,
    token_url: Url,
    me_url: Url,
}

impl Spotify {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &SpotifySettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == SpotifySettings::default() {
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
                "https://accounts.spotify.com/authorize",
            )?,
            token_url: at(
                "token_url",
                settings.token_url.as_ref(),
                "https://accounts.spotify.com/api/token",
            )?,
            me_url: at(
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
        let code = Code::of(evidence).ok_or(OTHER_KIND)?;
        let authentication = self.client.in_header();
        let answer = code::exchange(&self.wire, &self.token_url, &code, &authentication).await?;
        self.by_token(&code::access_token(&answer)?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let url = code::authorization_url(
            &self.authorize_url,
            ("client_id", &self.client.id),
            SCOPE,
            request,
            &code::challenge(request),
        );
        Ok(Departure::to(url))
    }
}
