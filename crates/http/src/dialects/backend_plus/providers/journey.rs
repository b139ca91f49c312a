//! What a browser carries while it is at a provider: sealed, so that only we read it, and in a cookie, so that only the
//! browser that left comes back.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{Entropy, EntropyExt as _, Purpose, Secret};
use serde::{Deserialize, Serialize};

use super::super::BackendPlus;
use super::super::cookies::{Transport, cookie};
use super::super::error::Refusal;
use super::super::wire::to_json;
use super::Social;

/// How long a browser may stay away.
const LIFETIME: Duration = Duration::minutes(10);
const NAME: &str = "clavis_provider";
/// Browsers take it from this host only, and over an encrypted connection (RFC 6265bis §4.1.3.2).
const HOST_NAME: &str = "__Host-clavis_provider";
/// Longest sealed journey that is looked at, in bytes of base64.
const MAX_SEALED: usize = 4096;

/// One browser's way to a provider and back.
pub(super) struct Journey {
    /// What the provider sends back (RFC 6749 §10.12); at one of OAuth 1.0, the request token.
    pub(super) state: Secret,
    /// The code verifier (RFC 7636 §4.1).
    pub(super) verifier: Secret,
    /// What an ID token must repeat.
    pub(super) nonce: String,
    /// The request token's secret, at a provider of OAuth 1.0.
    pub(super) token_secret: Option<Secret>,
    pub(super) expires_at: DateTime<Utc>,
}

/// A journey, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    state: Cow<'a, str>,
    verifier: Cow<'a, str>,
    nonce: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_secret: Option<Cow<'a, str>>,
    expires_at: i64,
}

impl Journey {
    pub(super) fn new(entropy: &dyn Entropy, now: DateTime<Utc>) -> Self {
        let secret = || URL_SAFE_NO_PAD.encode(entropy.bytes::<32>());
        Self {
            state: Secret::new(secret()),
            verifier: Secret::new(secret()),
            nonce: secret(),
            token_secret: None,
            expires_at: now + LIFETIME,
        }
    }

    /// The code challenge, by S256 (RFC 7636 §4.2).
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(openssl::sha::sha256(self.verifier.expose().as_bytes()))
    }

    fn to_json(&self) -> Result<Secret, Refusal> {
        let sealed = Sealed {
            state: self.state.expose().into(),
            verifier: self.verifier.expose().into(),
            nonce: self.nonce.as_str().into(),
            token_secret: self.token_secret.as_ref().map(|secret| secret.expose().into()),
            expires_at: self.expires_at.timestamp_micros(),
        };
        to_json(&sealed).map(Secret::new)
    }

    /// Reads it back, unless it is over.
    fn read(json: &[u8], now: DateTime<Utc>) -> Option<Self> {
        let sealed: Sealed<'_> = serde_json::from_slice(json).ok()?;
        let expires_at = DateTime::from_timestamp_micros(sealed.expires_at)?;
        (now < expires_at).then(|| Self {
            state: Secret::new(sealed.state),
            verifier: Secret::new(sealed.verifier),
            nonce: sealed.nonce.into_owned(),
            token_secret: sealed.token_secret.map(Secret::new),
            expires_at,
        })
    }
}

/// Sealed for one provider: a journey to another is none.
fn binding(social: Social) -> Vec<u8> {
    format!("backend_plus {}", social.name()).into_bytes()
}

impl BackendPlus {
    /// The cookie that a browser takes on its way.
    pub(super) fn journey_cookie(&self, social: Social, journey: &Journey) -> Result<HeaderValue, Refusal> {
        let json = journey.to_json()?;
        let sealed = self.app.keys.master.seal(
            Purpose::ProviderJourneys,
            &binding(social),
            json.expose().as_bytes(),
            self.app.entropy.as_ref(),
        );
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        if sealed.len() > MAX_SEALED {
            tracing::error!(provider = social.name(), "a provider's request token is too long");
            return Err(Refusal::PROVIDER_SILENT);
        }
        let attributes = self.attributes(social, LIFETIME.num_seconds());
        let cookie = format!("{}={sealed}; {attributes}", self.cookie_name());
        let mut value = HeaderValue::from_str(&cookie).map_err(|_| Refusal::INTERNAL)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The cookie that ends a journey.
    pub(super) fn cleared_journey_cookie(&self, social: Social) -> HeaderValue {
        let cookie = format!("{}=; {}", self.cookie_name(), self.attributes(social, 0));
        HeaderValue::from_str(&cookie).expect("every part of it is plain ASCII")
    }

    /// The journey to this provider that the browser is on; none when it is over.
    pub(super) fn journey(&self, request: &HttpRequest, social: Social) -> Option<Journey> {
        let value =
            cookie(request.headers(), self.cookie_name()).filter(|value| value.len() <= MAX_SEALED)?;
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let master = &self.app.keys.master;
        let json = master
            .open(Purpose::ProviderJourneys, &binding(social), &sealed)
            .ok()?;
        Journey::read(&json, self.app.clock.now())
    }

    fn cookie_name(&self) -> &'static str {
        match self.cookies.transport {
            Transport::Encrypted => HOST_NAME,
            Transport::Any => NAME,
        }
    }

    /// Who comes back with a form comes from another site's page, for which browsers keep every cookie that is not
    /// marked for it; and they take that mark over encrypted connections only.
    fn attributes(&self, social: Social, max_age_seconds: i64) -> String {
        let (secure, same_site) = match (self.cookies.transport, social.comes_back_with_a_form()) {
            (Transport::Encrypted, true) => ("; Secure", "None"),
            (Transport::Encrypted, false) => ("; Secure", "Lax"),
            (Transport::Any, _) => ("", "Lax"),
        };
        format!("Max-Age={max_age_seconds}; Path=/; HttpOnly{secure}; SameSite={same_site}")
    }
}

#[cfg(test)]
mod tests {
    use clavis_kernel::Clock as _;
    use clavis_kernel::fake::{FakeClock, FakeEntropy};

    use super::*;

    #[test]
    fn a_journey_reads_back() {
        let now = FakeClock::default().now();
        let mut journey = Journey::new(&FakeEntropy::default(), now);
        for token_secret in [None, Some(Secret::new("a\"b"))] {
            journey.token_secret = token_secret;
            let json = journey.to_json().unwrap();
            let json = json.expose().as_bytes();
            let read = Journey::read(json, now + LIFETIME - Duration::microseconds(1)).unwrap();
            assert!(
                Journey::read(json, now + LIFETIME).is_none(),
                "ten minutes are over"
            );
            assert!(read.state.same_as(journey.state.expose()));
            assert!(read.verifier.same_as(journey.verifier.expose()));
            assert_eq!(
                (&read.nonce, read.expires_at),
                (&journey.nonce, journey.expires_at)
            );
            let secrets = [&read.token_secret, &journey.token_secret];
            let [read, kept] = secrets.map(|secret| secret.as_ref().map(|secret| secret.expose().to_owned()));
            assert_eq!(read, kept);
        }
        assert!(Journey::read(b"{}", now).is_none());
    }

    #[test]
    fn no_two_secrets_of_a_journey_are_the_same() {
        let journey = Journey::new(&FakeEntropy::default(), FakeClock::default().now());
        assert_ne!(journey.state.expose(), journey.verifier.expose());
        assert_ne!(journey.state.expose(), journey.nonce);
        assert_eq!(journey.verifier.expose().len(), 43);
        assert_eq!(journey.challenge().len(), 43);
    }
}
