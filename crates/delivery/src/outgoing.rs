//! Requests to servers that the operator names, and the little trust these get.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

/// How long a server is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a connection.
    pub(crate) connect: Duration,
    /// For everything, from beginning to end.
    pub(crate) total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(10),
        }
    }
}

/// A client whose requests go where the setting says: not where an answer points, nor through a proxy that the
/// environment names. Each has a connection of its own: none is lost to one that the other side has just closed.
pub(crate) fn client(patience: Patience) -> reqwest::Result<Client> {
    Client::builder()
        .connect_timeout(patience.connect)
        .timeout(patience.total)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("Clavis/", env!("CARGO_PKG_VERSION")))
        .build()
}
