use chrono::{DateTime, Utc};
use clavis_identity::{Ticket, TicketPurpose, Tickets};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::tickets::{self, dsl};
use crate::types::{Id, count, digest, micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tickets, check_for_backend(Db))]
struct TicketRow {
    digest: Vec<u8>,
    account_id: Id,
    purpose: String,
    address: String,
    through: String,
    issued_at: i64,
    expires_at: i64,
    spent_at: Option<i64>,
}

impl TryFrom<TicketRow> for Ticket {
    type Error = StoreError;

    fn try_from(row: TicketRow) -> Result<Self, StoreError> {
        const READING: &str = "Tickets (a row)";
        Ok(Self {
            digest: digest(READING, &row.digest)?,
            account: AccountId(row.account_id.0),
            purpose: parsed(READING, &row.purpose)?,
            address: parsed(READING, &row.address)?,
            through: parsed(READING, &row.through)?,
            issued_at: moment(READING, row.issued_at)?,
            expires_at: moment(READING, row.expires_at)?,
            spent_at: some_moment(READING, row.spent_at)?,
        })
    }
}

impl Tickets for Tx<'_> {
    fn insert(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let row = TicketRow {
            digest: ticket.digest.as_bytes().to_vec(),
            account_id: Id(ticket.account.0),
            purpose: ticket.purpose.name().to_owned(),
            address: ticket.address.as_str().to_owned(),
            through: ticket.through.name().to_owned(),
            issued_at: micros(ticket.issued_at),
            expires_at: micros(ticket.expires_at),
            spent_at: ticket.spent_at.map(micros),
        };
        diesel::insert_into(tickets::table)
            .values(row)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Tickets::insert"))?;
        Ok(())
    }

    fn find(&self, digest: &TokenDigest, purpose: TicketPurpose) -> Result<Option<Ticket>, StoreError> {
        tickets::table
            .find(digest.as_bytes().as_slice())
            .filter(dsl::purpose.eq(purpose.name()))
            .select(TicketRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Tickets::find"))?
            .map(Ticket::try_from)
            .transpose()
    }

    fn spend(
        &self,
        digest: &TokenDigest,
        purpose: TicketPurpose,
        at: DateTime<Utc>,
    ) -> Result<Option<Ticket>, StoreError> {
        let live = tickets::table
            .find(digest.as_bytes().as_slice())
            .filter(dsl::purpose.eq(purpose.name()))
            .filter(dsl::spent_at.is_null())
            .filter(dsl::expires_at.gt(micros(at)));
        diesel::update(live)
            .set(dsl::spent_at.eq(micros(at)))
            .returning(TicketRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Tickets::spend"))?
            .map(Ticket::try_from)
            .transpose()
    }

    /// The rows stay, spent: they still count as issued.
    fn discard(&self, account: AccountId, purpose: TicketPurpose) -> Result<usize, StoreError> {
        let unspent = tickets::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::purpose.eq(purpose.name()))
            .filter(dsl::spent_at.is_null());
        diesel::update(unspent)
            .set(dsl::spent_at.eq(dsl::issued_at.nullable()))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Tickets::discard"))
    }

    fn count_issued(&self, account: AccountId, since: DateTime<Utc>) -> Result<u64, StoreError> {
        const COUNT: &str = "Tickets::count_issued";
        let number: i64 = tickets::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::issued_at.ge(micros(since)))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }
}
