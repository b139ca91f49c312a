use std::sync::Arc;

use clavis_federation::Breaches;
use clavis_flows::BreachedPasswords;

use crate::config::{ConfigError, Settings};

/// Where new passwords are looked up, as the settings say.
pub(crate) fn passwords(settings: &Settings) -> Result<Arc<dyn BreachedPasswords>, ConfigError> {
    let settings = &settings.password;
    let breaches = Breaches::open(
        settings.breached_list.as_deref(),
        settings.breached_range_url.as_deref(),
        settings.breached_ca_file.as_deref(),
        settings.breached_unavailable,
    );
    let breaches = breaches.map_err(|error| ConfigError::setting(&error.setting, error.problem))?;
    Ok(Arc::new(breaches))
}
