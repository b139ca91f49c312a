//! Attributes and opt-ins: what back ends keep about users.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{
    Agreement, AttributeName, AttributeValue, CountingOptIn, OptInKey, OptInSource, UserAttribute,
};
use serde::Serialize;
use serde_json::Value;

use super::Sso;
use super::error::SsoError;
use super::fields::Body;
use super::paging::{PageLinks, Query};
use super::wire::{self, AccountIdText, Link, Moment};

/// Where everybody's attributes are.
const ATTRIBUTES: &str = "/api/attributes";

#[derive(Serialize)]
struct Attribute {
    name: String,
    value: String,
    #[serde(rename = "user.id")]
    user: AccountIdText,
}

impl From<&UserAttribute> for Attribute {
    fn from(attribute: &UserAttribute) -> Self {
        Self {
            name: attribute.name.as_str().to_owned(),
            value: attribute.value.as_str().to_owned(),
            user: AccountIdText(attribute.account),
        }
    }
}

#[derive(Serialize)]
struct OptInItem {
    key: String,
    agreement_type: &'static str,
    source: Option<String>,
    created_at: Moment,
}

#[derive(Serialize)]
struct ListLinks {
    #[serde(rename = "self")]
    this: Link,
    #[serde(flatten)]
    pages: PageLinks,
}

#[derive(Serialize)]
struct Meta {
    page: u64,
    #[serde(rename = "perPage")]
    per_page: u32,
    total: u64,
}

/// `GET /api/attributes`: everybody's, page by page.
pub(super) async fn all_attributes(
    sso: web::Data<Sso>,
    request: HttpRequest,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let mut query = Query::of(&request);
    let wanted = query.wanted();
    query.finish()?;
    let client = back_end.client;
    let look = move |on: &clavis_flows::Flows<'_>| on.attributes_for_client(&client, wanted.slice());
    let page = sso.app.look_up(&sso.door, back_end.caller, look).await?;
    let data: Vec<Attribute> = page.items.iter().map(Attribute::from).collect();
    let base = sso.url(ATTRIBUTES);
    let links = ListLinks {
        pages: wanted.links(&base, "", page.total),
        this: Link::get(base),
    };
    let meta = Meta {
        page: wanted.page,
        per_page: wanted.per_page,
        total: page.total,
    };
    Ok(wire::listed(data, links, meta))
}

/// `GET /api/users/{id}/attributes`.
pub(super) async fn attributes(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path).ok_or_else(SsoError::not_found)?;
    let client = back_end.client;
    let look = move |on: &clavis_flows::Flows<'_>| on.attributes_of_user(&client, id);
    let attributes = sso.app.look_up(&sso.door, back_end.caller, look).await?;
    let attributes = attributes.ok_or_else(SsoError::not_found)?;
    let data: Vec<Attribute> = attributes.iter().map(Attribute::from).collect();
    Ok(wire::data(data))
}

/// `PUT /api/users/{id}/attributes/{name}`.
pub(super) async fn put_attribute(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let (id, name) = path.into_inner();
    let account = sso.known_user(&back_end.caller, &id).await?;
    let mut fields = Body::read(payload).await?.fields()?;
    let name: Option<AttributeName> = name.parse().ok();
    let value: Option<AttributeValue> = match fields.value("value") {
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    if name.is_none() {
        fields.problems.add("name", "Der Name ist ungültig");
    }
    if value.is_none() {
        fields
            .problems
            .add("value", "Der Wert muss ein Text mit höchstens 4096 Zeichen sein");
    }
    fields.problems.finish()?;
    let (Some(name), Some(value)) = (name, value) else {
        return Err(SsoError::bad_body());
    };
    let (client, attribute) = (back_end.client, UserAttribute { account, name, value });
    sso.app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.put_attribute(&client, &attribute)
        })
        .await?
        .map_err(|refusal| SsoError::of_keeping(refusal, "name"))?;
    Ok(wire::done(StatusCode::OK))
}

/// `DELETE /api/users/{id}/attributes/{name}`.
pub(super) async fn remove_attribute(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path.0).ok_or_else(SsoError::not_found)?;
    let name: AttributeName = path.1.parse().map_err(|_| SsoError::not_found())?;
    let client = back_end.client;
    let removed = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.remove_attribute(&client, id, &name)
        })
        .await?;
    removed_or_not_found(removed)
}

/// `GET /api/users/{id}/optins`.
pub(super) async fn opt_ins(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path).ok_or_else(SsoError::not_found)?;
    let client = back_end.client;
    let look = move |on: &clavis_flows::Flows<'_>| on.opt_ins_of_user(&client, id);
    let opt_ins = sso.app.look_up(&sso.door, back_end.caller, look).await?;
    let items = opt_ins.ok_or_else(SsoError::not_found)?;
    let items: Vec<OptInItem> = items
        .into_iter()
        .map(|CountingOptIn { opt_in, since }| OptInItem {
            key: opt_in.key.as_str().to_owned(),
            agreement_type: opt_in.agreement.name(),
            source: Some(opt_in.source.as_str().to_owned()).filter(|source| !source.is_empty()),
            created_at: Moment(since),
        })
        .collect();
    Ok(wire::data(items))
}

/// `PUT /api/users/{id}/optins/{key}`.
pub(super) async fn put_opt_in(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let (id, key) = path.into_inner();
    let account = sso.known_user(&back_end.caller, &id).await?;
    let mut fields = Body::read(payload).await?.fields()?;
    let key: Option<OptInKey> = key.parse().ok();
    let agreement: Option<Agreement> = match fields.value("agreement_type") {
        None => Some(Agreement::default()),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let source: Option<OptInSource> = match fields.value("source") {
        None => "".parse().ok(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    if key.is_none() {
        fields.problems.add("key", "Der Schlüssel ist ungültig");
    }
    if agreement.is_none() {
        fields.problems.add(
            "agreement_type",
            "Die Art der Zustimmung muss default oder auto sein",
        );
    }
    if source.is_none() {
        fields.problems.add(
            "source",
            "Die Quelle muss ein Text mit höchstens 255 Zeichen sein",
        );
    }
    fields.problems.finish()?;
    let (Some(key), Some(agreement), Some(source)) = (key, agreement, source) else {
        return Err(SsoError::bad_body());
    };
    let client = back_end.client;
    sso.app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.put_opt_in(&client, account, &key, agreement, &source)
        })
        .await?
        .map_err(|refusal| SsoError::of_keeping(refusal, "key"))?;
    Ok(wire::done(StatusCode::CREATED))
}

/// `DELETE /api/users/{id}/optins/{key}`.
pub(super) async fn remove_opt_in(
    sso: web::Data<Sso>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, SsoError> {
    let back_end = sso.back_end(&request).await?;
    let id = wire::account_id(&path.0).ok_or_else(SsoError::not_found)?;
    let key: OptInKey = path.1.parse().map_err(|_| SsoError::not_found())?;
    let client = back_end.client;
    let removed = sso
        .app
        .transaction(&sso.door, back_end.caller, move |on| {
            on.remove_opt_in(&client, id, &key)
        })
        .await?;
    removed_or_not_found(removed)
}

fn removed_or_not_found(removed: bool) -> Result<HttpResponse, SsoError> {
    if removed {
        Ok(wire::done(StatusCode::OK))
    } else {
        Err(SsoError::not_found())
    }
}

impl Sso {
    /// The user of a path, who is looked for before the body is.
    async fn known_user(
        &self,
        caller: &clavis_kernel::Caller,
        id: &str,
    ) -> Result<clavis_kernel::AccountId, SsoError> {
        let id = wire::account_id(id).ok_or_else(SsoError::not_found)?;
        let known = self.obstacles(caller, id, None).await?;
        known.map(|_| id).ok_or_else(SsoError::not_found)
    }
}
