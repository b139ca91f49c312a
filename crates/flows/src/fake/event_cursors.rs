use chrono::{DateTime, Utc};
use clavis_kernel::{AuditId, Dialect, StoreError, TellerId};

use super::{FakePorts, State};
use crate::{EventCursor, EventCursors};

impl EventCursors for FakePorts {
    fn find(&self, dialect: Dialect) -> Result<Option<EventCursor>, StoreError> {
        Ok(self.state().event_cursors.get(&dialect).copied())
    }

    fn begin(&self, dialect: Dialect) -> Result<(), StoreError> {
        let mut state = self.change("EventCursors::begin")?;
        let end = AuditId(i64::try_from(state.audit.len()).unwrap_or(i64::MAX));
        let fresh = EventCursor { at: end, turn: None };
        state.event_cursors.entry(dialect).or_insert(fresh);
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
        let mut state = self.change("EventCursors::take_turn")?;
        let is_free = |cursor: &EventCursor| cursor.turn.is_none_or(|(by, end)| by == teller || end <= now);
        Ok(set_if(
            &mut state,
            dialect,
            |cursor| cursor.at == at && is_free(cursor),
            EventCursor {
                at,
                turn: Some((teller, until)),
            },
        ))
    }

    fn move_on(
        &self,
        dialect: Dialect,
        teller: TellerId,
        from: AuditId,
        to: AuditId,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("EventCursors::move_on")?;
        Ok(set_if(
            &mut state,
            dialect,
            |cursor| cursor.at == from && cursor.turn.is_some_and(|(by, _)| by == teller),
            EventCursor {
                at: to,
                turn: Some((teller, until)),
            },
        ))
    }
}

fn set_if(
    state: &mut State,
    dialect: Dialect,
    is_so: impl FnOnce(&EventCursor) -> bool,
    next: EventCursor,
) -> bool {
    match state.event_cursors.get_mut(&dialect) {
        Some(cursor) if is_so(cursor) => {
            *cursor = next;
            true
        }
        _ => false,
    }
}
