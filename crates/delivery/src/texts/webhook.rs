use std::fmt;

use async_trait::async_trait;
use clavis_flows::{TextError, TextMessage, Texts};
use serde_json::json;

use super::gateway::{Gateway, meaning};
use super::{TextLimits, TextUrlError, WebhookTarget, check, counted};

/// Posts texts as JSON, `{"to":"+…","text":"…"}`. Any status between 200 and 299 says that the text was taken.
pub struct WebhookTexts {
    target: WebhookTarget,
    gateway: Gateway,
}

impl fmt::Debug for WebhookTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTexts")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl WebhookTexts {
    /// Texts go to this URL; nothing is connected yet.
    pub fn new(target: WebhookTarget, limits: TextLimits) -> Result<Self, TextUrlError> {
        let gateway = Gateway::new(limits)?;
        Ok(Self { target, gateway })
    }

    async fn post(&self, text: &TextMessage) -> Result<(), TextError> {
        check(text)?;
        let mut request = self.gateway.client().post(self.target.url.clone());
        if let Some(credentials) = &self.target.credentials {
            request = request.basic_auth(&credentials.user, Some(credentials.password.expose()));
        }
        let request = request.json(&json!({ "to": text.to, "text": text.text }));
        let reply = self.gateway.ask(request).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        tracing::warn!(status = reply.status.as_u16(), "a text was not taken");
        Err(meaning(reply.status))
    }
}

#[async_trait]
impl Texts for WebhookTexts {
    async fn send(&self, text: &TextMessage) -> Result<(), TextError> {
        counted(self.post(text).await)
    }
}
