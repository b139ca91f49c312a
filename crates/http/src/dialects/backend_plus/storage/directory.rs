//! What is in a directory: as an archive, or as a list.

mod archive;
mod entries;

use std::sync::Arc;

use actix_web::body::BodyStream;
use actix_web::http::{Method, header};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use clavis_files::{Operation, Resource};
use clavis_flows::BlobError;
use futures_util::stream;

use super::super::error::{Profile, Refusal};
use super::{Call, headers, wire};
use crate::Fault;
use archive::Archive;
use entries::Entries;

/// `GET` of a directory of contents: an archive, put together while it is sent.
pub(super) async fn archive(call: &Call<'_>, prefix: String) -> Result<HttpResponse, Refusal> {
    let entries = enter(call, prefix).await?;
    let place = Arc::clone(&call.storage().archives);
    let place = place.try_acquire_owned().map_err(|_| {
        tracing::warn!("too many archives at a time");
        Refusal::from(Fault::Busy)
    })?;
    let mut response = HttpResponse::Ok();
    response
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"list.zip\""));
    if call.request.method() == Method::HEAD {
        return Ok(empty(&mut response));
    }
    headers::sandbox(&mut response);
    let pieces = stream::try_unfold(Archive::new(entries, place), Archive::next);
    Ok(response.body(BodyStream::new(Box::pin(pieces))))
}

/// `GET` of a directory of metadata: a JSON array, a page of objects at a time.
pub(super) async fn list(call: &Call<'_>, prefix: String) -> Result<HttpResponse, Refusal> {
    let entries = enter(call, prefix).await?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/json; charset=utf-8");
    if call.request.method() == Method::HEAD {
        return Ok(empty(&mut response));
    }
    headers::sandbox(&mut response);
    let list = List {
        entries,
        profile: call.profile(),
        at: At::Beginning,
    };
    let pieces = stream::try_unfold(list, List::next);
    Ok(response.body(BodyStream::new(Box::pin(pieces))))
}

fn empty(response: &mut HttpResponseBuilder) -> HttpResponse {
    headers::sandbox(response);
    response.body(BodyStream::new(stream::empty::<Result<Bytes, BlobError>>()))
}

/// The directory itself must be permitted. Its first page is read at once: a store that fails is told.
async fn enter(call: &Call<'_>, prefix: String) -> Result<Entries, Refusal> {
    let asker = call.asker().await?;
    if !asker.may(&call.route, Operation::List, Resource::Nothing) {
        return Err(Refusal::FORBIDDEN);
    }
    Ok(Entries::of(call.dialect.clone(), call.target, asker, prefix).await?)
}

/// A JSON array on its way.
struct List {
    entries: Entries,
    profile: Profile,
    at: At,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Beginning,
    /// Its bracket is written, and nothing else.
    FirstEntry,
    FurtherEntry,
    End,
}

impl List {
    /// The text of the next page, which is empty when nothing of it is seen.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        if self.at == At::End {
            return Ok(None);
        }
        let mut text = String::new();
        if self.at == At::Beginning {
            text.push('[');
            self.at = At::FirstEntry;
        }
        let Some(page) = self.entries.page().await? else {
            text.push(']');
            self.at = At::End;
            return Ok(Some((Bytes::from(text), self)));
        };
        for object in page {
            if self.at == At::FurtherEntry {
                text.push(',');
            }
            self.at = At::FurtherEntry;
            let entry = wire::entry(&object, self.profile);
            text.push_str(&entry.map_err(|refusal| BlobError::unavailable(refusal.to_string()))?);
        }
        Ok(Some((Bytes::from(text), self)))
    }
}
