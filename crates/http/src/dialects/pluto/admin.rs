//! How an endpoint for administrators goes: first who calls, then whether the store lets them administer now, and only
//! then what they ask for.

use actix_web::{HttpRequest, web};
use clavis_flows::{Flows, PlutoAdministration};
use clavis_kernel::StoreError;
use clavis_rbac::Permission;
use serde::de::DeserializeOwned;

use super::Pluto;
use super::auth::Visitor;
use super::error::PlutoError;
use super::wire::{self, MAX_BODY_BYTES};

/// What a use case answers, in Pluto's words.
pub(super) type Answered<T> = Result<Result<T, PlutoError>, StoreError>;

impl Pluto {
    /// Lets an administrator look at something. `read` makes of the parameters what `look` needs.
    pub(super) async fn look_as_admin<W, P, T>(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        read: impl FnOnce(W) -> Result<P, PlutoError>,
        look: impl FnMut(&Flows<'_>, &Permission<PlutoAdministration>, &P) -> Answered<T> + Send + 'static,
    ) -> Result<T, PlutoError>
    where
        W: DeserializeOwned,
        P: Send + 'static,
        T: Send + 'static,
    {
        let (visitor, wanted) = self.asked_by_admin(request, payload, read).await?;
        let job = as_admin(visitor, wanted, look);
        self.app.look_up(&self.door, self.caller(request), job).await?
    }

    /// As [`Pluto::look_as_admin`], for a change.
    pub(super) async fn change_as_admin<W, P, T>(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        read: impl FnOnce(W) -> Result<P, PlutoError>,
        change: impl FnMut(&Flows<'_>, &Permission<PlutoAdministration>, &P) -> Answered<T> + Send + 'static,
    ) -> Result<T, PlutoError>
    where
        W: DeserializeOwned,
        P: Send + 'static,
        T: Send + 'static,
    {
        let (visitor, wanted) = self.asked_by_admin(request, payload, read).await?;
        let job = as_admin(visitor, wanted, change);
        self.app
            .transaction(&self.door, self.caller(request), job)
            .await?
    }

    /// Who calls, and what they ask for or what is wrong with that: told to administrators only.
    async fn asked_by_admin<W: DeserializeOwned, P>(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        read: impl FnOnce(W) -> Result<P, PlutoError>,
    ) -> Result<(Visitor, Result<P, PlutoError>), PlutoError> {
        let visitor = self.authenticate_admin(request).await?;
        let wanted = wire::decode(request, payload, MAX_BODY_BYTES).await;
        Ok((visitor, wanted.and_then(read)))
    }
}

fn as_admin<P, T>(
    visitor: Visitor,
    wanted: Result<P, PlutoError>,
    mut decide: impl FnMut(&Flows<'_>, &Permission<PlutoAdministration>, &P) -> Answered<T>,
) -> impl FnMut(&Flows<'_>) -> Answered<T> {
    move |on| {
        let Ok(permission) = visitor.authorize(on)? else {
            return Ok(Err(PlutoError::NOT_ADMIN));
        };
        match &wanted {
            Ok(wanted) => decide(on, &permission, wanted),
            Err(refusal) => Ok(Err(*refusal)),
        }
    }
}
