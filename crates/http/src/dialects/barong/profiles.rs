//! What the caller says of who they are.

mod wire;

use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{EditProfileError, SubmitProfileError};
use clavis_kyc::FieldViolation;

use super::Barong;
use super::error::{BarongError, Profile};
use super::params::{Bounds, Params, Presence};
use super::routes::at;
use super::sentence::RecordError;
use crate::get_or_head;

pub(super) use wire::{ShownProfile, declared_fields, declared_metadata, masked_name, state_name};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("")
                .route(|| web::post().to(submit))
                .route(|| web::put().to(edit)),
        )
        .service(at("/me").route(|| get_or_head().to(own)));
}

/// `POST /profiles`.
async fn submit(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let profile = Profile::of(&request);
    let presence = match profile {
        Profile::Classic => Presence::Required,
        Profile::Coded => Presence::Optional,
    };
    let command = barong.profile_command(&params, presence, profile)?;
    let submitted = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.submit_profile(account.id, &command).map(Some)
    });
    let submitted = submitted.await?.ok_or(BarongError::NOT_FOUND)?;
    let submitted = submitted.map_err(|refusal| submit_refused(refusal, profile))?;
    Ok(match profile {
        Profile::Classic => HttpResponse::Created().json(()),
        Profile::Coded => HttpResponse::Created().json(barong.profile_shown(&submitted, profile)),
    })
}

/// `PUT /profiles`: changes what is being worked on, or was sent back.
async fn edit(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let profile = Profile::of(&request);
    let command = barong.profile_command(&params, Presence::Optional, profile)?;
    let edited = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.edit_profile(account.id, &command).map(Some)
    });
    let edited = edited.await?.ok_or(BarongError::NOT_FOUND)?;
    let edited = edited.map_err(BarongError::from)?;
    Ok(HttpResponse::Ok().json(barong.profile_shown(&edited, profile)))
}

/// `GET /profiles/me`: the newest, or in the coded profile all of them.
async fn own(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let profiles = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.profiles_of(account.id).map(Some)
    });
    let profiles = profiles.await?.ok_or(BarongError::NOT_FOUND)?;
    let profile = Profile::of(&request);
    match profile {
        Profile::Classic => {
            let newest = profiles.last().ok_or(BarongError::NO_PROFILE)?;
            Ok(HttpResponse::Ok().json(barong.profile_shown(newest, profile)))
        }
        Profile::Coded => {
            let shown = profiles.iter().map(|one| barong.profile_shown(one, profile));
            Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
        }
    }
}

fn unfit(violations: Vec<FieldViolation>) -> BarongError {
    BarongError::record(violations.into_iter().map(RecordError::from))
}

fn submit_refused(refusal: SubmitProfileError, profile: Profile) -> BarongError {
    match (refusal, profile) {
        (SubmitProfileError::AccountClosed, _) => BarongError::BEARER,
        (SubmitProfileError::Exists, Profile::Classic) => BarongError::PROFILE_EXISTS,
        (SubmitProfileError::Exists, Profile::Coded) => BarongError::PROFILE_STATE_EXISTS,
        (SubmitProfileError::Unfit(violations), _) => unfit(violations),
    }
}

impl From<EditProfileError> for BarongError {
    fn from(refusal: EditProfileError) -> Self {
        match refusal {
            EditProfileError::AccountClosed => Self::BEARER,
            EditProfileError::NoneEditable => Self::NO_EDITABLE_PROFILE,
            EditProfileError::Unfit(violations) => unfit(violations),
        }
    }
}
