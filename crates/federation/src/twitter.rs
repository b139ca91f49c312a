//! Twitter, by OAuth 1.0a (RFC 5849): a request token is fetched before a browser is sent there, and what the browser
//! brings back is exchanged for an access token, with which we ask who it is.

use std::sync::Arc;

use async_trait::async_trait;
use clavis_flows::{
    AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal, RequestToken,
};
use clavis_kernel::{Clock, Secret};
use reqwest::Method;
use url::Url;

use crate::json;
use crate::person::Told;
use crate::settings::{Client, SettingsError, TwitterSettings, endpoint};
use crate::signature::{Occasion, Signatory};
use crate::wire::{Reply, Wire};
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.twitter";
const CREDENTIALS: ProviderRefusal = ProviderRefusal::Unavailable("it does not take our credentials");
const NO_TOKEN: ProviderRefusal = ProviderRefusal::Unavailable("it gave no token");

pub(crate) struct Twitter {
    wire: Wire,
    clock: Arc<dyn Clock>,
    client: Client,
    request_url: Url,
    authorize_url: Url,
    access_url: Url,
    me_url: Url,
}

impl Twitter {
    /// `None` when nothing is set.
    pub(crate) fn new(
        settings: &TwitterSettings,
        wire: Wire,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, SettingsError> {
        if *settings == TwitterSettings::default() {
            return Ok(None);
        }
        let api = |path: &str| {
            let base = settings.api_url.as_deref().unwrap_or("https://api.twitter.com");
            let url = format!("{}{path}", base.trim_end_matches('/'));
            endpoint(SECTION, "api_url", Some(&url), "")
        };
        let mut me_url = api("/1.1/account/verify_credentials.json")?;
        me_url
            .query_pairs_mut()
            .append_pair("include_email", "true")
            .append_pair("include_entities", "false")
            .append_pair("skip_status", "true");
        Ok(Some(Self {
            wire,
            clock,
            client: Client::required(
                SECTION,
                settings.client_id.as_ref(),
                settings.client_secret.as_ref(),
            )?,
            request_url: api("/oauth/request_token")?,
            authorize_url: endpoint(
                SECTION,
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://api.twitter.com/oauth/authenticate",
            )?,
            access_url: api("/oauth/access_token")?,
            me_url,
        }))
    }

    async fn ask(
        &self,
        (method, url): (Method, &Url),
        token: Option<(&Secret, &Secret)>,
        more: &[(&str, &str)],
    ) -> Result<Reply, ProviderRefusal> {
        let signatory = Signatory {
            consumer: (&self.client.id, &self.client.secret),
            token,
        };
        let occasion = Occasion::new(self.clock.now())?;
        let header = signatory.header(&method, url, more, &occasion)?;
        self.wire.signed(method, url.clone(), &header).await
    }

    /// Whom an access token stands for.
    async fn person(&self, token: &Secret, secret: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let reply = self
            .ask((Method::GET, &self.me_url), Some((token, secret)), &[])
            .await?;
        let me = reply.document_for("the access token is not good")?;
        let told = Told {
            address: json::text(&me, "email"),
            // It tells no other: one that is not verified is left out.
            address_verified: true,
            name: json::text(&me, "name").or_else(|| json::text(&me, "screen_name")),
            picture: json::text(&me, "profile_image_url_https"),
        };
        told.account(self.wire.provider(), json::text(&me, "id_str"))
    }
}

#[async_trait]
impl Site for Twitter {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        let Evidence::RequestToken { token, verifier } = evidence else {
            return Err(OTHER_KIND);
        };
        let reply = self
            .ask(
                (Method::POST, &self.access_url),
                Some((&token.token, &token.secret)),
                &[("oauth_verifier", verifier.expose())],
            )
            .await?;
        if reply.is_refusal() {
            return Err(ProviderRefusal::Rejected("the verifier is not good"));
        }
        let mut answer = reply.form()?;
        let access = answer.remove("oauth_token").ok_or(NO_TOKEN)?;
        let secret = answer.remove("oauth_token_secret").ok_or(NO_TOKEN)?;
        self.person(&access, &secret).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let callback = [("oauth_callback", &*request.redirect_uri)];
        let reply = self
            .ask((Method::POST, &self.request_url), None, &callback)
            .await?;
        if reply.is_refusal() {
            tracing::error!(provider = %self.wire.provider(), "a provider does not take our credentials");
            return Err(CREDENTIALS);
        }
        let mut answer = reply.form()?;
        // Without it the provider has not heard where the browser is to come back (RFC 5849 §2.1).
        let is_confirmed = answer
            .get("oauth_callback_confirmed")
            .is_some_and(|told| told.expose() == "true");
        if !is_confirmed {
            return Err(ProviderRefusal::Unavailable("it has not taken our address"));
        }
        let token = answer.remove("oauth_token").ok_or(NO_TOKEN)?;
        let secret = answer.remove("oauth_token_secret").ok_or(NO_TOKEN)?;
        let mut url = self.authorize_url.clone();
        url.query_pairs_mut().append_pair("oauth_token", token.expose());
        Ok(Departure {
            url: url.into(),
            request_token: Some(RequestToken { token, secret }),
        })
    }
}
