//! Apple: identity tokens from its software on a device, and codes, for which we sign who we are.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use clavis_flows::{AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal};
use clavis_kernel::{Clock, Secret};
use josekit::jws::alg::ecdsa::EcdsaJwsSigner;
use josekit::jws::{self, ES256, JwsHeader};
use serde_json::json;
use url::Url;

use crate::code::{self, Authentication, Code};
use crate::id_token::{Claims, Expected};
use crate::keys::{Algorithm, Keys};
use crate::settings::{AppleSettings, SettingsError, endpoint, required};
use crate::wire::Wire;
use crate::{OTHER_KIND, Site};

const SECTION: &str = "federation.apple";
const ISSUER: &str = "https://appleid.apple.com";
/// For how long what we sign about ourselves is good.
const SECRET_SECONDS: i64 = 120;

pub(crate) struct Apple {
    wire: Wire,
    clock: Arc<dyn Clock>,
    keys: Keys,
    issuers: [String; 1],
    clients: [String; 1],
    /// What browsers log in to, which is called otherwise than the application on a device.
    services: [String; 1],
    /// Without it codes cannot be exchanged.
    signing: Option<Signing>,
    /// Where codes of a device go that were asked for with an address, if they were.
    redirect_uri: Option<String>,
    authorize_url: Url,
    token_url: Url,
}

/// The key with which we show who we are.
struct Signing {
    team: String,
    key_id: String,
    signer: EcdsaJwsSigner,
}

impl Apple {
    /// `None` when nothing is set.
    pub(crate) fn new(
        settings: &AppleSettings,
        wire: Wire,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, SettingsError> {
        if *settings == AppleSettings::default() {
            return Ok(None);
        }
        let client = required(
            SECTION,
            "client_id",
            settings.client_id.as_ref().or(settings.services_id.as_ref()),
            "the application's bundle id",
        )?;
        let at = |name, set, usual| endpoint(SECTION, name, set, usual);
        let jwks_url = at(
            "jwks_url",
            settings.jwks_url.as_ref(),
            "https://appleid.apple.com/auth/keys",
        )?;
        Ok(Some(Self {
            keys: Keys::new(jwks_url, &wire),
            wire,
            clock,
            issuers: [settings.issuer.clone().unwrap_or_else(|| ISSUER.to_owned())],
            services: [settings.services_id.clone().unwrap_or_else(|| client.clone())],
            clients: [client],
            signing: signing(settings)?,
            redirect_uri: settings.redirect_uri.clone(),
            authorize_url: at(
                "authorize_url",
                settings.authorize_url.as_ref(),
                "https://appleid.apple.com/auth/authorize",
            )?,
            token_url: at(
                "token_url",
                settings.token_url.as_ref(),
                "https://appleid.apple.com/auth/token",
            )?,
        }))
    }

    async fn by_token(
        &self,
        clients: &[String; 1],
        token: &Secret,
        nonce: Option<&str>,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let expected = Expected {
            algorithms: &[Algorithm::Rs256],
            issuers: &self.issuers,
            clients,
            nonce,
        };
        let claims = Claims::of(token, &self.keys, (&self.wire, &*self.clock), &expected).await?;
        claims.account(&self.wire)
    }

    fn client_secret(&self, client: &str) -> Result<Secret, ProviderRefusal> {
        let signing = self.signing.as_ref().ok_or(ProviderRefusal::NotConfigured)?;
        let now = self.clock.now().timestamp();
        let [audience] = &self.issuers;
        let claims = json!({
            "iss": signing.team,
            "iat": now,
            "exp": now + SECRET_SECONDS,
            "aud": audience,
            "sub": client,
        });
        let mut header = JwsHeader::new();
        header.set_key_id(&signing.key_id);
        let token = jws::serialize_compact(claims.to_string().as_bytes(), &header, &signing.signer);
        token
            .map(Secret::new)
            .map_err(|_| ProviderRefusal::Unavailable("our own key does not sign"))
    }
}

/// All of it is set, or nothing.
fn signing(settings: &AppleSettings) -> Result<Option<Signing>, SettingsError> {
    if settings.team_id.is_none() && settings.key_id.is_none() && settings.private_key_file.is_none() {
        return Ok(None);
    }
    let team = required(SECTION, "team_id", settings.team_id.as_ref(), "the team's id")?;
    let key_id = required(
        SECTION,
        "key_id",
        settings.key_id.as_ref(),
        "the private key's id",
    )?;
    let file = required(
        SECTION,
        "private_key_file",
        settings.private_key_file.as_ref(),
        "the .p8 file with the private key",
    )?;
    Ok(Some(Signing {
        team,
        key_id,
        signer: signer(&file)?,
    }))
}

fn signer(file: &Path) -> Result<EcdsaJwsSigner, SettingsError> {
    let refused = |problem: String| SettingsError::new(format!("{SECTION}.private_key_file"), problem);
    let text = std::fs::read_to_string(file)
        .map_err(|error| refused(format!("{} cannot be read: {}", file.display(), error.kind())))?;
    let pem = Secret::new(text);
    ES256.signer_from_pem(pem.expose()).map_err(|_| {
        refused(format!(
            "expected a private key on the curve P-256 (PEM, as Apple's .p8 file has it) in {}",
            file.display()
        ))
    })
}

#[async_trait]
impl Site for Apple {
    async fn identify(&self, evidence: &Evidence) -> Result<ProviderAccount, ProviderRefusal> {
        if let Evidence::IdToken { token, nonce } = evidence {
            return self.by_token(&self.clients, token, nonce.as_deref()).await;
        }
        let mut code = Code::of(evidence).ok_or(OTHER_KIND)?.without_verifier();
        // A device knows no address to which its code was sent.
        let clients = if code.redirect_uri.is_some() {
            &self.services
        } else {
            &self.clients
        };
        code.redirect_uri = code.redirect_uri.or(self.redirect_uri.as_deref());
        let [client] = clients;
        let secret = self.client_secret(client)?;
        let authentication = Authentication::InForm {
            client,
            secret: Some(&secret),
        };
        let answer = code::exchange(&self.wire, &self.token_url, &code, &authentication).await?;
        self.by_token(clients, &code::id_token(&answer)?, code.nonce)
            .await
    }

    fn takes_browsers(&self) -> bool {
        self.signing.is_some()
    }

    async fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Departure, ProviderRefusal> {
        if self.signing.is_none() {
            return Err(ProviderRefusal::NotConfigured);
        }
        let [client] = &self.services;
        // Who asks for a name or an address is answered with a form.
        let more = [("nonce", &*request.nonce), ("response_mode", "form_post")];
        let url = code::authorization_url(
            &self.authorize_url,
            ("client_id", client),
            "name email",
            request,
            &more,
        );
        Ok(Departure::to(url))
    }
}
