//! Log-ins on the word of others: a browser goes to a provider and comes back with something to exchange.

mod brought;
mod journey;
mod social;
mod switches;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    Admission, Arrival, AuthorizationRequest, Linking, Newcomer, ProviderAccount, ProviderRefusal, Returning,
};
use clavis_identity::Attributes;

pub use switches::ProviderClient;

use super::activation::{onward, redirect};
use super::error::{Profile, Refusal};
use super::session::Handover;
use super::{APPLICATION, BackendPlus};
use brought::Brought;
use journey::Journey;
use social::Social;
pub(super) use switches::Switches;

/// `GET /auth/providers/<name>`: sends the browser to the provider.
pub(super) async fn depart(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let social = dialect.social(&request)?;
    dialect.check_log_in_rate(&request)?;
    match dialect.send(social).await {
        Ok(response) => Ok(response),
        Err(refusal) => dialect.fail(refusal),
    }
}

/// `GET /auth/providers/<name>/callback`: the browser comes back.
pub(super) async fn arrive_by_link(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let social = dialect.social(&request)?;
    if social.comes_back_with_a_form() {
        return Err(Refusal::NOT_FOUND);
    }
    // A request without consequences shows nobody.
    let brought = (request.method() == Method::GET)
        .then(|| Brought::read(social, request.query_string().as_bytes()))
        .flatten();
    dialect.receive(&request, social, brought).await
}

/// `POST /auth/providers/apple/callback`: the browser comes back with a form.
pub(super) async fn arrive_by_form(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let social = dialect.social(&request)?;
    if !social.comes_back_with_a_form() {
        return Err(Refusal::NOT_FOUND);
    }
    let brought = Brought::read_form(social, &request, body).await?;
    dialect.receive(&request, social, brought).await
}

impl BackendPlus {
    /// The provider that the path names, if it is known and switched on.
    fn social(&self, request: &HttpRequest) -> Result<Social, Refusal> {
        let name = request.match_info().query("name");
        let social = Social::parse(name).ok_or(Refusal::NOT_FOUND)?;
        self.rules.require(self.providers.of(social))?;
        Ok(social)
    }

    async fn send(&self, social: Social) -> Result<HttpResponse, Refusal> {
        if self.providers.success.is_none() && self.rules.profile == Profile::V2_7 {
            tracing::error!(
                "dialects.backend_plus.provider_success_redirect is not set: a log-in leads nowhere"
            );
            return Err(Refusal::INTERNAL);
        }
        let now = self.app.clock.now();
        let mut journey = Journey::new(self.app.entropy.as_ref(), now);
        let asked = AuthorizationRequest {
            redirect_uri: self.callback_url(social),
            state: journey.state.clone(),
            nonce: journey.nonce.clone(),
            challenge: journey.challenge(),
        };
        let sent = self
            .app
            .providers
            .authorization_url(&social.provider(), &asked)
            .await;
        let departure = sent.map_err(|refusal| self.unheard(social, refusal))?;
        if let Some(token) = departure.request_token {
            journey.state = token.token;
            journey.token_secret = Some(token.secret);
        }
        let mut response = redirect(&departure.url);
        response.insert_header((header::SET_COOKIE, self.journey_cookie(social, &journey)?));
        Ok(response.finish())
    }

    /// What becomes of a browser that came back. Its journey is over in any case.
    async fn receive(
        &self,
        request: &HttpRequest,
        social: Social,
        brought: Option<Brought>,
    ) -> Result<HttpResponse, Refusal> {
        let admitted = self.admit(request, social, brought).await;
        let mut answer = match admitted.and_then(|admission| self.succeed(&admission)) {
            Ok(response) => response,
            Err(refusal) => match self.fail(refusal) {
                Ok(response) => response,
                Err(refusal) => refusal.respond(),
            },
        };
        if request.method() != Method::HEAD {
            let cleared = self.cleared_journey_cookie(social);
            answer.headers_mut().append(header::SET_COOKIE, cleared);
        }
        Ok(answer)
    }

    async fn admit(
        &self,
        request: &HttpRequest,
        social: Social,
        brought: Option<Brought>,
    ) -> Result<Admission, Refusal> {
        let stranger = || self.rules.profile.not_authenticated();
        let brought = brought.ok_or_else(stranger)?;
        self.check_log_in_rate(request)?;
        // The journey began in this browser, lately, and goes to this provider.
        let journey = self.journey(request, social).ok_or_else(stranger)?;
        if !journey.state.same_as(brought.state.expose()) {
            return Err(stranger());
        }
        // It ends once, before anybody is asked.
        let (state, expires_at) = (journey.state.clone(), journey.expires_at);
        let ended = self
            .transaction(request, move |on| on.end_provider_journey(&state, expires_at))
            .await?;
        if !ended {
            tracing::info!(provider = social.name(), "a browser came back a second time");
            return Err(stranger());
        }
        let told_name = brought.name.clone();
        let redirect_uri = self.callback_url(social);
        let evidence = brought.evidence(social, journey, redirect_uri);
        let evidence = evidence.ok_or_else(stranger)?;
        let identified = self.app.providers.identify(&social.provider(), &evidence).await;
        let who = identified.map_err(|refusal| self.unheard(social, refusal))?;
        let arrival = self.arrival(who, told_name)?;
        let asked = Self::session_request();
        let admitted = self
            .transaction(request, move |on| {
                on.begin_log_in_through_provider(&arrival, &asked)
            })
            .await?;
        admitted.map_err(|refusal| self.rules.profile.arrival(refusal))
    }

    /// How somebody is received: an account that the provider and we both know to be theirs, or else a new one.
    fn arrival(&self, who: ProviderAccount, told_name: Option<String>) -> Result<Arrival, Refusal> {
        // An address counts as one of a domain when somebody has vouched for it.
        let vouched = who.address.as_ref().filter(|_| who.address_verified);
        let is_admitted = match vouched {
            Some(address) => self.rules.domains.admit(address),
            None => self.rules.domains.admit_everybody(),
        };
        let name = who.name.clone().or(told_name);
        let address = who.address.as_ref().map(|address| address.as_str().to_owned());
        let newcomer = Newcomer {
            name: None,
            display_name: name.or(address).unwrap_or_default(),
            avatar: who.picture.clone(),
            attributes: Attributes::new(),
            claims_address: true,
            roles: Some((APPLICATION.to_owned(), self.rules.roles.choose(None, None)?)),
        };
        Ok(Arrival {
            who,
            linking: if is_admitted {
                Linking::ProvenAddress
            } else {
                Linking::Never
            },
            newcomer: is_admitted.then_some(newcomer),
            returning: Returning::default(),
        })
    }

    fn succeed(&self, admission: &Admission) -> Result<HttpResponse, Refusal> {
        let Some(url) = &self.providers.success else {
            return self.admission(admission, Handover::Cookies);
        };
        let mut response = redirect(&onward(url, admission));
        if let Admission::Session(grant) = admission {
            self.hand_over_in_cookies(&mut response, grant)?;
        }
        Ok(response.finish())
    }

    /// Where a browser goes that got nowhere.
    fn fail(&self, refusal: Refusal) -> Result<HttpResponse, Refusal> {
        let Some(url) = &self.providers.failure else {
            return Err(refusal);
        };
        tracing::info!(%refusal, "a log-in through a provider was refused");
        Ok(redirect(url).finish())
    }

    /// Why a provider's word is not had.
    fn unheard(&self, social: Social, refusal: ProviderRefusal) -> Refusal {
        let provider = social.name();
        match refusal {
            ProviderRefusal::Rejected(reason) => {
                tracing::info!(provider, reason, "a provider's evidence is not good");
                self.rules.profile.not_authenticated()
            }
            ProviderRefusal::NotConfigured => {
                tracing::error!(provider, "somebody came from a provider that is not configured");
                Refusal::INTERNAL
            }
            ProviderRefusal::Unavailable(reason) => {
                tracing::error!(provider, reason, "a provider does not answer");
                Refusal::PROVIDER_SILENT
            }
        }
    }

    /// Where a provider sends browsers back to: never what a request says.
    fn callback_url(&self, social: Social) -> String {
        let path = format!("/auth/providers/{}/callback", social.name());
        self.app.public_url.join(&path)
    }
}
