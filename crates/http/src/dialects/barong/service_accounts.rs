//! Service accounts, and the keys with which programs sign requests in their place. Their owners are asked for a code of
//! their own second factor, as where they come about their own keys.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{ApiKeyErrand, Flows, OwnedService, Person, UnknownService};
use clavis_kernel::Answer;
use serde::Serialize;

use super::Barong;
use super::api_keys::{Asked, KeysPage, Shown, Visitor, declared_change, declared_key, kid};
use super::error::{BarongError, Profile, Thing};
use super::paging::Paging;
use super::params::{Bounds, Check, Params};
use super::routes::at;
use super::user_wire::data_of;
use super::users::seconds;
use crate::get_or_head;

/// Below `/service_accounts`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("").route(|| get_or_head().to(own)))
        .service(
            at("/api_keys")
                .route(|| get_or_head().to(keys))
                .route(|| web::post().to(create)),
        )
        .service(
            at("/api_keys/{kid}")
                .route(|| web::put().to(update))
                .route(|| web::delete().to(remove)),
        );
}

/// A service account and whose it is. How far it has come is how far its owner has.
#[derive(Serialize)]
pub(super) struct ShownService<'a> {
    email: &'a str,
    uid: &'a str,
    role: &'a str,
    level: u8,
    state: &'static str,
    user: ServiceOwner<'a>,
    created_at: String,
    updated_at: String,
}

/// Whose a service account is.
#[derive(Serialize)]
struct ServiceOwner<'a> {
    email: String,
    uid: &'a str,
    role: &'a str,
    level: u8,
    otp: bool,
    state: &'static str,
    /// Nobody is referred to here, and nobody has a name here; clients read the fields all the same.
    referral_uid: Option<&'a str>,
    data: Option<&'a str>,
    username: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

impl<'a> ShownService<'a> {
    /// The service account.
    pub(super) fn of(owned: &'a OwnedService) -> Self {
        let service = &owned.service;
        Self {
            email: service.address.as_str(),
            uid: service.uid.as_str(),
            role: service.role.as_str(),
            level: owned.owner.level,
            state: owned.state_name(),
            user: ServiceOwner::of(&owned.owner),
            created_at: seconds(service.created_at),
            updated_at: seconds(service.updated_at),
        }
    }
}

impl<'a> ServiceOwner<'a> {
    fn of(person: &'a Person) -> Self {
        let account = person.account();
        Self {
            email: person.address(),
            uid: account.uid.as_str(),
            role: &person.role,
            level: person.level,
            otp: person.has_second_factor,
            state: account.state.name(),
            referral_uid: None,
            data: data_of(person),
            username: None,
            created_at: seconds(account.created_at),
            updated_at: seconds(account.updated_at),
        }
    }
}

/// `GET /service_accounts`: the caller's own.
async fn own(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let paging = Paging::of(&params, profile)?;
    let found = barong.look_up(&request, move |on| match bearer.person(on)? {
        Some(person) => on.own_services(person, paging.into()).map(Some),
        None => Ok(None),
    });
    let page = found.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown: Vec<_> = page.items.iter().map(ShownService::of).collect();
    let mut response = HttpResponse::Ok().json(shown);
    paging.tell(&mut response, page.total, &request, &barong.app.public_url);
    Ok(response)
}

/// `GET /service_accounts/api_keys`.
async fn keys(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(service_named(&params).and_then(|service| {
        let paging = Paging::of(&params, profile)?;
        Ok((service, paging))
    }))?;
    let (paging, keys) = match profile {
        Profile::Classic => {
            let read = move |on: &Flows<'_>| visitor.read_with_code(on, &asked, service_keys);
            barong.transaction(&request, read).await??
        }
        Profile::Coded => {
            let read = move |on: &Flows<'_>| visitor.read_without_code(on, &asked, service_keys);
            barong.look_up(&request, read).await??
        }
    };
    let shown: Vec<_> = keys.items.iter().map(|key| Shown::of(key, None)).collect();
    let mut response = HttpResponse::Ok().json(shown);
    paging.tell(&mut response, keys.total, &request, &barong.app.public_url);
    Ok(response)
}

/// `POST /service_accounts/api_keys`: the one answer that tells the secret.
async fn create(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(of_service(&params, |check| declared_key(check, profile)))?;
    let made = barong
        .transaction(&request, move |on| {
            visitor.change(
                on,
                ApiKeyErrand::Create,
                &asked,
                |pass, (service, wanted)| match on.pass_for_service(&pass, service)? {
                    Ok(pass) => Ok(on.create_api_key(pass, wanted)?.map_err(BarongError::from)),
                    Err(refusal) => Ok(Err(refusal.into())),
                },
            )
        })
        .await??;
    Ok(HttpResponse::Created().json(Shown::of(&made.key, Some(&made.secret))))
}

/// `PUT /service_accounts/api_keys/{kid}`. A scope that is left out is emptied, as it is for people's own keys.
async fn update(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(of_service(&params, declared_change))?;
    let kid = kid(&request);
    let key = barong
        .transaction(&request, move |on| {
            visitor.change(
                on,
                ApiKeyErrand::Update,
                &asked,
                |pass, (service, change)| match on.pass_for_service(&pass, service)? {
                    Ok(pass) => Ok(on.update_api_key(pass, &kid, change)?.map_err(BarongError::from)),
                    Err(refusal) => Ok(Err(refusal.into())),
                },
            )
        })
        .await??;
    Ok(HttpResponse::Ok().json(Shown::of(&key, None)))
}

/// `DELETE /service_accounts/api_keys/{kid}`.
async fn remove(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(service_named(&params))?;
    let kid = kid(&request);
    barong
        .transaction(&request, move |on| {
            visitor.change(on, ApiKeyErrand::Remove, &asked, |pass, service| {
                match on.pass_for_service(&pass, service)? {
                    Ok(pass) => Ok(on.remove_api_key(pass, &kid)?.map_err(BarongError::from)),
                    Err(refusal) => Ok(Err(refusal.into())),
                }
            })
        })
        .await??;
    Ok(HttpResponse::NoContent().finish())
}

impl From<UnknownService> for BarongError {
    fn from(UnknownService: UnknownService) -> Self {
        Self::NOT_FOUND
    }
}

/// What is asked for, and of which service account.
fn of_service<T>(params: &Params, declare: impl FnOnce(&mut Check<'_>) -> T) -> Asked<(String, T)> {
    let mut check = Check::of(params, Thing::ApiKey);
    let service = check.required_nb("service_account_uid");
    let declared = declare(&mut check);
    check.finish()?;
    Ok((service, declared))
}

fn service_named(params: &Params) -> Asked<String> {
    let (service, ()) = of_service(params, |_| ())?;
    Ok(service)
}

fn service_keys(
    on: &Flows<'_>,
    owner: clavis_kernel::AccountId,
    (service, paging): &(String, Paging),
) -> Answer<KeysPage, BarongError> {
    let keys = on.service_keys(owner, service, (*paging).into())?;
    Ok(keys.map(|keys| (*paging, keys)).map_err(BarongError::from))
}
