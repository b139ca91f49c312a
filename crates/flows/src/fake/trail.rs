use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, AuditId, StoreError};

use super::FakePorts;
use super::directory::{is_within, page};
use crate::{AuditEntry, AuditFilter, AuditLog, AuditResult, Direction, Page, RecordedEntry, Slice};

impl AuditLog for FakePorts {
    fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.change("AuditLog::append")?.audit.push(entry.clone());
        Ok(())
    }

    fn latest(&self, account: AccountId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.state();
        let newest = state
            .audit
            .iter()
            .rev()
            .filter(|entry| entry.account == Some(account));
        Ok(newest.take(limit as usize).cloned().collect())
    }

    fn page(
        &self,
        filter: &AuditFilter,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<RecordedEntry>, StoreError> {
        let state = self.state();
        let matching = (1..)
            .zip(&state.audit)
            .filter(|(_, entry)| matches(filter, entry))
            .map(|(id, entry)| RecordedEntry {
                id: AuditId(id),
                entry: entry.clone(),
            });
        Ok(page(matching.collect(), direction, slice))
    }

    fn after(
        &self,
        entry: AuditId,
        settled: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<RecordedEntry>, StoreError> {
        let state = self.state();
        let entries = (1..).map(AuditId).zip(&state.audit);
        let behind = entries
            .skip_while(|(id, _)| *id <= entry)
            .take(limit as usize)
            .take_while(|(_, entry)| entry.at < settled);
        let recorded = behind.map(|(id, entry)| RecordedEntry {
            id,
            entry: entry.clone(),
        });
        Ok(recorded.collect())
    }

    fn unfinished_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(None)
    }
}

fn matches(filter: &AuditFilter, entry: &AuditEntry) -> bool {
    // Where nobody else is named, the account did it itself.
    let actor = entry.actor.or(entry.account);
    let is_refused = matches!(entry.result, AuditResult::Refused(_));
    filter
        .account
        .is_none_or(|account| entry.account == Some(account))
        && filter.actor.is_none_or(|by| actor == Some(by))
        && filter
            .by_authority
            .is_none_or(|by_authority| entry.actor.is_some() == by_authority)
        && (filter.actions.is_empty() || filter.actions.contains(&entry.action))
        && filter.refused.is_none_or(|refused| is_refused == refused)
        && is_within(entry.at, filter.from, filter.to)
        && (!filter.with_user_agent || entry.caller.user_agent.is_some())
}
