//! What is kept beside an object: `/storage/m`, `/storage/meta`.

use std::collections::BTreeMap;

use actix_web::{FromRequest as _, HttpResponse, web};
use clavis_files::{Description, ObjectKey, Operation, Resource, StoredObject};
use clavis_kernel::EntropyExt as _;

use super::super::error::{Profile, Refusal};
use super::super::wire::Fields;
use super::{Call, headers, wire};

/// The name under which the token that opens an object is kept.
pub(super) const TOKEN: &str = "token";

/// `GET`.
pub(super) async fn show(call: &Call<'_>, key: &ObjectKey) -> Result<HttpResponse, Refusal> {
    let (object, _) = call.find(Operation::Get, key).await?;
    told(&object)
}

/// `POST`: evaluates the rules' expressions again, or replaces the token.
pub(super) async fn write(
    call: &Call<'_>,
    key: &ObjectKey,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let object = call.objects().find(key).await?.ok_or(Refusal::NOT_FOUND)?;
    let fields = Fields::from_request(call.request, &mut payload.into_inner()).await?;
    if call.profile() == Profile::V2_7 || fields.has("action") {
        fields.only_action("revoke-token")?;
        if !call.asker().await?.is_admin {
            return Err(Refusal::BAD_ACCESS_TOKEN);
        }
        let mut metadata = object.description.metadata.clone();
        metadata.insert(TOKEN.to_owned(), new_token(call));
        return replace(call, &object, metadata).await;
    }
    let asker = call.asker().await?;
    asker.permit(&call.route, Operation::Update, &object)?;
    let mut metadata = object.description.metadata.clone();
    let token = metadata.get(TOKEN).cloned();
    let by_rules = call.route.metadata(&asker.request, Resource::Stored(&object));
    metadata.extend(by_rules);
    // No rule makes a token: whoever knows it may read.
    match token {
        Some(token) => metadata.insert(TOKEN.to_owned(), token),
        None => metadata.remove(TOKEN),
    };
    replace(call, &object, metadata).await
}

/// `DELETE`: nothing is left but a token, which is another one.
pub(super) async fn clear(call: &Call<'_>, key: &ObjectKey) -> Result<HttpResponse, Refusal> {
    let (object, _) = call.find(Operation::Delete, key).await?;
    let metadata = BTreeMap::from([(TOKEN.to_owned(), new_token(call))]);
    replace(call, &object, metadata).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A token that nobody knows yet.
pub(super) fn new_token(call: &Call<'_>) -> String {
    call.dialect.app.entropy.uuid_v4().to_string()
}

/// What is known of the object, told.
pub(super) fn told(object: &StoredObject) -> Result<HttpResponse, Refusal> {
    let mut response = HttpResponse::Ok();
    headers::sandbox(&mut response);
    Ok(response
        .content_type("application/json; charset=utf-8")
        .body(wire::object(object)?))
}

async fn replace(
    call: &Call<'_>,
    object: &StoredObject,
    metadata: BTreeMap<String, String>,
) -> Result<HttpResponse, Refusal> {
    let description = Description {
        content_type: object.description.content_type.clone(),
        metadata,
    };
    let described = call.objects().describe(&object.key, &description).await?;
    told(&described.ok_or(Refusal::NOT_FOUND)?)
}
