//! How many there are of what, what the levels are, and what the caller may do.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use clavis_flows::{ManageAccounts, ManagePermissions, ReadAccounts, ReadActivities, ReviewPeople};
use clavis_rbac::{Authority, Denied};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::Barong;
use super::super::error::{BarongError, Thing};
use super::super::params::Check;
use super::Errand;
use super::search::moment;
use super::wire::state_name;

/// How far back numbers go where nobody says.
const USUAL_TIME: Duration = Duration::days(1);

#[derive(Serialize)]
struct Metrics {
    signups: u64,
    successful_logins: u64,
    failed_logins: u64,
    /// Documents and profiles that wait for a reviewer.
    pending_applications: u64,
    pending_documents: u64,
    pending_profiles: u64,
    users: u64,
    users_by_state: Map<String, Value>,
}

#[derive(Serialize)]
struct Level<'a> {
    id: u8,
    key: &'a str,
    value: &'a str,
    description: &'a str,
}

/// What somebody may do with what, in the words of the family's clients, and the scopes that it comes from.
#[derive(Serialize)]
struct Abilities {
    read: Vec<&'static str>,
    manage: Vec<&'static str>,
    scopes: Vec<&'static str>,
}

/// What each scope lets its holders do.
const ABILITIES: [(&str, Verb, &[&str]); 5] = [
    (
        ReadAccounts::SCOPE,
        Verb::Read,
        &["User", "Label", "Comment", "APIKey", "Level"],
    ),
    (ManageAccounts::SCOPE, Verb::Manage, &["User", "Label", "Comment"]),
    (ReviewPeople::SCOPE, Verb::Manage, &["Profile", "Document"]),
    (ReadActivities::SCOPE, Verb::Read, &["Activity", "Metrics"]),
    (
        ManagePermissions::SCOPE,
        Verb::Manage,
        &["Permission", "Restriction"],
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Read,
    Manage,
}

/// `GET /admin/metrics`.
pub(super) async fn metrics(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let now = barong.app.clock.now();
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let from = moment(&mut check, "created_from");
        let to = moment(&mut check, "created_to");
        check.finish()?;
        let to = to.unwrap_or(now);
        Ok((
            from.unwrap_or_else(|| to.checked_sub_signed(USUAL_TIME).unwrap_or(to)),
            to,
        ))
    });
    let counted = errand.run::<ReadActivities, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (from, to) = *asked;
        on.account_numbers(permission, from, to).map(Ok)
    });
    let counted = counted.await?;
    let mut users_by_state = Map::new();
    let mut users = 0;
    for (state, count) in counted.by_state {
        if !state.is_gone() {
            users += count;
        }
        let name = state_name(state);
        let before = users_by_state
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default();
        users_by_state.insert(name.to_owned(), (before + count).into());
    }
    Ok(HttpResponse::Ok().json(Metrics {
        signups: counted.sign_ups,
        successful_logins: counted.log_ins,
        failed_logins: counted.refused_log_ins,
        pending_applications: counted.waiting_documents + counted.waiting_profiles,
        pending_documents: counted.waiting_documents,
        pending_profiles: counted.waiting_profiles,
        users,
        users_by_state,
    }))
}

/// `GET /admin/levels`.
pub(super) async fn levels(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let allowed = errand.run::<ReadAccounts, _, _>(&barong, &request, Ok(()), |_, _, ()| Ok(Ok(())));
    allowed.await?;
    let levels = barong.app.limits.kyc.levels.levels().iter();
    let shown = levels.map(|level| Level {
        id: level.id,
        key: level.key.as_str(),
        value: level.value.as_str(),
        description: &level.description,
    });
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// `GET /admin/abilities`: the caller's own.
pub(super) async fn abilities(
    barong: web::Data<Barong>,
    request: HttpRequest,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let held = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(Err(BarongError::NOT_FOUND));
        };
        let held = on.abilities(&account, bearer.session, bearer.assurance)?;
        Ok(held.map_err(|Denied| BarongError::NOT_AN_ADMIN))
    });
    let scopes = held.await??;
    let with = |wanted: Verb| {
        let of_scopes = ABILITIES
            .into_iter()
            .filter(|(scope, verb, _)| *verb == wanted && scopes.contains(scope));
        of_scopes.flat_map(|(_, _, things)| things).copied().collect()
    };
    Ok(HttpResponse::Ok().json(Abilities {
        read: with(Verb::Read),
        manage: with(Verb::Manage),
        scopes,
    }))
}
