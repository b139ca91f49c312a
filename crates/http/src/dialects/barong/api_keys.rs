//! The keys with which programs sign requests. A code of the second factor is asked for before anything else is looked
//! at; the coded profile looks at the parameters first, and shows keys without a code.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{ApiKeyChange, ApiKeyErrand, ApiKeyPass, ApiKeyRequest, Flows};
use clavis_kernel::{AccountId, Answer, Secret};
use clavis_tokens::{ApiKey, ApiKeyAlgorithm, ApiKeyHolder, ApiKeySecret};
use serde::Serialize;

use super::Barong;
use super::bearer::Bearer;
use super::error::{BarongError, Profile, Thing};
use super::paging::Paging;
use super::params::{Bounds, Check, Params};
use super::routes::at;
use super::users::seconds;
use crate::get_or_head;

/// Below `/api_keys`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("")
                .route(|| get_or_head().to(list))
                .route(|| web::post().to(create)),
        )
        .service(
            at("/{kid}")
                .route(|| web::patch().to(update))
                .route(|| web::delete().to(remove)),
        );
}

/// A key as its owner sees it; the secret is there right after it was made, and never again.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    kid: &'a str,
    algorithm: &'static str,
    scope: &'a [String],
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

impl<'a> Shown<'a> {
    /// The key; its secret where it was just made.
    pub(super) fn of(key: &'a ApiKey, secret: Option<&'a ApiKeySecret>) -> Self {
        Self {
            kid: key.kid.as_str(),
            algorithm: key.algorithm.name(),
            scope: key.scopes.as_slice(),
            state: key.state.as_str(),
            secret: secret.map(ApiKeySecret::expose),
            created_at: seconds(key.created_at),
            updated_at: seconds(key.updated_at),
        }
    }
}

/// `GET /api_keys`.
async fn list(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(Paging::of(&params, profile))?;
    let (paging, keys) = match profile {
        Profile::Classic => {
            let read = move |on: &Flows<'_>| visitor.read_with_code(on, &asked, own_keys);
            barong.transaction(&request, read).await??
        }
        Profile::Coded => {
            let read = move |on: &Flows<'_>| visitor.read_without_code(on, &asked, own_keys);
            barong.look_up(&request, read).await??
        }
    };
    let shown: Vec<_> = keys.items.iter().map(|key| Shown::of(key, None)).collect();
    let mut response = HttpResponse::Ok().json(shown);
    paging.tell(&mut response, keys.total, &request, &barong.app.public_url);
    Ok(response)
}

/// `POST /api_keys`: the one answer that tells the secret. A `kid` that is sent counts for nothing.
async fn create(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(key_wanted(&params, profile))?;
    let made = barong
        .transaction(&request, move |on| {
            visitor.change(on, ApiKeyErrand::Create, &asked, |pass, wanted| {
                Ok(on.create_api_key(pass, wanted)?.map_err(BarongError::from))
            })
        })
        .await??;
    Ok(HttpResponse::Created().json(Shown::of(&made.key, Some(&made.secret))))
}

/// `PATCH /api_keys/{kid}`. Upstream's oddity: a scope that is left out is emptied.
async fn update(
    barong: web::Data<Barong>,
    profile: Profile,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, params) = Visitor::read(&barong, &request, payload).await?;
    let asked = profile.judged(change_wanted(&params))?;
    let kid = kid(&request);
    let key = barong
        .transaction(&request, move |on| {
            visitor.change(on, ApiKeyErrand::Update, &asked, |pass, wanted| {
                Ok(on.update_api_key(pass, &kid, wanted)?.map_err(BarongError::from))
            })
        })
        .await??;
    Ok(HttpResponse::Ok().json(Shown::of(&key, None)))
}

/// `DELETE /api_keys/{kid}`.
async fn remove(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let (visitor, _) = Visitor::read(&barong, &request, payload).await?;
    let kid = kid(&request);
    barong
        .transaction(&request, move |on| {
            visitor.change(on, ApiKeyErrand::Remove, &Ok(()), |pass, ()| {
                Ok(on.remove_api_key(pass, &kid)?.map_err(BarongError::from))
            })
        })
        .await??;
    Ok(HttpResponse::NoContent().finish())
}

/// What is asked for, or what is wrong with the parameters.
pub(super) type Asked<T> = Result<T, BarongError>;

impl Profile {
    /// Bad parameters are refused here in the coded profile; in the classic one only behind the gate.
    pub(super) fn judged<T>(self, asked: Asked<T>) -> Result<Asked<T>, BarongError> {
        match self {
            Self::Classic => Ok(asked),
            Self::Coded => asked.map(Ok),
        }
    }
}

fn key_wanted(params: &Params, profile: Profile) -> Asked<ApiKeyRequest> {
    let mut check = Check::of(params, Thing::ApiKey);
    let wanted = declared_key(&mut check, profile);
    check.finish()?;
    Ok(wanted)
}

/// A key that is asked for; worth something once the check is finished.
pub(super) fn declared_key(check: &mut Check<'_>, profile: Profile) -> ApiKeyRequest {
    let algorithm = check.required_nb("algorithm");
    check.optional_nb("kid");
    let scope = check.optional_nb("scope");
    let known: Option<ApiKeyAlgorithm> = algorithm.parse().ok();
    ApiKeyRequest {
        algorithm: known.filter(|known| profile == Profile::Classic || *known == ApiKeyAlgorithm::Hs256),
        scope,
    }
}

fn change_wanted(params: &Params) -> Asked<ApiKeyChange> {
    let mut check = Check::of(params, Thing::ApiKey);
    let change = declared_change(&mut check);
    check.finish()?;
    Ok(change)
}

/// What is to be noted about a key; worth something once the check is finished.
pub(super) fn declared_change(check: &mut Check<'_>) -> ApiKeyChange {
    let scope = check.optional_nb("scope");
    let state = check.optional_nb("state");
    ApiKeyChange { scope, state }
}

/// The key that a path names.
pub(super) fn kid(request: &HttpRequest) -> String {
    request.match_info().query("kid").to_owned()
}

/// A part of somebody's keys, and where in the list it is.
pub(super) type KeysPage = (Paging, clavis_flows::Page<ApiKey>);

/// Somebody who comes about keys, perhaps with a code.
pub(super) struct Visitor {
    bearer: Bearer,
    code: Option<Secret>,
}

impl Visitor {
    /// Who calls, and what they send. Keys are changed only while the log-in stands.
    pub(super) async fn read(
        barong: &Barong,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Self, Params), BarongError> {
        let bearer = if request.method().is_safe() {
            barong.bearer(request).await?
        } else {
            barong.standing_bearer(request).await?
        };
        let params = Params::read(request, payload, Bounds::FIELDS).await?;
        let code = params.text("totp_code").map(Secret::new);
        Ok((Self { bearer, code }, params))
    }

    fn account(&self, on: &Flows<'_>) -> Answer<AccountId, BarongError> {
        let account = self.bearer.account(on)?;
        Ok(account.map(|account| account.id).ok_or(BarongError::NOT_FOUND))
    }

    /// Lets the visitor change something, if a code is shown and the parameters are good, in this order.
    pub(super) fn change<A, T>(
        &self,
        on: &Flows<'_>,
        errand: ApiKeyErrand,
        asked: &Asked<A>,
        change: impl FnOnce(ApiKeyPass, &A) -> Answer<T, BarongError>,
    ) -> Answer<T, BarongError> {
        let account = match self.account(on)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match (
            on.ask_to_change_api_keys(account, self.code.as_ref(), errand)?,
            asked,
        ) {
            (Ok(pass), Ok(asked)) => change(pass, asked),
            (Ok(_), Err(refusal)) => Ok(Err(refusal.clone())),
            (Err(refusal), _) => Ok(Err(refusal.into())),
        }
    }

    /// Shows the visitor keys, if a code is shown and the parameters are good, in this order.
    pub(super) fn read_with_code<A>(
        &self,
        on: &Flows<'_>,
        asked: &Asked<A>,
        read: impl FnOnce(&Flows<'_>, AccountId, &A) -> Answer<KeysPage, BarongError>,
    ) -> Answer<KeysPage, BarongError> {
        let account = match self.account(on)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match (on.ask_to_read_api_keys(account, self.code.as_ref())?, asked) {
            (Ok(()), Ok(asked)) => read(on, account, asked),
            (Ok(()), Err(refusal)) => Ok(Err(refusal.clone())),
            (Err(refusal), _) => Ok(Err(refusal.into())),
        }
    }

    /// Shows the visitor keys, if the parameters are good.
    pub(super) fn read_without_code<A>(
        &self,
        on: &Flows<'_>,
        asked: &Asked<A>,
        read: impl FnOnce(&Flows<'_>, AccountId, &A) -> Answer<KeysPage, BarongError>,
    ) -> Answer<KeysPage, BarongError> {
        match (self.account(on)?, asked) {
            (Ok(account), Ok(asked)) => read(on, account, asked),
            (Err(refusal), _) => Ok(Err(refusal)),
            (Ok(_), Err(refusal)) => Ok(Err(refusal.clone())),
        }
    }
}

fn own_keys(on: &Flows<'_>, account: AccountId, paging: &Paging) -> Answer<KeysPage, BarongError> {
    let keys = on.api_keys(ApiKeyHolder::account(account), (*paging).into())?;
    Ok(Ok((*paging, keys)))
}
