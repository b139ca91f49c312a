use std::sync::Arc;

use chrono::Duration;
use clavis_flows::{Activation, CodeRules, Door, FactorPolicy, OldAddress, UsedUp};
use clavis_identity::TotpWindow;
use clavis_kernel::{Secret, is_deceptive};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};
use url::Url;

use super::admission::{Domains, Roles, default_first};
use super::claims::{ClaimsPolicy, CustomClaim};
use super::cookies::{SameSite, Transport};
use super::error::{Profile, Refusal};
use super::letters::Letters;
use super::settings::{Settings, SettingsError};
use crate::PublicUrl;
use crate::dialects::Lifetimes;

/// Some ten years, in minutes.
const LONGEST_REFRESH: u32 = 10 * 366 * 24 * 60;
/// The longest name that authenticator apps are told, in characters: there is room for it in a QR code.
const LONGEST_ISSUER: usize = 64;
/// Whoever reads a mail first can follow its link, so it is good for an hour at most, in minutes.
const LONGEST_LINK: u32 = 60;
/// A retired key verifies for thirty days; a token must not outlive it.
const LONGEST_ACCESS: u32 = 30 * 24 * 60;

/// A part of the dialect that an operator can switch on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Whether something about accounts is told to who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disclosure {
    Told,
    Hidden,
}

/// The settings, checked and with their defaults filled in.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) profile: Profile,
    pub(super) auth: Switch,
    pub(super) local_users: Switch,
    pub(super) redirect_success: Option<String>,
    pub(super) redirect_error: Option<String>,
    pub(super) domains: Domains,
    pub(super) shortest_password: u32,
    pub(super) breach_check: Switch,
    pub(super) mfa: Switch,
    /// What authenticator apps show a second factor under.
    pub(super) otp_issuer: String,
    /// The one role of who says nothing; `None` when everybody has to say who they are.
    pub(super) anonymous_role: Option<String>,
    /// How long a link that opens a session is good; `None` when there are none.
    pub(super) link_lifetime: Option<Duration>,
    pub(super) registration_fields: Vec<String>,
    pub(super) roles: Roles,
    pub(super) activation: Activation,
    pub(super) self_delete: Switch,
    pub(super) lost_password: Switch,
    pub(super) change_email: Switch,
    pub(super) unverified_email_change: Switch,
    pub(super) mail: Switch,
    pub(super) old_address: OldAddress,
    pub(super) log_in_accounts: Disclosure,
    pub(super) reset_accounts: Disclosure,
    /// `None` when it is off.
    pub(super) impersonation: Option<AdminSecret>,
}

/// The admin secret; without one every header is wrong.
#[derive(Debug)]
pub(super) struct AdminSecret(Option<Secret>);

impl AdminSecret {
    pub(super) fn new(secret: Option<Secret>) -> Self {
        Self(secret)
    }

    pub(super) fn is(&self, presented: &str) -> bool {
        self.0.as_ref().is_some_and(|secret| secret.same_as(presented))
    }
}

impl Rules {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let documented = settings.profile == Profile::Documented;
        let notified = settings.notify_email_change && settings.emails_enabled;
        Ok(Self {
            profile: settings.profile,
            auth: settings.auth_enabled.into(),
            local_users: settings.auth_local_users_enabled.into(),
            redirect_success: redirect("redirect_url_success", settings.redirect_url_success.as_deref())?,
            redirect_error: redirect("redirect_url_error", settings.redirect_url_error.as_deref())?,
            domains: Domains::new(settings.allowed_email_domains.clone()),
            shortest_password: shortest_password(settings)?,
            breach_check: settings.hibp_enabled.into(),
            mfa: settings.mfa_enabled.into(),
            otp_issuer: otp_issuer(settings)?,
            anonymous_role: anonymous_role(settings)?,
            link_lifetime: link_lifetime(settings)?,
            registration_fields: settings.registration_custom_fields.clone(),
            roles: roles(settings)?,
            activation: match (settings.auto_activate_new_users, settings.verify_emails) {
                (true, _) => Activation::AtOnce,
                (false, true) => Activation::ByMail,
                (false, false) => Activation::ByOperator,
            },
            self_delete: settings.allow_user_self_delete.unwrap_or(documented).into(),
            lost_password: settings.lost_password_enabled.unwrap_or(documented).into(),
            change_email: settings.change_email_enabled.into(),
            unverified_email_change: (!settings.verify_emails).into(),
            mail: settings.emails_enabled.into(),
            old_address: if notified {
                OldAddress::IsTold
            } else {
                OldAddress::IsNotTold
            },
            log_in_accounts: if settings.hide_unknown_accounts {
                Disclosure::Hidden
            } else {
                Disclosure::Told
            },
            reset_accounts: if settings.reveal_unknown_accounts {
                Disclosure::Told
            } else {
                Disclosure::Hidden
            },
            impersonation: settings
                .user_impersonation_enabled
                .then(|| AdminSecret::new(settings.hasura_graphql_admin_secret.clone())),
        })
    }

    /// Refuses what an operator switched off, in the profile's way.
    pub(super) fn require(&self, part: Switch) -> Result<(), Refusal> {
        match part {
            Switch::On => Ok(()),
            Switch::Off => Err(self.profile.switched_off()),
        }
    }

    /// Refuses what cannot be done without mail.
    pub(super) fn require_mail(&self) -> Result<(), Refusal> {
        if self.mail == Switch::On {
            return Ok(());
        }
        tracing::error!("a request needs mail, which dialects.backend_plus.emails_enabled switches off");
        Err(Refusal::INTERNAL)
    }
}

/// How the dialect behaves where dialects differ in behaviour.
pub(super) fn door(
    settings: &Settings,
    letters: Letters,
    lifetimes: Lifetimes,
) -> Result<Arc<Door>, SettingsError> {
    Ok(Arc::new(Door {
        refresh: RefreshPolicy {
            spelling: RefreshTokenSpelling::UuidV4,
            lifetime: refresh_lifetime(settings, lifetimes)?,
            reuse_window: Duration::seconds(settings.refresh_reuse_window_seconds.into()),
        },
        ticket_lifetime: Duration::minutes(60),
        new_ticket_replaces: true,
        change_kills_resets: false,
        second_factor: if settings.mfa_enabled {
            FactorPolicy::Ask(CodeRules {
                window: TotpWindow::CURRENT_AND_PREVIOUS,
                used_up: UsedUp::AtLogIn,
            })
        } else {
            settings.without_second_factor.into()
        },
        letters: Arc::new(letters),
    }))
}

/// How access tokens are shaped.
pub(super) fn claims(
    settings: &Settings,
    public_url: &PublicUrl,
    lifetimes: Lifetimes,
) -> Result<ClaimsPolicy, SettingsError> {
    if settings.jwt_claims_namespace.is_empty()
        || ["sub", "iss", "sid", "iat", "exp"].contains(&settings.jwt_claims_namespace.as_str())
    {
        return Err(SettingsError::new(
            "jwt_claims_namespace",
            "expected a name that no other claim has",
        ));
    }
    let issuer = settings
        .jwt_issuer
        .clone()
        .unwrap_or_else(|| match settings.profile {
            Profile::Documented => public_url.as_str().to_owned(),
            Profile::V2_7 => "nhost".to_owned(),
        });
    let own = minutes("jwt_expires_in", settings.jwt_expires_in, LONGEST_ACCESS)?;
    let roles = roles(settings)?;
    Ok(ClaimsPolicy {
        namespace: settings.jwt_claims_namespace.clone(),
        issuer,
        lifetime: lifetimes.access.unwrap_or(own),
        custom: settings
            .jwt_custom_fields
            .iter()
            .map(|name| CustomClaim::new(name))
            .collect::<Result<_, _>>()?,
        default_roles: default_first(&roles.default, &roles.default_allowed),
    })
}

/// How long a refresh token lives, and the cookies with it.
pub(super) fn refresh_lifetime(settings: &Settings, lifetimes: Lifetimes) -> Result<Duration, SettingsError> {
    let own = minutes(
        "jwt_refresh_expires_in",
        settings.jwt_refresh_expires_in,
        LONGEST_REFRESH,
    )?;
    Ok(lifetimes.refresh.unwrap_or(own))
}

/// How cookies travel.
pub(super) fn cookie_transport(
    settings: &Settings,
    public_url: &PublicUrl,
) -> Result<Transport, SettingsError> {
    let secure = settings.cookie_secure.unwrap_or_else(|| public_url.is_https());
    if settings.cookie_same_site == SameSite::None {
        if !secure {
            let expected = "none needs cookie_secure: browsers drop such cookies otherwise";
            return Err(SettingsError::new("cookie_same_site", expected));
        }
        if settings.cors_allowed_origins.is_empty() {
            tracing::warn!(
                "dialects.backend_plus: any web page can act for who is logged in: cookie_same_site is none and \
                 cors_allowed_origins is empty"
            );
        }
    }
    Ok(if secure {
        Transport::Encrypted
    } else {
        Transport::Any
    })
}

fn minutes(setting: &'static str, minutes: u32, longest: u32) -> Result<Duration, SettingsError> {
    if (1..=longest).contains(&minutes) {
        return Ok(Duration::minutes(minutes.into()));
    }
    Err(SettingsError::new(
        setting,
        format!("expected minutes, from 1 to {longest}"),
    ))
}

fn shortest_password(settings: &Settings) -> Result<u32, SettingsError> {
    match settings.min_password_length {
        length @ 1..=128 => Ok(length),
        _ => Err(SettingsError::new(
            "min_password_length",
            "expected a number from 1 to 128",
        )),
    }
}

fn otp_issuer(settings: &Settings) -> Result<String, SettingsError> {
    let issuer = settings.otp_issuer.as_str();
    let fits = (1..=LONGEST_ISSUER).contains(&issuer.chars().count()) && !issuer.contains(is_deceptive);
    if fits {
        return Ok(issuer.to_owned());
    }
    let expected = format!("expected a name of 1 to {LONGEST_ISSUER} characters");
    Err(SettingsError::new("otp_issuer", expected))
}

fn anonymous_role(settings: &Settings) -> Result<Option<String>, SettingsError> {
    if !settings.anonymous_users_enabled {
        return Ok(None);
    }
    match settings.default_anonymous_role.as_str() {
        "" => Err(SettingsError::new("default_anonymous_role", "expected a role")),
        role => Ok(Some(role.to_owned())),
    }
}

fn link_lifetime(settings: &Settings) -> Result<Option<Duration>, SettingsError> {
    let lifetime = minutes(
        "magic_link_expires_in",
        settings.magic_link_expires_in,
        LONGEST_LINK,
    )?;
    if settings.magic_link_enabled && settings.redirect_url_success.is_none() {
        tracing::warn!(
            "dialects.backend_plus.redirect_url_success is not set: mailed links that log in lead to no application"
        );
    }
    Ok(settings.magic_link_enabled.then_some(lifetime))
}

fn roles(settings: &Settings) -> Result<Roles, SettingsError> {
    let default = settings.default_user_role.clone();
    if default.is_empty() {
        return Err(SettingsError::new("default_user_role", "expected a role"));
    }
    let default_allowed = settings
        .default_allowed_user_roles
        .clone()
        .unwrap_or_else(|| vec![default.clone()]);
    if !default_allowed.contains(&default) {
        let expected = format!("expected a list with default_user_role, {default:?}, in it");
        return Err(SettingsError::new("default_allowed_user_roles", expected));
    }
    let allowed = settings
        .allowed_user_roles
        .clone()
        .unwrap_or_else(|| default_allowed.clone());
    if let Some(missing) = default_allowed.iter().find(|role| !allowed.contains(role)) {
        let expected = format!("expected a list with every role of a new account in it; {missing:?} is not");
        return Err(SettingsError::new("allowed_user_roles", expected));
    }
    Ok(Roles {
        default,
        default_allowed,
        allowed,
    })
}

/// The operator's URL to the letter: clients may compare it.
pub(super) fn redirect(setting: &'static str, url: Option<&str>) -> Result<Option<String>, SettingsError> {
    let Some(text) = url else { return Ok(None) };
    let is_link = text.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(text)
            .is_ok_and(|url| !matches!(url.scheme(), "javascript" | "data" | "vbscript" | "file"));
    if is_link {
        return Ok(Some(text.to_owned()));
    }
    Err(SettingsError::new(
        setting,
        "expected an absolute URL such as https://app.example.org/welcome",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_admin_secret_none_is_right() {
        assert!(!AdminSecret(None).is(""));
        assert!(AdminSecret(Some(Secret::new("s3cret"))).is("s3cret"));
        assert!(!AdminSecret(Some(Secret::new("s3cret"))).is("s3creT"));
    }

    #[track_caller]
    fn check_refused(settings: Settings, expected: &str) {
        let public_url: PublicUrl = "http://localhost:8080".parse().unwrap();
        let refused = Rules::new(&settings)
            .map(drop)
            .and_then(|()| claims(&settings, &public_url, Lifetimes::default()).map(drop))
            .and_then(|()| cookie_transport(&settings, &public_url).map(drop))
            .and_then(|()| refresh_lifetime(&settings, Lifetimes::default()).map(drop));
        assert_eq!(
            refused.err().map(|error| error.to_string()).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn what_cannot_be_served_is_refused_at_start() {
        let with = Settings::default;
        check_refused(
            Settings {
                redirect_url_success: Some("welcome".to_owned()),
                ..with()
            },
            "redirect_url_success: expected an absolute URL such as https://app.example.org/welcome",
        );
        check_refused(
            Settings {
                redirect_url_error: Some("javascript:alert(1)".to_owned()),
                ..with()
            },
            "redirect_url_error: expected an absolute URL such as https://app.example.org/welcome",
        );
        check_refused(
            Settings {
                jwt_expires_in: 0,
                ..with()
            },
            "jwt_expires_in: expected minutes, from 1 to 43200",
        );
        check_refused(
            Settings {
                jwt_refresh_expires_in: u32::MAX,
                ..with()
            },
            "jwt_refresh_expires_in: expected minutes, from 1 to 5270400",
        );
        check_refused(
            Settings {
                min_password_length: 129,
                ..with()
            },
            "min_password_length: expected a number from 1 to 128",
        );
        check_refused(
            Settings {
                otp_issuer: String::new(),
                ..with()
            },
            "otp_issuer: expected a name of 1 to 64 characters",
        );
        check_refused(
            Settings {
                anonymous_users_enabled: true,
                default_anonymous_role: String::new(),
                ..with()
            },
            "default_anonymous_role: expected a role",
        );
        check_refused(
            Settings {
                magic_link_expires_in: 61,
                ..with()
            },
            "magic_link_expires_in: expected minutes, from 1 to 60",
        );
        check_refused(
            Settings {
                default_allowed_user_roles: Some(vec!["me".to_owned()]),
                ..with()
            },
            "default_allowed_user_roles: expected a list with default_user_role, \"user\", in it",
        );
        check_refused(
            Settings {
                allowed_user_roles: Some(vec!["me".to_owned()]),
                ..with()
            },
            "allowed_user_roles: expected a list with every role of a new account in it; \"user\" is not",
        );
        check_refused(
            Settings {
                cookie_same_site: SameSite::None,
                ..with()
            },
            "cookie_same_site: none needs cookie_secure: browsers drop such cookies otherwise",
        );
        check_refused(
            Settings {
                jwt_claims_namespace: "sub".to_owned(),
                ..with()
            },
            "jwt_claims_namespace: expected a name that no other claim has",
        );
    }

    #[test]
    fn the_profile_decides_what_is_on_by_default() {
        let rules = |profile| {
            Rules::new(&Settings {
                profile,
                ..Settings::default()
            })
            .unwrap()
        };
        let (documented, old) = (rules(Profile::Documented), rules(Profile::V2_7));
        assert_eq!(
            (documented.self_delete, documented.lost_password),
            (Switch::On, Switch::On)
        );
        assert_eq!((old.self_delete, old.lost_password), (Switch::Off, Switch::Off));
        assert_eq!(documented.activation, Activation::ByMail);
        assert_eq!(documented.old_address, OldAddress::IsTold);
    }
}
