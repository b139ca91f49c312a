//! The contents of documents: to their owner or a reviewer, always as a file to be saved.

use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Flows, ViewDocumentError, Viewer};
use clavis_identity::Assurance;
use clavis_kernel::{DocumentId, StoreError, Uid};
use clavis_kyc::Document;

use super::super::Barong;
use super::super::bearer::Bearer;
use super::super::error::BarongError;
use super::desk::unreachable_contents;

/// No page of a browser makes anything of what is served.
const POLICY: &str = "default-src 'none'; sandbox";

/// How somebody comes to a document.
enum Way {
    /// By a link that was made for them.
    Link(Uid),
    /// With an access token.
    Bearer(Bearer),
}

impl Way {
    fn viewer(&self, on: &Flows<'_>) -> Result<Option<Viewer>, StoreError> {
        let (account, session, assurance) = match self {
            Self::Link(uid) => {
                let account = on.ports.find_by_uid(uid)?;
                let account = account.filter(|account| !account.state.is_gone());
                // Links are made for who was let in with everything proven, a minute ago at most.
                (account, None, Assurance::Full)
            }
            Self::Bearer(bearer) => (bearer.account(on)?, bearer.session, bearer.assurance),
        };
        Ok(account.map(|account| Viewer {
            account,
            session,
            assurance,
        }))
    }
}

/// `GET /documents/{id}/{file}`.
pub(super) async fn download(
    barong: web::Data<Barong>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, BarongError> {
    let (id, name) = path.into_inner();
    let id = id.parse().ok().map(DocumentId);
    let way = match id.and_then(|id| barong.link_viewer(&request, id)) {
        Some(viewer) => Way::Link(viewer),
        None => Way::Bearer(barong.bearer(&request).await?),
    };
    let id = id.ok_or(BarongError::NOT_FOUND)?;
    let viewed = barong.transaction(&request, move |on| {
        let Some(viewer) = way.viewer(on)? else {
            return Ok(None);
        };
        on.view_document(&viewer, id, &name).map(Some)
    });
    let document = viewed.await?.ok_or(BarongError::NOT_FOUND)??;
    attached(&barong, document).await
}

/// The content of a document that somebody may see.
pub(in super::super) async fn attached(
    barong: &Barong,
    document: Document,
) -> Result<HttpResponse, BarongError> {
    let file = document.content.file;
    let content = barong.app.blobs.get(file.blob, &file.sealed_key, None).await;
    let content = content.map_err(|error| unreachable_contents(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.media_type.mime()))
        .insert_header((
            header::CONTENT_DISPOSITION,
            // The name was made safe before it was kept.
            format!("attachment; filename=\"{}\"", file.name),
        ))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(SizedStream::new(file.size, content)))
}

impl From<ViewDocumentError> for BarongError {
    /// Whether there is a document with an id is told to nobody but those who may see it.
    fn from(refusal: ViewDocumentError) -> Self {
        match refusal {
            ViewDocumentError::Unknown | ViewDocumentError::NotTheirs => Self::NOT_FOUND,
        }
    }
}
