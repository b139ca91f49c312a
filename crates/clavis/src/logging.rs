use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogSettings};

/// Sends the log to standard error, as lines for people or as JSON objects.
pub(crate) fn start(settings: &LogSettings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| {
        format!("log.filter: {error}; expected something like info or info,clavis::access=debug")
    })?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Text => tracing_subscriber::registry()
            .with(filter)
            .with(lines.with_ansi(false))
            .try_init(),
        LogFormat::Json => tracing_subscriber::registry()
            .with(filter)
            .with(lines.json().flatten_event(true).with_current_span(false))
            .try_init(),
    };
    started.map_err(|error| format!("the log could not be started: {error}"))
}
