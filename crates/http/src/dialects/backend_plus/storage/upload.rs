//! Storing an object: `POST /storage/o/…`.

mod spool;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use clavis_files::{Description, ObjectKey, Resource, StoredObject, Upload, UploadError};
use clavis_flows::Expected;

use super::super::error::{Profile, Refusal};
use super::asker::Asker;
use super::metadata::{self, TOKEN};
use super::{Call, MAX_TRIES};
use crate::Fault;

/// The name under which the client's name of a file is kept.
const FILE_NAME: &str = "filename";

/// `POST`: reads the whole file, decides, and stores it. What the rules say may depend on all of it.
pub(super) async fn store(
    call: &Call<'_>,
    key: &ObjectKey,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let storage = call.storage();
    let _place = Arc::clone(&storage.uploads).try_acquire_owned().map_err(|_| {
        tracing::warn!("too many uploads at a time");
        Refusal::from(Fault::Busy)
    })?;
    let file = spool::receive(
        call.request.headers(),
        payload,
        &storage.spool,
        storage.max_upload_bytes,
    )
    .await?;
    let asker = call.asker().await?;
    let description = file.as_ref().map(|file| &file.upload);
    for _ in 0..MAX_TRIES {
        let present = call.objects().find(key).await?;
        let upload = decide(call, &asker, present.as_ref(), description)?;
        let Some(file) = &file else {
            return Err(Refusal::MALFORMED);
        };
        let description = describe(call, &asker, present.as_ref(), upload);
        let expected = if present.is_some() {
            Expected::Something
        } else {
            Expected::Nothing
        };
        let content = file.content().await?;
        // Somebody else may have stored or deleted one since it was decided.
        if let Some(stored) = call.objects().put(key, &description, content, expected).await? {
            return metadata::told(&stored);
        }
    }
    Err(Fault::Busy.into())
}

/// The file that may be stored.
fn decide<'f>(
    call: &Call<'_>,
    asker: &Asker,
    present: Option<&StoredObject>,
    file: Option<&'f Upload>,
) -> Result<&'f Upload, UploadError> {
    if !asker.is_admin {
        return call.route.upload(&asker.request, present, file);
    }
    file.ok_or(if present.is_some() {
        UploadError::NoFile
    } else {
        UploadError::Nothing
    })
}

/// What is kept beside the content: the token stays, and is made where there is none.
fn describe(call: &Call<'_>, asker: &Asker, present: Option<&StoredObject>, upload: &Upload) -> Description {
    let before = present.map(|object| &object.description.metadata);
    let token = before.and_then(|metadata| metadata.get(TOKEN)).cloned();
    let mut kept = match call.profile() {
        Profile::Documented => {
            let mut kept = before.cloned().unwrap_or_default();
            kept.insert(FILE_NAME.to_owned(), upload.name.clone());
            kept
        }
        Profile::V2_7 => BTreeMap::new(),
    };
    kept.extend(call.route.metadata(&asker.request, Resource::Uploaded(upload)));
    kept.insert(
        TOKEN.to_owned(),
        token.unwrap_or_else(|| metadata::new_token(call)),
    );
    Description {
        content_type: upload.mimetype.clone(),
        metadata: kept,
    }
}

impl From<UploadError> for Refusal {
    fn from(refusal: UploadError) -> Self {
        match refusal {
            UploadError::Directory => Self::UPLOAD_TO_DIRECTORY,
            UploadError::Nothing => Self::NOT_FOUND,
            UploadError::Forbidden => Self::FORBIDDEN,
            UploadError::NoFile => Self::MALFORMED,
        }
    }
}
