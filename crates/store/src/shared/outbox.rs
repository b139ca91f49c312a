use chrono::{DateTime, Utc};
use clavis_flows::{Outbox, QueuedMail};
use clavis_kernel::{MailId, StoreError};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::outbox::{self, dsl};
use crate::types::{Id, count, micros, moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(Db))]
struct MailRow {
    id: Id,
    sealed: Vec<u8>,
    attempts: i64,
    created_at: i64,
}

impl TryFrom<MailRow> for QueuedMail {
    type Error = StoreError;

    fn try_from(row: MailRow) -> Result<Self, StoreError> {
        const READING: &str = "Outbox (a row)";
        Ok(Self {
            id: MailId(row.id.0),
            sealed: row.sealed,
            attempts: count(READING, row.attempts)?,
            created_at: moment(READING, row.created_at)?,
        })
    }
}

impl Outbox for Tx<'_> {
    fn enqueue(&self, mail: &QueuedMail) -> Result<(), StoreError> {
        diesel::insert_into(outbox::table)
            .values((
                dsl::id.eq(Id(mail.id.0)),
                dsl::sealed.eq(&mail.sealed),
                dsl::attempts.eq(i64::from(mail.attempts)),
                dsl::created_at.eq(micros(mail.created_at)),
                dsl::due_at.eq(micros(mail.created_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Outbox::enqueue"))?;
        Ok(())
    }

    fn claim_due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        const CLAIM: &str = "Outbox::claim_due";
        let mut conn = self.conn.borrow_mut();
        let due: Vec<Id> = dialect::due_mails(*conn, micros(now), limit.into()).map_err(failed(CLAIM))?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        diesel::update(outbox::table.filter(dsl::id.eq_any(&due)))
            .set(dsl::due_at.eq(micros(until)))
            .execute(*conn)
            .map_err(failed(CLAIM))?;
        let rows: Vec<MailRow> = outbox::table
            .filter(dsl::id.eq_any(&due))
            .order((dsl::created_at.asc(), dsl::id.asc()))
            .select(MailRow::as_select())
            .load(*conn)
            .map_err(failed(CLAIM))?;
        rows.into_iter().map(QueuedMail::try_from).collect()
    }

    fn sent(&self, id: MailId) -> Result<(), StoreError> {
        diesel::delete(outbox::table.find(Id(id.0)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Outbox::sent"))?;
        Ok(())
    }

    fn failed(&self, id: MailId, attempts: u32, next: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        // A mail that is never due again is dead; the sweeper forgets it.
        diesel::update(outbox::table.find(Id(id.0)))
            .set((
                dsl::attempts.eq(i64::from(attempts)),
                dsl::due_at.eq(next.map(micros)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Outbox::failed"))?;
        Ok(())
    }

    fn depth(&self) -> Result<u64, StoreError> {
        const DEPTH: &str = "Outbox::depth";
        let number: i64 = outbox::table
            .filter(dsl::due_at.is_not_null())
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(DEPTH))?;
        count(DEPTH, number)
    }
}
