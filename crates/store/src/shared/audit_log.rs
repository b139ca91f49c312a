use clavis_flows::{AuditEntry, AuditLog, AuditResult};
use clavis_kernel::{AccountId, Caller, StoreError};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::audit::{self, dsl};
use crate::types::{Id, micros, moment, parsed};

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
            caller: Caller {
                dialect: parsed(READING, &row.dialect)?,
                ip: row.ip.map(|ip| parsed(READING, &ip)).transpose()?,
                user_agent: row.user_agent,
                request_id: row.request_id,
            },
        })
    }
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
}
