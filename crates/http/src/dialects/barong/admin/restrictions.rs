//! The rules about from where requests may come, and the links that let somebody in all the same.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Duration, Utc};
use clavis_flows::{ManagePermissions, RestrictionsError, WhitelinkError};
use clavis_kernel::RestrictionId;
use clavis_rbac::{
    RefusalCode, Restriction, RestrictionCategory, RestrictionChange, RestrictionError, RestrictionScope,
};
use serde::Serialize;
use serde_json::json;

use super::super::Barong;
use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Params, Presence};
use super::super::sentence::{Problem, RecordError};
use super::super::users::seconds;
use super::search::{moment, one_of, part};
use super::{Errand, done};

const INVALID_SCOPE: &str = "admin.restriction.invalid_scope";
const INVALID_CATEGORY: &str = "admin.restriction.invalid_category";

/// A rule as it is shown. `expires_at` is ours: only what a link let in has one.
#[derive(Serialize)]
struct Shown {
    id: i64,
    category: &'static str,
    scope: &'static str,
    value: String,
    code: Option<u16>,
    state: &'static str,
    expires_at: Option<String>,
    created_at: String,
    updated_at: String,
}

impl Shown {
    fn of(rule: &Restriction) -> Self {
        let content = &rule.content;
        Self {
            id: rule.id.0,
            category: content.category.name(),
            scope: content.reach.scope().name(),
            value: content.reach.value(),
            code: content.refuses_with().map(RefusalCode::as_u16),
            state: content.state.name(),
            expires_at: rule.expires_at.map(seconds),
            created_at: seconds(rule.created_at),
            updated_at: seconds(rule.updated_at),
        }
    }
}

/// What somebody looks for, and which part of it.
struct Search {
    scope: Option<RestrictionScope>,
    category: Option<RestrictionCategory>,
    ranged: Ranged,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    paging: Paging,
}

#[derive(Clone, Copy, Default)]
enum Ranged {
    #[default]
    Created,
    Updated,
}

/// `GET /admin/restrictions`.
pub(super) async fn list(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| Search::read(params, profile));
    let found = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, search| {
        let mut rules = on.read_restrictions(permission)?;
        rules.retain(|rule| search.finds(rule));
        Ok(Ok((rules, search.paging)))
    });
    let (rules, paging) = found.await?;
    Ok(barong.page_of(&rules, Shown::of, paging, &request))
}

/// `POST /admin/restrictions`.
pub(super) async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminRestriction);
        let wanted = change_of(&mut check, Presence::RequiredNonBlank);
        check.finish().map(|()| wanted)
    });
    let made = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, wanted| {
        Ok(on.add_restriction(permission, wanted)?.map_err(BarongError::from))
    });
    Ok(HttpResponse::Created().json(Shown::of(&made.await?)))
}

/// `PUT /admin/restrictions`: what is left out stays.
pub(super) async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminRestriction);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        let change = change_of(&mut check, Presence::OptionalNonBlank);
        Ok((RestrictionId(check.finish_with(id)?), change))
    });
    let changed = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (id, change) = asked;
        let changed = on.change_restriction(permission, *id, change)?;
        Ok(changed.map_err(BarongError::from))
    });
    Ok(HttpResponse::Ok().json(Shown::of(&changed.await?)))
}

/// `DELETE /admin/restrictions`.
pub(super) async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminRestriction);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        check.finish_with(id).map(RestrictionId)
    });
    let removed = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, id| {
        Ok(on.remove_restriction(permission, *id)?.map_err(BarongError::from))
    });
    removed.await?;
    Ok(done(StatusCode::OK))
}

/// `POST /admin/restrictions/whitelink`.
pub(super) async fn make_whitelink(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(lifetime_of);
    let made = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, lifetime| {
        Ok(on
            .make_whitelink(permission, *lifetime)?
            .map_err(BarongError::from))
    });
    let token = made.await?;
    Ok(HttpResponse::Created().json(json!({ "whitelink_token": token.expose() })))
}

/// How long a link is good: so many days, or hours or minutes. A day where nobody says.
fn lifetime_of(params: &Params) -> Result<Duration, BarongError> {
    const TIME: &str = "expire_time";
    let mut check = Check::of(params, Thing::AdminRestriction);
    let count = check.integer(Presence::Optional, TIME);
    let unit = one_of(
        &mut check,
        "range",
        "admin.restriction.invalid_range",
        |name| match name {
            "day" | "days" => Some(Duration::days(1)),
            "hour" | "hours" => Some(Duration::hours(1)),
            "minute" | "minutes" => Some(Duration::minutes(1)),
            _ => None,
        },
    );
    let unit = unit.unwrap_or(Duration::days(1));
    let count = i32::try_from(count.unwrap_or(1));
    let lifetime = count.ok().and_then(|count| unit.checked_mul(count));
    if lifetime.is_none() {
        check.refuse(TIME, "admin.restriction.invalid_expire_time");
    }
    check.finish_with(lifetime)
}

/// What is said of a rule.
fn change_of(check: &mut Check<'_>, presence: Presence) -> RestrictionChange {
    const CODE: &str = "code";
    let scope = part(check, presence, "scope", INVALID_SCOPE);
    let value = check.text(presence, "value");
    let category = part(check, presence, "category", INVALID_CATEGORY);
    let state = part(
        check,
        Presence::OptionalNonBlank,
        "state",
        "admin.restriction.invalid_state",
    );
    let code = check.integer(Presence::Optional, CODE).map(RefusalCode::try_from);
    if code.is_some_and(|code: Result<_, RestrictionError>| code.is_err()) {
        check.refuse(CODE, "admin.restriction.invalid_code");
    }
    RestrictionChange {
        category,
        scope,
        value,
        code: code.and_then(Result::ok),
        state,
    }
}

impl Search {
    fn read(params: &Params, profile: Profile) -> Result<Self, BarongError> {
        let mut check = Check::of(params, Thing::AdminRestriction);
        let scope = part(&mut check, Presence::Optional, "scope", INVALID_SCOPE);
        let category = part(&mut check, Presence::Optional, "category", INVALID_CATEGORY);
        let ranged = one_of(
            &mut check,
            "range",
            "admin.restriction.invalid_range",
            |name| match name {
                "created" => Some(Ranged::Created),
                "updated" => Some(Ranged::Updated),
                _ => None,
            },
        );
        let (from, to) = (moment(&mut check, "from"), moment(&mut check, "to"));
        check.finish()?;
        Ok(Self {
            scope,
            category,
            ranged: ranged.unwrap_or_default(),
            from,
            to,
            paging: Paging::of(params, profile)?,
        })
    }

    /// The end of the time is not in it.
    fn finds(&self, rule: &Restriction) -> bool {
        let at = match self.ranged {
            Ranged::Created => rule.created_at,
            Ranged::Updated => rule.updated_at,
        };
        self.scope.is_none_or(|scope| scope == rule.content.reach.scope())
            && self
                .category
                .is_none_or(|category| category == rule.content.category)
            && self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at < to)
    }
}

impl From<RestrictionsError> for BarongError {
    fn from(refusal: RestrictionsError) -> Self {
        let field = match refusal {
            RestrictionsError::Unknown => return Self::ADMIN_NO_RESTRICTION,
            RestrictionsError::TooMany => return Self::ADMIN_TOO_MANY_RESTRICTIONS,
            RestrictionsError::Unfit(RestrictionError::Value) => "value",
            RestrictionsError::Unfit(RestrictionError::Scope) => "scope",
            RestrictionsError::Unfit(RestrictionError::Category) => "category",
            RestrictionsError::Unfit(RestrictionError::Code) => "code",
            RestrictionsError::Unfit(RestrictionError::State) => "state",
        };
        Self::record([RecordError::new(field, Problem::Invalid)])
    }
}

impl From<WhitelinkError> for BarongError {
    fn from(refusal: WhitelinkError) -> Self {
        match refusal {
            WhitelinkError::Lifetime => Self::WHITELINK_LIFETIME,
            WhitelinkError::TooMany => Self::ADMIN_TOO_MANY_WHITELINKS,
        }
    }
}
