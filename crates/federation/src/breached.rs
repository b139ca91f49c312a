//! Passwords that were seen in breaches: a list on this machine, and behind it a server that is asked by the first five
//! digits of a hash, so that it never learns which password it was.

mod list;
mod range;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use async_trait::async_trait;
use clavis_flows::{BreachCheckError, BreachedPasswords};
use clavis_kernel::Secret;
use metrics::counter;
use openssl::sha::sha1;

use crate::SettingsError;
use list::List;
use range::RangeServer;

/// What becomes of a password when it cannot be told whether it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unseen {
    /// It is refused.
    #[default]
    Refused,
    /// It is let through.
    Accepted,
}

/// The text names no such behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `refuse` or `accept`")]
pub struct UnknownBehaviour;

impl FromStr for Unseen {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "refuse" => Ok(Self::Refused),
            "accept" => Ok(Self::Accepted),
            _ => Err(UnknownBehaviour),
        }
    }
}

/// Where passwords are looked up.
pub struct Breaches {
    list: Option<List>,
    server: Option<RangeServer>,
    unseen: Unseen,
}

impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaches")
            .field("list", &self.list)
            .field("unseen", &self.unseen)
            .finish_non_exhaustive()
    }
}

impl Breaches {
    /// Reads the list, of passwords or of their SHA-1 hashes, one a line, and makes a client of the server. Asks nobody
    /// yet. `authority` is a certificate file to trust beside the system's.
    pub fn open(
        list: Option<&Path>,
        range_url: Option<&str>,
        authority: Option<&Path>,
        unseen: Unseen,
    ) -> Result<Self, SettingsError> {
        let list = list.map(List::read).transpose();
        let server = range_url.map(|url| RangeServer::new(url, authority)).transpose();
        Ok(Self {
            list: list.map_err(|problem| SettingsError::new("password.breached_list", problem))?,
            server: server.map_err(|problem| SettingsError::new("password.breached_range_url", problem))?,
            unseen,
        })
    }
}

#[async_trait]
impl BreachedPasswords for Breaches {
    fn are_known(&self) -> bool {
        self.list.is_some() || self.server.is_some()
    }

    async fn contain(&self, password: &Secret) -> Result<bool, BreachCheckError> {
        let digest = sha1(password.expose().as_bytes());
        if self.list.as_ref().is_some_and(|list| list.contains(&digest)) {
            count("listed");
            return Ok(true);
        }
        let Some(server) = &self.server else {
            count("unlisted");
            return Ok(false);
        };
        match server.contains(&digest).await {
            Ok(seen) => {
                count(if seen { "seen" } else { "unseen" });
                Ok(seen)
            }
            Err(problem) => {
                count("unavailable");
                let refused = BreachCheckError(problem);
                match self.unseen {
                    Unseen::Refused => Err(refused),
                    Unseen::Accepted => {
                        tracing::warn!(error = %refused, "a new password was accepted unseen");
                        Ok(false)
                    }
                }
            }
        }
    }
}

fn count(outcome: &'static str) {
    counter!("clavis_breach_checks_total", "outcome" => outcome).increment(1);
}
