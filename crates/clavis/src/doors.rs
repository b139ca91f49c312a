use std::fmt;
use std::sync::Arc;

use actix_web::web;
use clavis_flows::{Door, OldAddress};
use clavis_http::App;
use clavis_http::dialects::Lifetimes;
use clavis_http::dialects::backend_plus::BackendPlus;
use clavis_http::dialects::barong::Barong;
use clavis_http::dialects::jauth::Jauth;
use clavis_http::dialects::pluto::Pluto;
use clavis_http::dialects::sso::Sso;
use clavis_http::pages::MailDoor;
use clavis_kernel::Dialect;

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
        Ok(Self {
            backend_plus: open(Dialect::BackendPlus, dialects.backend_plus.enabled, || {
                let settings_of_dialect = dialects.backend_plus.clone();
                BackendPlus::new(app.clone(), settings_of_dialect, lifetimes, links, settings.dev)
            })?,
            barong: open(Dialect::Barong, dialects.barong.enabled, || {
                Barong::new(app.clone(), dialects.barong.clone(), lifetimes)
            })?,
            jauth: open(Dialect::Jauth, dialects.jauth.enabled, || {
                Jauth::new(app.clone(), dialects.jauth.clone(), lifetimes)
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
        let backend_plus = self.backend_plus.clone().map(|dialect| MailDoor {
            continue_url: dialect.success_url().map(str::to_owned),
            old_address: dialect.old_address(),
            ..mail_door(Dialect::BackendPlus, dialect.door(), {
                let dialect = dialect.clone();
                move |password| dialect.password_problem(password)
            })
        });
        let barong = self.barong.clone().map(|dialect| {
            let door = Arc::clone(dialect.door());
            mail_door(Dialect::Barong, &door, move |password| {
                dialect.password_problem(password)
            })
        });
        let jauth = self.jauth.clone().map(|dialect| {
            let door = Arc::clone(dialect.door());
            mail_door(Dialect::Jauth, &door, move |password| {
                dialect.password_problem(password)
            })
        });
        let pluto = self.pluto.clone().map(|dialect| {
            let door = Arc::clone(dialect.door());
            mail_door(Dialect::Pluto, &door, move |password| {
                dialect.password_problem(password)
            })
        });
        let sso = self.sso.clone().map(|dialect| {
            let door = Arc::clone(dialect.door());
            mail_door(Dialect::Sso, &door, move |password| {
                dialect.password_problem(password)
            })
        });
        [backend_plus, barong, jauth, pluto, sso]
            .into_iter()
            .flatten()
            .collect()
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

fn mail_door(
    dialect: Dialect,
    door: &Arc<Door>,
    password_problem: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> MailDoor {
    MailDoor {
        dialect,
        door: Arc::clone(door),
        continue_url: None,
        old_address: OldAddress::IsTold,
        password_problem: Arc::new(password_problem),
    }
}
