//! What administrators do. Who asks is looked at first, then whether the store lets them, in the transaction that does
//! what they ask for; what is wrong with a request is told only to who may send it.

mod activities;
mod comments;
mod data_storage;
mod documents;
mod figures;
mod labels;
mod permissions;
mod profiles;
mod queue;
mod restrictions;
mod search;
mod users;
mod wire;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::Flows;
use clavis_kernel::{Answer, Uid};
use clavis_rbac::{Authority, Denied, Permission};

use super::Barong;
use super::bearer::Bearer;
use super::error::BarongError;
use super::params::{Bounds, Params};
use super::routes::at;
use crate::get_or_head;

/// Entries of a list that may come before a page: what is further on is found by a narrower search, and the page is
/// empty.
const MAX_OFFSET: u64 = 1_000_000;

/// Below `/admin`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/users")
                .route(|| get_or_head().to(users::list))
                .route(|| web::put().to(users::update)),
        )
        .service(at("/users/update").route(|| web::post().to(users::update_by_post)))
        .service(at("/users/role").route(|| web::post().to(users::set_role)))
        .service(at("/users/documents/pending").route(|| get_or_head().to(users::applicants)))
        .service(
            at("/users/labels")
                .route(|| get_or_head().to(labels::list))
                .route(|| web::post().to(labels::add))
                .route(|| web::put().to(labels::change))
                .route(|| web::delete().to(labels::remove)),
        )
        .service(at("/users/labels/update").route(|| web::post().to(labels::change_by_post)))
        .service(at("/users/labels/list").route(|| get_or_head().to(labels::counts)))
        .service(
            at("/users/comments")
                .route(|| web::post().to(comments::add))
                .route(|| web::put().to(comments::change))
                .route(|| web::delete().to(comments::remove)),
        )
        .service(at("/users/data_storage").route(|| web::delete().to(data_storage::remove)))
        .service(at("/users/{uid}").route(|| get_or_head().to(users::one)))
        .service(at("/api_keys").route(|| get_or_head().to(users::api_keys)))
        .service(at("/activities").route(|| get_or_head().to(activities::by_users)))
        .service(at("/activities/admin").route(|| get_or_head().to(activities::by_admins)))
        .service(at("/metrics").route(|| get_or_head().to(figures::metrics)))
        .service(at("/levels").route(|| get_or_head().to(figures::levels)))
        .service(at("/abilities").route(|| get_or_head().to(figures::abilities)))
        .service(
            at("/permissions")
                .route(|| get_or_head().to(permissions::list))
                .route(|| web::post().to(permissions::add))
                .route(|| web::put().to(permissions::change))
                .route(|| web::delete().to(permissions::remove)),
        )
        .service(
            at("/restrictions")
                .route(|| get_or_head().to(restrictions::list))
                .route(|| web::post().to(restrictions::add))
                .route(|| web::put().to(restrictions::change))
                .route(|| web::delete().to(restrictions::remove)),
        )
        .service(at("/restrictions/whitelink").route(|| web::post().to(restrictions::make_whitelink)))
        .service(
            at("/profiles")
                .route(|| get_or_head().to(profiles::list))
                .route(|| web::post().to(profiles::enter))
                .route(|| web::put().to(profiles::review_or_correct)),
        )
        .service(at("/documents").route(|| get_or_head().to(documents::list)))
        .service(at("/documents/{id}").route(|| web::put().to(documents::review)))
        .service(at("/documents/{id}/file").route(|| get_or_head().to(documents::file)));
}

/// A request to administer: who sent it, and what is in it.
struct Errand {
    bearer: Bearer,
    params: Result<Params, BarongError>,
}

impl Errand {
    async fn read(barong: &Barong, request: &HttpRequest, payload: Payload) -> Result<Self, BarongError> {
        let bearer = barong.bearer(request).await?;
        let params = Params::read(request, payload, Bounds::FIELDS).await;
        Ok(Self { bearer, params })
    }

    /// What is asked for, or what is wrong with the parameters.
    fn asked<C>(&self, parse: impl FnOnce(&Params) -> Result<C, BarongError>) -> Result<C, BarongError> {
        self.params.as_ref().map_err(Clone::clone).and_then(parse)
    }

    /// Does what is asked for in one transaction, if the sender holds the authority, and if it was asked for rightly;
    /// in this order.
    async fn run<A, C, T>(
        self,
        barong: &Barong,
        request: &HttpRequest,
        asked: Result<C, BarongError>,
        mut decide: impl FnMut(&Flows<'_>, &Permission<A>, &C) -> Answer<T, BarongError> + Send + 'static,
    ) -> Result<T, BarongError>
    where
        A: Authority,
        C: Send + 'static,
        T: Send + 'static,
    {
        let bearer = self.bearer;
        let done = barong.transaction(request, move |on| {
            let permission = match bearer.administrator::<A>(on)? {
                Ok(permission) => permission,
                Err(refusal) => return Ok(Err(refusal)),
            };
            match &asked {
                Ok(asked) => decide(on, &permission, asked),
                Err(refusal) => Ok(Err(refusal.clone())),
            }
        });
        done.await?
    }
}

impl Bearer {
    fn administrator<A: Authority>(&self, on: &Flows<'_>) -> Answer<Permission<A>, BarongError> {
        let Some(account) = self.account(on)? else {
            return Ok(Err(BarongError::NOT_FOUND));
        };
        let permission = on.administrator::<A>(&account, self.session, self.assurance)?;
        Ok(permission.map_err(|Denied| BarongError::NOT_AN_ADMIN))
    }
}

/// The account that a parameter names; what cannot be a uid is nobody's.
fn named_user(text: &str) -> Result<Uid, BarongError> {
    text.trim().parse().map_err(|_| BarongError::ADMIN_NO_USER)
}

/// What there is to say where something was done and nothing is left to show.
fn done(status: actix_web::http::StatusCode) -> HttpResponse {
    HttpResponse::build(status).json(status.as_u16())
}
