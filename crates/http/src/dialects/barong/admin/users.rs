//! Accounts: looked for, looked at, changed.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    AccountChange, AdministrationError, Dossier, Flows, ManageAccounts, Page, Person, ReadAccounts,
    ReviewPeople, SecondFactorSwitch,
};
use clavis_identity::{AccountState, Accounts, Assurance};
use clavis_kernel::{AccountId, StoreError, Uid};
use clavis_rbac::Permission;
use serde::Serialize;

use super::super::Barong;
use super::super::address::new_address;
use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Params, Presence};
use super::super::sentence::RecordError;
use super::search::{Search, bounds_of, one_of};
use super::wire::{AdminKey, AdminUser, Sight};
use super::{Errand, done, named_user};

/// People of a list; with who is behind them, where that was asked for.
pub(super) enum People {
    Brief(Vec<Person>),
    Extended(Vec<Dossier>, Sight),
}

/// `GET /admin/users`.
pub(super) async fn list(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| Search::read(params, profile));
    let masks = barong.settings.masks(profile);
    let found = errand.run::<ReadAccounts, _, _>(&barong, &request, asked, move |on, permission, search| {
        let page = match &search.filter {
            Some(filter) => on.people_page(
                permission,
                filter,
                search.order,
                search.direction,
                search.paging.into(),
            )?,
            None => Page {
                items: Vec::new(),
                total: 0,
            },
        };
        let people = if search.extended {
            let sight = sight(on, permission, masks)?;
            People::Extended(on.dossiers(page.items)?, sight)
        } else {
            People::Brief(page.items)
        };
        Ok(Ok((people, page.total, search.paging)))
    });
    let (people, total, paging) = found.await?;
    Ok(barong.people(&people, total, paging, &request))
}

/// `GET /admin/users/documents/pending`.
pub(super) async fn applicants(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let extended = check.flag(Presence::Optional, "extended");
        check.finish()?;
        let paging = Paging::of(params, bounds_of(profile, extended))?;
        Ok((extended.unwrap_or_default(), paging))
    });
    let found = errand.run::<ReviewPeople, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (extended, paging) = *asked;
        let page = on.applicants(permission, paging.into())?;
        let people = if extended {
            People::Extended(on.dossiers(page.items)?, Sight::REVIEWERS_LIST)
        } else {
            People::Brief(page.items)
        };
        Ok(Ok((people, page.total, paging)))
    });
    let (people, total, paging) = found.await?;
    Ok(barong.people(&people, total, paging, &request))
}

/// `GET /admin/users/{uid}`.
pub(super) async fn one(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = named_user(request.match_info().query("uid"));
    let masks = barong.settings.masks(profile);
    let found = errand.run::<ReadAccounts, _, _>(&barong, &request, asked, move |on, permission, uid| {
        let reviewer = reviewer(on, permission)?;
        let Some(file) = on.case_file(permission, reviewer.as_ref(), uid)? else {
            return Ok(Err(BarongError::ADMIN_NO_USER));
        };
        let is_own = file.dossier.person.account().id == permission.holder();
        let sight = Sight {
            masks: masks && reviewer.is_none(),
            private_comments: reviewer.is_some() && !is_own,
        };
        Ok(Ok((file, sight, viewer(on, permission.holder())?)))
    });
    let (file, sight, viewer) = found.await?;
    let user = AdminUser::whole(&file, sight, |one| {
        barong.link_for(&request, one, viewer.as_ref())
    });
    Ok(HttpResponse::Ok().json(user))
}

/// `PUT /admin/users`.
pub(super) async fn update(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    change(&barong, &request, payload, change_wanted).await?;
    Ok(done(StatusCode::OK))
}

/// `POST /admin/users/update`: the same.
pub(super) async fn update_by_post(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    change(&barong, &request, payload, change_wanted).await?;
    Ok(done(StatusCode::CREATED))
}

/// `POST /admin/users/role`.
pub(super) async fn set_role(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    change(&barong, &request, payload, role_wanted).await?;
    Ok(done(StatusCode::CREATED))
}

async fn change(
    barong: &Barong,
    request: &HttpRequest,
    payload: Payload,
    parse: impl FnOnce(&Params) -> Result<(Uid, AccountChange), BarongError>,
) -> Result<(), BarongError> {
    let errand = Errand::read(barong, request, payload).await?;
    let asked = errand.asked(parse);
    let done = errand.run::<ManageAccounts, _, _>(barong, request, asked, |on, permission, asked| {
        let (uid, change) = asked;
        let done = on.administer(permission, uid, change)?;
        Ok(done.map_err(|refusal| change_refused(refusal, change)))
    });
    done.await
}

/// `GET /admin/api_keys`: of a person or of a service account.
pub(super) async fn api_keys(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let errand = Errand::read(&barong, &request, payload).await?;
    let asked = errand.asked(|params| {
        let mut check = Check::of(params, Thing::AdminUser);
        let uid = check.required_nb("uid");
        check.finish()?;
        Ok((named_user(&uid)?, Paging::of(params, profile)?))
    });
    let found = errand.run::<ReadAccounts, _, _>(&barong, &request, asked, |on, permission, asked| {
        let (uid, paging) = asked;
        let slice = (*paging).into();
        let keys = match on.read_api_keys(permission, uid, slice)? {
            Some(keys) => Some(keys),
            None => on.read_service_keys(permission, uid, slice)?,
        };
        Ok(keys.map(|keys| (keys, *paging)).ok_or(BarongError::ADMIN_NO_USER))
    });
    let (keys, paging) = found.await?;
    let shown = keys.items.iter().map(AdminKey::of);
    Ok(barong.paged(shown, keys.total, paging, &request))
}

fn change_wanted(params: &Params) -> Result<(Uid, AccountChange), BarongError> {
    let mut check = Check::of(params, Thing::AdminUser);
    let uid = check.required_nb("uid");
    let state = one_of(&mut check, "state", "admin.user.invalid_state", |name| {
        name.parse::<AccountState>()
            .ok()
            .filter(|state| *state != AccountState::Withdrawn)
    });
    let otp = check.flag(Presence::Optional, "otp");
    let email = check.optional("email");
    check.finish()?;
    let change = match (state, otp, email) {
        (Some(state), None, None) => AccountChange::State(state),
        (None, Some(true), None) => AccountChange::SecondFactor(SecondFactorSwitch::On),
        (None, Some(false), None) => AccountChange::SecondFactor(SecondFactorSwitch::Off),
        (None, None, Some(email)) => {
            let address = new_address(&email);
            AccountChange::Address(address.ok_or_else(|| BarongError::account([RecordError::EMAIL_INVALID]))?)
        }
        _ => return Err(BarongError::ADMIN_NOT_ONE_CHANGE),
    };
    Ok((named_user(&uid)?, change))
}

fn role_wanted(params: &Params) -> Result<(Uid, AccountChange), BarongError> {
    let mut check = Check::of(params, Thing::AdminUser);
    let uid = check.required_nb("uid");
    let role = check.required_nb("role");
    check.finish()?;
    Ok((named_user(&uid)?, AccountChange::Role(role)))
}

fn change_refused(refusal: AdministrationError, change: &AccountChange) -> BarongError {
    match (refusal, change) {
        (AdministrationError::Unchanged, AccountChange::State(_)) => BarongError::ADMIN_STATE_UNCHANGED,
        (AdministrationError::Unchanged, AccountChange::SecondFactor(_)) => {
            BarongError::ADMIN_FACTOR_UNCHANGED
        }
        (AdministrationError::Unchanged, AccountChange::Address(_)) => BarongError::ADMIN_EMAIL_UNCHANGED,
        (AdministrationError::Unchanged, AccountChange::Role(_)) => BarongError::ADMIN_ROLE_UNCHANGED,
        (other, _) => other.into(),
    }
}

impl From<AdministrationError> for BarongError {
    fn from(refusal: AdministrationError) -> Self {
        match refusal {
            AdministrationError::UnknownAccount => Self::ADMIN_NO_USER,
            AdministrationError::Oneself => Self::ADMIN_UPDATES_HIMSELF,
            AdministrationError::Superadmin => Self::ADMIN_CHANGES_SUPERADMIN,
            AdministrationError::Unchanged => Self::ADMIN_STATE_UNCHANGED,
            AdministrationError::EnablesFactor => Self::ADMIN_ENABLES_FACTOR,
            AdministrationError::Gone => Self::ADMIN_USER_GONE,
            AdministrationError::UnknownRole => Self::ADMIN_NO_ROLE,
            AdministrationError::MoreThanOneself => Self::ADMIN_BEYOND_OWN,
            AdministrationError::AddressTaken => Self::record([RecordError::EMAIL_TAKEN]),
        }
    }
}

/// How much of people somebody sees in a list.
fn sight(on: &Flows<'_>, permission: &Permission<ReadAccounts>, masks: bool) -> Result<Sight, StoreError> {
    Ok(match reviewer(on, permission)? {
        Some(_) => Sight::REVIEWERS_LIST,
        None => Sight {
            masks,
            private_comments: false,
        },
    })
}

/// The other authority of who reads accounts: in the session that this one was given in everything is proven.
fn reviewer(
    on: &Flows<'_>,
    permission: &Permission<ReadAccounts>,
) -> Result<Option<Permission<ReviewPeople>>, StoreError> {
    Ok(on
        .authorize::<ReviewPeople>(permission.holder(), Assurance::Full)?
        .ok())
}

/// By which name somebody is let in where a link leads.
pub(super) fn viewer(on: &Flows<'_>, account: AccountId) -> Result<Option<Uid>, StoreError> {
    Ok(Accounts::find(on.ports, account)?.map(|account| account.uid))
}

impl Barong {
    /// A page of people.
    pub(super) fn people(
        &self,
        people: &People,
        total: u64,
        paging: Paging,
        request: &HttpRequest,
    ) -> HttpResponse {
        match people {
            People::Brief(people) => self.paged(people.iter().map(AdminUser::brief), total, paging, request),
            People::Extended(dossiers, sight) => {
                let accounts = dossiers.iter().map(|dossier| dossier.person.account());
                let uids: HashMap<_, _> = accounts
                    .map(|account| (account.id, account.uid.clone()))
                    .collect();
                let shown = dossiers
                    .iter()
                    .map(|dossier| AdminUser::extended(dossier, &uids, *sight));
                self.paged(shown, total, paging, request)
            }
        }
    }

    /// A page of anything.
    pub(super) fn paged<T: Serialize>(
        &self,
        shown: impl Iterator<Item = T>,
        total: u64,
        paging: Paging,
        request: &HttpRequest,
    ) -> HttpResponse {
        let mut response = HttpResponse::Ok().json(shown.collect::<Vec<_>>());
        paging.tell(&mut response, total, request, &self.app.public_url);
        response
    }

    /// A page of what is all in memory.
    pub(super) fn page_of<'a, T, S: Serialize>(
        &self,
        all: &'a [T],
        shown: impl FnMut(&'a T) -> S,
        paging: Paging,
        request: &HttpRequest,
    ) -> HttpResponse {
        let offset = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
        let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        self.paged(
            all.iter().skip(offset).take(limit).map(shown),
            total,
            paging,
            request,
        )
    }
}
