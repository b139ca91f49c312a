//! Kakao: its own access tokens, which are nobody's signature; so it is asked for whom a token was issued.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::Value;
use url::Url;

use crate::code::{self, Authentication, Code};
use crate::json;
use crate::person::Told;
use crate::settings::{KakaoSettings, SettingsError, endpoint, required};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.kakao";
const BAD: &str = "the access token is not good";

pub(crate) struct Kakao {
    wire: Wire,
    app: String,
    /// The application's REST key, without which codes cannot be exchanged.
    client: Option<String>,
    secret: Option<Secret>,
    info_url: Url,
    me_url: Url,
    authorize_url: Url,
    token_url: Url,
}

impl Kakao {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &KakaoSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == KakaoSettings::default() {
            return Ok(None);
        }
        let app = required(
            SECTION,
            "app_id",
            settings.app_id.as_ref(),
            "the application's number",
        )?;
        if !app.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SettingsError::new(
                format!("{SECTION}.app_id"),
                "expected the application's number",
            ));
        }
        let api = |path: &str| {
            let base = settings.api_url.as_deref().unwrap_or("https://kapi.kakao.com");
            let url = format!("{}{path}", base.trim_end_matches('/'));
            endpoint(SECTION, "api_url", Some(&url), "")
        };
        Ok(Some(Self {
            wire,
            app,
            client: settings.client_id.clone(),
            secret: settings.client_secret.as_ref().map(|secret| secret.0.clone()),
            info_url: api("/v1/user/access_token_info")?,
            me_url: api("/v2/user/me")?,
            authorize_url: endpoint(
                SECTION,
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://kauth.kakao.com/oauth/authorize",
            )?,
            token_url: endpoint(
                SECTION,
                "token_url",
                settings.token_url.as_ref(),
                "https://kauth.kakao.com/oauth/token",
            )?,
        }))
    }

    async fn by_token(&self, token: &Secret) -> Result<ProviderAccount, ProviderRefusal> {
        let info = self
            .wire
            .get(&self.info_url, &[], Some(token))
            .await?
            .document_for(BAD)?;
        if json::id(&info, "app_id").as_ref() != Some(&self.app) {
            return Err(ProviderRefusal::Rejected(
                "the access token is for another application",
            ));
        }
        // Pictures over https; Kakao's own wish is http.
        let secure = [("secure_resource", "true")];
        let me = self
            .wire
            .get(&self.me_url, &secure, Some(token))
            .await?
            .document_for(BAD)?;
        // Both answers are about the same person, or about nobody.
        let id = json::id(&me, "id").filter(|id| json::id(&info, "id").as_ref() == Some(id));
        let nothing = serde_json::Map::new();
        let account = me
            .get("kakao_account")
            .and_then(Value::as_object)
            .unwrap_or(&nothing);
        let profile = account
            .get("profile")
            .and_then(Value::as_object)
            .unwrap_or(&nothing);
        let told = Told {
            address: json::text(account, "email"),
            address_verified: json::is_true(account, "is_email_valid")
                && json::is_true(account, "is_email_verified"),
            name: json::text(profile, "nickname"),
            picture: json::text(profile, "profile_image_url"),
        };
        told.account(self.wire.provider(), id.as_deref())
    }

    fn client(&self) -> Result<&str, ProviderRefusal> {
        self.client.as_deref().ok_or(ProviderRefusal::NotConfigured)
    }
}

#[async_trait]
impl Site for Kakao {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        if let Evidence::AccessToken(token) = evidence {
            return self.by_token(token).await;
        }
        let code = Code::of(evidence).ok_or(OTHER_KIND)?;
        let authentication = Authentication::InForm {
            client: self.client()?,
            secret: self.secret.as_ref(),
        };
        let answer = code::exchange(&self.wire, &self.token_url, &code, &authentication).await?;
        self.by_token(&code::access_token(&answer)?).await
    }

    fn takes_browsers(&self) -> bool {
        self.client.is_some()
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let url = code::authorization_url(
            &self.authorize_url,
            ("client_id", self.client()?),
            "account_email,profile_nickname,profile_image",
            request,
            &[],
        );
        Ok(Departure::to(url))
    }
}
