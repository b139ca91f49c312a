//! Clients to which browsers bring codes, at providers that have no more to say of them than OAuth 2 does.

use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderRefusal};
use clavis_kernel::Secret;
use url::Url;

use crate::OTHER_KIND;
use crate::code::{self, Authentication, Code};
use crate::settings::{BrowserSettings, Client, SettingsError, endpoint};
use crate::wire::Wire;

/// Whether a provider has code challenges (RFC 7636) for clients with a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenges {
    /// It compares what it is sent.
    Compared,
    /// It knows of none.
    Unknown,
}

/// A client, where its browsers are sent and where its codes are exchanged.
pub(crate) struct BrowserClient {
    pub(crate) client: Client,
    authorize_url: Url,
    token_url: Url,
    challenges: Challenges,
}

/// What a provider publishes of where browsers and codes go.
pub(crate) struct Usual {
    pub(crate) authorize_url: &'static str,
    pub(crate) token_url: &'static str,
}

impl BrowserClient {
    pub(crate) fn new(
        section: &str,
        settings: BrowserSettings<'_>,
        usual: &Usual,
        challenges: Challenges,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            client: Client::required(section, settings.client_id, settings.client_secret)?,
            authorize_url: endpoint(
                section,
                "authorize_url",
                settings.authorize_url,
                usual.authorize_url,
            )?,
            token_url: endpoint(section, "token_url", settings.token_url, usual.token_url)?,
            challenges,
        })
    }

    /// Where a browser is sent for a code.
    pub(crate) fn departure(&self, scope: &str, request: &AuthorizationRequest) -> Departure {
        let client = ("client_id", &*self.client.id);
        let url = match self.challenges {
            Challenges::Compared => {
                let challenge = code::challenge(request);
                code::authorization_url(&self.authorize_url, client, scope, request, &challenge)
            }
            Challenges::Unknown => code::authorization_url(&self.authorize_url, client, scope, request, &[]),
        };
        Departure::to(url)
    }

    /// The access token that the browser's code is exchanged for.
    pub(crate) async fn access_token(
        &self,
        wire: &Wire,
        evidence: &Evidence,
        authentication: &Authentication<'_>,
    ) -> Result<Secret, ProviderRefusal> {
        let code = Code::of(evidence).ok_or(OTHER_KIND)?;
        let code = match self.challenges {
            Challenges::Compared => code,
            Challenges::Unknown => code.without_verifier(),
        };
        let answer = code::exchange(wire, &self.token_url, &code, authentication).await?;
        code::access_token(&answer)
    }
}
