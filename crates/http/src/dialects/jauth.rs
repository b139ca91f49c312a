//! jauth: `/users`, `/token`, `/internal`.

mod bearer;
mod claims;
mod error;
mod events;
mod internal;
mod passwords;
mod routes;
mod search;
mod settings;
mod temporary;
mod third_party;
mod tokens;
mod transport;
mod user_wire;
mod users;
mod wire;

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Duration;
use clavis_flows::{Callbacks, Door, FactorPolicy};
use clavis_kernel::{Caller, Dialect, Purpose, SubKey};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};

use super::Lifetimes;
use crate::lifetime::{LifetimeError, lifetime};
use crate::plain_letters::PlainLetters;
use crate::{App, client, new_password};

pub(crate) use claims::bearer_facts;
pub use routes::routes;
pub use settings::Settings;

/// The dialect: what its handlers share.
pub struct Jauth {
    app: web::Data<App>,
    settings: Settings,
    access_lifetime: Duration,
    door: Arc<Door>,
    /// Signs what other servers mail.
    mailed_tokens: SubKey,
    /// Who is told of new and changed users.
    callbacks: Arc<dyn Callbacks>,
}

impl Jauth {
    /// The dialect with its settings. Lifetimes that are set for every dialect take the place of its own.
    pub fn new(
        app: web::Data<App>,
        settings: Settings,
        lifetimes: Lifetimes,
        callbacks: Arc<dyn Callbacks>,
    ) -> Result<Self, LifetimeError> {
        let access = settings.access_lifetime(lifetimes)?;
        let refresh = lifetime("refresh_token_expire", settings.refresh_token_expire)?;
        let door = Door {
            refresh: RefreshPolicy {
                spelling: RefreshTokenSpelling::UuidV4,
                lifetime: lifetimes.refresh.unwrap_or(refresh),
                reuse_window: Duration::zero(),
            },
            ticket_lifetime: Duration::hours(1),
            new_ticket_replaces: false,
            change_kills_resets: true,
            // Its tokens have no place for a session of less than full assurance.
            second_factor: FactorPolicy::Refuse,
            letters: Arc::new(PlainLetters { app: app.clone() }),
        };
        Ok(Self {
            mailed_tokens: app.keys.master.derive(Purpose::MailedTokens),
            app,
            settings,
            access_lifetime: access,
            door: Arc::new(door),
            callbacks,
        })
    }

    /// How the dialect behaves: for our own pages, which its mails lead to.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// What is wrong with a new password, in words.
    pub fn password_problem(&self, password: &str) -> Option<String> {
        new_password::problem(password)
    }

    fn caller(&self, request: &HttpRequest) -> Caller {
        client::caller(request, &self.app.trusted_proxies, Dialect::Jauth)
    }
}
