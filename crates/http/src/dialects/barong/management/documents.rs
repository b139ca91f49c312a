//! Documents that another system took in.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::NaiveDate;
use clavis_flows::{DocumentsLabel, SubmitDocumentsError, SubmittedDocument};
use clavis_kernel::{BlobId, EntropyExt as _, Uid};
use clavis_kyc::{CheckedDocument, DocumentFields};

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Check, Params, Presence};
use crate::dialects::barong::profiles::declared_metadata;
use crate::dialects::barong::sentence::RecordError;

/// Standard base64, with or without padding at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A document as it was sent.
struct Form {
    uid: Option<Uid>,
    doc_type: String,
    doc_number: String,
    file_name: String,
    content: Bytes,
    doc_expire: Option<NaiveDate>,
    label: DocumentsLabel,
    metadata: Option<String>,
}

/// `POST /documents`. The answer is a number, as its people's.
pub(super) async fn add(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let Signed {
        params,
        server,
        place,
        ..
    } = signed;
    let server = std::sync::Arc::new(server);
    // So much text takes a while to be decoded.
    let form = web::block(move || Form::read(&params));
    let form = form.await.map_err(|_| BarongError::busy())??;
    let uid = form.uid.clone().ok_or(BarongError::NOT_FOUND)?;
    let may = barong.look_up(request, {
        let (server, uid) = (std::sync::Arc::clone(&server), uid.clone());
        move |on| on.may_add_document_for_server(&server, &uid)
    });
    may.await?.map_err(refused)?;
    let checked = form.check(barong.app.clock.now().date_naive())?;
    let id = BlobId(barong.app.entropy.uuid_v7(barong.app.clock.now()));
    let (stored, media_type) = barong.store(id, &checked.file, &form.content).await?;
    drop(place);
    let document = SubmittedDocument {
        doc_type: checked.doc_type,
        number: Some(checked.doc_number),
        expires_on: Some(checked.doc_expire),
        category: None,
        group: None,
        metadata: form.metadata,
        address: None,
        file_name: checked.file.name,
        media_type,
        blob: id,
        stored,
    };
    let (kept, label) = (document.clone(), form.label);
    // When this fails nobody knows whether the document was kept: its content stays, and is removed later if it turns
    // out to be nobody's.
    let taken = barong.transaction(request, move |on| {
        on.document_for_server(&server, &uid, &kept, label)
    });
    if let Err(refusal) = taken.await? {
        barong.discard(&[document]).await;
        return Err(refused(refusal));
    }
    Ok(HttpResponse::Created().json(201))
}

impl Form {
    /// The parameters, in the order in which they are declared.
    fn read(params: &Params) -> Result<Self, BarongError> {
        let mut check = Check::of(params, Thing::Management);
        let uid = declared_uid(&mut check, "uid");
        let doc_type = check.required_nb("doc_type");
        let doc_number = check.required_nb("doc_number");
        let name = check.required_nb("filename");
        let extension = check.required_nb("file_ext");
        let content = decoded(&check.required_nb("upload"));
        if content.is_none() {
            check.refuse("upload", "invalid");
        }
        let doc_expire = check.date(Presence::RequiredNonBlank, "doc_expire");
        let label = match check.flag(Presence::Optional, "update_labels") {
            Some(true) | None => DocumentsLabel::Follows,
            Some(false) => DocumentsLabel::Stays,
        };
        let metadata = declared_metadata(&mut check, params);
        check.finish()?;
        Ok(Self {
            uid,
            doc_type,
            doc_number,
            file_name: with_extension(name, &extension),
            content: content.unwrap_or_default().into(),
            doc_expire,
            label,
            metadata,
        })
    }

    fn check(&self, today: NaiveDate) -> Result<CheckedDocument, BarongError> {
        let fields = DocumentFields {
            doc_type: &self.doc_type,
            doc_number: &self.doc_number,
            doc_expire: self.doc_expire,
            file_name: &self.file_name,
            size: self.content.len(),
        };
        CheckedDocument::check(fields, today)
            .map_err(|violations| BarongError::record(RecordError::of_document(violations, &self.file_name)))
    }
}

/// What a text in base64 stands for; ends of lines, which some encoders put in, mean nothing.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut text = text.as_bytes().to_vec();
    text.retain(|byte| !byte.is_ascii_whitespace());
    BASE64.decode(text).ok()
}

/// The file's name, which ends in the extension that was sent with it.
fn with_extension(name: String, extension: &str) -> String {
    let extension = extension.trim().trim_start_matches('.');
    let own = name.trim().rsplit_once('.').map(|(_, own)| own);
    if own.is_some_and(|own| own.eq_ignore_ascii_case(extension)) {
        name
    } else {
        format!("{}.{extension}", name.trim())
    }
}

fn refused(refusal: SubmitDocumentsError) -> BarongError {
    match refusal {
        // Only one that is gone is closed to servers.
        SubmitDocumentsError::AccountClosed => BarongError::NOT_FOUND,
        SubmitDocumentsError::LimitReached | SubmitDocumentsError::LimitWillBeReached => refusal.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_its_extension_once() {
        for (name, extension, expected) in [
            ("passport", "jpg", "passport.jpg"),
            ("passport.jpg", "jpg", "passport.jpg"),
            ("passport.JPG", ".jpg", "passport.JPG"),
            ("passport.v2", "png", "passport.v2.png"),
            ("passport.jpg", "exe", "passport.jpg.exe"),
            (" passport ", " pdf ", "passport.pdf"),
        ] {
            assert_eq!(with_extension(name.to_owned(), extension), expected);
        }
    }

    #[test]
    fn a_file_is_read_in_every_usual_spelling_of_base64() {
        for text in ["/+8=", "/+8", "/+\n8=\r\n", " / + 8 = "] {
            assert_eq!(decoded(text).as_deref(), Some([0xff, 0xef].as_slice()), "{text}");
        }
        for text in ["_-8=", "data:image/png;base64,/+8=", "/", "\u{e9}"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
