//! What the installation is called at a provider, and what a dialect's own settings say of it.

use clavis_kernel::Secret;

use super::{SecretText, Settings, SettingsError, required};
use crate::code::Authentication;

/// What a provider calls us, and what proves it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

impl Client {
    /// Both, or neither is of use.
    pub(crate) fn required(
        section: &str,
        id: Option<&String>,
        secret: Option<&SecretText>,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            id: required(section, "client_id", id, "the client's id there")?,
            secret: required(section, "client_secret", secret, "the client's secret there")?.0,
        })
    }

    pub(crate) fn in_form(&self) -> Authentication<'_> {
        Authentication::InForm {
            client: &self.id,
            secret: Some(&self.secret),
        }
    }

    pub(crate) fn in_header(&self) -> Authentication<'_> {
        Authentication::InHeader {
            client: &self.id,
            secret: &self.secret,
        }
    }
}

/// What a dialect's own settings say of a provider: the same as `[federation.<provider>]`, by the names that the
/// dialect's operators know.
#[derive(Debug, Clone, Default)]
pub struct ClientOfDialect {
    /// Whose.
    pub provider: &'static str,
    /// The client's id there, for browsers.
    pub id: Option<String>,
    /// The client's secret there.
    pub secret: Option<Secret>,
    /// Where it is, if not in its usual place.
    pub urls: ClientUrls,
}

/// Where a provider is asked, if not in its usual place.
#[derive(Debug, Clone, Default)]
pub struct ClientUrls {
    /// Where browsers go.
    pub authorize: Option<String>,
    /// Where codes are exchanged.
    pub token: Option<String>,
    /// Who somebody is.
    pub user: Option<String>,
}

impl Settings {
    /// Takes over an OpenID provider that a dialect's own settings say, under a name. What is said in both places must be
    /// the same.
    pub fn adopt_openid(&mut self, name: &str, issuer: String, client: String) -> Result<(), SettingsError> {
        let place = |setting: &str| format!("federation.oidc.{name}.{setting}");
        let own = self.oidc.entry(name.to_owned()).or_default();
        fill(&mut own.issuer, Some(issuer), || place("issuer"))?;
        fill(&mut own.client_id, Some(client), || place("client_id"))
    }

    /// Takes over what a dialect's own settings say. What is said in both places must be the same.
    pub fn adopt(&mut self, client: ClientOfDialect) -> Result<(), SettingsError> {
        let ClientOfDialect {
            provider,
            id,
            secret,
            urls,
        } = client;
        let place = |name: &str| format!("federation.{provider}.{name}");
        let secret = secret.map(SecretText);
        let (own_id, own_secret) = match provider {
            "google" => {
                // The first is the one whose secret we have.
                let mut first = self.google.client_ids.first().cloned();
                fill(&mut first, id, || place("client_ids"))?;
                if self.google.client_ids.is_empty() {
                    self.google.client_ids.extend(first);
                }
                return fill(&mut self.google.client_secret, secret, || place("client_secret"));
            }
            // Its secret is a key, which no text of a dialect's settings is.
            "apple" => return fill(&mut self.apple.services_id, id, || place("services_id")),
            "facebook" => (&mut self.facebook.app_id, &mut self.facebook.app_secret),
            "github" => {
                let github = &mut self.github;
                fill(&mut github.authorize_url, urls.authorize, || {
                    place("authorize_url")
                })?;
                fill(&mut github.token_url, urls.token, || place("token_url"))?;
                fill(&mut github.user_url, urls.user, || place("user_url"))?;
                (&mut github.client_id, &mut github.client_secret)
            }
            "linkedin" => (&mut self.linkedin.client_id, &mut self.linkedin.client_secret),
            "spotify" => (&mut self.spotify.client_id, &mut self.spotify.client_secret),
            "twitter" => (&mut self.twitter.client_id, &mut self.twitter.client_secret),
            "windowslive" => (
                &mut self.windowslive.client_id,
                &mut self.windowslive.client_secret,
            ),
            _ => {
                return Err(SettingsError::new(
                    place("client_id"),
                    "expected a provider that is known",
                ));
            }
        };
        fill(own_id, id, || place("client_id"))?;
        fill(own_secret, secret, || place("client_secret"))
    }
}

fn fill<T: PartialEq>(
    own: &mut Option<T>,
    others: Option<T>,
    setting: impl FnOnce() -> String,
) -> Result<(), SettingsError> {
    match (&own, others) {
        (_, None) => Ok(()),
        (None, others @ Some(_)) => {
            *own = others;
            Ok(())
        }
        (Some(own), Some(others)) if *own == others => Ok(()),
        (Some(_), Some(_)) => Err(SettingsError::new(
            setting(),
            "expected the same as in the dialect's own settings, or one of the two unset",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with(
        settings: Value,
        provider: &'static str,
        id: &str,
        secret: &str,
    ) -> Result<Settings, SettingsError> {
        let mut settings: Settings = serde_json::from_value(settings).unwrap();
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        settings
            .adopt(ClientOfDialect {
                provider,
                id: some(id),
                secret: some(secret).map(Secret::new),
                urls: ClientUrls::default(),
            })
            .map(|()| settings)
    }

    #[test]
    fn a_dialects_own_settings_stand_for_those_of_the_provider() {
        let settings = with(json!({}), "github", "id", "secret").unwrap();
        assert_eq!(settings.github.client_id.as_deref(), Some("id"));
        assert!(settings.github.client_secret.is_some());
        let settings = with(json!({ "facebook": { "app_id": "1" } }), "facebook", "", "secret").unwrap();
        assert_eq!(settings.facebook.app_id.as_deref(), Some("1"));
        assert!(settings.facebook.app_secret.is_some());
        let settings = with(json!({}), "google", "web", "secret").unwrap();
        assert_eq!(settings.google.client_ids, ["web"]);
        let settings = with(json!({ "apple": { "client_id": "app" } }), "apple", "web", "").unwrap();
        assert_eq!(settings.apple.services_id.as_deref(), Some("web"));
        for provider in ["linkedin", "spotify", "twitter", "windowslive"] {
            let settings = with(json!({}), provider, "id", "secret").unwrap();
            assert!(!settings.name_nobody(), "{provider}");
        }
        assert!(with(json!({}), "google", "", "").unwrap().name_nobody());
    }

    #[test]
    fn a_dialects_openid_provider_stands_beside_the_others() {
        let mut settings: Settings =
            serde_json::from_value(json!({ "oidc": { "auth0": { "scopes": "openid" } } })).unwrap();
        let mut adopt = |client: &str| {
            settings.adopt_openid("auth0", "https://ann.auth0.com/".to_owned(), client.to_owned())
        };
        adopt("web").unwrap();
        adopt("web").unwrap();
        assert_eq!(
            adopt("phone").unwrap_err().setting,
            "federation.oidc.auth0.client_id"
        );
        let auth0 = &settings.oidc["auth0"];
        assert_eq!(auth0.issuer.as_deref(), Some("https://ann.auth0.com/"));
        assert_eq!(auth0.client_id.as_deref(), Some("web"));
    }

    #[test]
    fn what_is_said_in_two_places_is_said_twice_or_refused() {
        let both = |id| with(json!({ "spotify": { "client_id": "a" } }), "spotify", id, "");
        assert!(both("a").is_ok());
        assert_eq!(
            both("b").unwrap_err().to_string(),
            "federation.spotify.client_id: expected the same as in the dialect's own settings, or one of the two \
             unset"
        );
        let google = json!({ "google": { "client_ids": ["web", "phone"] } });
        assert!(with(google.clone(), "google", "web", "").is_ok());
        assert!(
            with(google, "google", "phone", "").is_err(),
            "the secret is the first's"
        );
    }
}
