use clavis_flows::Providers;
use clavis_kernel::Secret;

use super::super::rules::{Switch, redirect};
use super::super::settings::{Settings, SettingsError};
use super::Social;

/// What the settings say of a provider that is switched on.
#[derive(Debug, Clone)]
pub struct ProviderClient {
    /// Its name.
    pub provider: &'static str,
    /// What it calls us.
    pub id: Option<String>,
    /// What proves it.
    pub secret: Option<Secret>,
    /// Where browsers go, if not to its usual place.
    pub authorization_url: Option<String>,
    /// Where codes are exchanged.
    pub token_url: Option<String>,
    /// Where it says who somebody is.
    pub user_profile_url: Option<String>,
}

/// Which providers are switched on, and where browsers go in the end.
#[derive(Debug)]
pub(in super::super) struct Switches {
    on: Vec<Social>,
    pub(super) success: Option<String>,
    pub(super) failure: Option<String>,
}

impl Switches {
    /// Checks the settings. A provider that is switched on can be asked.
    pub(in super::super) fn new(settings: &Settings, known: &dyn Providers) -> Result<Self, SettingsError> {
        let on: Vec<_> = Social::ALL
            .into_iter()
            .filter(|social| settings.has_switched_on(*social))
            .collect();
        for social in &on {
            if !known.takes_browsers(&social.provider()) {
                let expected = match social {
                    Social::Apple => {
                        "expected apple_client_id, and the team and its key in federation.apple".to_owned()
                    }
                    _ => format!("expected {0}_client_id and {0}_client_secret", social.name()),
                };
                return Err(SettingsError::new(switch_name(*social), expected));
            }
        }
        let first = |own: &Option<String>, usual: &Option<String>| own.clone().or_else(|| usual.clone());
        let success = first(
            &settings.provider_success_redirect,
            &settings.redirect_url_success,
        );
        let failure = first(&settings.provider_failure_redirect, &settings.redirect_url_error);
        Ok(Self {
            on,
            success: redirect("provider_success_redirect", success.as_deref())?,
            failure: redirect("provider_failure_redirect", failure.as_deref())?,
        })
    }

    pub(super) fn of(&self, social: Social) -> Switch {
        self.on.contains(&social).into()
    }
}

impl Settings {
    /// The providers that are switched on, with what the settings say of each.
    pub fn provider_clients(&self) -> Vec<ProviderClient> {
        let on = Social::ALL
            .into_iter()
            .filter(|social| self.has_switched_on(*social));
        on.map(|social| self.client_of(social)).collect()
    }

    fn has_switched_on(&self, social: Social) -> bool {
        match social {
            Social::Apple => self.apple_enabled,
            Social::Facebook => self.facebook_enabled,
            Social::Github => self.github_enabled,
            Social::Google => self.google_enabled,
            Social::Linkedin => self.linkedin_enabled,
            Social::Spotify => self.spotify_enabled,
            Social::Twitter => self.twitter_enabled,
            Social::Windowslive => self.windowslive_enabled,
        }
    }

    fn client_of(&self, social: Social) -> ProviderClient {
        let (id, secret) = match social {
            // Its secret is a key in a file.
            Social::Apple => (&self.apple_client_id, &None),
            Social::Facebook => (&self.facebook_client_id, &self.facebook_client_secret),
            Social::Github => (&self.github_client_id, &self.github_client_secret),
            Social::Google => (&self.google_client_id, &self.google_client_secret),
            Social::Linkedin => (&self.linkedin_client_id, &self.linkedin_client_secret),
            Social::Spotify => (&self.spotify_client_id, &self.spotify_client_secret),
            Social::Twitter => (&self.twitter_client_id, &self.twitter_client_secret),
            Social::Windowslive => (&self.windowslive_client_id, &self.windowslive_client_secret),
        };
        let of_github = |url: &Option<String>| url.clone().filter(|_| social == Social::Github);
        ProviderClient {
            provider: social.name(),
            id: id.clone(),
            secret: secret.clone(),
            authorization_url: of_github(&self.github_authorization_url),
            token_url: of_github(&self.github_token_url),
            user_profile_url: of_github(&self.github_user_profile_url),
        }
    }
}

const fn switch_name(social: Social) -> &'static str {
    match social {
        Social::Apple => "apple_enabled",
        Social::Facebook => "facebook_enabled",
        Social::Github => "github_enabled",
        Social::Google => "google_enabled",
        Social::Linkedin => "linkedin_enabled",
        Social::Spotify => "spotify_enabled",
        Social::Twitter => "twitter_enabled",
        Social::Windowslive => "windowslive_enabled",
    }
}

#[cfg(test)]
mod tests {
    use clavis_flows::fake::FakeProviders;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_provider_has_a_switch_of_its_own_and_is_off() {
        assert!(Settings::default().provider_clients().is_empty());
        for social in Social::ALL {
            let name = social.name();
            let settings: Settings = serde_json::from_value(json!({
                (switch_name(social)): "true", (format!("{name}_client_id")): "an id",
            }))
            .unwrap();
            let clients = settings.provider_clients();
            assert_eq!(clients.len(), 1, "{name}");
            assert_eq!(
                (clients[0].provider, clients[0].id.as_deref()),
                (name, Some("an id"))
            );
            let switches = Switches::new(&settings, &FakeProviders::default()).unwrap();
            for other in Social::ALL {
                assert_eq!(switches.of(other), (other == social).into());
            }
        }
    }

    #[test]
    fn where_browsers_go_is_where_they_go_after_an_activation_unless_it_is_said() {
        let switches = |settings| Switches::new(&settings, &FakeProviders::default()).unwrap();
        let usual = Settings {
            redirect_url_success: Some("https://app.example/in".to_owned()),
            redirect_url_error: Some("https://app.example/out".to_owned()),
            ..Settings::default()
        };
        let both = switches(usual.clone());
        assert_eq!(both.success.as_deref(), Some("https://app.example/in"));
        assert_eq!(both.failure.as_deref(), Some("https://app.example/out"));
        let own = switches(Settings {
            provider_success_redirect: Some("https://app.example/hello".to_owned()),
            ..usual
        });
        assert_eq!(own.success.as_deref(), Some("https://app.example/hello"));
        let bad = Settings {
            provider_failure_redirect: Some("/out".to_owned()),
            ..Settings::default()
        };
        assert!(Switches::new(&bad, &FakeProviders::default()).is_err());
    }
}
