use std::fmt;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::BarongError;

/// Which answers to give where the releases of this family differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// What 2.0.8 did: refusals are texts.
    #[default]
    Classic,
    /// What the releases up to 2.6 do: refusals are codes.
    Coded,
}

/// The text names no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected classic or coded")]
pub struct UnknownProfile;

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "classic" => Ok(Self::Classic),
            "coded" => Ok(Self::Coded),
            _ => Err(UnknownProfile),
        }
    }
}

/// The profile of the mount that a request came to; classic where no mount says.
impl FromRequest for Profile {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl Profile {
    /// The profile of the mount that a request came to; classic where no mount says.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        match request.extensions().get::<Voice>() {
            Some(Voice::Coded) => Self::Coded,
            Some(Voice::Classic | Voice::Management) | None => Self::Classic,
        }
    }
}

/// How a mount says its refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// In texts, under `error`.
    Classic,
    /// In codes, under `errors`. The gateway always speaks so.
    Coded,
    /// In texts in every release, and 422 for bad parameters: to other servers.
    Management,
}

impl From<Profile> for Voice {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Classic => Self::Classic,
            Profile::Coded => Self::Coded,
        }
    }
}

/// Around everything of a mount: refusals leave in its voice, and nobody keeps a copy of an answer that does
/// not say otherwise. For `wrap(from_fn(move |request, next| spoken(voice, request, next)))`.
pub(crate) async fn spoken(
    voice: Voice,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(voice);
    let mut response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => {
            let refusal = error.as_error::<BarongError>().cloned();
            return Err(refusal.map_or(error, |refusal| Spoken { refusal, voice }.into()));
        }
    };
    let refusal = response
        .response()
        .error()
        .and_then(|error| error.as_error::<BarongError>())
        .cloned();
    if let Some(refusal) = refusal {
        // What was set on the answer on its way here, such as cookies, stays.
        *response.response_mut().status_mut() = refusal.status(voice);
        response = response.map_body(|_, _| BoxBody::new(refusal.body(voice).to_string()));
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

/// A refusal on its way out of a middleware, with the voice it is to be said in.
#[derive(Debug)]
struct Spoken {
    refusal: BarongError,
    voice: Voice,
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)
    }
}

impl ResponseError for Spoken {
    fn status_code(&self) -> StatusCode {
        self.refusal.status(self.voice)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.refusal.render(self.voice)
    }
}
