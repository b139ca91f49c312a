//! Where files are examined: few at a time, since pictures take seconds and much memory.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use clavis_flows::{BlobError, StoredBlob, SubmittedDocument};
use clavis_kernel::{BlobId, MasterKey, Purpose, SubKey};
use clavis_kyc::{CheckedFile, DocumentExtension, MAX_DOCUMENT_BYTES, MediaType, UploadError};
use tokio::sync::Semaphore;
use tokio::time;

use super::super::Barong;
use super::super::error::BarongError;
use super::super::params::{Bounds, FileBounds, UploadRoom};
use super::super::sentence::RecordError;

/// How many files of full size one request may carry; of smaller ones it may carry more.
const FULL_FILES: usize = 4;
/// How much memory the files of all requests take together.
const ROOM_MEBIBYTES: usize = 128;
/// How many files are examined at a time; each takes up to 400 MB.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// What handling documents takes, once for the whole process.
pub(in super::super) struct Desk {
    room: UploadRoom,
    places: Arc<Semaphore>,
    /// Signs links to documents.
    pub(super) links: SubKey,
}

impl Desk {
    /// An idle one.
    pub(in super::super) fn new(master: &MasterKey) -> Self {
        Self {
            room: UploadRoom::new(ROOM_MEBIBYTES),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            links: master.derive(Purpose::DocumentLinks),
        }
    }

    /// How much is read of a request with files.
    pub(in super::super) const fn bounds(&self) -> Bounds<'_> {
        Bounds::with_files(FileBounds {
            count: FULL_FILES,
            bytes_each: MAX_DOCUMENT_BYTES,
            room: &self.room,
        })
    }

    async fn examine(
        &self,
        bytes: Bytes,
        extension: DocumentExtension,
    ) -> Result<clavis_kyc::Upload, BarongError> {
        let place = time::timeout(MAX_WAIT, Arc::clone(&self.places).acquire_owned());
        let Ok(Ok(place)) = place.await else {
            return Err(BarongError::busy());
        };
        // The place goes with the work: a client that hangs up does not let another begin early.
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            clavis_kyc::Upload::examine(&bytes, extension)
        });
        let examined = work.await.unwrap_or_else(|error| {
            // A decoder that panicked was fed something that is no picture.
            tracing::warn!(%error, "examining a file failed");
            Err(UploadError::Damaged)
        });
        examined.map_err(|refusal| BarongError::document([RecordError::from(refusal)]))
    }
}

impl Barong {
    /// Examines a file and stores what is kept of it.
    pub(in super::super) async fn store(
        &self,
        id: BlobId,
        file: &CheckedFile,
        content: &Bytes,
    ) -> Result<(StoredBlob, MediaType), BarongError> {
        let examined = self.desk.examine(content.clone(), file.extension).await?;
        let media_type = examined.media_type();
        let stored = self.app.blobs.put_bytes(id, examined.into_content().into()).await;
        let stored = stored.map_err(|error| unreachable_contents(&error))?;
        Ok((stored, media_type))
    }

    /// Removes contents that became nobody's.
    pub(in super::super) async fn discard(&self, documents: &[SubmittedDocument]) {
        for document in documents {
            if let Err(error) = self.app.blobs.delete(document.blob).await {
                tracing::warn!(%error, blob = %document.blob, "a refused content will be removed later");
            }
        }
    }
}

/// What a client is told when contents can be neither stored nor read; the log says more.
pub(super) fn unreachable_contents(error: &BlobError) -> BarongError {
    tracing::error!(%error, "the content of a document could be neither stored nor read");
    match error {
        BlobError::Unavailable(_) | BlobError::CutOff(_) => BarongError::DOCUMENTS_UNREACHABLE,
        BlobError::NotFound | BlobError::Damaged | BlobError::TooLarge => BarongError::INTERNAL,
    }
}
