use chrono::{DateTime, Utc};
use clavis_kernel::{RestrictionId, StoreError, TokenDigest};
use clavis_rbac::{Restriction, RestrictionContent, Restrictions, Whitelink, Whitelinks};

use super::{FakePorts, State};

impl Restrictions for FakePorts {
    fn insert(
        &self,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<Restriction, StoreError> {
        let mut state = self.change("Restrictions::insert")?;
        self.revoking();
        Ok(state.restrictions.add(|id| Restriction {
            id: RestrictionId(id),
            content: *rule,
            expires_at: until,
            created_at: at,
            updated_at: at,
        }))
    }

    fn find(&self, id: RestrictionId) -> Result<Option<Restriction>, StoreError> {
        Ok(self.state().restrictions.rows.get(&id.0).cloned())
    }

    fn all(&self) -> Result<Vec<Restriction>, StoreError> {
        Ok(self.state().restrictions.rows.values().cloned().collect())
    }

    fn update(
        &self,
        id: RestrictionId,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("Restrictions::update")?;
        let Some(known) = state.restrictions.rows.get_mut(&id.0) else {
            return Ok(false);
        };
        known.content = *rule;
        known.expires_at = until;
        known.updated_at = at;
        self.revoking();
        Ok(true)
    }

    fn remove(&self, id: RestrictionId) -> Result<bool, StoreError> {
        let mut state = self.change("Restrictions::remove")?;
        let removed = state.restrictions.rows.remove(&id.0).is_some();
        if removed {
            self.revoking();
        }
        Ok(removed)
    }
}

impl Whitelinks for FakePorts {
    fn insert(&self, link: &Whitelink) -> Result<(), StoreError> {
        let mut state = self.change("Whitelinks::insert")?;
        state.whitelinks.insert(link.digest, link.clone());
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<Whitelink>, StoreError> {
        Ok(self.state().whitelinks.get(digest).cloned())
    }

    fn count_live(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let state = self.state();
        let live = state.whitelinks.values().filter(|link| now < link.expires_at);
        Ok(live.count() as u64)
    }
}

/// Takes up to `limit` rules whose time is over, those first whose time was over first, and returns how many.
pub(super) fn sweep(state: &mut State, now: DateTime<Utc>, limit: usize) -> usize {
    let rules = state.restrictions.rows.iter();
    let ends = rules.filter_map(|(id, rule)| Some((rule.expires_at.filter(|end| *end <= now)?, *id)));
    let mut over: Vec<_> = ends.collect();
    over.sort_unstable();
    over.truncate(limit);
    for (_, id) in &over {
        state.restrictions.rows.remove(id);
    }
    over.len()
}
