//! The question a gateway asks about every request: may it go on, and with which token?
//!
//! The answer to a session or a key that is in use comes from memory: what the store said of it, and the token that was
//! signed for it. The store is asked again as soon as something was revoked here, and before a second is over, because
//! another process may have revoked something.

mod keys;
mod restrictions;
mod rules;
mod sessions;
mod token;

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{OddPath, OddVerb, PathRules, PathVerdict, PlainPath, PlainVerb};
use clavis_kernel::{MasterKey, Secret};
use clavis_tokens::SignedHeaders;

use super::Barong;
use super::error::BarongError;
use super::identity::{CsrfKey, SessionSecret};
use super::settings::Settings;
use keys::Keys;
use restrictions::WaysIn;
use rules::KnownRules;
use sessions::{CsrfCheck, KnownSessions};

/// The headers of a signed request: the key's id, the nonce and the signature.
static SIGNED: [HeaderName; 3] = [
    HeaderName::from_static("x-auth-apikey"),
    HeaderName::from_static("x-auth-nonce"),
    HeaderName::from_static("x-auth-signature"),
];

/// What the gateway's questions are answered from.
pub(super) struct Gateway {
    rules: PathRules,
    known_rules: KnownRules,
    ways_in: WaysIn,
    sessions: KnownSessions,
    keys: Keys,
    csrf: CsrfKey,
    csrf_check: CsrfCheck,
}

impl Gateway {
    pub(super) fn new(settings: &Settings, master: &MasterKey) -> Self {
        Self {
            rules: PathRules::new(&settings.gateway_block, &settings.gateway_pass),
            known_rules: KnownRules::default(),
            ways_in: WaysIn::new(settings),
            sessions: KnownSessions::default(),
            keys: Keys::new(settings.api_key_nonce_lifetime_ms),
            csrf: CsrfKey::new(master),
            csrf_check: if settings.csrf_protection {
                CsrfCheck::WhereSomethingChanges
            } else {
                CsrfCheck::Never
            },
        }
    }

    /// What goes into `X-CSRF-Token` beside this session's cookie.
    pub(super) fn csrf_token(&self, secret: &SessionSecret) -> Secret {
        self.csrf.token(secret)
    }
}

/// Below `/auth`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/{path:.*}").route(web::route().to(auth)));
}

/// Any method on `/auth/<path>`.
async fn auth(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    barong.decide(&request, barong.gateway.csrf_check).await
}

/// Any method on `/identity/sessions/authorize/<path>`: the same question in the words of older releases, which knew
/// no CSRF tokens.
pub(super) async fn authorize(
    barong: web::Data<Barong>,
    request: HttpRequest,
) -> Result<HttpResponse, BarongError> {
    barong.decide(&request, CsrfCheck::Never).await
}

impl Barong {
    /// The order of the checks is part of the contract.
    async fn decide(&self, request: &HttpRequest, csrf: CsrfCheck) -> Result<HttpResponse, BarongError> {
        // What may mean one path here and another behind the gateway is nobody's.
        let path = forwarded(request).map_err(|OddPath| BarongError::PATH_BLOCKED)?;
        let verb = PlainVerb::new(request.method().as_str()).map_err(|OddVerb| BarongError::PATH_BLOCKED)?;
        let verdict = self.gateway.rules.verdict(path);
        if verdict == PathVerdict::Blocked {
            return Err(BarongError::PATH_BLOCKED);
        }
        self.unrestricted(request, path).await?;
        if verdict == PathVerdict::Passed {
            return Ok(HttpResponse::Ok().finish());
        }
        let signed = Signed::read(request);
        let token = match signed.as_ref().map(Signed::headers).transpose()? {
            Some(headers) => self.by_key(request, headers).await?,
            None => self.by_cookie(request, &verb, csrf).await?,
        };
        self.permitted(request, &verb, path, &token).await?;
        Ok(HttpResponse::Ok()
            .insert_header((header::AUTHORIZATION, token.header()))
            .finish())
    }
}

/// The path that is asked about, decoded once, with its first slash.
fn forwarded(request: &HttpRequest) -> Result<PlainPath<'_>, OddPath> {
    let whole = request.match_info().as_str();
    let asked = request.match_info().query("path").len() + 1;
    let path = whole.len().checked_sub(asked).and_then(|at| whole.get(at..));
    PlainPath::new(path.ok_or(OddPath)?)
}

/// What a signed request says in its headers; what is no text there is something all the same, and wrong.
struct Signed<'r>([Option<Cow<'r, str>>; 3]);

impl<'r> Signed<'r> {
    /// `None` where there is none of the headers.
    fn read(request: &'r HttpRequest) -> Option<Self> {
        let headers = SIGNED.each_ref().map(|name| request.headers().get(name));
        if headers.iter().all(Option::is_none) {
            return None;
        }
        Some(Self(headers.map(|value| {
            value.map(|value| String::from_utf8_lossy(value.as_bytes()))
        })))
    }

    fn headers(&self) -> Result<SignedHeaders<'_>, BarongError> {
        let texts = self.0.each_ref().map(|value| {
            let text = value.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty())
        });
        let [Some(kid), Some(nonce), Some(signature)] = texts else {
            return Err(BarongError::API_KEY_HEADERS);
        };
        Ok(SignedHeaders {
            kid,
            nonce,
            signature,
        })
    }
}
