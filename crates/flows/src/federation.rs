//! Other people's servers that say who somebody is.

use async_trait::async_trait;
use clavis_identity::{Provider, ProviderSubject};
use clavis_kernel::{Email, Secret};

/// Asks providers who somebody is.
///
/// A call is one bounded attempt: it ends within seconds, whatever the other side does, and holds no thread
/// meanwhile. Call it outside any transaction.
#[async_trait]
pub trait Providers: Send + Sync {
    /// Whether the operator configured this provider.
    fn knows(&self, provider: &Provider) -> bool;
    /// Whether browsers can be sent there and come back with something to exchange: that needs more of the operator
    /// than checking what a device brings.
    fn takes_browsers(&self, provider: &Provider) -> bool;
    /// Who the evidence shows somebody to be, once the provider's signature or its own answer was verified: issued by
    /// that provider, for this installation, still good.
    async fn identify(
        &self,
        provider: &Provider,
        evidence: &Evidence,
    ) -> Result<ProviderAccount, ProviderRefusal>;
    /// Where to send a browser, so that it comes back with a code or a verifier.
    async fn authorization_url(
        &self,
        provider: &Provider,
        request: &AuthorizationRequest,
    ) -> Result<Departure, ProviderRefusal>;
}

/// What a client brought from a provider.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// An ID token (OpenID Connect Core §2), as a provider's software hands out on a device.
    IdToken {
        /// The token.
        token: Secret,
        /// What its `nonce` must be; `None` where the dialect has no place for one.
        nonce: Option<String>,
    },
    /// A code to be exchanged once (RFC 6749 §4.1).
    Code {
        /// The code.
        code: Secret,
        /// To which address it was sent, where the provider asks for that again.
        redirect_uri: Option<String>,
        /// The code verifier (RFC 7636 §4.1).
        verifier: Option<Secret>,
        /// What the ID token's `nonce` must be.
        nonce: Option<String>,
    },
    /// One of the provider's own access tokens, issued for this installation's application there.
    AccessToken(Secret),
    /// A request token that somebody agreed to, to be exchanged once (RFC 5849 §2.3).
    RequestToken {
        /// The token and its secret, as [`Departure`] told them.
        token: RequestToken,
        /// What the browser brought back.
        verifier: Secret,
    },
}

/// A request token (RFC 5849 §2.1), which a provider of OAuth 1.0 gives out before a browser is sent to it.
#[derive(Debug, Clone)]
pub struct RequestToken {
    /// The token: the browser comes back with it, as it would with a `state`.
    pub token: Secret,
    /// What signs the exchange. No browser sees it.
    pub secret: Secret,
}

/// A browser on its way to a provider.
#[derive(Debug, Clone)]
pub struct Departure {
    /// Where it goes.
    pub url: String,
    /// What was fetched for it, at a provider of OAuth 1.0. Such a one sends no `state` back.
    pub request_token: Option<RequestToken>,
}

impl Departure {
    /// To this address, with nothing to remember but what was asked.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            request_token: None,
        }
    }
}

/// How a browser is sent to a provider.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// Where it is to come back.
    pub redirect_uri: String,
    /// Ties the answer to the request (RFC 6749 §10.12).
    pub state: Secret,
    /// Ties the ID token to the request.
    pub nonce: String,
    /// The code challenge, made by S256 (RFC 7636 §4.2).
    pub challenge: String,
}

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAccount {
    /// Who: the one thing that identifies them there.
    pub subject: ProviderSubject,
    /// Their address, as the provider tells it.
    pub address: Option<Email>,
    /// Whether the provider says that the address is theirs.
    pub address_verified: bool,
    /// How they are called, at most 255 characters.
    pub name: Option<String>,
    /// An absolute `https` URL of their picture.
    pub picture: Option<String>,
}

/// Why a provider's word is not had. Says nothing that came from the client, so it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderRefusal {
    /// The evidence shows nothing: not the provider's, not for this installation, over, or used.
    #[error("the provider's evidence is not good: {0}")]
    Rejected(&'static str),
    /// The operator did not configure this provider.
    #[error("the provider is not configured")]
    NotConfigured,
    /// The provider cannot be reached, is too slow, or does not make sense.
    #[error("the provider does not answer: {0}")]
    Unavailable(&'static str),
}
