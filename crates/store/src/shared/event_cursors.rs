use chrono::{DateTime, Utc};
use clavis_flows::{EventCursor, EventCursors};
use clavis_kernel::{AuditId, Dialect, StoreError, TellerId};
use diesel::dsl::max;
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::audit;
use crate::schema::event_cursors::{self, dsl};
use crate::types::{Id, micros, some_moment};

impl EventCursors for Tx<'_> {
    fn find(&self, dialect: Dialect) -> Result<Option<EventCursor>, StoreError> {
        const FIND: &str = "EventCursors::find";
        let row: Option<(i64, Option<Id>, Option<i64>)> = event_cursors::table
            .find(dialect.name())
            .select((dsl::told_to, dsl::teller, dsl::turn_ends))
            .first(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        row.map(|(told_to, teller, turn_ends)| {
            Ok(EventCursor {
                at: AuditId(told_to),
                turn: teller.map(|id| TellerId(id.0)).zip(some_moment(FIND, turn_ends)?),
            })
        })
        .transpose()
    }

    fn begin(&self, dialect: Dialect) -> Result<(), StoreError> {
        const BEGIN: &str = "EventCursors::begin";
        let mut conn = self.conn.borrow_mut();
        let end: Option<i64> = audit::table
            .select(max(audit::id))
            .first(*conn)
            .map_err(failed(BEGIN))?;
        diesel::insert_into(event_cursors::table)
            .values((
                dsl::dialect.eq(dialect.name()),
                dsl::told_to.eq(end.unwrap_or_default()),
            ))
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(BEGIN))?;
        Ok(())
    }

    fn take_turn(
        &self,
        dialect: Dialect,
        teller: TellerId,
        at: AuditId,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let is_own = dsl::teller.eq(Some(Id(teller.0)));
        let is_over = dsl::turn_ends.is_null().or(dsl::turn_ends.le(micros(now)));
        let cursor = event_cursors::table
            .find(dialect.name())
            .filter(dsl::told_to.eq(at.0))
            .filter(is_over.or(is_own));
        let rows = diesel::update(cursor)
            .set((
                dsl::teller.eq(Some(Id(teller.0))),
                dsl::turn_ends.eq(Some(micros(until))),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("EventCursors::take_turn"))?;
        Ok(rows > 0)
    }

    fn move_on(
        &self,
        dialect: Dialect,
        teller: TellerId,
        from: AuditId,
        to: AuditId,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let cursor = event_cursors::table
            .find(dialect.name())
            .filter(dsl::told_to.eq(from.0))
            .filter(dsl::teller.eq(Some(Id(teller.0))));
        let rows = diesel::update(cursor)
            .set((dsl::told_to.eq(to.0), dsl::turn_ends.eq(Some(micros(until)))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("EventCursors::move_on"))?;
        Ok(rows > 0)
    }
}
