use std::sync::Arc;

use actix_web::HttpRequest;
use clavis_flows::PlainPath;

use super::rules::Rules;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::BarongError;
use crate::dialects::barong::settings::Settings;
use crate::memory::Known;

/// Where somebody who is kept out shows that they may be let in: open to all.
pub(super) struct WaysIn(Vec<String>);

impl WaysIn {
    pub(super) fn new(settings: &Settings) -> Self {
        let mounts = settings.served_mounts();
        let bases = mounts.iter().filter_map(|mount| mount.path.base());
        Self(
            bases
                .map(|base| format!("{base}/identity/users/access"))
                .collect(),
        )
    }
}

impl Barong {
    /// Refuses a request to what is behind the gateway because of where it comes from.
    pub(super) async fn unrestricted(
        &self,
        request: &HttpRequest,
        path: PlainPath<'_>,
    ) -> Result<(), BarongError> {
        let path = path.as_str().trim_end_matches('/');
        if self.gateway.ways_in.0.iter().any(|way_in| way_in == path) {
            return Ok(());
        }
        let rules = self.known_restrictions(request).await?;
        let (client, now) = (self.client_ip(request), self.app.clock.now());
        Ok(rules.value.restrictions.at_gateway(client, now)?)
    }

    /// Refuses a log-in because of where it comes from.
    pub(in crate::dialects::barong) async fn may_log_in_from_there(
        &self,
        request: &HttpRequest,
    ) -> Result<(), BarongError> {
        let rules = self.known_restrictions(request).await?;
        let (client, now) = (self.client_ip(request), self.app.clock.now());
        Ok(rules.value.restrictions.at_log_in(client, now)?)
    }

    /// What is open to all must not close with the store: where it cannot be asked, what it said last still counts.
    async fn known_restrictions(&self, request: &HttpRequest) -> Result<Arc<Known<Rules>>, BarongError> {
        match self.rules(request).await {
            Ok(rules) => Ok(rules),
            Err(fault) => self.gateway.known_rules.any().ok_or_else(|| fault.into()),
        }
    }
}
