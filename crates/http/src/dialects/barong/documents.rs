//! What the caller shows to prove who they are.

mod desk;
mod download;
mod form;
mod link;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use clavis_flows::{PersonalDocument, SubmitDocumentsError, SubmittedDocument};
use clavis_kernel::{AccountId, BlobId, EntropyExt as _, Uid};
use clavis_kyc::{CheckedFile, DocumentCategory, DocumentNumber, DocumentType, PostalAddress};
use serde::Serialize;

use super::Barong;
use super::bearer::Bearer;
use super::error::{BarongError, Profile};
use super::params::{Params, Upload};
use super::routes::{at, no_route};
use crate::get_or_head;

pub(super) use desk::Desk;
pub(super) use download::attached;
use form::DocumentForm;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("")
                .route(|| get_or_head().to(list))
                .route(|| web::post().to(submit)),
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
    let params = Params::read(&request, payload, barong.desk.bounds()).await?;
    let form = DocumentForm::read(&params, Profile::of(&request))?;
    let account = barong.may_hand_in(&request, bearer, form.files.len()).await?;
    let checked = form.check(barong.app.clock.now().date_naive())?;
    let described = checked.into_iter().map(|checked| Described {
        doc_type: checked.doc_type,
        number: Some(checked.doc_number),
        expires_on: Some(checked.doc_expire),
        category: form.category,
        group: form.group.clone(),
        metadata: form.metadata.clone(),
        address: None,
        file: checked.file,
    });
    let documents = described.zip(form.files.iter().copied()).collect();
    barong.hand_in(&request, account, documents).await?;
    Ok(HttpResponse::Created().json(201))
}

/// What is said of a file that becomes a document.
pub(super) struct Described {
    pub(super) doc_type: DocumentType,
    pub(super) number: Option<DocumentNumber>,
    pub(super) expires_on: Option<NaiveDate>,
    pub(super) category: Option<DocumentCategory>,
    pub(super) group: Option<String>,
    pub(super) metadata: Option<String>,
    pub(super) address: Option<PostalAddress>,
    pub(super) file: CheckedFile,
}

impl Barong {
    /// Whose documents these will be, if there is room for so many: asked before their contents are looked at.
    pub(super) async fn may_hand_in(
        &self,
        request: &HttpRequest,
        bearer: Bearer,
        count: usize,
    ) -> Result<AccountId, BarongError> {
        let may = self.look_up(request, move |on| {
            let Some(account) = bearer.account(on)? else {
                return Ok(None);
            };
            let may = on.may_submit_documents(&account, count)?;
            Ok(Some(may.map(|()| account.id)))
        });
        Ok(may.await?.ok_or(BarongError::NOT_FOUND)??)
    }

    /// Stores files and keeps them as documents: all of them, or none.
    pub(super) async fn hand_in(
        &self,
        request: &HttpRequest,
        account: AccountId,
        documents: Vec<(Described, &Upload)>,
    ) -> Result<(), BarongError> {
        let mut submitted = Vec::with_capacity(documents.len());
        for (described, upload) in documents {
            let id = BlobId(self.app.entropy.uuid_v7(self.app.clock.now()));
            let stored = self.store(id, &described.file, upload.bytes()).await;
            match stored {
                Ok((stored, media_type)) => submitted.push(SubmittedDocument {
                    doc_type: described.doc_type,
                    number: described.number,
                    expires_on: described.expires_on,
                    category: described.category,
                    group: described.group,
                    metadata: described.metadata,
                    address: described.address,
                    file_name: described.file.name,
                    media_type,
                    blob: id,
                    stored,
                }),
                Err(refusal) => {
                    self.discard(&submitted).await;
                    return Err(refusal);
                }
            }
        }
        let kept = submitted.clone();
        // When this fails nobody knows whether the documents were kept: their contents stay, and what turns out to be
        // nobody's is removed later.
        let taken = self
            .transaction(request, move |on| on.submit_documents(account, &kept))
            .await?;
        if let Err(refusal) = taken {
            self.discard(&submitted).await;
            return Err(refusal.into());
        }
        Ok(())
    }

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
