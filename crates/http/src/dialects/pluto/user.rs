//! User info and its changes, search, count, and the pictures.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{AccountCounts, AccountView, Avatar, AvatarName, Avatars, Flows, ProfileUpdate};
use clavis_identity::{Attributes, Name};
use clavis_kernel::{AccountNumber, StoreError};

use super::account::{login_name, name};
use super::auth::Visitor;
use super::error::PlutoError;
use super::picture::{self, Given};
use super::rbac_wire::Ids;
use super::social::Social;
use super::user_wire::{
    Counts, OwnInfo, PublicRequest, PublicUsers, SearchRequest, Summary, UpdateRequest, UserInfo, Users,
};
use super::wire::{self, Body, MAX_BODY_BYTES, NoParameters};
use super::{Pluto, identicon, pages};
use crate::memory::{Asked, IDLE, Memory};

/// Most users remembered at once.
const MAX_KNOWN: u64 = 20_000;
/// Most users whose public information is shown at once.
const MAX_PUBLIC: usize = 100;
/// Longest gender, in characters.
const MAX_GENDER_CHARS: usize = 10;
/// The attribute that keeps it.
const GENDER: &str = "gender";

/// What was answered of users lately, in the words of the answer: it is asked for with every page of an application.
pub(super) struct KnownInfo(Memory<(i64, String), Bytes>);

impl Default for KnownInfo {
    fn default() -> Self {
        Self(Memory::new(MAX_KNOWN, IDLE))
    }
}

/// `GET /v1/user/info/{id}`.
pub(super) async fn info(
    request: HttpRequest,
    id: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> Result<HttpResponse, PlutoError> {
    let visitor = pluto.authenticate_delegated(&request).await?;
    let number: i64 = id.parse().map_err(|_| PlutoError::BAD_REQUEST)?;
    let others = pluto.settings.read_others_info && !visitor.is_delegated();
    let free = visitor.is_number(number) || others;
    let may_ask = free || visitor.claims_administration().is_ok();
    let commits = pluto.app.store.commits();
    let known = (number, visitor.application().to_owned());
    if free
        && let Some(commits) = commits
        && let Some(info) = pluto.known_info.0.fresh(&known, commits)
    {
        return Ok(wire::ready(info.value.clone()));
    }
    let asked = commits.map(Asked::now);
    let found = pluto.app.look_up(&pluto.door, pluto.caller(&request), move |on| {
        if !free && (!may_ask || visitor.authorize(on)?.is_err()) {
            return Ok(Err(PlutoError::INVALID_ACCESS_TOKEN));
        }
        shown(on, number, &visitor)
    });
    let (view, role) = found.await??;
    let info = wire::written(&UserInfo::new(&view, role, &pluto.app.public_url))?;
    if let Some(asked) = asked {
        pluto.known_info.0.remember(known, info.clone(), asked);
    }
    Ok(wire::ready(info))
}

/// `GET /v1/user/info`: the caller's own.
pub(super) async fn own_info(
    request: HttpRequest,
    pluto: web::Data<Pluto>,
) -> Result<Body<OwnInfo>, PlutoError> {
    let visitor = pluto.authenticate_delegated(&request).await?;
    let found = pluto.app.look_up(&pluto.door, pluto.caller(&request), {
        let visitor = visitor.clone();
        move |on| {
            let standing = &visitor.authenticated.standing;
            let has_password = on.candidate_of(standing.account)?.is_ok();
            Ok(shown(on, standing.number.0, &visitor)?.map(|(view, role)| (view, role, has_password)))
        }
    });
    let (view, role, has_password) = found.await??;
    let info = UserInfo::new(&view, role, &pluto.app.public_url);
    Ok(Body(OwnInfo::new(
        &view,
        info,
        visitor.application(),
        has_password,
    )))
}

type Shown = Result<(AccountView, Option<String>), PlutoError>;

/// An account and its role in the application of the caller's token.
fn shown(on: &Flows<'_>, number: i64, visitor: &Visitor) -> Result<Shown, StoreError> {
    let Some(view) = on.account_by_number(AccountNumber(number))? else {
        return Ok(Err(PlutoError::UNKNOWN_USER));
    };
    let role = on.role_name(view.account.id, visitor.application())?;
    Ok(Ok((view, role)))
}

/// `PATCH` and `PUT /v1/user/info/{id}`: nobody changes another's, administrators neither.
pub(super) async fn update(
    request: HttpRequest,
    payload: web::Payload,
    id: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    let number: i64 = id.parse().map_err(|_| PlutoError::BAD_REQUEST)?;
    if !visitor.is_number(number) {
        return Err(PlutoError::INVALID_ACCESS_TOKEN);
    }
    pluto.update(&request, payload, &visitor).await
}

/// `PUT /v1/user/info`: the caller's own.
pub(super) async fn update_own(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let visitor = pluto.authenticate(&request).await?;
    pluto.update(&request, payload, &visitor).await
}

/// `GET /v1/user/search`.
pub(super) async fn search(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<Users>, PlutoError> {
    let read = |wanted: SearchRequest| Ok(login_name(wanted.account.required()?).0);
    let found = pluto.look_as_admin(&request, payload, read, |on, permission, login| match login {
        Some(login) => on.search(permission, login).map(Ok),
        None => Ok(Ok(Vec::new())),
    });
    Ok(Body(Users::new(found.await?, &pluto.app.public_url)))
}

/// `GET /v1/user/count`.
pub(super) async fn count(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<Counts>, PlutoError> {
    Ok(Body((&pluto.counts(&request, payload).await?).into()))
}

/// `GET /v1/user/summary`.
pub(super) async fn summary(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<Summary>, PlutoError> {
    Ok(Body((&pluto.counts(&request, payload).await?).into()))
}

/// `GET /v1/user/info/public`: what anybody may know of Pluto's own users. Unknown ids are left out.
pub(super) async fn public_info(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<PublicUsers>, PlutoError> {
    let in_query: Vec<_> = url::form_urlencoded::parse(request.query_string().as_bytes())
        .filter_map(|(name, value)| (name == "ids").then_some(value))
        .collect();
    let ids = if in_query.is_empty() {
        wire::decode::<PublicRequest>(&request, payload, MAX_BODY_BYTES)
            .await?
            .ids
    } else {
        Ids::parse_all(in_query.iter().map(AsRef::as_ref)).ok_or(PlutoError::BAD_REQUEST)?
    };
    let numbers: Vec<_> = ids.required()?.iter().copied().map(AccountNumber).collect();
    if numbers.len() > MAX_PUBLIC {
        return Err(PlutoError::BAD_REQUEST);
    }
    let found = pluto.app.look_up(&pluto.door, pluto.caller(&request), move |on| {
        on.public_accounts(&numbers)
    });
    Ok(Body(PublicUsers::new(&found.await?, &pluto.app.public_url)))
}

/// `GET /web/avatar/{name}.png`: the picture that was uploaded under the name, else the one drawn from it.
pub(super) async fn avatar(
    request: HttpRequest,
    file: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> Result<HttpResponse, PlutoError> {
    let name: Option<AvatarName> = file.strip_suffix(".png").and_then(|name| name.parse().ok());
    let Some(name) = name else {
        return Ok(pages::not_found(request, pluto).await);
    };
    let stored = pluto.app.look_up(&pluto.door, pluto.caller(&request), {
        let name = name.clone();
        move |on| Avatars::find(on.ports, &name)
    });
    let png = stored
        .await?
        .map_or_else(|| identicon::draw(&name), |stored| stored.png);
    Ok(HttpResponse::Ok()
        .content_type("image/png")
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox"))
        .body(png))
}

/// What an update asks for, once its texts were checked.
struct Change {
    name: Option<Name>,
    attributes: Attributes,
    avatar: Option<String>,
}

impl Change {
    fn of(wanted: &UpdateRequest) -> Result<Self, PlutoError> {
        let mut attributes = Attributes::new();
        if let Some(gender) = wanted.gender.given() {
            if gender.chars().count() > MAX_GENDER_CHARS {
                return Err(PlutoError::BAD_REQUEST);
            }
            attributes.insert(GENDER.to_owned(), serde_json::Value::from(gender).to_string());
        }
        let change = Self {
            name: wanted.name.given().map(name).transpose()?,
            attributes,
            avatar: wanted.avatar.given().map(str::to_owned),
        };
        if change.name.is_none() && change.attributes.is_empty() && change.avatar.is_none() {
            return Err(PlutoError::BAD_REQUEST);
        }
        Ok(change)
    }
}

impl Pluto {
    async fn update(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        visitor: &Visitor,
    ) -> Result<Body<()>, PlutoError> {
        let wanted = wire::decode(request, payload, picture::MAX_BODY_BYTES).await?;
        let change = Change::of(&wanted)?;
        if change.name.is_some() {
            visitor.fully_proven()?;
        }
        let (account, caller) = (visitor.authenticated.standing.account, self.caller(request));
        let mut update = ProfileUpdate {
            name: change.name,
            attributes: change.attributes,
            ..ProfileUpdate::default()
        };
        if let Some(avatar) = change.avatar {
            // A taken name is told before a bad picture, and the picture is looked at outside any transaction.
            if let Some(name) = update.name.clone() {
                let free = self.app.look_up(&self.door, caller.clone(), move |on| {
                    on.may_rename(account, &name)
                });
                free.await??;
            }
            match Given::parse(&avatar)? {
                Given::Url(url) => update.avatar = Some(url),
                Given::Image(bytes, format) => {
                    let png = self.studio.develop(bytes, format).await?;
                    let name = AvatarName::generate(self.app.entropy.as_ref());
                    update.avatar = Some(self.picture_url(&name));
                    let created_at = self.app.clock.now();
                    update.picture = Some(Avatar {
                        name,
                        account,
                        png,
                        created_at,
                    });
                }
            }
        }
        let updated = self
            .app
            .transaction(&self.door, caller, move |on| on.update_profile(account, &update));
        updated.await??;
        Ok(Body(()))
    }

    async fn counts(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<AccountCounts, PlutoError> {
        let read = |_: NoParameters| Ok([Social::Google.provider(), Social::Apple.provider()]);
        let counts = self.look_as_admin(request, payload, read, |on, permission, providers| {
            on.count_accounts(permission, providers).map(Ok)
        });
        counts.await
    }

    /// Where a picture is served.
    pub(super) fn picture_url(&self, name: &AvatarName) -> String {
        self.app.public_url.join(&format!("/web/avatar/{name}.png"))
    }
}
