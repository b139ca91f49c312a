use std::sync::Arc;

use actix_web::HttpRequest;
use clavis_flows::PlainPath;
use clavis_rbac::{Access, AccessRule, judge};
use tokio::sync::Mutex;

use super::memory::{Asked, Known, Memory};
use super::token::Token;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::BarongError;

/// What roles may do, as the store said last. All rules are remembered together: there are few.
pub(super) struct KnownRules {
    known: Memory<(), Vec<AccessRule>>,
    /// Of many requests that find the rules out of date, one asks.
    asking: Mutex<()>,
}

impl Default for KnownRules {
    fn default() -> Self {
        Self {
            known: Memory::new(1),
            asking: Mutex::new(()),
        }
    }
}

impl Barong {
    /// Refuses what the rules do not let somebody's role do. What they want noted is noted, before it is let through.
    pub(super) async fn permitted(
        &self,
        request: &HttpRequest,
        path: PlainPath<'_>,
        token: &Token,
    ) -> Result<(), BarongError> {
        let rules = self.access_rules(request).await?;
        let ruling = judge(
            &rules.value,
            token.role(),
            request.method().as_str(),
            path.as_str(),
        );
        if let Some(rule) = ruling.noted_by {
            let (account, rule, access) = (token.account(), rule.clone(), ruling.access);
            let noted = self.transaction(request, move |on| on.note_access(account, &rule, access));
            noted.await?;
        }
        match ruling.access {
            Access::Accepted => Ok(()),
            Access::Dropped => Err(BarongError::NOT_PERMITTED),
        }
    }

    async fn access_rules(&self, request: &HttpRequest) -> Result<Arc<Known<Vec<AccessRule>>>, BarongError> {
        let KnownRules { known, asking } = &self.gateway.roles;
        if let Some(rules) = known.fresh(&(), self.app.store.revocations()) {
            return Ok(rules);
        }
        let _asking = asking.lock().await;
        if let Some(rules) = known.fresh(&(), self.app.store.revocations()) {
            return Ok(rules);
        }
        let asked = Asked::now(self.app.store.revocations());
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method is of one lifetime, the closure of any"
        )]
        let rules = self.look_up(request, |on| on.access_rules()).await?;
        Ok(known.remember((), rules, asked))
    }
}
