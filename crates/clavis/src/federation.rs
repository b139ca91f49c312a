use std::sync::Arc;

use clavis_federation::{ClientOfDialect, ClientUrls, Federation};
use clavis_flows::Providers;
use clavis_http::dialects::backend_plus::ProviderClient;
use clavis_http::dialects::barong::AUTH0;

use crate::config::{ConfigError, Settings};
use crate::system::SystemClock;

/// The providers that the settings name, be it in their own section or in that of a dialect.
pub(crate) fn providers(settings: &Settings) -> Result<Arc<dyn Providers>, ConfigError> {
    let refused =
        |error: clavis_federation::SettingsError| ConfigError::setting(&error.setting, error.problem);
    let mut all = settings.federation.clone();
    let backend_plus = &settings.dialects.backend_plus;
    if backend_plus.enabled {
        for client in backend_plus.provider_clients() {
            all.adopt(of_dialect(client)).map_err(refused)?;
        }
    }
    let barong = &settings.dialects.barong;
    if barong.enabled {
        let auth0 = barong
            .auth0()
            .map_err(|error| ConfigError::within("dialects.barong", error))?;
        if let Some(auth0) = auth0 {
            all.adopt_openid(AUTH0, auth0.issuer, auth0.client_id)
                .map_err(refused)?;
        }
    }
    let federation = Federation::new(&all, Arc::new(SystemClock)).map_err(refused)?;
    Ok(Arc::new(federation))
}

fn of_dialect(client: ProviderClient) -> ClientOfDialect {
    ClientOfDialect {
        provider: client.provider,
        id: client.id,
        secret: client.secret,
        urls: ClientUrls {
            authorize: client.authorization_url,
            token: client.token_url,
            user: client.user_profile_url,
        },
    }
}
