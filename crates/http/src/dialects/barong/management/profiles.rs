//! Profiles that another system kept.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{ProfileCommand, ProfileManner, SubmitProfileError};

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Check, Presence};
use crate::dialects::barong::profiles::{declared_fields, declared_metadata};
use crate::dialects::barong::sentence::RecordError;

/// `POST /profiles`: whole, as the one that comes with an imported account.
pub(super) async fn add(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let command = ProfileCommand {
        fields: declared_fields(&mut check, Presence::Required),
        metadata: declared_metadata(&mut check, &signed.params),
        grammar: barong.profile_grammar(),
        manner: ProfileManner::Whole,
    };
    check.finish()?;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let added = barong.transaction(request, move |on| on.profile_for_server(&server, &uid, &command));
    match added.await? {
        Ok(dossier) => Ok(HttpResponse::Created().json(barong.user_with_profile(&dossier))),
        Err(SubmitProfileError::AccountClosed) => Err(BarongError::NOT_FOUND),
        Err(SubmitProfileError::Exists) => Err(BarongError::PROFILE_EXISTS),
        Err(SubmitProfileError::Unfit(violations)) => {
            Err(BarongError::record(violations.into_iter().map(RecordError::from)))
        }
    }
}
