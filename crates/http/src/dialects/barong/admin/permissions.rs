//! The rules about what roles may do behind the gateway.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{AccessRulesError, ManagePermissions};
use clavis_kernel::AccessRuleId;
use clavis_rbac::{AccessRule, AccessRuleContent, RuleEffect, RulePath, RuleRole, RuleTopic, RuleVerb};
use serde::Serialize;

use super::super::Barong;
use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Presence};
use super::super::users::seconds;
use super::search::part;
use super::{Errand, done};

/// A rule as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    action: &'static str,
    role: &'a str,
    verb: &'static str,
    path: &'a str,
    topic: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

impl<'a> Shown<'a> {
    fn of(rule: &'a AccessRule) -> Self {
        let content = &rule.content;
        Self {
            id: rule.id.0,
            action: content.effect.name(),
            role: content.role.as_str(),
            verb: content.verb.name(),
            path: content.path.as_str(),
            topic: content.topic.as_ref().map(RuleTopic::as_str),
            created_at: seconds(rule.created_at),
            updated_at: seconds(rule.updated_at),
        }
    }
}

/// What is to be changed of a rule: what is left out stays.
struct Change {
    role: Option<RuleRole>,
    verb: Option<RuleVerb>,
    path: Option<RulePath>,
    effect: Option<RuleEffect>,
    topic: Option<RuleTopic>,
}

/// `GET /admin/permissions`.
pub(super) async fn list(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| Paging::of(params, profile));
    let found = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, paging| {
        Ok(Ok((on.read_access_rules(permission)?, *paging)))
    });
    let (rules, paging) = found.await?;
    Ok(barong.page_of(&rules, Shown::of, paging, &request))
}

/// `POST /admin/permissions`.
pub(super) async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminPermission);
        let change = Change::read(&mut check, Presence::RequiredNonBlank);
        check.finish_with(change.whole())
    });
    let made = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, rule| {
        Ok(on.add_access_rule(permission, rule)?.map_err(BarongError::from))
    });
    Ok(HttpResponse::Created().json(Shown::of(&made.await?)))
}

/// `PUT /admin/permissions`.
pub(super) async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminPermission);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        let change = Change::read(&mut check, Presence::OptionalNonBlank);
        Ok((AccessRuleId(check.finish_with(id)?), change))
    });
    let changed = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (id, change) = asked;
        let changed = on.change_access_rule(permission, *id, |before| change.of(before))?;
        Ok(changed.map_err(BarongError::from))
    });
    Ok(HttpResponse::Ok().json(Shown::of(&changed.await?)))
}

/// `DELETE /admin/permissions`.
pub(super) async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminPermission);
        let id = check.integer(Presence::RequiredNonBlank, "id");
        check.finish_with(id).map(AccessRuleId)
    });
    let removed = errand.run::<ManagePermissions, _, _>(&barong, &request, asked, |on, permission, id| {
        Ok(on.remove_access_rule(permission, *id)?.map_err(BarongError::from))
    });
    removed.await?;
    Ok(done(StatusCode::OK))
}

impl Change {
    fn read(check: &mut Check<'_>, presence: Presence) -> Self {
        Self {
            role: part(check, presence, "role", "admin.permission.invalid_role"),
            verb: part(check, presence, "verb", "admin.permission.invalid_verb"),
            path: part(check, presence, "path", "admin.permission.invalid_path"),
            effect: part(check, presence, "action", "admin.permission.invalid_action"),
            topic: part(
                check,
                Presence::Optional,
                "topic",
                "admin.permission.invalid_topic",
            ),
        }
    }

    /// A whole rule, if everything is there that it takes.
    fn whole(self) -> Option<AccessRuleContent> {
        Some(AccessRuleContent {
            role: self.role?,
            verb: self.verb?,
            path: self.path?,
            effect: self.effect?,
            topic: self.topic,
        })
    }

    fn of(&self, before: AccessRuleContent) -> AccessRuleContent {
        AccessRuleContent {
            role: self.role.clone().unwrap_or(before.role),
            verb: self.verb.unwrap_or(before.verb),
            path: self.path.clone().unwrap_or(before.path),
            effect: self.effect.unwrap_or(before.effect),
            topic: self.topic.clone().or(before.topic),
        }
    }
}

impl From<AccessRulesError> for BarongError {
    fn from(refusal: AccessRulesError) -> Self {
        match refusal {
            AccessRulesError::Unknown => Self::ADMIN_NO_PERMISSION,
            AccessRulesError::Superadmin => Self::ADMIN_CHANGES_SUPERADMIN,
            AccessRulesError::TooMany => Self::ADMIN_TOO_MANY_PERMISSIONS,
        }
    }
}
