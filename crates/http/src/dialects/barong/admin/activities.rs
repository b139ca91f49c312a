//! The trail: what people did themselves, and what was done by who has authority.

use std::collections::HashMap;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    Activities, AuditAction, AuditFilter, AuditResult, Person, ReadActivities, RecordedEntry,
};
use clavis_identity::{Identities, IdentityKey};
use clavis_kernel::{AccountId, Answer, Email, StoreError, Uid};
use serde::Serialize;

use super::super::Barong;
use super::super::activity::{data, words_of};
use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Params};
use super::super::users::milliseconds;
use super::Errand;
use super::search::{moment, one_of};

const SUCCEED: &str = "succeed";
const FAILED: &str = "failed";
const DENIED: &str = "denied";

/// Whose doing is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    User,
    Admin,
}

/// Somebody who is looked for.
#[derive(Debug, Clone)]
enum Named {
    Uid(Uid),
    Email(Email),
}

/// Which entries are looked for.
struct Search {
    filter: AuditFilter,
    /// Who did it.
    by: Option<Named>,
    /// To whom it was done.
    to: Option<Named>,
    /// Whether nothing can fit.
    is_empty: bool,
    paging: Paging,
}

/// Something that was done or tried.
#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    category: &'static str,
    user_ip: Option<String>,
    user_agent: Option<&'a str>,
    topic: &'static str,
    action: &'static str,
    result: &'static str,
    data: Option<String>,
    detail: Option<&'a str>,
    created_at: String,
    user: Option<Somebody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "it is left out of some lists, and null in others"
    )]
    target: Option<Option<Somebody<'a>>>,
}

#[derive(Serialize)]
struct Somebody<'a> {
    uid: &'a str,
    email: String,
    role: &'a str,
}

/// `GET /admin/activities`.
pub(super) async fn by_users(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    list(&barong, profile, &request, payload, Category::User).await
}

/// `GET /admin/activities/admin`.
pub(super) async fn by_admins(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    list(&barong, profile, &request, payload, Category::Admin).await
}

async fn list(
    barong: &Barong,
    profile: Profile,
    request: &HttpRequest,
    payload: Payload,
    category: Category,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(barong, request, payload).await?;
    let asked = errand.asked(|params| Search::read(params, profile, category));
    let found = errand.run::<ReadActivities, _, _>(barong, request, asked, |on, permission, search| {
        let Ok(filter) = search.resolved(on)? else {
            return Ok(Ok((None, search.paging)));
        };
        let found = on.activities(permission, &filter, search.paging.into())?;
        Ok(Ok((Some(found), search.paging)))
    });
    let (found, paging) = found.await?;
    let Some(Activities { page, people }) = found else {
        return Ok(barong.paged(std::iter::empty::<Shown<'_>>(), 0, paging, request));
    };
    let shown = page
        .items
        .iter()
        .map(|recorded| Shown::of(recorded, &people, category));
    Ok(barong.paged(shown, page.total, paging, request))
}

impl Search {
    fn read(params: &Params, profile: Profile, category: Category) -> Result<Self, BarongError> {
        let mut check = Check::of(params, Thing::AdminUser);
        let topic = check.optional("topic");
        let action = check.optional("action");
        let uid = check.optional("uid");
        let email = check.optional("email");
        let target = check.optional("target_uid");
        let (from, to) = (moment(&mut check, "from"), moment(&mut check, "to"));
        let outcome = one_of(&mut check, "result", "admin.activity.invalid_result", |name| {
            [SUCCEED, FAILED, DENIED].into_iter().find(|known| *known == name)
        });
        check.finish()?;
        let actions: Vec<_> = AuditAction::ALL
            .iter()
            .copied()
            .filter(|one| topic.as_ref().is_none_or(|topic| topic_of(*one).0 == *topic))
            .filter(|one| action.as_ref().is_none_or(|action| topic_of(*one).1 == *action))
            .filter(|one| match outcome {
                Some(DENIED) => *one == AuditAction::Denied,
                Some(FAILED) => *one != AuditAction::Denied,
                _ => true,
            })
            .collect();
        let is_narrowed = actions.len() < AuditAction::ALL.len();
        let mut is_empty = actions.is_empty();
        let mut parsed = |text: Option<String>| {
            let uid = text.map(|text| text.parse().map(Named::Uid)).transpose();
            is_empty |= uid.is_err();
            uid.unwrap_or_default()
        };
        let (uid, target) = (parsed(uid), parsed(target));
        let email = email.map(|text| text.parse().map(Named::Email)).transpose();
        is_empty |= email.is_err();
        Ok(Self {
            filter: AuditFilter {
                by_authority: Some(category == Category::Admin),
                actions: if is_narrowed { actions } else { Vec::new() },
                refused: match outcome {
                    Some(SUCCEED) => Some(false),
                    Some(_) => Some(true),
                    None => None,
                },
                from,
                to,
                ..AuditFilter::default()
            },
            by: uid.or(email.unwrap_or_default()),
            to: target,
            is_empty,
            paging: Paging::of(params, profile)?,
        })
    }

    /// With the accounts in place of their names; a refusal where nothing can fit.
    fn resolved(&self, on: &clavis_flows::Flows<'_>) -> Answer<AuditFilter, ()> {
        let mut filter = self.filter.clone();
        for (named, place) in [(&self.by, &mut filter.actor), (&self.to, &mut filter.account)] {
            if let Some(named) = named {
                let Some(account) = named.account(on)? else {
                    return Ok(Err(()));
                };
                *place = Some(account);
            }
        }
        Ok(if self.is_empty { Err(()) } else { Ok(filter) })
    }
}

impl Named {
    fn account(&self, on: &clavis_flows::Flows<'_>) -> Result<Option<AccountId>, StoreError> {
        Ok(match self {
            Self::Uid(uid) => on.ports.find_by_uid(uid)?.map(|account| account.id),
            Self::Email(email) => {
                let holder = Identities::find(on.ports, &IdentityKey::address(email))?;
                holder.map(|identity| identity.account)
            }
        })
    }
}

impl<'a> Shown<'a> {
    fn of(recorded: &'a RecordedEntry, people: &'a HashMap<AccountId, Person>, category: Category) -> Self {
        let entry = &recorded.entry;
        let (topic, action) = topic_of(entry.action);
        let somebody = |account: Option<AccountId>| {
            let person = people.get(&account?)?;
            Some(Somebody {
                uid: person.account().uid.as_str(),
                email: person.address(),
                role: &person.role,
            })
        };
        let user_agent = entry.caller.user_agent.as_deref();
        Self {
            id: recorded.id.0,
            category: match category {
                Category::User => "user",
                Category::Admin => "admin",
            },
            user_ip: entry.caller.ip.map(|ip| ip.to_string()),
            user_agent,
            topic,
            action,
            result: match entry.result {
                AuditResult::Succeeded => SUCCEED,
                AuditResult::Refused(_) if entry.action == AuditAction::Denied => DENIED,
                AuditResult::Refused(_) => FAILED,
            },
            data: data(entry, user_agent.unwrap_or_default()),
            detail: entry.detail.as_deref(),
            created_at: milliseconds(entry.at),
            user: somebody(entry.actor.or(entry.account)),
            target: (category == Category::Admin).then(|| somebody(entry.account)),
        }
    }
}

/// Under which topic an action stands, and what it is called there. What owners are not told of has its own name in two
/// parts.
fn topic_of(action: AuditAction) -> (&'static str, &'static str) {
    words_of(action).unwrap_or_else(|| {
        action
            .name()
            .split_once('.')
            .unwrap_or(("general", action.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_topic() {
        for action in AuditAction::ALL {
            let (topic, name) = topic_of(*action);
            assert!(
                !topic.is_empty() && !name.is_empty() && topic != "general",
                "{action}"
            );
        }
        assert_eq!(topic_of(AuditAction::LogIn), ("session", "login"));
        assert_eq!(topic_of(AuditAction::SetRole), ("role", "set"));
    }
}
