//! The envelope, and how users are written.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, SecondsFormat, Utc};
use clavis_flows::AccountView;
use clavis_identity::AccountState;
use clavis_kernel::AccountId;
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The envelope of a success.
#[derive(Serialize)]
struct Envelope<D, L, M> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<L>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<M>,
}

/// An answer begun: what it holds is personal or a token, so nobody keeps a copy.
pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

/// Done, and nothing to say of it.
pub(super) fn done(status: StatusCode) -> HttpResponse {
    answer(status).json(Envelope::<(), (), ()> {
        success: true,
        data: None,
        links: None,
        meta: None,
    })
}

pub(super) fn data<D: Serialize>(data: D) -> HttpResponse {
    answer(StatusCode::OK).json(Envelope::<D, (), ()> {
        success: true,
        data: Some(data),
        links: None,
        meta: None,
    })
}

pub(super) fn linked<D: Serialize, L: Serialize>(
    mut response: HttpResponseBuilder,
    data: D,
    links: L,
) -> HttpResponse {
    response.json(Envelope::<D, L, ()> {
        success: true,
        data: Some(data),
        links: Some(links),
        meta: None,
    })
}

pub(super) fn listed<D: Serialize, L: Serialize, M: Serialize>(data: D, links: L, meta: M) -> HttpResponse {
    answer(StatusCode::OK).json(Envelope {
        success: true,
        data: Some(data),
        links: Some(links),
        meta: Some(meta),
    })
}

/// Where something is to be had, and how it is asked for.
#[derive(Serialize)]
pub(super) struct Link {
    href: String,
    method: &'static str,
}

impl Link {
    pub(super) fn get(href: String) -> Self {
        Self { href, method: "GET" }
    }

    pub(super) fn to(href: String, method: &'static str) -> Self {
        Self { href, method }
    }
}

/// Links of a user to itself.
#[derive(Serialize)]
pub(super) struct UserLinks {
    #[serde(rename = "self")]
    this: Link,
    update: Link,
}

impl UserLinks {
    pub(super) fn of(href: String) -> Self {
        Self {
            this: Link::get(href.clone()),
            update: Link::to(href, "PATCH"),
        }
    }
}

/// A moment: UTC, six digits of a second, `Z`.
#[derive(Clone, Copy)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A user.
#[derive(Serialize)]
pub(super) struct User {
    id: AccountIdText,
    email: Option<String>,
    is_active: bool,
    activated_at: Option<Moment>,
    created_at: Moment,
    last_login_at: Option<Moment>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// In lists only.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl User {
    pub(super) fn of(view: &AccountView) -> Self {
        let account = &view.account;
        Self {
            id: AccountIdText(account.id),
            email: view.address().map(|address| address.as_str().to_owned()),
            is_active: account.state == AccountState::Active,
            activated_at: account.activated_at.map(Moment),
            created_at: Moment(account.created_at),
            last_login_at: account.last_login_at.map(Moment),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            url: None,
        }
    }

    pub(super) fn listed(view: &AccountView, url: String) -> Self {
        Self {
            url: Some(url),
            ..Self::of(view)
        }
    }
}

/// An id as text: lower case, with hyphens.
#[derive(Clone, Copy)]
pub(super) struct AccountIdText(pub(super) AccountId);

impl Serialize for AccountIdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The id that a text is: a UUID with its hyphens, and in no other of the forms that there are.
pub(super) fn account_id(text: &str) -> Option<AccountId> {
    let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    Uuid::try_parse(text)
        .ok()
        .filter(|_| is_hyphenated)
        .map(AccountId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_six_digits_and_a_z() {
        let whole = DateTime::from_timestamp(1_641_802_500, 0).unwrap();
        assert_eq!(
            serde_json::to_string(&Moment(whole)).unwrap(),
            r#""2022-01-10T08:15:00.000000Z""#
        );
        let part = DateTime::from_timestamp_micros(1_641_802_500_000_120).unwrap();
        assert_eq!(
            serde_json::to_string(&Moment(part)).unwrap(),
            r#""2022-01-10T08:15:00.000120Z""#
        );
    }

    #[test]
    fn only_a_uuid_with_hyphens_is_an_id() {
        const ID: &str = "7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11";
        assert!(account_id(ID).is_some());
        assert_eq!(account_id(&ID.to_uppercase()), account_id(ID));
        for bad in [
            "",
            "me",
            "7d2f0c7a51b84e0e9f1a2f6d3c0b8e11",
            "{7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11}",
            "urn:uuid:7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11",
            "7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e1g",
        ] {
            assert_eq!(account_id(bad), None, "{bad}");
        }
    }
}
