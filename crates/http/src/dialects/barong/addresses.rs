//! Where the caller lives, and what they show to prove it.

use actix_web::{HttpRequest, HttpResponse, web};
use clavis_kyc::{CheckedFile, DocumentType, PostalAddress, ProfileFields};

use super::Barong;
use super::documents::Described;
use super::error::{BarongError, Thing};
use super::params::{Check, Params, Presence, Upload};
use super::routes::at;
use super::sentence::RecordError;

/// Below `/addresses`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(at("").route(|| web::post().to(submit)));
}

/// `POST /addresses`: every file becomes a document that proves the address, or none does. The answer is a number, as
/// that of `POST /documents`.
async fn submit(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, barong.desk.bounds()).await?;
    let mut check = Check::of(&params, Thing::Address);
    let mut field = |name| check.text(Presence::RequiredNonBlank, name);
    let fields = ProfileFields {
        country: field("country"),
        address: field("address"),
        city: field("city"),
        postcode: field("postcode"),
        ..ProfileFields::default()
    };
    let files = check.files(Presence::RequiredNonBlank, "upload");
    check.finish()?;
    let account = barong.may_hand_in(&request, bearer, files.len()).await?;
    let address = PostalAddress::check(fields, barong.profile_grammar())
        .map_err(|violations| BarongError::record(violations.into_iter().map(RecordError::from)))?;
    let described = |file: &&'_ Upload| checked(file).map(|file| proof_of(&address, file));
    let described: Vec<_> = files.iter().map(described).collect::<Result<_, _>>()?;
    let documents = described.into_iter().zip(files).collect();
    barong.hand_in(&request, account, documents).await?;
    Ok(HttpResponse::Created().json(201))
}

/// A file that may become a document. What is wrong is told of the first with which something is.
fn checked(file: &Upload) -> Result<CheckedFile, BarongError> {
    let size = usize::try_from(file.length()).unwrap_or(usize::MAX);
    CheckedFile::check(file.name(), size)
        .map_err(|violations| BarongError::document(RecordError::of_document(violations, file.name())))
}

fn proof_of(address: &PostalAddress, file: CheckedFile) -> Described {
    Described {
        doc_type: DocumentType::Address,
        number: None,
        expires_on: None,
        category: None,
        group: None,
        metadata: None,
        address: Some(address.clone()),
        file,
    }
}
