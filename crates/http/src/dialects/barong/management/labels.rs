//! Private labels, for servers.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{KnownLabel, PersonSelector, ServerLabel, ServerLabelError};
use clavis_kernel::Uid;
use clavis_kyc::{Label, LabelKey, LabelValue};

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::labels::ShownLabel;
use crate::dialects::barong::params::{Check, Params, Presence};
use crate::dialects::barong::sentence::{Problem, RecordError};

/// Most characters of a remark.
const MAX_DESCRIPTION_CHARS: usize = 255;

/// `POST /labels/list`: those of both scopes, in the order they were made.
pub(super) async fn list(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "user_uid");
    check.finish()?;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let person = barong.look_up(request, move |on| {
        on.person_for_server(&server, &PersonSelector::Uid(uid.clone()))
    });
    let person = person.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown: Vec<_> = person.labels.iter().map(ShownLabel::of).collect();
    Ok(HttpResponse::Created().json(shown))
}

/// `POST /labels`.
pub(super) async fn create(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let wanted = declared(&signed.params, KnownLabel::IsMade)?;
    let label = put(barong, request, signed, wanted).await?;
    Ok(HttpResponse::Created().json(ShownLabel::of(&label)))
}

/// `PUT /labels`.
pub(super) async fn change(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let wanted = declared(&signed.params, KnownLabel::IsChanged)?;
    let label = put(barong, request, signed, wanted).await?;
    Ok(HttpResponse::Ok().json(ShownLabel::of(&label)))
}

/// A label, whose it is to be, and whether it is new.
struct Wanted {
    uid: Option<Uid>,
    label: ServerLabel,
    known: KnownLabel,
}

async fn put(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
    wanted: Wanted,
) -> Result<Label, BarongError> {
    let Wanted { uid, label, known } = wanted;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let put = barong.transaction(request, move |on| {
        on.label_for_server(&server, &uid, &label, known)
    });
    put.await?.map_err(BarongError::from)
}

/// `POST /labels/delete`.
pub(super) async fn remove(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "user_uid");
    let key = check.required_nb("key");
    check.finish()?;
    let known = uid.zip(LabelKey::check(&key).ok());
    let (uid, key) = known.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let removed = barong.transaction(request, move |on| on.take_label_for_server(&server, &uid, &key));
    removed.await?.map_err(BarongError::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// A label that is to be changed may ask to be made where there is none: `replace`.
fn declared(params: &Params, known: KnownLabel) -> Result<Wanted, BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let uid = declared_uid(&mut check, "user_uid");
    let key = check.required_nb("key");
    let value = check.required_nb("value");
    let description = check.optional("description");
    let is_long = |text: &String| text.chars().nth(MAX_DESCRIPTION_CHARS).is_some();
    if description.as_ref().is_some_and(is_long) {
        check.refuse("description", "invalid");
    }
    let known = match known {
        KnownLabel::IsChanged if check.flag(Presence::Optional, "replace") == Some(true) => {
            KnownLabel::IsEither
        }
        KnownLabel::IsMade | KnownLabel::IsChanged | KnownLabel::IsEither => known,
    };
    check.finish()?;
    match (LabelKey::check(&key), LabelValue::check(&value)) {
        (Ok(key), Ok(value)) => Ok(Wanted {
            uid,
            label: ServerLabel {
                key,
                value,
                description,
            },
            known,
        }),
        (key, value) => {
            let problems = [("key", key.err()), ("value", value.err())];
            let problems = problems
                .into_iter()
                .flat_map(|(field, problems)| RecordError::of_label(field, problems.unwrap_or_default()));
            Err(BarongError::by_field(problems))
        }
    }
}

impl From<ServerLabelError> for BarongError {
    fn from(refusal: ServerLabelError) -> Self {
        match refusal {
            ServerLabelError::Unknown => Self::NOT_FOUND,
            ServerLabelError::TooMany => Self::TOO_MANY_LABELS,
            ServerLabelError::Exists => Self::by_field([RecordError::new("key", Problem::Taken)]),
        }
    }
}
