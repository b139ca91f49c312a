use std::fmt;

use async_trait::async_trait;
use clavis_flows::{TextError, TextMessage, Texts};
use serde_json::Value;

use super::gateway::{Gateway, Reply, meaning};
use super::{TextLimits, TextUrlError, TwilioAccount, TwilioSender, check, counted};

/// Hands texts to Twilio, or to whoever speaks its REST API of 2010-04-01.
pub struct TwilioTexts {
    account: TwilioAccount,
    gateway: Gateway,
}

impl fmt::Debug for TwilioTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioTexts")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl TwilioTexts {
    /// Texts go out through this account; nothing is connected yet.
    pub fn new(account: TwilioAccount, limits: TextLimits) -> Result<Self, TextUrlError> {
        let gateway = Gateway::new(limits)?;
        Ok(Self { account, gateway })
    }

    async fn post(&self, text: &TextMessage) -> Result<(), TextError> {
        check(text)?;
        let from = match &self.account.from {
            TwilioSender::Name(name) => ("From", name),
            TwilioSender::Service(service) => ("MessagingServiceSid", service),
        };
        let request = self
            .gateway
            .client()
            .post(self.account.messages_url())
            .basic_auth(&self.account.sid, Some(self.account.token.expose()))
            .form(&[("To", &text.to), from, ("Body", &text.text)]);
        let reply = self.gateway.ask(request).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        let code = code(&reply);
        tracing::warn!(status = reply.status.as_u16(), code, "a text was not taken");
        Err(code.map_or_else(|| meaning(reply.status), |code| refusal(code, &reply)))
    }
}

#[async_trait]
impl Texts for TwilioTexts {
    async fn send(&self, text: &TextMessage) -> Result<(), TextError> {
        counted(self.post(text).await)
    }
}

/// The number of the error. Its message is left out: it names the recipient.
fn code(reply: &Reply) -> Option<u64> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    body.get("code")?.as_u64()
}

/// What Twilio's errors mean for whoever wanted the text sent (<https://www.twilio.com/docs/api/errors>).
fn refusal(code: u64, reply: &Reply) -> TextError {
    match code {
        // No route to the number, no permission for its country, none for its network.
        21_612 | 21_408 | 21_214 => TextError::NotReachable,
        // Not a number, not one in the plan, not a mobile number.
        21_211 | 21_401 | 21_217 | 21_614 => TextError::NotValid,
        // No body, neither body nor media, too long, not accepted.
        21_602 | 21_619 | 21_605 | 21_617 | 21_618 => TextError::ContentInvalid,
        21_610 => TextError::Unsubscribed,
        _ => meaning(reply.status),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn reply(status: StatusCode, body: &str) -> Reply {
        Reply {
            status,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn an_error_number_is_read_from_json_only() {
        for (body, expected) in [
            (
                r#"{"code":21211,"message":"The 'To' number +1 is not valid","status":400}"#,
                Some(21_211),
            ),
            (r#"{"code":"21211"}"#, None),
            (r#"{"code":-1}"#, None),
            (r#"{"message":"no"}"#, None),
            ("[21211]", None),
            ("<html>", None),
            ("", None),
            (&"[".repeat(10_000), None),
        ] {
            assert_eq!(code(&reply(StatusCode::BAD_REQUEST, body)), expected);
        }
    }
}
