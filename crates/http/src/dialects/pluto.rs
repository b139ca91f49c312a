//! Pluto: `/v1` and `/web`.

mod account;
mod admin;
mod auth;
mod binding;
mod claims;
mod error;
mod identicon;
mod language;
mod letters;
mod oauth;
mod oauth_consent;
mod oauth_gate;
mod oauth_pages;
mod oauth_tokens;
mod pages;
mod picture;
mod rbac;
mod rbac_wire;
mod routes;
mod settings;
mod social;
mod token;
mod user;
mod user_wire;
mod wire;

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Duration;
use clavis_flows::Door;
use clavis_kernel::{Caller, Dialect, Purpose, SubKey};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};

use super::Lifetimes;
use crate::lifetime::{LifetimeError, lifetime};
use crate::{App, MailLinks, client};
use letters::Letters;
use oauth_gate::ClientGate;
use picture::Studio;

pub(crate) use claims::bearer_facts;
pub use routes::routes;
pub use settings::Settings;

/// Longest new password, in bytes.
const MAX_PASSWORD_BYTES: usize = 4096;

/// The dialect: what its handlers share.
pub struct Pluto {
    app: web::Data<App>,
    settings: Settings,
    access_lifetime: Duration,
    door: Arc<Door>,
    /// As the other, for mails with a reset, whose links have a lifetime of their own.
    reset_door: Arc<Door>,
    studio: Studio,
    /// The clients of OAuth that were believed lately.
    clients: ClientGate,
    known_info: user::KnownInfo,
    /// Makes the tokens that the forms of its pages carry.
    form_key: SubKey,
    /// Below which path the world sees this server: empty, or as `/sso`.
    base_path: String,
}

impl Pluto {
    /// The dialect with its settings. Lifetimes that are set for every dialect take the place of its own.
    pub fn new(
        app: web::Data<App>,
        settings: Settings,
        lifetimes: Lifetimes,
        links: MailLinks,
    ) -> Result<Self, LifetimeError> {
        let access = lifetime("access_token_expire", settings.access_token_expire)?;
        let refresh = lifetime("refresh_token_expire", settings.refresh_token_expire)?;
        let verification = lifetime(
            "register_verify_token_expire",
            settings.register_verify_token_expire,
        )?;
        let reset = lifetime(
            "reset_password_token_expire",
            settings.reset_password_token_expire,
        )?;
        let letters = Letters {
            app: app.clone(),
            links,
            verification,
            reset,
        };
        let door = Door {
            refresh: RefreshPolicy {
                spelling: RefreshTokenSpelling::Hex40,
                lifetime: lifetimes.refresh.unwrap_or(refresh),
                reuse_window: Duration::seconds(settings.refresh_reuse_window_seconds.into()),
            },
            ticket_lifetime: verification,
            new_ticket_replaces: false,
            change_kills_resets: true,
            second_factor: settings.without_second_factor.into(),
            letters: Arc::new(letters),
        };
        let reset_door = Door {
            ticket_lifetime: reset,
            ..door.clone()
        };
        let base_path = url::Url::parse(app.public_url.as_str())
            .map(|url| url.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        let clients = ClientGate::new(&app.keys.master);
        let form_key = app.keys.master.derive(Purpose::CsrfTokens);
        Ok(Self {
            app,
            settings,
            access_lifetime: lifetimes.access.unwrap_or(access),
            door: Arc::new(door),
            reset_door: Arc::new(reset_door),
            studio: Studio::default(),
            clients,
            known_info: user::KnownInfo::default(),
            form_key,
            base_path,
        })
    }

    /// How the dialect behaves: for our own pages, which its mails lead to.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// What is wrong with a new password, in words.
    pub fn password_problem(&self, password: &str) -> Option<String> {
        if password.trim().is_empty() {
            return Some("A password has more than blanks.".to_owned());
        }
        (password.len() > MAX_PASSWORD_BYTES)
            .then(|| format!("A password has at most {MAX_PASSWORD_BYTES} bytes."))
    }

    fn caller(&self, request: &HttpRequest) -> Caller {
        client::caller(request, &self.app.trusted_proxies, Dialect::Pluto)
    }
}

#[cfg(test)]
mod tests;
