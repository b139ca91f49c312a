//! What the caller shows to prove who they are.

mod desk;
mod download;
mod form;
mod link;

use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{PersonalDocument, SubmitDocumentsError, SubmittedDocument};
use clavis_kernel::{BlobId, EntropyExt as _, Uid};
use clavis_kyc::MAX_DOCUMENT_BYTES;
use serde::Serialize;

use super::Barong;
use super::error::{BarongError, Profile};
use super::params::{Bounds, FileBounds, Params};
use super::routes::no_route;
use crate::{BARE_PREFIX, get_or_head};

pub(super) use desk::Desk;
pub(super) use download::attached;
use form::DocumentForm;

/// How many files of full size one request may carry; of smaller ones it may carry more.
const FULL_FILES: usize = 4;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource(BARE_PREFIX)
                .route(get_or_head().to(list))
                .route(web::post().to(submit))
                .default_service(web::to(no_route)),
        )
        .service(
            web::resource("/{id}/{file}")
                .route(get_or_head().to(download::download))
                .default_service(web::to(no_route)),
        );
}

/// A document as its owner sees it: these fields in this order.
#[derive(Serialize)]
struct ShownDocument {
    upload: ShownUpload,
    doc_type: &'static str,
    doc_number: Option<String>,
    doc_expire: Option<String>,
}

#[derive(Serialize)]
struct ShownUpload {
    url: String,
}

/// `GET /documents`.
async fn list(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let listed = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        let documents = on.documents_of(account.id)?;
        Ok(Some((account.uid, documents)))
    });
    let (viewer, documents) = listed.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown = documents
        .iter()
        .map(|document| barong.document_shown(document, &request, &viewer));
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// `POST /documents`: every file becomes a document, or none does.
async fn submit(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let bounds = Bounds::with_files(FileBounds {
        count: FULL_FILES,
        bytes_each: MAX_DOCUMENT_BYTES,
        room: barong.desk.room(),
    });
    let params = Params::read(&request, payload, bounds).await?;
    let form = DocumentForm::read(&params, Profile::of(&request))?;
    let count = form.files.len();
    let may = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        let may = on.may_submit_documents(&account, count)?;
        Ok(Some(may.map(|()| account.id)))
    });
    let account = may.await?.ok_or(BarongError::NOT_FOUND)??;
    let checked = form.check(barong.app.clock.now().date_naive())?;

    let mut submitted = Vec::with_capacity(checked.len());
    for (checked, file) in checked.into_iter().zip(&form.files) {
        let id = BlobId(barong.app.entropy.uuid_v7(barong.app.clock.now()));
        let stored = barong.store(id, &checked, file.bytes()).await;
        match stored {
            Ok((stored, media_type)) => submitted.push(SubmittedDocument {
                doc_type: checked.doc_type,
                number: checked.doc_number,
                expires_on: checked.doc_expire,
                category: form.category,
                group: form.group.clone(),
                metadata: form.metadata.clone(),
                file_name: checked.file_name,
                media_type,
                blob: id,
                stored,
            }),
            Err(refusal) => {
                barong.discard(&submitted).await;
                return Err(refusal);
            }
        }
    }
    let kept = submitted.clone();
    // When this fails nobody knows whether the documents were kept: their contents stay, and what turns out to be
    // nobody's is removed later.
    let taken = barong
        .transaction(&request, move |on| on.submit_documents(account, &kept))
        .await?;
    if let Err(refusal) = taken {
        barong.discard(&submitted).await;
        return Err(refusal.into());
    }
    Ok(HttpResponse::Created().json(201))
}

impl Barong {
    fn document_shown(&self, shown: &PersonalDocument, request: &HttpRequest, viewer: &Uid) -> ShownDocument {
        let content = &shown.document.content;
        let number = shown.number.as_ref().map(|number| {
            if self.settings.masks(Profile::of(request)) {
                number.masked()
            } else {
                number.as_str().to_owned()
            }
        });
        ShownDocument {
            upload: ShownUpload {
                url: self.document_link(&documents_of(request), &shown.document, viewer),
            },
            doc_type: content.doc_type.name(),
            doc_number: number,
            doc_expire: content.expires_on.map(|day| day.to_string()),
        }
    }
}

/// The path of the documents at the mount that a request came to: of the route, so nothing that a client wrote.
fn documents_of(request: &HttpRequest) -> String {
    request.match_pattern().unwrap_or_default()
}

impl From<SubmitDocumentsError> for BarongError {
    fn from(refusal: SubmitDocumentsError) -> Self {
        match refusal {
            SubmitDocumentsError::AccountClosed => Self::BEARER,
            SubmitDocumentsError::LimitReached => Self::DOCUMENTS_LIMIT_REACHED,
            SubmitDocumentsError::LimitWillBeReached => Self::DOCUMENTS_LIMIT_WILL_BE_REACHED,
        }
    }
}
