//! `WeChat`: codes only. It answers with 200 whatever happens, and says by a number what did.

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::code::{self, Code};
use crate::json;
use crate::person::Told;
use crate::settings::{SettingsError, WeChatSettings, endpoint, required};
use crate::wire::{Reply, Wire};
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.wechat";
/// What somebody must have agreed to.
const SCOPE: &str = "snsapi_userinfo";
/// The numbers that are the code's fault: it is none, it was used, or whose it is does not fit.
const BAD_CODE: [i64; 3] = [40029, 40163, 40003];

pub(crate) struct WeChat {
    wire: Wire,
    app: String,
    secret: Secret,
    authorize_url: Url,
    token_url: Url,
    userinfo_url: Url,
}

impl WeChat {
    /// `None` when nothing is set.
    pub(crate) fn new(settings: &WeChatSettings, wire: Wire) -> Result<Option<Self>, SettingsError> {
        if *settings == WeChatSettings::default() {
            return Ok(None);
        }
        let secret = settings.app_secret.as_ref();
        let at = |name, set, usual| endpoint(SECTION, name, set, usual);
        Ok(Some(Self {
            wire,
            app: required(
                SECTION,
                "app_id",
                settings.app_id.as_ref(),
                "the application's id",
            )?,
            secret: required(SECTION, "app_secret", secret, "the application's secret")?.0,
            authorize_url: at(
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://open.weixin.qq.com/connect/oauth2/authorize",
            )?,
            token_url: at(
                "token_url",
                settings.token_url.as_ref(),
                "https://api.weixin.qq.com/sns/oauth2/access_token",
            )?,
            userinfo_url: at(
                "userinfo_url",
                settings.userinfo_url.as_ref(),
                "https://api.weixin.qq.com/sns/userinfo",
            )?,
        }))
    }

    async fn by_code(&self, code: &Code<'_>) -> Result<ProviderAccount, ProviderRefusal> {
        let parameters = [
            ("appid", &*self.app),
            ("secret", self.secret.expose()),
            ("code", code.value.expose()),
            ("grant_type", "authorization_code"),
        ];
        let answer = self.answer(&self.wire.get(&self.token_url, &parameters, None).await?)?;
        let scopes = json::text(&answer, "scope").unwrap_or_default();
        if !scopes.split([',', ' ']).any(|scope| scope == SCOPE) {
            return Err(ProviderRefusal::Rejected("the person has not agreed to be named"));
        }
        let token = code::access_token(&answer)?;
        let openid = json::text(&answer, "openid");
        let openid = openid.ok_or(ProviderRefusal::Unavailable("it does not say whose code it was"))?;
        let parameters = [("access_token", token.expose()), ("openid", openid)];
        let person = self.answer(&self.wire.get(&self.userinfo_url, &parameters, None).await?)?;
        let is_same = json::text(&person, "openid").is_none_or(|other| other == openid);
        let union = json::text(&person, "unionid").filter(|_| is_same);
        let told = Told {
            name: json::text(&person, "nickname"),
            picture: json::text(&person, "headimgurl"),
            ..Told::default()
        };
        told.account(self.wire.provider(), union)
    }

    fn answer(&self, reply: &Reply) -> Result<Map<String, Value>, ProviderRefusal> {
        let answer = reply.document()?;
        match answer.get("errcode").map(|code| code.as_i64().unwrap_or(-1)) {
            None | Some(0) => Ok(answer),
            Some(code) if BAD_CODE.contains(&code) => Err(ProviderRefusal::Rejected("the code is not good")),
            Some(code) => {
                tracing::warn!(provider = %self.wire.provider(), code, "a provider answers with an error");
                Err(ProviderRefusal::Unavailable("it answers with an error"))
            }
        }
    }
}

#[async_trait]
impl Site for WeChat {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        self.by_code(&Code::of(evidence).ok_or(OTHER_KIND)?).await
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        let mut url = code::authorization_url(&self.authorize_url, ("appid", &self.app), SCOPE, request, &[]);
        url.set_fragment(Some("wechat_redirect"));
        Ok(Departure::to(url))
    }
}
