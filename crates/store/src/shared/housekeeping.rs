use chrono::{DateTime, Duration, Utc};
use clavis_flows::Housekeeping;
use clavis_kernel::StoreError;
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::{login_failures, outbox, refresh_tokens, sessions, tickets};
use crate::types::{Id, micros};

const SWEEP: &str = "Housekeeping::sweep";

/// Deletes up to `limit` rows of a table that a filter names, found by their key first: neither database deletes
/// with a limit of its own.
macro_rules! sweep {
    ($conn:expr, $limit:expr, $table:ident . $key:ident : $kind:ty, $over:expr) => {{
        let keys: Vec<$kind> = $table::table
            .filter($over)
            .select($table::$key)
            .limit($limit)
            .load(*$conn)
            .map_err(failed(SWEEP))?;
        if keys.is_empty() {
            0
        } else {
            diesel::delete($table::table.filter($table::$key.eq_any(&keys)))
                .execute(*$conn)
                .map_err(failed(SWEEP))?
        }
    }};
}

impl Housekeeping for Tx<'_> {
    fn sweep(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let limit = i64::from(limit);
        let week_ago = micros(now - Duration::days(7));
        let day_ago = micros(now - Duration::days(1));
        let now = micros(now);
        let mut conn = self.conn.borrow_mut();
        let deleted = [
            sweep!(conn, limit, refresh_tokens.digest: Vec<u8>, refresh_tokens::expires_at.le(now)),
            sweep!(conn, limit, sessions.id: Id, sessions::expires_at.le(now)),
            sweep!(conn, limit, tickets.digest: Vec<u8>, tickets::expires_at.le(now)),
            sweep!(conn, limit, outbox.id: Id, outbox::due_at.is_null().and(outbox::created_at.lt(week_ago))),
            sweep!(conn, limit, login_failures.account_id: Id, login_failures::window_started_at.lt(day_ago)),
        ];
        Ok(deleted.into_iter().map(|rows| rows as u64).sum())
    }
}
