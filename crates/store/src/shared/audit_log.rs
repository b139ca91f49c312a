use chrono::{DateTime, Utc};
use clavis_flows::{AuditEntry, AuditFilter, AuditLog, AuditResult, Direction, Page, RecordedEntry, Slice};
use clavis_kernel::{AccountId, AuditId, Caller, StoreError};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::audit::{self, dsl};
use crate::types::{Id, count, micros, moment, offset, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, check_for_backend(Db))]
struct AuditRow {
    at: i64,
    account_id: Option<Id>,
    action: String,
    refused: Option<String>,
    dialect: String,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    actor_id: Option<Id>,
    detail: Option<String>,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        const READING: &str = "AuditLog (a row)";
        Ok(Self {
            at: moment(READING, row.at)?,
            account: row.account_id.map(|id| AccountId(id.0)),
            action: parsed(READING, &row.action)?,
            result: row.refused.map_or(AuditResult::Succeeded, AuditResult::Refused),
            actor: row.actor_id.map(|id| AccountId(id.0)),
            detail: row.detail,
            caller: Caller {
                dialect: parsed(READING, &row.dialect)?,
                ip: row.ip.map(|ip| parsed(READING, &ip)).transpose()?,
                user_agent: row.user_agent,
                request_id: row.request_id,
            },
        })
    }
}

/// The entries for which everything holds.
fn matching(filter: &AuditFilter) -> audit::BoxedQuery<'_, Db> {
    let mut query = audit::table.into_boxed();
    if let Some(account) = filter.account {
        query = query.filter(dsl::account_id.eq(Id(account.0)));
    }
    if let Some(actor) = filter.actor {
        let actor = Id(actor.0);
        // Where nobody else is named, the account did it itself.
        let itself = dsl::actor_id.is_null().and(dsl::account_id.eq(actor));
        query = query.filter(dsl::actor_id.eq(actor).or(itself));
    }
    match filter.by_authority {
        Some(true) => query = query.filter(dsl::actor_id.is_not_null()),
        Some(false) => query = query.filter(dsl::actor_id.is_null()),
        None => {}
    }
    if !filter.actions.is_empty() {
        let names: Vec<&str> = filter.actions.iter().map(|action| action.name()).collect();
        query = query.filter(dsl::action.eq_any(names));
    }
    match filter.refused {
        Some(true) => query = query.filter(dsl::refused.is_not_null()),
        Some(false) => query = query.filter(dsl::refused.is_null()),
        None => {}
    }
    if let Some(from) = filter.from {
        query = query.filter(dsl::at.ge(micros(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(dsl::at.lt(micros(to)));
    }
    if filter.with_user_agent {
        query = query.filter(dsl::user_agent.is_not_null());
    }
    query
}

impl AuditLog for Tx<'_> {
    fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let row = AuditRow {
            at: micros(entry.at),
            account_id: entry.account.map(|id| Id(id.0)),
            action: entry.action.name().to_owned(),
            refused: match &entry.result {
                AuditResult::Succeeded => None,
                AuditResult::Refused(reason) => Some(reason.clone()),
            },
            dialect: entry.caller.dialect.name().to_owned(),
            ip: entry.caller.ip.map(|ip| ip.to_string()),
            user_agent: entry.caller.user_agent.clone(),
            request_id: entry.caller.request_id.clone(),
            actor_id: entry.actor.map(|id| Id(id.0)),
            detail: entry.detail.clone(),
        };
        diesel::insert_into(audit::table)
            .values(row)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AuditLog::append"))?;
        Ok(())
    }

    fn latest(&self, account: AccountId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<AuditRow> = audit::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .order(dsl::id.desc())
            .limit(limit.into())
            .select(AuditRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("AuditLog::latest"))?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }

    /// An account's entries, and those of everybody in authority, are found by an index. Any other page is read off the
    /// end of the trail, and how many there are is counted over all of it.
    fn page(
        &self,
        filter: &AuditFilter,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<RecordedEntry>, StoreError> {
        const PAGE: &str = "AuditLog::page";
        let mut conn = self.conn.borrow_mut();
        let total: i64 = matching(filter).count().get_result(*conn).map_err(failed(PAGE))?;
        let query = matching(filter)
            .limit(slice.limit.into())
            .offset(offset(slice.offset));
        let query = match direction {
            Direction::Ascending => query.order(dsl::id.asc()),
            Direction::Descending => query.order(dsl::id.desc()),
        };
        let rows: Vec<(i64, AuditRow)> = query
            .select((dsl::id, AuditRow::as_select()))
            .load(*conn)
            .map_err(failed(PAGE))?;
        let items = rows.into_iter().map(recorded);
        Ok(Page {
            items: items.collect::<Result<_, StoreError>>()?,
            total: count(PAGE, total)?,
        })
    }

    fn after(
        &self,
        entry: AuditId,
        settled: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<RecordedEntry>, StoreError> {
        let rows: Vec<(i64, AuditRow)> = audit::table
            .filter(dsl::id.gt(entry.0))
            .order(dsl::id.asc())
            .limit(limit.into())
            .select((dsl::id, AuditRow::as_select()))
            .load(*self.conn.borrow_mut())
            .map_err(failed("AuditLog::after"))?;
        let settled = micros(settled);
        let behind = rows.into_iter().take_while(|(_, row)| row.at < settled);
        behind.map(recorded).collect()
    }

    fn unfinished_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        const UNFINISHED: &str = "AuditLog::unfinished_since";
        let since = dialect::oldest_writer(*self.conn.borrow_mut()).map_err(failed(UNFINISHED))?;
        some_moment(UNFINISHED, since)
    }
}

fn recorded((id, row): (i64, AuditRow)) -> Result<RecordedEntry, StoreError> {
    Ok(RecordedEntry {
        id: AuditId(id),
        entry: row.try_into()?,
    })
}
