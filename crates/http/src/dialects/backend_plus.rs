//! Hasura Backend Plus: `/auth`, `/storage`, `/version`, `/healthz`.

mod account;
mod activation;
mod admission;
mod anonymous;
mod breached;
mod caller;
mod claims;
mod cookies;
mod email;
mod error;
mod letters;
mod log_in;
mod magic_link;
mod mfa;
mod own_templates;
mod password;
mod providers;
mod registration;
mod routes;
mod rules;
mod session;
mod settings;
mod storage;
mod token;
mod transport;
mod window;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, web};
use chrono::Duration;
use clavis_flows::{Door, Flows, OldAddress};
use clavis_kernel::{Caller, Dialect, StoreError};

pub(crate) use claims::bearer_facts;
pub use cookies::{SameSite, UnknownSameSite};
pub use error::{Profile, UnknownProfile};
pub use providers::ProviderClient;
pub use routes::routes;
pub use settings::{Settings, SettingsError};

use crate::dialects::Lifetimes;
use crate::{App, Fault, MailLinks, client};
use claims::ClaimsPolicy;
use cookies::Cookies;
use letters::{Letters, TicketHeader};
use providers::Switches;
use rules::Rules;
use storage::Storage;
use window::{FixedWindow, Standing};

/// The application that log-ins through this door belong to.
const APPLICATION: &str = Dialect::BackendPlus.name();

/// The dialect.
pub struct BackendPlus {
    app: web::Data<App>,
    door: Arc<Door>,
    rules: Rules,
    claims: ClaimsPolicy,
    cookies: Cookies,
    /// Origins whose pages may call; empty is every origin.
    origins: Vec<String>,
    limiter: Option<FixedWindow>,
    storage: Storage,
    providers: Switches,
}

impl BackendPlus {
    /// Checks the settings and makes the dialect. In dev mode requests are not limited.
    pub fn new(
        app: web::Data<App>,
        settings: Settings,
        lifetimes: Lifetimes,
        links: MailLinks,
        dev: bool,
    ) -> Result<Self, SettingsError> {
        let letters = Letters {
            public_url: app.public_url.clone(),
            links,
            ticket_header: if settings.ticket_header {
                TicketHeader::Sent
            } else {
                TicketHeader::Left
            },
            own: settings
                .templates_dir
                .as_deref()
                .map_or_else(|| Ok(HashMap::new()), own_templates::read)?,
        };
        let cookies = Cookies::new(
            settings.cookie_secret.clone(),
            &app.keys.master,
            rules::refresh_lifetime(&settings, lifetimes)?,
            rules::cookie_transport(&settings, &app.public_url)?,
            settings.cookie_same_site,
        );
        if settings.hibp_enabled && !app.breached.are_known() {
            let expected =
                "expected false, or password.breached_list or password.breached_range_url to be set";
            return Err(SettingsError::new("hibp_enabled", expected));
        }
        let limit = if dev { 0 } else { settings.max_requests };
        Ok(Self {
            door: rules::door(&settings, letters, lifetimes)?,
            rules: Rules::new(&settings)?,
            claims: rules::claims(&settings, &app.public_url, lifetimes)?,
            cookies,
            storage: Storage::new(&settings)?,
            limiter: FixedWindow::new(limit, Duration::milliseconds(settings.time_frame.into())),
            providers: Switches::new(&settings, app.providers.as_ref())?,
            origins: transport::origins(&settings)?,
            app,
        })
    }

    /// How the dialect behaves, for pages that use its tickets.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Where a browser goes after an activation.
    pub fn success_url(&self) -> Option<&str> {
        self.rules.redirect_success.as_deref()
    }

    /// Whether the old address is told when it is replaced.
    pub fn old_address(&self) -> OldAddress {
        self.rules.old_address
    }

    /// What is wrong with a new password, as a sentence.
    pub fn password_problem(&self, password: &str) -> Option<String> {
        let problem = wire::password_length(password, self.rules.shortest_password).err()?;
        Some(format!("The password's {problem}."))
    }

    fn caller(&self, request: &HttpRequest) -> Caller {
        client::caller(request, &self.app.trusted_proxies, Dialect::BackendPlus)
    }

    async fn transaction<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        decide: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app
            .transaction(&self.door, self.caller(request), decide)
            .await
    }

    async fn look_up<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        look: impl FnMut(&Flows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app.look_up(&self.door, self.caller(request), look).await
    }

    /// Whether an origin's pages may read answers.
    fn admits_origin(&self, origin: &HeaderValue) -> bool {
        self.origins.is_empty()
            || self
                .origins
                .iter()
                .any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }

    /// Counts a request; `None` when it does not count.
    fn count(&self, request: &HttpRequest) -> Option<Standing> {
        let limiter = self.limiter.as_ref().filter(|_| request.path() != "/healthz")?;
        let client = client::client_ip(request, &self.app.trusted_proxies)?;
        Some(limiter.count(client, self.app.clock.now()))
    }
}
