use std::fmt;
use std::sync::Arc;

use actix_web::web;
use clavis_delivery::WebhookCallbacks;
use clavis_federation::SiteVerify;
use clavis_flows::{Callbacks, Captcha, Door, OldAddress};
use clavis_http::App;
use clavis_http::dialects::Lifetimes;
use clavis_http::dialects::backend_plus::BackendPlus;
use clavis_http::dialects::barong::Barong;
use clavis_http::dialects::jauth::Jauth;
use clavis_http::dialects::pluto::Pluto;
use clavis_http::dialects::sso::Sso;
use clavis_http::pages::MailDoor;
use clavis_kernel::{Dialect, Secret};

use crate::config::{ConfigError, Settings};

/// The dialects that are served; `None` for one that is switched off.
pub(crate) struct Doors {
    pub(crate) backend_plus: Option<web::Data<BackendPlus>>,
    pub(crate) barong: Option<web::Data<Barong>>,
    pub(crate) jauth: Option<web::Data<Jauth>>,
    pub(crate) pluto: Option<web::Data<Pluto>>,
    pub(crate) sso: Option<web::Data<Sso>>,
}

impl Doors {
    /// Makes every dialect that is switched on.
    pub(crate) fn open(
        app: &web::Data<App>,
        settings: &Settings,
        lifetimes: Lifetimes,
    ) -> Result<Self, ConfigError> {
        let dialects = &settings.dialects;
        let links = settings.http.mail_links;
        let captcha = captcha(settings)?;
        let jauth_callbacks = callbacks(&dialects.jauth.event_callback_urls)?;
        Ok(Self {
            backend_plus: open(Dialect::BackendPlus, dialects.backend_plus.enabled, || {
                let settings_of_dialect = dialects.backend_plus.clone();
                BackendPlus::new(app.clone(), settings_of_dialect, lifetimes, links, settings.dev)
            })?,
            barong: open(Dialect::Barong, dialects.barong.enabled, || {
                Barong::new(app.clone(), dialects.barong.clone(), lifetimes, captcha)
            })?,
            jauth: open(Dialect::Jauth, dialects.jauth.enabled, || {
                Jauth::new(app.clone(), dialects.jauth.clone(), lifetimes, jauth_callbacks)
            })?,
            pluto: open(Dialect::Pluto, dialects.pluto.enabled, || {
                Pluto::new(app.clone(), dialects.pluto.clone(), lifetimes, links)
            })?,
            sso: open(Dialect::Sso, dialects.sso.enabled, || {
                Sso::new(app.clone(), dialects.sso.clone(), lifetimes)
            })?,
        })
    }

    /// What our own pages need of each dialect whose mails lead to them.
    pub(crate) fn mail_doors(&self) -> Vec<MailDoor> {
        let backend_plus = self.backend_plus.as_ref().map(|dialect| MailDoor {
            continue_url: dialect.success_url().map(str::to_owned),
            old_address: dialect.old_address(),
            refuses_breached: dialect.refuses_breached(),
            link: dialect.link_door(),
            ..mail_door(
                Dialect::BackendPlus,
                dialect,
                BackendPlus::door,
                BackendPlus::password_problem,
            )
        });
        let barong = (self.barong.as_ref())
            .map(|dialect| mail_door(Dialect::Barong, dialect, Barong::door, Barong::password_problem));
        let jauth = (self.jauth.as_ref())
            .map(|dialect| mail_door(Dialect::Jauth, dialect, Jauth::door, Jauth::password_problem));
        let pluto = (self.pluto.as_ref())
            .map(|dialect| mail_door(Dialect::Pluto, dialect, Pluto::door, Pluto::password_problem));
        let sso = (self.sso.as_ref())
            .map(|dialect| mail_door(Dialect::Sso, dialect, Sso::door, Sso::password_problem));
        [backend_plus, barong, jauth, pluto, sso]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Who says of Barong's clients whether they are people.
fn captcha(settings: &Settings) -> Result<Option<Arc<dyn Captcha>>, ConfigError> {
    let barong = &settings.dialects.barong;
    let section = "dialects.barong";
    let client = barong
        .captcha_client()
        .map_err(|error| ConfigError::within(section, error))?;
    let Some(client) = client.filter(|_| barong.enabled) else {
        return Ok(None);
    };
    let authority = settings.federation.authority();
    let server = SiteVerify::new(section, client.verify_url.as_ref(), client.secret_key, authority);
    let server = server.map_err(|error| ConfigError::setting(&error.setting, error.problem))?;
    Ok(Some(Arc::new(server)))
}

/// Who is told of jauth's users.
fn callbacks(targets: &[Secret]) -> Result<Arc<dyn Callbacks>, ConfigError> {
    let targets = targets.iter().map(|target| target.expose().parse());
    let callbacks = targets.collect::<Result<_, _>>().and_then(WebhookCallbacks::new);
    match callbacks {
        Ok(callbacks) => Ok(Arc::new(callbacks)),
        Err(error) => Err(ConfigError::setting("dialects.jauth.event_callback_urls", error)),
    }
}

fn open<T, E: fmt::Display>(
    dialect: Dialect,
    enabled: bool,
    make: impl FnOnce() -> Result<T, E>,
) -> Result<Option<web::Data<T>>, ConfigError> {
    let dialect_or_none = enabled.then(make).transpose();
    let opened =
        dialect_or_none.map_err(|error| ConfigError::within(&format!("dialects.{dialect}"), error))?;
    Ok(opened.map(web::Data::new))
}

fn mail_door<T: Send + Sync + 'static>(
    name: Dialect,
    dialect: &web::Data<T>,
    door: impl Fn(&T) -> &Arc<Door>,
    password_problem: fn(&T, &str) -> Option<String>,
) -> MailDoor {
    let door = Arc::clone(door(dialect));
    let dialect = dialect.clone();
    MailDoor {
        dialect: name,
        door,
        continue_url: None,
        old_address: OldAddress::IsTold,
        refuses_breached: false,
        link: None,
        password_problem: Arc::new(move |password| password_problem(&dialect, password)),
    }
}
