use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use clavis_flows::{AccountView, Grant, SessionRequest};
use clavis_kernel::Dialect;
use clavis_tokens::{KeyOwner, TokenHeader};

use super::claims::{Payload, PermissionCookie, Permissions};
use super::cookies::Cookies;
use super::error::Refusal;
use super::wire::to_json;
use super::{APPLICATION, BackendPlus, wire};
use crate::Fault;

/// How the refresh token reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handover {
    /// In cookies.
    Cookies,
    /// In the body, as was asked for; older cookies, which would win over a bearer token, are cleared.
    BodyInPlaceOfCookies,
    /// In the body, and cookies are left alone.
    Body,
}

impl Handover {
    /// What the field `cookie` of a body asks for.
    pub(super) fn asked(cookie: Option<bool>) -> Self {
        if cookie == Some(false) {
            Self::BodyInPlaceOfCookies
        } else {
            Self::Cookies
        }
    }
}

/// The session object. The tokens are null for an account that awaits activation.
#[derive(serde::Serialize)]
struct Session<'a> {
    jwt_token: Option<&'a str>,
    jwt_expires_in: Option<i64>,
    user: User,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct User {
    id: String,
    display_name: String,
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

impl BackendPlus {
    /// What a log-in is to give.
    pub(super) fn session_request() -> SessionRequest {
        SessionRequest {
            application: APPLICATION.to_owned(),
            device: None,
        }
    }

    /// The answer to a log-in or a refresh.
    pub(super) fn session(&self, grant: &Grant, handover: Handover) -> Result<HttpResponse, Refusal> {
        let now = self.app.clock.now();
        let permissions = Permissions::new(&self.claims, grant);
        let token = self.access_token(grant, &permissions, now)?;
        let refresh_token = grant.refresh_token.secret.expose();
        let mut response = HttpResponse::Ok();
        match handover {
            Handover::Cookies => self.set_cookies(&mut response, grant, &permissions, now)?,
            Handover::BodyInPlaceOfCookies => Cookies::clear(&mut response),
            Handover::Body => {}
        }
        let session = Session {
            jwt_token: Some(&token),
            jwt_expires_in: Some(self.claims.lifetime.num_milliseconds()),
            user: self.user(&grant.account),
            refresh_token: (handover != Handover::Cookies).then_some(refresh_token),
        };
        Ok(wire::json(&mut response, to_json(&session)?))
    }

    /// The answer to a registration after which an activation is awaited.
    pub(super) fn no_session(
        &self,
        account: &AccountView,
        handover: Handover,
    ) -> Result<HttpResponse, Refusal> {
        let mut response = HttpResponse::Ok();
        if handover == Handover::BodyInPlaceOfCookies {
            Cookies::clear(&mut response);
        }
        let user = self.user(account);
        let session = Session {
            jwt_token: None,
            jwt_expires_in: None,
            user,
            refresh_token: None,
        };
        Ok(wire::json(&mut response, to_json(&session)?))
    }

    /// Sets both cookies to a grant's.
    pub(super) fn hand_over_in_cookies(
        &self,
        response: &mut HttpResponseBuilder,
        grant: &Grant,
    ) -> Result<(), Refusal> {
        self.set_cookies(
            response,
            grant,
            &Permissions::new(&self.claims, grant),
            self.app.clock.now(),
        )
    }

    fn set_cookies(
        &self,
        response: &mut HttpResponseBuilder,
        grant: &Grant,
        permissions: &Permissions,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let refresh_token = &grant.refresh_token;
        let cookie = PermissionCookie {
            permissions,
            session: grant.session,
            expires_at: refresh_token.expires_at,
        };
        self.cookies
            .set(response, refresh_token.secret.expose(), &to_json(&cookie)?, now);
        Ok(())
    }

    fn access_token(
        &self,
        grant: &Grant,
        permissions: &Permissions,
        issued_at: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        let payload = Payload {
            policy: &self.claims,
            permissions,
            session: grant.session,
            issued_at,
        };
        let payload = to_json(&payload)?;
        let owner = KeyOwner::Dialect(Dialect::BackendPlus);
        let signed = self
            .app
            .ring
            .get()
            .sign(owner, TokenHeader::Bare, payload.as_bytes(), issued_at);
        Ok(signed.map_err(Fault::from)?)
    }

    fn user(&self, view: &AccountView) -> User {
        let (account, address) = (&view.account, view.address());
        let email = address.map(|address| address.as_str().to_owned());
        let display_name = match account.display_name.as_str() {
            "" => email.clone().unwrap_or_default(),
            name => name.to_owned(),
        };
        let avatar_url = account.avatar.as_deref().map(|avatar| {
            if avatar.starts_with('/') {
                self.app.public_url.join(avatar)
            } else {
                avatar.to_owned()
            }
        });
        User {
            id: account.id.to_string(),
            display_name,
            email,
            avatar_url,
        }
    }
}
