//! `/api/users`: back ends administer users.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{ChangeObstacle, NewManagedUser, UserChange, UserFilter};
use clavis_kernel::{AccountId, Caller, Email, Secret};
use serde::Serialize;

use super::Sso;
use super::error::{ADDRESS_TAKEN, SsoError};
use super::fields::{Body, Fields};
use super::paging::{PageLinks, Predicates, Query};
use super::wire::{self, AccountIdText, Link, User, UserLinks};

/// Where users are.
pub(super) const USERS: &str = "/api/users";

#[derive(Serialize)]
struct ListLinks {
    #[serde(rename = "self")]
    this: Link,
    detail: Link,
    #[serde(flatten)]
    pages: PageLinks,
}

#[derive(Serialize)]
struct Meta {
    page: u64,
    #[serde(rename = "perPage")]
    per_page: u32,
    total: u64,
    sort: String,
    predicate: Predicates,
}

#[derive(Serialize)]
struct Created {
    id: AccountIdText,
}

#[derive(Serialize)]
struct CreatedLinks {
    detail: Link,
}

/// `GET /api/users`.
pub(super) async fn list(sso: web::Data<Sso>, request: HttpRequest) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let mut query = Query::of(&request);
    let (wanted, sort, predicates) = (query.wanted(), query.sort(), query.predicates());
    query.finish()?;
    let client = back_end.client;
    let (users, total) = match predicates.filter() {
        None => (Vec::new(), 0),
        Some(filter) => {
            let look = move |on: &clavis_flows::Flows<'_>| {
                let filter: &UserFilter = &filter;
                on.users_for_client(&client, filter, sort.order, sort.direction, wanted.slice())
            };
            let page = sso.app.look_up(&sso.door, back_end.caller, look).await?;
            (page.items, page.total)
        }
    };
    let users: Vec<User> = users
        .iter()
        .map(|view| User::listed(view, sso.user_url(view.account.id)))
        .collect();
    let base = sso.url(USERS);
    let links = ListLinks {
        pages: wanted.links(
            &base,
            &format!("&sort={}{}", sort.name(), predicates.query()),
            total,
        ),
        detail: Link::get(format!("{base}/{{user.id}}")),
        this: Link::get(base),
    };
    let meta = Meta {
        page: wanted.page,
        per_page: wanted.per_page,
        total,
        sort: sort.name(),
        predicate: predicates,
    };
    Ok(wire::listed(users, links, meta))
}

/// `POST /api/users`.
pub(super) async fn create(
    sso: web::Data<Sso>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let mut fields = Body::read(payload).await?.fields()?;
    let active = fields.flag("active").unwrap_or(false);
    let user = sso.new_user(&back_end.caller, fields, active).await?;
    let client = back_end.client;
    let id = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.create_user_for_client(&client, &user)
        })
        .await??;
    let url = sso.user_url(id);
    let mut response = wire::answer(StatusCode::CREATED);
    response.insert_header((header::LOCATION, url.clone()));
    let id = AccountIdText(id);
    let detail = Link::get(url);
    Ok(wire::linked(response, Created { id }, CreatedLinks { detail }))
}

/// `GET /api/users/{id}`.
pub(super) async fn show(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path).ok_or_else(SsoError::not_found)?;
    let client = back_end.client;
    let look = move |on: &clavis_flows::Flows<'_>| on.user_for_client(&client, id);
    let view = sso.app.look_up(&sso.door, back_end.caller, look).await?;
    let view = view.ok_or_else(SsoError::not_found)?;
    let response = wire::answer(StatusCode::OK);
    Ok(wire::linked(
        response,
        User::of(&view),
        UserLinks::of(sso.user_url(id)),
    ))
}

/// `PATCH /api/users/{id}`: all of it, or nothing.
pub(super) async fn update(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path).ok_or_else(SsoError::not_found)?;
    let body = Body::read(payload).await?;
    let mut change = Change::read(&body);
    if let Ok(change) = &mut change {
        change.active = change.fields.flag("active");
    }
    let obstacles = sso.obstacles(&back_end.caller, id, change.as_ref().ok()).await?;
    let obstacles = obstacles.ok_or_else(SsoError::not_found)?;
    let change = sso.wanted_change(change?, obstacles).await?;
    let client = back_end.client;
    sso.app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.change_user_for_client(&client, id, &change)
        })
        .await??;
    Ok(wire::done(StatusCode::OK))
}

/// `DELETE /api/users/{id}`.
pub(super) async fn remove(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path).ok_or_else(SsoError::not_found)?;
    let client = back_end.client;
    let removed = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.delete_user_for_client(&client, id)
        })
        .await?;
    if removed {
        Ok(wire::done(StatusCode::OK))
    } else {
        Err(SsoError::not_found())
    }
}

/// What a body wants changed, as far as it could be read.
pub(super) struct Change {
    pub(super) fields: Fields,
    pub(super) address: Option<Email>,
    pub(super) password: Option<Secret>,
    pub(super) active: Option<bool>,
    names: UserChange,
}

impl Change {
    /// Everything but whether the user is active.
    pub(super) fn read(body: &Body) -> Result<Self, SsoError> {
        let mut fields = body.fields()?;
        Ok(Self {
            address: fields.changed_address(),
            password: fields.changed_password(),
            active: None,
            names: UserChange {
                first_name: fields.name("first_name"),
                last_name: fields.name("last_name"),
                ..UserChange::default()
            },
            fields,
        })
    }
}

impl Sso {
    pub(super) fn user_url(&self, id: AccountId) -> String {
        self.url(&format!("{USERS}/{id}"))
    }

    /// The user that the fields describe, the password hashed; all that is wrong with them is told together.
    pub(super) async fn new_user(
        &self,
        caller: &Caller,
        mut fields: Fields,
        active: bool,
    ) -> Result<NewManagedUser, SsoError> {
        let (address, password) = (fields.address(), fields.password());
        let (first_name, last_name) = (fields.new_name("first_name"), fields.new_name("last_name"));
        if let Some(address) = address.clone() {
            let look = move |on: &clavis_flows::Flows<'_>| on.may_sign_up(&address, None);
            let free = self.app.look_up(&self.door, caller.clone(), look).await?;
            if free.is_err() {
                fields.problems.add("email", ADDRESS_TAKEN);
            }
        }
        fields.problems.finish()?;
        // Had one been missing it would have been a problem.
        let (Some(address), Some(password)) = (address, password) else {
            return Err(SsoError::bad_body());
        };
        Ok(NewManagedUser {
            address,
            password: self.app.hash(password).await?,
            first_name,
            last_name,
            active,
        })
    }

    /// What stands in the way of a change just now; `None` when there is no such user.
    pub(super) async fn obstacles(
        &self,
        caller: &Caller,
        id: AccountId,
        change: Option<&Change>,
    ) -> Result<Option<ChangeObstacle>, SsoError> {
        let address = change.and_then(|change| change.address.clone());
        let active = change.and_then(|change| change.active);
        let look = move |on: &clavis_flows::Flows<'_>| on.obstacles_to_change(id, address.as_ref(), active);
        Ok(self.app.look_up(&self.door, caller.clone(), look).await?)
    }

    /// The change, with the password hashed; all that is wrong with it is told together.
    pub(super) async fn wanted_change(
        &self,
        change: Change,
        obstacles: ChangeObstacle,
    ) -> Result<UserChange, SsoError> {
        let mut problems = change.fields.problems;
        problems.add_obstacles(obstacles);
        problems.finish()?;
        let password = match change.password {
            Some(password) => Some(self.app.hash(password).await?),
            None => None,
        };
        Ok(UserChange {
            address: change.address,
            password,
            active: change.active,
            ..change.names
        })
    }
}
