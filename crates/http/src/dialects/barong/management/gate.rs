//! Which requests are believed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use clavis_flows::TrustedServer;
use clavis_kyc::MAX_DOCUMENT_BYTES;
use clavis_tokens::{JwsRefusal, Keychain, VerifiedRequest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time;

use super::Action;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::BarongError;
use crate::dialects::barong::params::Params;
use crate::dialects::barong::settings::{Settings, SettingsError};
use crate::{NonceMemory, NonceRefusal};

/// Most bytes of a request without a file.
const MAX_BYTES: usize = 256 * 1024;
/// Most bytes of a request with a file: its base64, with an end of line here and there, in the payload's base64.
const MAX_FILE_BYTES: usize = MAX_DOCUMENT_BYTES / 9 * 17 + MAX_BYTES;
/// How many requests with a file are read and verified at a time; each takes up to 80 MB.
const FILES_AT_ONCE: usize = 2;
/// How long a request with a file waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Longest a body may be on its way: it holds memory.
const MAX_READING: Duration = Duration::from_mins(1);
/// Most bytes of a keychain file that are read; a keychain is shorter.
const MAX_KEYCHAIN_BYTES: u64 = 1024 * 1024;
/// How many requests that are good once are remembered.
const REMEMBERED: usize = 100_000;

/// Whom the operator trusts, and which of their requests were served.
pub(in super::super) struct Guard {
    keychain: Keychain,
    served: NonceMemory,
    places: Arc<Semaphore>,
}

impl Guard {
    /// Reads the keychain that the settings name; without one nobody is known.
    pub(in super::super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let keychain = match &settings.management_keychain_file {
            None => Keychain::empty(),
            Some(path) => keychain(path).map_err(|reason| {
                SettingsError::new(
                    "management_keychain_file",
                    format!("{}: {reason}", path.display()),
                )
            })?,
        };
        Ok(Self {
            keychain,
            served: NonceMemory::new(REMEMBERED, TimeDelta::hours(24)),
            places: Arc::new(Semaphore::new(FILES_AT_ONCE)),
        })
    }

    /// A turn for a request with a file, taken before anything of it is read: nobody knows yet who sends it.
    async fn place(&self) -> Result<OwnedSemaphorePermit, BarongError> {
        match time::timeout(MAX_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(BarongError::busy()),
        }
    }

    fn admit(&self, body: &[u8], action: Action, now: DateTime<Utc>) -> Result<VerifiedRequest, BarongError> {
        let request = match self.keychain.verify(body, action.scope(), now) {
            Ok(request) => request,
            Err(JwsRefusal::Unparseable) => return Err(BarongError::MANAGEMENT_UNREADABLE),
            Err(JwsRefusal::BadSignatureOrExpired) => return Err(BarongError::MANAGEMENT_UNVERIFIED),
            Err(JwsRefusal::NotEnoughSignatures) => return Err(BarongError::MANAGEMENT_SIGNATURES),
        };
        // What changes something is good once, also where nobody gave it a name: its payload stands in for one.
        if request.jti.is_some() || !action.may_be_repeated() {
            match self.served.spend(request.digest, request.expires_at, now) {
                Ok(()) => {}
                Err(NonceRefusal::Used | NonceRefusal::TooLong) => {
                    return Err(BarongError::MANAGEMENT_UNVERIFIED);
                }
                Err(NonceRefusal::Full) => return Err(BarongError::busy()),
            }
        }
        Ok(request)
    }
}

fn keychain(path: &Path) -> Result<Keychain, String> {
    let read = |path: &Path| -> io::Result<String> {
        let mut text = String::new();
        File::open(path)?
            .take(MAX_KEYCHAIN_BYTES)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read(path).map_err(|error| error.to_string())?;
    Keychain::parse(&text).map_err(|error| error.to_string())
}

/// A request that is believed.
pub(super) struct Signed {
    /// Its parameters.
    pub(super) params: Params,
    /// Who signed it.
    pub(super) server: TrustedServer,
    /// Its body, where there is something to be done with it beyond believing it.
    pub(super) envelope: web::Bytes,
    /// The turn of a request with a file, kept until it is dealt with.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// What a request asks for, if it is believed. Its verb was looked at already.
pub(super) async fn admitted(
    barong: &web::Data<Barong>,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<(Action, Signed), BarongError> {
    if !request.query_string().is_empty() {
        return Err(BarongError::MANAGEMENT_QUERY);
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if content_type.map(header::HeaderValue::as_bytes) != Some(b"application/json".as_slice()) {
        return Err(BarongError::MANAGEMENT_BODY);
    }
    let action = action(request).ok_or(BarongError::NO_ROUTE)?;
    let (place, most_bytes) = match action {
        Action::AddDocument => (Some(barong.guard.place().await?), MAX_FILE_BYTES),
        _ => (None, MAX_BYTES),
    };
    let body = body(payload, most_bytes).await?;
    let now = barong.app.clock.now();
    let believed = if place.is_some() {
        let (barong, body) = (barong.clone(), body.clone());
        // So much text takes a while to be taken apart.
        let admitting = web::block(move || barong.guard.admit(&body, action, now));
        admitting.await.map_err(|_| BarongError::busy())??
    } else {
        barong.guard.admit(&body, action, now)?
    };
    let server = TrustedServer::of(&believed);
    let envelope = match action {
        Action::SignOtp => body,
        _ => web::Bytes::new(),
    };
    let signed = Signed {
        params: Params::of_object(believed.data)?,
        server,
        envelope,
        place,
    };
    Ok((action, signed))
}

async fn body(payload: web::Payload, most_bytes: usize) -> Result<web::Bytes, BarongError> {
    match time::timeout(MAX_READING, payload.to_bytes_limited(most_bytes)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Err(_)) => Err(BarongError::TOO_LARGE),
        Ok(Ok(Err(_))) | Err(_) => Err(BarongError::MANAGEMENT_UNREADABLE),
    }
}

/// By the path below `/management`.
fn action(request: &HttpRequest) -> Option<Action> {
    let path = request.match_info().get("path")?;
    Action::of(request.method().as_str(), path.strip_suffix('/').unwrap_or(path))
}
