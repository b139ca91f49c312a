//! Events, posted to the servers that want to know of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use clavis_flows::Callbacks;
use clavis_kernel::Secret;
use metrics::counter;
use reqwest::Client;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use url::Url;

use crate::outgoing::{Patience, client};

/// How many events may be on their way at once; one more is told to nobody.
const AT_ONCE: usize = 256;
/// Most servers that are told.
const MAX_TARGETS: usize = 16;

/// A server that is told of events, and what it knows us by: written as `url|token`.
#[derive(Clone)]
pub struct CallbackTarget {
    url: Url,
    token: Secret,
}

/// A text is no server to be told of events. Never shows it: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackTargetError {
    /// It is something else.
    #[error("expected https://host/path|token, or http:// in the same way")]
    Form,
    /// There are more than can be told.
    #[error("at most {MAX_TARGETS} servers are told of events")]
    TooMany,
    /// The machine's TLS library or its root certificates cannot be used.
    #[error("TLS cannot be set up on this machine")]
    Tls,
}

impl fmt::Debug for CallbackTarget {
    /// The host alone: paths and parameters of such URLs are often secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackTarget({})", self.url.host_str().unwrap_or_default())
    }
}

impl FromStr for CallbackTarget {
    type Err = CallbackTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (url, token) = text.trim().split_once('|').ok_or(CallbackTargetError::Form)?;
        let url = Url::parse(url).map_err(|_| CallbackTargetError::Form)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !is_web || !url.username().is_empty() || url.password().is_some() {
            return Err(CallbackTargetError::Form);
        }
        Ok(Self {
            url,
            token: Secret::new(token),
        })
    }
}

/// Posts events as JSON. An answer is not read, and a failure is noted and forgotten.
pub struct WebhookCallbacks {
    /// `None` where nobody is told: a client reads every certificate that the machine trusts.
    client: Option<Client>,
    targets: Arc<[CallbackTarget]>,
    places: Arc<Semaphore>,
}

impl fmt::Debug for WebhookCallbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookCallbacks")
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl WebhookCallbacks {
    /// Tells these servers; nothing is connected yet.
    pub fn new(targets: Vec<CallbackTarget>) -> Result<Self, CallbackTargetError> {
        if targets.len() > MAX_TARGETS {
            return Err(CallbackTargetError::TooMany);
        }
        let client = (!targets.is_empty()).then(|| client(Patience::default()));
        Ok(Self {
            client: client.transpose().map_err(|_| CallbackTargetError::Tls)?,
            targets: targets.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }
}

impl Callbacks for WebhookCallbacks {
    fn are_wanted(&self) -> bool {
        self.client.is_some()
    }

    fn tell(&self, event: Map<String, Value>) {
        let Some(client) = &self.client else {
            return;
        };
        for target in self.targets.iter() {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                counter!("clavis_callbacks_total", "outcome" => "dropped").increment(1);
                tracing::warn!(?target, "an event was not told: too many are on their way");
                continue;
            };
            let mut event = event.clone();
            event.insert("token".to_owned(), Value::from(target.token.expose()));
            let (client, target) = (client.clone(), target.clone());
            tokio::spawn(async move {
                let _place = place;
                let outcome = post(&client, &target, &event).await;
                counter!("clavis_callbacks_total", "outcome" => outcome).increment(1);
            });
        }
    }
}

async fn post(client: &Client, target: &CallbackTarget, event: &Map<String, Value>) -> &'static str {
    match client.post(target.url.clone()).json(event).send().await {
        Ok(response) if response.status().is_success() => "taken",
        Ok(response) => {
            let status = response.status().as_u16();
            tracing::warn!(?target, status, "an event was not taken");
            "refused"
        }
        Err(error) => {
            let timed_out = error.is_timeout();
            tracing::warn!(?target, timed_out, error = %error.without_url(), "an event was not told");
            "unavailable"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_url_and_a_token() {
        let target: CallbackTarget = " https://hooks.example/jauth?x=1|a|b ".parse().unwrap();
        assert_eq!(target.url.as_str(), "https://hooks.example/jauth?x=1");
        assert_eq!(target.token.expose(), "a|b");
        assert_eq!(format!("{target:?}"), "CallbackTarget(hooks.example)");
        for bad in [
            "",
            "https://x.example",
            "x|y",
            "ftp://x.example|y",
            "https://u:p@x.example|y",
        ] {
            assert_eq!(
                bad.parse::<CallbackTarget>().unwrap_err(),
                CallbackTargetError::Form,
                "{bad}"
            );
        }
    }
}
