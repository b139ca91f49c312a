//! Facebook: its own access tokens, which are nobody's signature; so it is asked for whom a token was issued.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Map, Value};
use url::Url;

use crate::code::{self, Code};
use crate::json;
use crate::person::Told;
use crate::settings::{FacebookSettings, SettingsError, endpoint, required};
use crate::wire::{Reply, Wire};
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.facebook";
/// Graph's number for a token that is not good.
const BAD_TOKEN: u64 = 190;
/// Graph's number for a parameter that is not good: a code that was used, or the proof of another application's token.
const BAD_PARAMETER: u64 = 100;
const BAD: ProviderRefusal = ProviderRefusal::Rejected("the access token is not good");

pub(crate) struct Facebook {
    wire: Wire,
    app: String,
    secret: Secret,
    authorize_url: Url,
    debug_url: Url,
    me_url: Url,
    token_url: Url,
}

impl Facebook {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &FacebookSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == FacebookSettings::default() {
            return Ok(None);
        }
        let graph = |path: &str| {
            let base = settings
                .graph_url
                .as_deref()
                .unwrap_or("https://graph.facebook.com/v5.0");
            let url = format!("{}{path}", base.trim_end_matches('/'));
            endpoint(SECTION, "graph_url", Some(&url), "")
        };
        Ok(Some(Self {
            wire,
            app: required(
                SECTION,
                "app_id",
                settings.app_id.as_ref(),
                "the application's id",
            )?,
            secret: required(
                SECTION,
                "app_secret",
                settings.app_secret.as_ref(),
                "the application's secret",
            )?
            .0,
            authorize_url: endpoint(
                SECTION,
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://www.facebook.com/v5.0/dialog/oauth",
            )?,
            debug_url: graph("/debug_token")?,
            me_url: graph("/me")?,
            token_url: graph("/oauth/access_token")?,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let user = self.user_of(token).await?;
        let proof = self.proof(token)?;
        let parameters = [
            ("fields", "picture,name,id,email"),
            ("access_token", token.expose()),
            ("appsecret_proof", proof.expose()),
        ];
        let me = answer(&self.wire.get(&self.me_url, &parameters, None).await?)?;
        let id = json::id(&me, "id").filter(|id| *id == user);
        let picture = me
            .get("picture")
            .and_then(|picture| picture.get("data")?.get("url")?.as_str());
        let told = Told {
            address: json::text(&me, "email"),
            // Facebook does not say.
            address_verified: false,
            name: json::text(&me, "name"),
            picture,
        };
        told.account(self.wire.provider(), id.as_deref())
    }

    /// Whose token it is, if it was issued for our application and is good still.
    async fn user_of(&self, token: &Secret) -> Result<String, ProviderRefusal> {
        let ourselves = Secret::new(format!("{}|{}", self.app, self.secret.expose()));
        let parameters = [
            ("input_token", token.expose()),
            ("access_token", ourselves.expose()),
        ];
        let reply = self.wire.get(&self.debug_url, &parameters, None).await?;
        if reply.is_refusal() {
            tracing::error!(provider = %self.wire.provider(), "a provider does not take our credentials");
            return Err(ProviderRefusal::Unavailable("it does not take our credentials"));
        }
        let document = reply.document()?;
        let data = document.get("data").and_then(Value::as_object);
        let data = data.ok_or(ProviderRefusal::Unavailable("it does not say whose token it is"))?;
        if data.get("is_valid") != Some(&Value::Bool(true)) {
            return Err(BAD);
        }
        if json::id(data, "app_id").as_deref() != Some(&*self.app) {
            return Err(ProviderRefusal::Rejected(
                "the access token is for another application",
            ));
        }
        if data.get("type").is_some_and(|kind| kind != "USER") {
            return Err(ProviderRefusal::Rejected("the access token is no person's"));
        }
        json::id(data, "user_id").ok_or(ProviderRefusal::Rejected("nobody is named"))
    }

    /// What shows that the request comes from who knows the application's secret.
    fn proof(&self, token: &Secret) -> Result<Secret, ProviderRefusal> {
        let digest = || {
            let key = PKey::hmac(self.secret.expose().as_bytes())?;
            Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(token.expose().as_bytes())
        };
        let digest = digest().map_err(|_| ProviderRefusal::Unavailable("our own secret does not sign"))?;
        Ok(Secret::new(hex::encode(digest)))
    }

    async fn exchange(&self, code: &Code<'_>) -> Result<Secret, ProviderRefusal> {
        let mut parameters = vec![
            ("client_id", &*self.app),
            ("client_secret", self.secret.expose()),
            ("code", code.value.expose()),
        ];
        parameters.extend(code.redirect_uri.map(|uri| ("redirect_uri", uri)));
        parameters.extend(code.verifier.map(|verifier| ("code_verifier", verifier.expose())));
        let reply = self.wire.get(&self.token_url, &parameters, None).await?;
        code::access_token(&answer(&reply)?)
    }
}

/// Graph's answer; a refusal says by a number what it is about.
fn answer(reply: &Reply) -> Result<Map<String, Value>, ProviderRefusal> {
    if !reply.is_refusal() {
        return reply.document();
    }
    let body = reply.object().unwrap_or_default();
    let code = body.get("error").and_then(|error| error.get("code")?.as_u64());
    match code {
        Some(BAD_TOKEN | BAD_PARAMETER) => Err(BAD),
        _ => Err(ProviderRefusal::Unavailable("it answers with an error")),
    }
}

#[async_trait]
impl Site for Facebook {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        if let Evidence::AccessToken(token) = evidence {
            return self.by_token(token).await;
        }
        let code = Code::of(evidence).ok_or(OTHER_KIND)?;
        let token = self.exchange(&code).await?;
        self.by_token(&token).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let more = code::challenge(request);
        let url = code::authorization_url(
            &self.authorize_url,
            ("client_id", &self.app),
            "email,public_profile",
            request,
            &more,
        );
        Ok(Departure::to(url))
    }
}
