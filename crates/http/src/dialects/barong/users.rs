//! The caller's own account.

mod departure;
mod password;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SecondsFormat, Utc};
use clavis_flows::Dossier;
use clavis_identity::Attributes;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::Barong;
use super::error::{BarongError, Profile, Thing};
use super::params::{Bounds, Check, Params};
use super::profiles::ShownProfile;
use super::routes::at;
use super::user_wire::{DATA, FullUser};
use crate::get_or_head;

/// Most characters of what clients put into an account's `data`.
const MAX_DATA_CHARS: usize = 1024;

/// Below `/users/me`.
pub(super) fn own_routes(config: &mut web::ServiceConfig) {
    config.service(
        at("")
            .route(|| get_or_head().to(me))
            .route(|| web::put().to(change))
            .route(|| web::delete().to(departure::leave)),
    );
}

/// Below `/users`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(at("/password").route(|| web::put().to(password::change)));
}

/// An account as its owner sees it, in the words of a mount.
#[derive(Serialize)]
#[serde(untagged)]
enum OwnUser<'a> {
    Classic(ClassicUser<'a>),
    Coded(FullUser<'a>),
}

/// An account as 2.0.8 shows it, with the profile that its documentation promises.
#[derive(Serialize)]
struct ClassicUser<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    uid: &'a str,
    email: String,
    role: &'a str,
    level: u8,
    otp: bool,
    state: &'static str,
    created_at: String,
    updated_at: String,
    profile: Option<ShownProfile<'a>>,
}

/// `GET /users/me`.
async fn me(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let dossier = barong.look_up(&request, move |on| {
        let person = bearer.person(on)?;
        person.map(|person| on.dossier(person)).transpose()
    });
    let dossier = dossier.await?.ok_or(BarongError::NOT_FOUND)?;
    Ok(HttpResponse::Ok().json(barong.own_user(&dossier, Profile::of(&request))))
}

/// `PUT /users/me`: what clients keep with the account.
async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::User);
    let data = check.optional_nb("data");
    check.finish()?;
    if !data.as_deref().is_none_or(is_data) {
        return Err(BarongError::DATA_MALFORMED);
    }
    let changed = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(Err(BarongError::NOT_FOUND));
        };
        if let Some(data) = &data {
            let kept = Attributes::from([(DATA.to_owned(), data.clone())]);
            if !on.keep_attributes(account.id, kept)? {
                return Ok(Err(BarongError::BEARER));
            }
        }
        let person = bearer.person(on)?;
        let dossier = person.map(|person| on.dossier(person)).transpose()?;
        Ok(dossier.ok_or(BarongError::NOT_FOUND))
    });
    let dossier = changed.await??;
    Ok(HttpResponse::Ok().json(barong.own_user(&dossier, Profile::of(&request))))
}

impl Barong {
    fn own_user<'a>(&self, dossier: &'a Dossier, profile: Profile) -> OwnUser<'a> {
        if profile == Profile::Coded {
            return OwnUser::Coded(self.full_user(dossier, profile));
        }
        let (person, newest) = (&dossier.person, dossier.profiles.last());
        let account = person.account();
        OwnUser::Classic(ClassicUser {
            id: self.settings.show_ids.then_some(account.number.0),
            uid: account.uid.as_str(),
            email: person.address(),
            role: &person.role,
            level: person.level,
            otp: person.has_second_factor,
            state: account.state.name(),
            created_at: milliseconds(account.created_at),
            updated_at: milliseconds(account.updated_at),
            profile: newest.map(|newest| self.profile_shown(newest, profile)),
        })
    }
}

/// Whether it is a JSON text that is not too long.
pub(super) fn is_data(text: &str) -> bool {
    text.chars().count() <= MAX_DATA_CHARS && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A moment as accounts and activities show it: `2018-12-06T10:00:00.000Z`.
pub(super) fn milliseconds(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A moment as labels and keys show it: `2018-12-06T10:00:00Z`.
pub(super) fn seconds(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_a_json_text_of_at_most_1024_characters() {
        assert!(is_data("{\"theme\":\"dark\"}"));
        assert!(is_data("[1, null]"));
        assert!(is_data(&format!("\"{}\"", "ä".repeat(1022))));
        assert!(!is_data(&format!("\"{}\"", "ä".repeat(1023))));
        assert!(!is_data("{theme:dark}"));
        assert!(!is_data("{} {}"));
        assert!(!is_data(&"[".repeat(1024)));
    }
}
