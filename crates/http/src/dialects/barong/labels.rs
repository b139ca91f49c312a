//! The labels that people give themselves, and a look at those they were given.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{AddLabelError, ChangeLabelError};
use clavis_kyc::{Label, LabelKey, LabelProblem, LabelScope, LabelValue};
use serde::Serialize;

use super::Barong;
use super::error::{BarongError, Thing};
use super::params::{Bounds, Check, Params, Presence};
use super::routes::at;
use super::sentence::{Problem, RecordError};
use super::users::seconds;
use crate::get_or_head;

/// Below `/labels`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("")
                .route(|| get_or_head().to(own))
                .route(|| web::post().to(add)),
        )
        .service(
            at("/{key}")
                .route(|| get_or_head().to(one))
                .route(|| web::patch().to(change))
                .route(|| web::delete().to(remove)),
        );
}

/// A label as it is shown.
#[derive(Serialize)]
pub(super) struct ShownLabel<'a> {
    key: &'a str,
    value: &'a str,
    scope: &'static str,
    created_at: String,
    updated_at: String,
}

impl<'a> ShownLabel<'a> {
    /// The label.
    pub(super) fn of(label: &'a Label) -> Self {
        Self {
            key: label.key.as_str(),
            value: label.value.as_str(),
            scope: label.scope.name(),
            created_at: seconds(label.created_at),
            updated_at: seconds(label.updated_at),
        }
    }
}

/// `GET /labels`: all of them, also those that somebody else set.
async fn own(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let labels = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.labels(account.id).map(Some)
    });
    let labels = labels.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown: Vec<_> = labels.iter().map(ShownLabel::of).collect();
    Ok(HttpResponse::Ok().json(shown))
}

/// `GET /labels/{key}`.
async fn one(
    barong: web::Data<Barong>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let key = known_key(&path.0);
    let label = barong.look_up(&request, move |on| {
        let (Some(account), Ok(key)) = (bearer.account(on)?, &key) else {
            return Ok(None);
        };
        on.label_of(account.id, key)
    });
    let label = label.await?.ok_or(BarongError::NOT_FOUND)?;
    Ok(HttpResponse::Ok().json(ShownLabel::of(&label)))
}

/// `POST /labels`.
async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Label);
    let key = check.required_nb("key");
    let value = check.required_nb("value");
    let scope = check.text(Presence::Optional, "scope");
    check.finish()?;
    // Whoever asks for the scope that proves something is not given the other one in silence.
    if scope.as_deref() == Some(LabelScope::Private.name()) {
        return Err(BarongError::LABEL_PRIVATE);
    }
    let (key, value) = match (LabelKey::check(&key), LabelValue::check(&value)) {
        (Ok(key), Ok(value)) => (key, value),
        (key, value) => return Err(unfit(key.err(), value.err())),
    };
    let added = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.add_own_label(account.id, key.clone(), value.clone()).map(Some)
    });
    let label = added.await?.ok_or(BarongError::NOT_FOUND)??;
    Ok(HttpResponse::Created().json(ShownLabel::of(&label)))
}

/// `PATCH /labels/{key}`.
async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Label);
    let value = check.required_nb("value");
    check.finish()?;
    let (key, value) = (known_key(&path.0), LabelValue::check(&value));
    let changed = barong.transaction(&request, move |on| {
        let (Some(account), Ok(key)) = (bearer.account(on)?, &key) else {
            return Ok(Err(BarongError::NOT_FOUND));
        };
        match &value {
            Ok(value) => {
                let changed = on.change_own_label(account.id, key, value.clone())?;
                Ok(changed.map_err(BarongError::from))
            }
            // Which label it is comes before what it should say.
            Err(problems) => Ok(Err(
                match on.label_of(account.id, key)?.map(|label| label.scope) {
                    None => BarongError::NOT_FOUND,
                    Some(LabelScope::Private) => BarongError::LABEL_PRIVATE,
                    Some(LabelScope::Public) => unfit(None, Some(problems.clone())),
                },
            )),
        }
    });
    let label = changed.await??;
    Ok(HttpResponse::Ok().json(ShownLabel::of(&label)))
}

/// `DELETE /labels/{key}`.
async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let key = known_key(&path.0);
    let removed = barong.transaction(&request, move |on| {
        let (Some(account), Ok(key)) = (bearer.account(on)?, &key) else {
            return Ok(Err(BarongError::NOT_FOUND));
        };
        let removed = on.remove_own_label(account.id, key)?;
        Ok(removed.map_err(BarongError::from))
    });
    removed.await??;
    Ok(HttpResponse::NoContent().finish())
}

/// The key in a path: what cannot be one has no label.
fn known_key(text: &str) -> Result<LabelKey, LabelProblem> {
    text.parse()
}

fn unfit(key: Option<Vec<LabelProblem>>, value: Option<Vec<LabelProblem>>) -> BarongError {
    let key = RecordError::of_label("key", key.unwrap_or_default());
    let value = RecordError::of_label("value", value.unwrap_or_default());
    BarongError::record(key.chain(value))
}

impl From<AddLabelError> for BarongError {
    fn from(refusal: AddLabelError) -> Self {
        match refusal {
            AddLabelError::AccountClosed => Self::BEARER,
            AddLabelError::Taken => Self::record([RecordError::new("key", Problem::Taken)]),
            AddLabelError::TooMany => Self::TOO_MANY_LABELS,
        }
    }
}

impl From<ChangeLabelError> for BarongError {
    fn from(refusal: ChangeLabelError) -> Self {
        match refusal {
            ChangeLabelError::AccountClosed => Self::BEARER,
            ChangeLabelError::Unknown => Self::NOT_FOUND,
            ChangeLabelError::Private => Self::LABEL_PRIVATE,
        }
    }
}
