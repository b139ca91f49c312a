//! An object's content: `GET /storage/o/…`.

use std::convert::Infallible;
use std::ops::Range;
use std::time::SystemTime;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use clavis_files::{ObjectKey, Operation, StoredObject};
use clavis_flows::BlobStream;
use futures_util::stream;

use super::super::error::Refusal;
use super::asker::{self, Asker};
use super::conditions::{self, Part, Version};
use super::parameters::Parameters;
use super::studio::Print;
use super::{Call, MAX_TRIES, headers};
use crate::Fault;

/// Bytes of a changed image that are handed over at a time.
const PIECE: usize = 64 * 1024;

/// `GET`: the content, some of it, that it is still the same, or the image in it changed.
pub(super) async fn give(call: &Call<'_>, key: &ObjectKey) -> Result<HttpResponse, Refusal> {
    if let Some(parameters) = transformation(call, key).await? {
        return give_image(call, key, &parameters).await;
    }
    let conditional = [header::RANGE, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
    let conditional = conditional
        .iter()
        .any(|name| call.request.headers().contains_key(name));
    if conditional || call.request.method() == Method::HEAD {
        return give_part(call, key).await;
    }
    let (object, content) = call.objects().open(key, None).await?.ok_or(Refusal::NOT_FOUND)?;
    let asker = call.asker().await?;
    asker.permit(&call.route, Operation::Get, &object)?;
    Ok(whole(call, &asker, &object, content))
}

/// What the query asks to be done to an image. What is wrong with it is told only to who may read the object.
async fn transformation(call: &Call<'_>, key: &ObjectKey) -> Result<Option<Parameters>, Refusal> {
    match Parameters::parse(&asker::pairs(call.request)?) {
        Ok(parameters) => Ok(parameters),
        Err(refusal) => {
            call.find(Operation::Get, key).await?;
            Err(refusal)
        }
    }
}

async fn give_part(call: &Call<'_>, key: &ObjectKey) -> Result<HttpResponse, Refusal> {
    for _ in 0..MAX_TRIES {
        let (object, asker) = call.find(Operation::Get, key).await?;
        let version = Version {
            etag: &object.etag,
            modified_at: Some(SystemTime::from(object.modified_at)),
        };
        let (method, headers) = (call.request.method(), call.request.headers());
        let range = match conditions::part(method, headers, version, object.size) {
            Part::NotModified => return Ok(not_modified(call, &asker, &object)),
            Part::Unsatisfiable => return Ok(unsatisfiable(object.size)),
            Part::Whole if method == Method::HEAD => {
                let nothing: BlobStream = Box::pin(stream::empty());
                return Ok(whole(call, &asker, &object, nothing));
            }
            Part::Whole => None,
            Part::Bytes(range) => Some(range),
        };
        let opened = call.objects().open(key, range.clone()).await?;
        let (opened, content) = opened.ok_or(Refusal::NOT_FOUND)?;
        // Between the two calls it may have become another.
        if opened.etag != object.etag {
            continue;
        }
        return Ok(match range {
            Some(range) => some(call, &asker, &object, range, content),
            None => whole(call, &asker, &object, content),
        });
    }
    Err(Fault::Busy.into())
}

fn whole(call: &Call<'_>, asker: &Asker, object: &StoredObject, content: BlobStream) -> HttpResponse {
    let mut response = about(call, asker, object, StatusCode::OK);
    response.body(SizedStream::new(object.size, content))
}

fn some(
    call: &Call<'_>,
    asker: &Asker,
    object: &StoredObject,
    range: Range<u64>,
    content: BlobStream,
) -> HttpResponse {
    let mut response = about(call, asker, object, StatusCode::PARTIAL_CONTENT);
    let (first, last) = (range.start, range.end.saturating_sub(1));
    response
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((
            header::CONTENT_RANGE,
            format!("bytes {first}-{last}/{}", object.size),
        ));
    let length = range.end.saturating_sub(range.start);
    response.body(SizedStream::new(length, content))
}

fn about(call: &Call<'_>, asker: &Asker, object: &StoredObject, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    headers::describe(&mut response, &object.description.content_type);
    headers::identify(&mut response, object);
    keep(&mut response, call, asker, object);
    response
}

fn not_modified(call: &Call<'_>, asker: &Asker, object: &StoredObject) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    headers::identify(&mut response, object);
    headers::sandbox(&mut response);
    keep(&mut response, call, asker, object);
    response.finish()
}

/// How long the answer may be kept, and by whom.
fn keep(response: &mut HttpResponseBuilder, call: &Call<'_>, asker: &Asker, object: &StoredObject) {
    let audience = asker.audience(&call.route, object);
    let cache_control = call.storage().cache_control.of(audience);
    response.insert_header((header::CACHE_CONTROL, cache_control));
}

fn unsatisfiable(size: u64) -> HttpResponse {
    let mut response = Refusal::RANGE_NOT_SATISFIABLE.respond();
    if let Ok(whole) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, whole);
    }
    response
}

async fn give_image(
    call: &Call<'_>,
    key: &ObjectKey,
    parameters: &Parameters,
) -> Result<HttpResponse, Refusal> {
    let (object, asker) = call.find(Operation::Get, key).await?;
    let studio = &call.storage().studio;
    let Print { picture, place } = studio.print(call.objects(), &object, parameters).await?;
    let version = Version {
        etag: &picture.etag,
        modified_at: None,
    };
    if conditions::not_modified(call.request.headers(), version) {
        let mut response = HttpResponse::NotModified();
        headers::tag(&mut response, &picture.etag);
        headers::sandbox(&mut response);
        keep(&mut response, call, &asker, &object);
        return Ok(response.finish());
    }
    let mut response = HttpResponse::Ok();
    headers::describe(&mut response, &object.description.content_type);
    headers::tag(&mut response, &picture.etag);
    keep(&mut response, call, &asker, &object);
    let size = u64::try_from(picture.bytes.len()).unwrap_or(u64::MAX);
    let unsent = if call.request.method() == Method::HEAD {
        Bytes::new()
    } else {
        picture.bytes.clone()
    };
    // The place is given back when the client has it all, or hung up.
    let pieces = stream::unfold((unsent, place), |(mut unsent, place)| async move {
        let piece = unsent.split_to(unsent.len().min(PIECE));
        (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (unsent, place)))
    });
    Ok(response.body(SizedStream::new(size, Box::pin(pieces))))
}
