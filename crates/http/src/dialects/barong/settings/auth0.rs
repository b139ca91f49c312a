//! The provider whose ID tokens open sessions.

use url::Url;

use super::{Settings, SettingsError};

/// What the installation is called at a tenant of Auth0, and who that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth0Client {
    /// As the operator wrote it: clients are told.
    pub domain: String,
    /// The `iss` of its tokens (OpenID Connect Core §2).
    pub issuer: String,
    /// The `aud` of its tokens that are meant for this installation.
    pub client_id: String,
}

impl Settings {
    /// The provider, if there is one.
    ///
    /// # Errors
    ///
    /// One of the two settings without the other, or a domain that is none.
    pub fn auth0(&self) -> Result<Option<Auth0Client>, SettingsError> {
        let (domain, client_id) = match (&self.auth0_domain, &self.auth0_client_id) {
            (None, None) => return Ok(None),
            (Some(domain), Some(client_id)) => (domain, client_id),
            (Some(_), None) => {
                return Err(SettingsError::new(
                    "auth0_client_id",
                    "expected beside auth0_domain",
                ));
            }
            (None, Some(_)) => {
                return Err(SettingsError::new(
                    "auth0_domain",
                    "expected beside auth0_client_id",
                ));
            }
        };
        let issuer = issuer(domain).ok_or_else(|| {
            SettingsError::new(
                "auth0_domain",
                "expected a host, as example.eu.auth0.com, or an OpenID provider's URL",
            )
        })?;
        Ok(Some(Auth0Client {
            domain: domain.clone(),
            issuer,
            client_id: client_id.clone(),
        }))
    }
}

/// A tenant calls itself by its host, with a slash behind it; others as they please.
fn issuer(domain: &str) -> Option<String> {
    if domain.contains("://") {
        let is_url = Url::parse(domain).is_ok_and(|url| url.has_host());
        return is_url.then(|| domain.to_owned());
    }
    let issuer = format!("https://{domain}/");
    let url = Url::parse(&issuer).ok()?;
    // Nothing but a host, and a port perhaps: the whole is read back as it was written.
    let is_host = url.as_str() == issuer && url.path() == "/" && url.username().is_empty();
    is_host.then_some(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(domain: &str, client_id: &str) -> Settings {
        let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Settings {
            auth0_domain: set(domain),
            auth0_client_id: set(client_id),
            ..Settings::default()
        }
    }

    #[test]
    fn a_domain_is_a_tenant_or_says_itself_how_it_is_called() {
        assert_eq!(settings("", "").auth0(), Ok(None));
        for (domain, issuer) in [
            ("ann.eu.auth0.com", "https://ann.eu.auth0.com/"),
            ("https://id.example.org/realm", "https://id.example.org/realm"),
        ] {
            let client = settings(domain, "web").auth0().unwrap().unwrap();
            assert_eq!((&*client.issuer, &*client.domain), (issuer, domain));
        }
        for domain in [
            "ann@evil.example",
            "ann.auth0.com/x",
            "a b",
            "https://",
            "ann.auth0.com?x",
            "://",
        ] {
            assert!(settings(domain, "web").auth0().is_err(), "{domain}");
        }
    }

    #[test]
    fn neither_of_the_two_is_of_use_alone() {
        let error = settings("ann.auth0.com", "").auth0().unwrap_err();
        assert_eq!(error.to_string(), "auth0_client_id: expected beside auth0_domain");
        let error = settings("", "web").check().unwrap_err();
        assert_eq!(error.to_string(), "auth0_domain: expected beside auth0_client_id");
    }
}
