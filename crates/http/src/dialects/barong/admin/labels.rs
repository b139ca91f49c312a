//! Labels, also those that prove something.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{AdminLabelError, Existing, ManageAccounts, Page, Person, ReadAccounts, WantedLabel};
use clavis_kernel::Uid;
use clavis_kyc::{Label, LabelKey, LabelProblem, LabelScope, LabelValue};
use serde::Serialize;

use super::super::Barong;
use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Params, Presence};
use super::super::sentence::{Problem, RecordError};
use super::search::one_of;
use super::users::People;
use super::wire::AdminLabel;
use super::{Errand, done, named_user};

/// Most characters of a remark.
const MAX_DESCRIPTION_CHARS: usize = 255;

/// Whose labels are looked at, or by which label people are looked for.
enum Listing {
    Of(Uid),
    By {
        key: LabelKey,
        value: Option<LabelValue>,
        scope: Option<LabelScope>,
        paging: Paging,
    },
    /// No label can be so.
    Nobody(Paging),
}

enum Found {
    Labels(Vec<Label>),
    People(Page<Person>, Paging),
}

#[derive(Serialize)]
struct Frequency<'a> {
    key: &'a str,
    value: &'a str,
    count: u64,
}

/// `GET /admin/users/labels`: of one account, or the accounts with a label.
pub(super) async fn list(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| listing(params, profile));
    let found = errand.run::<ReadAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        Ok(match asked {
            Listing::Of(uid) => {
                let labels = on.read_labels(permission, uid)?;
                labels.map(Found::Labels).ok_or(BarongError::ADMIN_NO_USER)
            }
            Listing::By {
                key,
                value,
                scope,
                paging,
            } => {
                let people = on.labelled_people(permission, key, value.as_ref(), *scope, (*paging).into())?;
                Ok(Found::People(people, *paging))
            }
            Listing::Nobody(paging) => {
                let nobody = Page {
                    items: Vec::new(),
                    total: 0,
                };
                Ok(Found::People(nobody, *paging))
            }
        })
    });
    Ok(match found.await? {
        Found::Labels(labels) => {
            let shown: Vec<_> = labels.iter().map(AdminLabel::of).collect();
            HttpResponse::Ok().json(shown)
        }
        Found::People(page, paging) => {
            let total = page.total;
            barong.people(&People::Brief(page.items), total, paging, &request)
        }
    })
}

/// `GET /admin/users/labels/list`.
pub(super) async fn counts(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let counted = errand.run::<ReadAccounts, _, _>(&barong, &request, Ok(()), |on, permission, ()| {
        on.label_counts(permission).map(Ok)
    });
    let counted = counted.await?;
    let shown = counted.iter().map(|(key, value, count)| Frequency {
        key: key.as_str(),
        value: value.as_str(),
        count: *count,
    });
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// `POST /admin/users/labels`.
pub(super) async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let (wanted, replaces) = wanted(params, ScopeIs::PublicUnlessSaid)?;
        let existing = if replaces {
            Existing::Replaced
        } else {
            Existing::Kept
        };
        Ok((wanted, existing))
    });
    let made = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let ((uid, wanted), existing) = asked;
        let made = on.administer_label(permission, uid, wanted, *existing)?;
        Ok(made.map_err(BarongError::from))
    });
    Ok(HttpResponse::Created().json(AdminLabel::of(&made.await?)))
}

/// `PUT /admin/users/labels`.
pub(super) async fn change(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let label = changed(&barong, &request, payload).await?;
    Ok(HttpResponse::Ok().json(AdminLabel::of(&label)))
}

/// `POST /admin/users/labels/update`: the same.
pub(super) async fn change_by_post(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let label = changed(&barong, &request, payload).await?;
    Ok(HttpResponse::Created().json(AdminLabel::of(&label)))
}

/// A label that is not there is made, if it is to be replaced.
async fn changed(barong: &Barong, request: &HttpRequest, payload: Payload) -> Result<Label, BarongError> {
    let errand = Errand::read(barong, request, payload).await?;
    let asked = errand.asked(|params| wanted(params, ScopeIs::Said));
    let changed = errand.run::<ManageAccounts, _, _>(barong, request, asked, |on, permission, asked| {
        let ((uid, wanted), makes) = asked;
        let changed = if *makes {
            on.administer_label(permission, uid, wanted, Existing::Replaced)?
        } else {
            on.change_label(permission, uid, wanted)?
        };
        Ok(changed.map_err(BarongError::from))
    });
    changed.await
}

/// `DELETE /admin/users/labels`.
pub(super) async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminLabel);
        let uid = check.required_nb("uid");
        let key = check.required_nb("key");
        let scope = scope(&mut check, ScopeIs::Said);
        let scope = check.finish_with(scope)?;
        let key: LabelKey = key.parse().map_err(|_| BarongError::ADMIN_NO_LABEL)?;
        Ok((named_user(&uid)?, key, scope))
    });
    let removed = errand.run::<ManageAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (uid, key, scope) = asked;
        let removed = on.remove_label(permission, uid, key, *scope)?;
        Ok(removed.map_err(BarongError::from))
    });
    removed.await?;
    Ok(done(StatusCode::OK))
}

/// Whether a scope must be said.
#[derive(Clone, Copy)]
enum ScopeIs {
    Said,
    PublicUnlessSaid,
}

fn scope(check: &mut Check<'_>, is: ScopeIs) -> Option<LabelScope> {
    const NAME: &str = "scope";
    let asked = match is {
        ScopeIs::Said => check.text(Presence::RequiredNonBlank, NAME)?,
        ScopeIs::PublicUnlessSaid => match check.optional(NAME) {
            Some(asked) => asked,
            None => return Some(LabelScope::default()),
        },
    };
    let scope = asked.parse().ok();
    if scope.is_none() {
        check.refuse(NAME, "admin.label.invalid_scope");
    }
    scope
}

/// Whose label is to be how, and whether it is to be so whatever is there.
fn wanted(params: &Params, is: ScopeIs) -> Result<((Uid, WantedLabel), bool), BarongError> {
    let mut check = Check::of(params, Thing::AdminLabel);
    let uid = check.required_nb("uid");
    let key = check.required_nb("key");
    let value = check.required_nb("value");
    let scope = scope(&mut check, is);
    let description = one_of(
        &mut check,
        "description",
        "admin.label.invalid_description",
        |text| {
            let fits = text.chars().count() <= MAX_DESCRIPTION_CHARS && !text.chars().any(char::is_control);
            fits.then(|| text.trim().to_owned())
        },
    );
    let replaces = check.flag(Presence::Optional, "replace").unwrap_or_default();
    let scope = check.finish_with(scope)?;
    let (key, value) = match (LabelKey::check(&key), LabelValue::check(&value)) {
        (Ok(key), Ok(value)) => (key, value),
        (key, value) => return Err(unfit(key.err(), value.err())),
    };
    let wanted = WantedLabel {
        key,
        value,
        scope,
        description,
    };
    Ok(((named_user(&uid)?, wanted), replaces))
}

fn listing(params: &Params, profile: Profile) -> Result<Listing, BarongError> {
    let mut check = Check::of(params, Thing::AdminLabel);
    if let Some(uid) = check.optional("uid") {
        check.finish()?;
        return named_user(&uid).map(Listing::Of);
    }
    let key = check.required_nb("key");
    let value = check.optional("value");
    let scope = one_of(&mut check, "scope", "admin.label.invalid_scope", |name| {
        name.parse().ok()
    });
    check.finish()?;
    let paging = Paging::of(params, profile)?;
    let value = value.map(|value| value.parse::<LabelValue>()).transpose();
    Ok(match (key.parse::<LabelKey>(), value) {
        (Ok(key), Ok(value)) => Listing::By {
            key,
            value,
            scope,
            paging,
        },
        _ => Listing::Nobody(paging),
    })
}

fn unfit(key: Option<Vec<LabelProblem>>, value: Option<Vec<LabelProblem>>) -> BarongError {
    let key = RecordError::of_label("key", key.unwrap_or_default());
    let value = RecordError::of_label("value", value.unwrap_or_default());
    BarongError::record(key.chain(value))
}

impl From<AdminLabelError> for BarongError {
    fn from(refusal: AdminLabelError) -> Self {
        match refusal {
            AdminLabelError::Account(refusal) => refusal.into(),
            AdminLabelError::UnknownLabel => Self::ADMIN_NO_LABEL,
            AdminLabelError::Exists => Self::record([RecordError::new("key", Problem::Taken)]),
            AdminLabelError::TooMany => Self::ADMIN_TOO_MANY_LABELS,
        }
    }
}
