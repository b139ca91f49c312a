//! Barong: the account server's API under its mounts, and its documented paths at the root.

mod activity;
mod address;
mod addresses;
mod admin;
mod agent;
mod api_keys;
mod bearer;
mod claims;
mod data_storage;
mod documents;
mod error;
mod events;
mod gateway;
mod identity;
mod labels;
mod letters;
mod management;
mod otp;
mod paging;
mod params;
mod phones;
mod profiles;
mod routes;
mod sentence;
mod service_accounts;
mod settings;
mod user_wire;
mod users;

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Duration;
use clavis_flows::{Captcha, CodeRules, Door, FactorPolicy, Flows, UsedUp};
use clavis_identity::TotpWindow;
use clavis_kernel::{Caller, Dialect, StoreError};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};

use super::Lifetimes;
use crate::{App, Fault, client};
use claims::ClaimsPolicy;
use gateway::Gateway;
use letters::Letters;

pub(crate) use claims::bearer_facts;
pub use events::Events;
pub use identity::AUTH0;
pub use routes::routes;
pub use settings::{Auth0Client, CaptchaClient, CaptchaKind, CaptchaPlace, Settings, SettingsError};

/// The dialect: what its handlers share.
pub struct Barong {
    app: web::Data<App>,
    settings: Settings,
    access_lifetime: Duration,
    session_lifetime: Duration,
    claims_policy: ClaimsPolicy,
    door: Arc<Door>,
    desk: documents::Desk,
    gateway: Gateway,
    guard: management::Guard,
    auth0: Option<Auth0Client>,
    /// Who knows whether a puzzle was solved, and with which key clients show it.
    captcha: Option<Arc<dyn Captcha>>,
}

impl Barong {
    /// The dialect with its settings. A lifetime that is set for every dialect takes the place of its own.
    pub fn new(
        app: web::Data<App>,
        settings: Settings,
        lifetimes: Lifetimes,
        captcha: Option<Arc<dyn Captcha>>,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        let access = settings::lifetime("jwt_expire_time", settings.jwt_expire_time)?;
        let mailed = settings::lifetime("mail_token_expire_time", settings.mail_token_expire_time)?;
        let session_lifetime = settings::lifetime("session_expire_time", settings.session_expire_time)?;
        let letters = Letters::new(app.clone(), &settings, mailed);
        let door = Door {
            // Sessions are kept in a cookie here: there are no refresh tokens.
            refresh: RefreshPolicy {
                spelling: RefreshTokenSpelling::UuidV4,
                lifetime: session_lifetime,
                reuse_window: Duration::zero(),
            },
            ticket_lifetime: mailed,
            new_ticket_replaces: true,
            change_kills_resets: true,
            second_factor: FactorPolicy::Ask(CodeRules {
                window: TotpWindow::NEIGHBOURS,
                used_up: UsedUp::Anywhere,
            }),
            letters: Arc::new(letters),
        };
        Ok(Self {
            access_lifetime: lifetimes.access.unwrap_or(access),
            session_lifetime,
            claims_policy: ClaimsPolicy {
                issuer: settings.jwt_issuer.clone(),
                audiences: settings.jwt_audience.clone(),
                leeway: Duration::seconds(settings.jwt_default_leeway.into()),
            },
            door: Arc::new(door),
            desk: documents::Desk::new(&app.keys.master),
            gateway: Gateway::new(&settings, &app.keys.master),
            guard: management::Guard::new(&settings)?,
            auth0: settings.auth0()?,
            captcha,
            app,
            settings,
        })
    }

    /// How the dialect behaves: for our own pages, which its mails lead to.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    fn caller(&self, request: &HttpRequest) -> Caller {
        client::caller(request, &self.app.trusted_proxies, Dialect::Barong)
    }

    /// Runs one use case in one transaction that may write.
    async fn transaction<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        decide: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app
            .transaction(&self.door, self.caller(request), decide)
            .await
    }

    /// Runs one look-up in one transaction that cannot write.
    async fn look_up<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        look: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app.look_up(&self.door, self.caller(request), look).await
    }
}

#[cfg(test)]
mod tests;
