use std::sync::Arc;

use actix_web::HttpRequest;
use clavis_flows::{PlainPath, PlainVerb};
use clavis_rbac::{Access, AccessRule, RestrictionTable, judge};

use super::token::Token;
use crate::Fault;
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::BarongError;
use crate::memory::{Known, Whole};

/// The rules as the store said last. All are remembered together: there are few.
#[derive(Default)]
pub(super) struct KnownRules(Whole<Rules>);

/// What is asked of every request.
pub(super) struct Rules {
    /// What roles may do.
    access: Vec<AccessRule>,
    /// From where requests may come.
    pub(super) restrictions: RestrictionTable,
}

impl KnownRules {
    /// The rules, however long ago the store said them.
    pub(super) fn any(&self) -> Option<Arc<Known<Rules>>> {
        self.0.any()
    }
}

impl Barong {
    /// Refuses what the rules do not let somebody's role do. What they want noted is noted, before it is let through.
    pub(super) async fn permitted(
        &self,
        request: &HttpRequest,
        verb: &PlainVerb,
        path: PlainPath<'_>,
        token: &Token,
    ) -> Result<(), BarongError> {
        let rules = self.rules(request).await?;
        let ruling = judge(&rules.value.access, token.role(), verb.as_str(), path.as_str());
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

    /// Both sorts of rules, asked for together.
    pub(super) async fn rules(&self, request: &HttpRequest) -> Result<Arc<Known<Rules>>, Fault> {
        let ask = self.look_up(request, |on| {
            Ok(Rules {
                access: on.access_rules()?,
                restrictions: RestrictionTable::new(on.restrictions()?),
            })
        });
        let known = &self.gateway.known_rules.0;
        known.get(|| self.app.store.revocations(), ask).await
    }
}
