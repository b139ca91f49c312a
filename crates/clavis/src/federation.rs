use std::sync::Arc;

use clavis_federation::Federation;
use clavis_flows::Providers;

use crate::config::{ConfigError, Settings};
use crate::system::SystemClock;

/// The providers that the settings name.
pub(crate) fn providers(settings: &Settings) -> Result<Arc<dyn Providers>, ConfigError> {
    let federation = Federation::new(&settings.federation, Arc::new(SystemClock));
    let federation = federation.map_err(|error| ConfigError::setting(&error.setting, error.problem))?;
    Ok(Arc::new(federation))
}
