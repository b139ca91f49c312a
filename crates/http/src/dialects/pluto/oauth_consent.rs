//! People are asked whether a program may act for them, and sent back to it with what it gets.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use clavis_flows::{Asked, AuthorizationError, Authorized, Consent, OAuthRequest};
use clavis_kernel::Secret;
use clavis_oauth::{CodeChallenge, RedirectUri};
use serde::Deserialize;

use super::Pluto;
use super::auth::PageVisitor;
use super::claims::AccessClaims;
use super::error::PlutoError;
use super::language::{Language, Phrase};
use super::oauth_pages::{AUTHORIZE, LEADS_TO, LOG_IN, Query, form_page, redirect};
use super::wire::{self, MAX_BODY_BYTES, Text};

/// How long an access token lives that was given to a program at once: what the page offers, and the longest.
const LIFE_TIMES: [(u32, Phrase); 3] = [
    (3_600, Phrase::OneHour),
    (86_400, Phrase::OneDay),
    (604_800, Phrase::OneWeek),
];
const LONGEST_LIFE_TIME: u32 = 604_800;

#[derive(Template)]
#[template(path = "pluto/consent.html")]
struct ConsentPage<'a> {
    language: Language,
    base: &'a str,
    client: &'a str,
    application: &'a str,
    account: &'a str,
    scopes: &'a [String],
    host: &'a str,
    fields: &'a [(&'a str, &'a str)],
    life_times: &'a [(u32, &'a str)],
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AuthorizeRequest {
    client_id: Text,
    app_id: Text,
    response_type: Text,
    redirect_uri: Text,
    state: Text,
    scopes: Text,
    life_time: Text,
    code_challenge: Text,
    code_challenge_method: Text,
    csrf_token: Text,
    decision: Text,
}

/// What a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResponseType {
    Code,
    Token,
}

impl ResponseType {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "code" => Some(Self::Code),
            "token" => Some(Self::Token),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
        }
    }

    /// Where a program finds its answer.
    fn answer(self, uri: &RedirectUri, parameters: &[(&str, &str)], state: &str) -> HttpResponse {
        let mut parameters = parameters.to_vec();
        if !state.is_empty() {
            parameters.push(("state", state));
        }
        redirect(&match self {
            Self::Code => uri.with_query(&parameters),
            Self::Token => uri.with_fragment(&parameters),
        })
    }
}

/// `GET /web/authorize`: asks.
pub(super) async fn ask(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    pluto
        .ask_for_consent(&request, payload, language)
        .await
        .unwrap_or_else(|refusal| pluto.not_authorized(language, refusal))
}

/// `POST /web/authorize`: sends the program what it gets, or that it gets nothing.
pub(super) async fn decide(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    pluto
        .decide_on_consent(&request, payload)
        .await
        .unwrap_or_else(|refusal| pluto.not_authorized(language, refusal))
}

impl AuthorizeRequest {
    fn of_program(&self) -> OAuthRequest {
        OAuthRequest {
            client: self.client_id.to_string(),
            redirect_uri: self.redirect_uri.given().map(str::to_owned),
            scopes: self.scopes.to_string(),
        }
    }

    /// What binds the code to the program, if anything is said of it.
    fn challenge(&self) -> Result<Option<CodeChallenge>, PlutoError> {
        if self.code_challenge.is_empty() && self.code_challenge_method.is_empty() {
            return Ok(None);
        }
        CodeChallenge::parse(&self.code_challenge, &self.code_challenge_method)
            .map(Some)
            .map_err(|_| PlutoError::BAD_REQUEST)
    }

    /// The lifetime asked for: at most a week, and an hour where nothing is asked for.
    fn life_time(&self) -> Result<Duration, PlutoError> {
        let seconds = match self.life_time.given() {
            None => 0,
            Some(text) => text.trim().parse::<u64>().map_err(|_| PlutoError::BAD_REQUEST)?,
        };
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).min(LONGEST_LIFE_TIME);
        Ok(Duration::seconds(if seconds == 0 {
            3_600
        } else {
            seconds.into()
        }))
    }

    /// What is sent on to the log-in.
    fn query(&self) -> Query {
        Query::from_pairs(&[
            ("client_id", &self.client_id),
            ("app_id", &self.app_id),
            ("response_type", &self.response_type),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("scopes", &self.scopes),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ])
    }
}

impl Pluto {
    async fn ask_for_consent(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        language: Language,
    ) -> Result<HttpResponse, PlutoError> {
        let wanted: AuthorizeRequest = wire::decode_oauth(request, payload, MAX_BODY_BYTES).await?;
        let query = Query::of(request).without_secrets();
        let Some(visitor) = self.page_visitor(request).await? else {
            return Ok(self.lead_to_log_in(query));
        };
        if let Some(named) = wanted.app_id.given()
            && named != visitor.application
        {
            return Ok(self.lead(&query.set("app_id", &visitor.application).at(AUTHORIZE)));
        }
        let asked = self.app.look_up(&self.door, self.caller(request), {
            let (session, of_program) = (visitor.session, wanted.of_program());
            move |on| on.ask_for_consent(session, &of_program)
        });
        let asked = match asked.await? {
            Ok(asked) => asked,
            Err(AuthorizationError::SessionEnded) => return Ok(self.lead_to_log_in(query)),
            Err(refusal) => return Err(refusal.into()),
        };
        let response_type = match wanted.response_type.given() {
            None => ResponseType::Code,
            Some(text) => ResponseType::parse(text).ok_or(PlutoError::BAD_REQUEST)?,
        };
        wanted.challenge()?;
        Ok(self.consent_page(language, &visitor, &wanted, &asked, response_type))
    }

    fn consent_page(
        &self,
        language: Language,
        visitor: &PageVisitor,
        wanted: &AuthorizeRequest,
        asked: &Asked,
        response_type: ResponseType,
    ) -> HttpResponse {
        let csrf_token = self.csrf_token(visitor, asked.client.key.as_str());
        let fields = [
            ("client_id", asked.client.key.as_str()),
            ("app_id", &visitor.application),
            ("response_type", response_type.name()),
            ("redirect_uri", asked.redirect_uri.as_str()),
            ("state", &wanted.state),
            ("scopes", &wanted.scopes),
            ("code_challenge", &wanted.code_challenge),
            ("code_challenge_method", &wanted.code_challenge_method),
            ("csrf_token", csrf_token.expose()),
        ];
        let life_times = if response_type == ResponseType::Token {
            LIFE_TIMES.as_slice()
        } else {
            &[]
        };
        let life_times: Vec<_> = life_times
            .iter()
            .map(|&(seconds, phrase)| (seconds, language.say(phrase)))
            .collect();
        let page = ConsentPage {
            language,
            base: &self.base_path,
            client: asked.client.key.as_str(),
            application: &visitor.application,
            account: &asked.account.display_name,
            scopes: asked.scopes.names(),
            host: asked.redirect_uri.host(),
            fields: &fields,
            life_times: &life_times,
        };
        let leads_to = asked.redirect_uri.policy_source();
        form_page(StatusCode::OK, language, &page, Some(&leads_to))
    }

    async fn decide_on_consent(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<HttpResponse, PlutoError> {
        let wanted: AuthorizeRequest = wire::decode_oauth(request, payload, MAX_BODY_BYTES).await?;
        let Some(visitor) = self.page_visitor(request).await? else {
            return Ok(self.lead_to_log_in(wanted.query()));
        };
        let client = wanted.client_id.required()?;
        let application = wanted.app_id.required()?;
        let response_type = ResponseType::parse(wanted.response_type.required()?);
        let expected = self.csrf_token(&visitor, client);
        if self.is_foreign(request) || !expected.same_as(&wanted.csrf_token) {
            return Err(PlutoError::FOREIGN_FORM);
        }
        let of_program = wanted.of_program();
        let known = self.app.look_up(&self.door, self.caller(request), {
            let of_program = of_program.clone();
            move |on| on.authorizing_client(&of_program)
        });
        let (_, uri) = known.await??;
        // From here on the program is told, at the address that it registered.
        let told = |refusal: PlutoError| {
            let answer = response_type.unwrap_or(ResponseType::Code);
            let code = refusal.code().to_string();
            Ok(answer.answer(&uri, &[("error_code", &code)], &wanted.state))
        };
        let Some(response_type) = response_type else {
            return told(PlutoError::BAD_REQUEST);
        };
        let consent = match response_type {
            ResponseType::Code => wanted.challenge().map(Consent::Code),
            ResponseType::Token => wanted.life_time().map(Consent::Token),
        };
        let consent = match consent {
            Ok(consent) => consent,
            Err(refusal) => return told(refusal),
        };
        if wanted
            .decision
            .given()
            .is_some_and(|decision| decision != "allow")
        {
            return told(PlutoError::FORBIDDEN);
        }
        if let Err(refusal) = self.is_logged_in_to(application, &visitor, request).await {
            return told(refusal);
        }
        let session = visitor.session;
        let authorized = self.app.transaction(&self.door, self.caller(request), move |on| {
            on.consent(session, &of_program, consent)
        });
        let (uri, authorized) = match authorized.await? {
            Ok(authorized) => authorized,
            Err(AuthorizationError::SessionEnded) => return Ok(self.lead_to_log_in(wanted.query())),
            Err(refusal) if refusal.may_be_told() => return told(refusal.into()),
            Err(refusal) => return Err(refusal.into()),
        };
        Ok(match (authorized, consent) {
            (Authorized::Code(code), _) => {
                response_type.answer(&uri, &[("code", code.expose())], &wanted.state)
            }
            (Authorized::Token(grant), consent) => {
                let Consent::Token(lifetime) = consent else {
                    return Err(PlutoError::SERVER_ERROR);
                };
                let (ring, now) = (self.app.ring.get(), self.app.clock.now());
                let token = AccessClaims::sign(&grant.as_ref().into(), lifetime, &ring, now)?;
                let scopes = grant.scopes.joined();
                let parameters = [("access_token", token.as_str()), ("scopes", &scopes)];
                response_type.answer(&uri, &parameters, &wanted.state)
            }
        })
    }

    /// A program asks for an admission to one application, and somebody is logged in to one.
    async fn is_logged_in_to(
        &self,
        application: &str,
        visitor: &PageVisitor,
        request: &HttpRequest,
    ) -> Result<(), PlutoError> {
        if application == visitor.application {
            return Ok(());
        }
        self.must_be_application(application, self.caller(request))
            .await?;
        Err(PlutoError::INVALID_APPLICATION)
    }

    fn lead_to_log_in(&self, query: Query) -> HttpResponse {
        self.lead(&query.set(LEADS_TO, AUTHORIZE).at(LOG_IN))
    }

    /// What the form carries that only who was shown the page can send: good for one session and one program.
    fn csrf_token(&self, visitor: &PageVisitor, client: &str) -> Secret {
        let session = visitor.session.to_string();
        let mac = self
            .form_key
            .hmac(&[b"pluto consent\0", session.as_bytes(), b"\0", client.as_bytes()]);
        Secret::new(URL_SAFE_NO_PAD.encode(mac))
    }

    fn not_authorized(&self, language: Language, refusal: PlutoError) -> HttpResponse {
        self.refused(language, Phrase::NotAuthorized, refusal, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> AuthorizeRequest {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_token_lives_a_week_at_most() {
        for (given, seconds) in [
            ("", Ok(3_600)),
            ("0", Ok(3_600)),
            ("86400", Ok(86_400)),
            ("604801", Ok(604_800)),
            ("99999999999", Ok(604_800)),
            ("-1", Err(PlutoError::BAD_REQUEST)),
            ("week", Err(PlutoError::BAD_REQUEST)),
        ] {
            let wanted = request(&format!(r#"{{"life_time":"{given}"}}"#));
            assert_eq!(
                wanted.life_time().map(|life| life.num_seconds()),
                seconds,
                "{given}"
            );
        }
    }

    #[test]
    fn a_challenge_is_whole_or_absent() {
        assert!(
            request("{}")
                .challenge()
                .is_ok_and(|challenge| challenge.is_none())
        );
        for half in [
            r#"{"code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#,
            r#"{"code_challenge_method":"S256"}"#,
            r#"{"code_challenge":"x","code_challenge_method":"plain"}"#,
        ] {
            assert!(request(half).challenge().is_err(), "{half}");
        }
    }
}
