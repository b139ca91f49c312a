//! The SSO users API: `/api/users`, `/api/auth`.

mod auth;
mod error;
mod fields;
mod gate;
mod kept;
mod me;
mod paging;
mod routes;
mod settings;
mod users;
mod wire;

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Duration;
use clavis_flows::Door;
use clavis_kernel::{Caller, Dialect};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};

use super::Lifetimes;
use crate::lifetime::{LifetimeError, lifetime};
use crate::plain_letters::PlainLetters;
use crate::{App, client, new_password};

pub use routes::routes;
pub use settings::Settings;

/// The dialect: what its handlers share.
pub struct Sso {
    app: web::Data<App>,
    token_lifetime: Duration,
    door: Arc<Door>,
    admin_tokens: gate::AdminTokenMemory,
}

impl Sso {
    /// The dialect with its settings. Lifetimes that are set for every dialect take the place of its own.
    pub fn new(app: web::Data<App>, settings: Settings, lifetimes: Lifetimes) -> Result<Self, LifetimeError> {
        let token = lifetime("user_token_expire", settings.user_token_expire)?;
        let door = Door {
            // It has no refresh tokens; nothing is issued by this policy.
            refresh: RefreshPolicy {
                spelling: RefreshTokenSpelling::UuidV4,
                lifetime: Duration::days(1),
                reuse_window: Duration::zero(),
            },
            ticket_lifetime: Duration::days(1),
            new_ticket_replaces: true,
            change_kills_resets: true,
            second_factor: settings.without_second_factor.into(),
            letters: Arc::new(PlainLetters { app: app.clone() }),
        };
        Ok(Self {
            app,
            token_lifetime: lifetimes.access.unwrap_or(token),
            door: Arc::new(door),
            admin_tokens: gate::AdminTokenMemory::default(),
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
        client::caller(request, &self.app.trusted_proxies, Dialect::Sso)
    }

    /// The URL of a path, as the world sees it.
    fn url(&self, path: &str) -> String {
        self.app.public_url.join(path)
    }
}
