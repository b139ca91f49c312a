//! Log-ins on the word of Google, Apple and `WeChat`.

use actix_web::{HttpRequest, web};
use clavis_flows::{
    Arrival, AvatarName, Evidence, Linking, Newcomer, ProviderAccount, ProviderRefusal, Returning,
    SessionRequest,
};
use clavis_identity::{Attributes, Name, Provider};
use clavis_kernel::{Secret, is_deceptive};
use serde::Deserialize;

use super::Pluto;
use super::account::{MAX_NAME_CHARS, device, name};
use super::error::PlutoError;
use super::picture::Given;
use super::token::TokenResponse;
use super::wire::{self, Body, MAX_BODY_BYTES, Text};

/// A provider that Pluto's clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Social {
    Google,
    Apple,
    Wechat,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleRequest {
    id_token: Text,
    app_id: Text,
    device_id: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AppleRequest {
    code: Text,
    name: Text,
    app_id: Text,
    device_id: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WechatRequest {
    code: Text,
    app_id: Text,
    device_id: Text,
}

/// `POST /v1/login/google/mobile`.
pub(super) async fn google(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<TokenResponse>, PlutoError> {
    let wanted: GoogleRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let evidence = Social::Google.evidence(&wanted.id_token)?;
    let session = session(&wanted.app_id, &wanted.device_id)?;
    pluto
        .log_in_through(&request, Social::Google, evidence, None, session)
        .await
}

/// `POST /v1/login/apple/mobile`: Apple tells the name to nobody but the device, and only once.
pub(super) async fn apple(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<TokenResponse>, PlutoError> {
    let wanted: AppleRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let evidence = Social::Apple.evidence(&wanted.code)?;
    let given_name = name(wanted.name.required()?)?;
    let session = session(&wanted.app_id, &wanted.device_id)?;
    pluto
        .log_in_through(&request, Social::Apple, evidence, Some(given_name), session)
        .await
}

/// `POST /v1/login/wechat/mobile`.
pub(super) async fn wechat(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<TokenResponse>, PlutoError> {
    let wanted: WechatRequest = wire::decode(&request, payload, MAX_BODY_BYTES).await?;
    let evidence = Social::Wechat.evidence(&wanted.code)?;
    let session = session(&wanted.app_id, &wanted.device_id)?;
    pluto
        .log_in_through(&request, Social::Wechat, evidence, None, session)
        .await
}

fn session(application: &Text, device_id: &Text) -> Result<SessionRequest, PlutoError> {
    Ok(SessionRequest {
        application: application.required()?.to_owned(),
        device: Some(device(device_id)?),
    })
}

impl Social {
    pub(super) const ALL: [Self; 3] = [Self::Google, Self::Apple, Self::Wechat];

    /// As Pluto's clients write it, and as it is called here.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Google => Provider::GOOGLE,
            Self::Apple => Provider::APPLE,
            Self::Wechat => Provider::WECHAT,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|social| social.name() == text)
    }

    pub(super) fn provider(self) -> Provider {
        self.name().parse().expect("every one of them is a plain name")
    }

    /// Every provider that Pluto's clients know.
    pub(super) fn providers() -> Vec<Provider> {
        Self::ALL.map(Self::provider).to_vec()
    }

    /// What a client brought; there must be something.
    pub(super) fn evidence(self, brought: &Text) -> Result<Evidence, PlutoError> {
        let brought = Secret::new(brought.required()?.trim());
        Ok(match self {
            // The contract has no place for a nonce.
            Self::Google => Evidence::IdToken {
                token: brought,
                nonce: None,
            },
            Self::Apple | Self::Wechat => Evidence::Code {
                code: brought,
                redirect_uri: None,
                verifier: None,
                nonce: None,
            },
        })
    }

    /// How somebody is called whom the provider calls nothing.
    const fn fallback_name(self) -> &'static str {
        match self {
            Self::Google => "google_user",
            Self::Apple => "apple_user",
            Self::Wechat => "wechat_user",
        }
    }

    fn refused(self, refusal: ProviderRefusal) -> PlutoError {
        match refusal {
            ProviderRefusal::Rejected(reason) => {
                tracing::info!(
                    provider = self.name(),
                    reason,
                    "a provider's evidence is not good"
                );
                self.bad_evidence()
            }
            // Nothing is good from somebody whom the operator does not know.
            ProviderRefusal::NotConfigured => {
                tracing::warn!(
                    provider = self.name(),
                    "somebody came from a provider that is not configured"
                );
                self.bad_evidence()
            }
            ProviderRefusal::Unavailable(reason) => {
                tracing::error!(provider = self.name(), reason, "a provider does not answer");
                PlutoError::SERVER_ERROR
            }
        }
    }

    const fn bad_evidence(self) -> PlutoError {
        match self {
            Self::Google => PlutoError::INVALID_GOOGLE_TOKEN,
            Self::Apple => PlutoError::INVALID_APPLE_TOKEN,
            Self::Wechat => PlutoError::INVALID_WECHAT_CODE,
        }
    }
}

impl Pluto {
    /// Who the evidence shows somebody to be: asked outside any transaction.
    pub(super) async fn identify(
        &self,
        social: Social,
        evidence: &Evidence,
    ) -> Result<ProviderAccount, PlutoError> {
        let provider = social.provider();
        let asked = self.app.providers.identify(&provider, evidence);
        asked.await.map_err(|refusal| social.refused(refusal))
    }

    async fn log_in_through(
        &self,
        request: &HttpRequest,
        social: Social,
        evidence: Evidence,
        given_name: Option<Name>,
        session: SessionRequest,
    ) -> Result<Body<TokenResponse>, PlutoError> {
        let caller = self.caller(request);
        self.app
            .login_rate
            .check(caller.ip)
            .map_err(PlutoError::too_many_requests)?;
        let who = self.identify(social, &evidence).await?;
        let arrival = self.arrival(social, who, given_name);
        let grant = self.app.transaction(&self.door, caller, move |on| {
            on.log_in_through_provider(&arrival, None, &session)
        });
        Ok(Body(self.present(&grant.await??)?))
    }

    /// How somebody is received. There is no linking by address: whoever is known by it already is somebody else.
    fn arrival(&self, social: Social, who: ProviderAccount, given_name: Option<Name>) -> Arrival {
        let returning = match &given_name {
            // Only Apple's log-in says a name.
            Some(given_name) => Returning {
                name: Some(given_name.clone()),
                takes_contact: true,
            },
            None => Returning::default(),
        };
        let given_name = given_name.unwrap_or_else(|| adopted(who.name.as_deref(), social.fallback_name()));
        let picture = match social {
            // Apple has none.
            Social::Apple => None,
            Social::Google | Social::Wechat => who.picture.as_deref().and_then(adopted_picture),
        };
        let drawn = || self.picture_url(&AvatarName::generate(self.app.entropy.as_ref()));
        let newcomer = Newcomer {
            display_name: given_name.as_str().to_owned(),
            name: Some(given_name),
            avatar: Some(picture.unwrap_or_else(drawn)),
            attributes: Attributes::new(),
            // A mail account with the same address stays possible.
            claims_address: false,
            roles: None,
        };
        Arrival {
            who,
            linking: Linking::Never,
            newcomer: Some(newcomer),
            returning,
        }
    }
}

/// A name that somebody has elsewhere, as far as it can be one here.
fn adopted(text: Option<&str>, fallback: &str) -> Name {
    let plain = text.unwrap_or_default().chars().filter(|c| !is_deceptive(*c));
    let plain: String = plain.take(MAX_NAME_CHARS).collect();
    name(&plain).unwrap_or_else(|_| fallback.parse().expect("every fallback is a plain name"))
}

/// A picture's address, as a client could have given it.
fn adopted_picture(text: &str) -> Option<String> {
    match Given::parse(text) {
        Ok(Given::Url(url)) => Some(url),
        Ok(Given::Image(..)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_elsewhere_becomes_one_of_here_or_a_plain_one() {
        let adopted = |text: &str| adopted(Some(text), "google_user").as_str().to_owned();
        assert_eq!(adopted("Ann Lee"), "Ann Lee");
        assert_eq!(adopted("A\u{202e}nn\n"), "Ann");
        assert_eq!(adopted(&"ä".repeat(200)), "ä".repeat(60));
        assert_eq!(adopted(" \t"), "google_user");
        assert_eq!(super::adopted(None, "wechat_user").as_str(), "wechat_user");
    }

    #[test]
    fn only_an_address_is_kept_of_a_picture() {
        assert_eq!(
            adopted_picture("https://pictures.example/1.png").as_deref(),
            Some("https://pictures.example/1.png")
        );
        assert_eq!(adopted_picture("javascript:alert(1)"), None);
        assert_eq!(adopted_picture(""), None);
    }

    #[test]
    fn every_provider_reads_back() {
        for social in Social::ALL {
            assert_eq!(Social::parse(social.name()), Some(social));
            assert_eq!(social.provider().as_str(), social.name());
            assert_eq!(
                adopted(None, social.fallback_name()).as_str(),
                social.fallback_name()
            );
        }
        assert_eq!(Social::parse("facebook"), None);
    }
}
