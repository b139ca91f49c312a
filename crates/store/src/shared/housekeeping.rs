use chrono::{DateTime, Duration, Utc};
use clavis_flows::Housekeeping;
use clavis_kernel::StoreError;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::{
    authorization_codes, login_failures, outbox, pending_log_ins, provider_journeys, refresh_tokens,
    restrictions, sessions, tickets, whitelinks,
};
use crate::types::{Id, micros};

const SWEEP: &str = "Housekeeping::sweep";
/// Fewer than the variables SQLite takes in one statement.
const MOST_ROWS: u32 = 10_000;
/// How long a mail that nobody could deliver is kept for the operator to see.
const DEAD_MAILS: Duration = Duration::days(7);
/// Longer than any lockout lasts.
const FAILURES: Duration = Duration::days(1);

/// Deletes the rows of a table whose keys a query finds, which has the limit: neither database deletes with a
/// limit of its own.
macro_rules! delete {
    ($conn:expr, $table:ident . $key:ident : $kind:ty, $over:expr) => {{
        let keys: Vec<$kind> = $over.select($table::$key).load(*$conn).map_err(failed(SWEEP))?;
        if keys.is_empty() {
            0
        } else {
            diesel::delete($table::table.filter($table::$key.eq_any(keys)))
                .execute(*$conn)
                .map_err(failed(SWEEP))?
        }
    }};
}

impl Housekeeping for Tx<'_> {
    fn sweep(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let limit = i64::from(limit.min(MOST_ROWS));
        let dead_since = micros(now - DEAD_MAILS);
        let failures_since = micros(now - FAILURES);
        let now = micros(now);
        let mut conn = self.conn.borrow_mut();
        let old_tokens = refresh_tokens::table
            .filter(refresh_tokens::expires_at.le(now))
            .order(refresh_tokens::expires_at.asc())
            .limit(limit);
        // Before the sessions: a session with a thousand tokens would take them all along, past any limit.
        let their_tokens = refresh_tokens::table
            .inner_join(sessions::table)
            .filter(sessions::expires_at.le(now))
            .order(sessions::expires_at.asc())
            .limit(limit);
        let tokens = refresh_tokens::table.filter(refresh_tokens::session_id.eq(sessions::id));
        let old_sessions = sessions::table
            .filter(sessions::expires_at.le(now))
            .filter(not(exists(tokens)))
            .order(sessions::expires_at.asc())
            .limit(limit);
        let old_tickets = tickets::table
            .filter(tickets::expires_at.le(now))
            .order(tickets::expires_at.asc())
            .limit(limit);
        let old_log_ins = pending_log_ins::table
            .filter(pending_log_ins::expires_at.le(now))
            .order(pending_log_ins::expires_at.asc())
            .limit(limit);
        let old_journeys = provider_journeys::table
            .filter(provider_journeys::expires_at.le(now))
            .order(provider_journeys::expires_at.asc())
            .limit(limit);
        let old_codes = authorization_codes::table
            .filter(authorization_codes::expires_at.le(now))
            .order(authorization_codes::expires_at.asc())
            .limit(limit);
        let dead_mails = outbox::table
            .filter(outbox::due_at.is_null())
            .filter(outbox::created_at.lt(dead_since))
            .order(outbox::created_at.asc())
            .limit(limit);
        let old_failures = login_failures::table
            .filter(login_failures::window_started_at.lt(failures_since))
            .order(login_failures::window_started_at.asc())
            .limit(limit);
        let old_links = whitelinks::table
            .filter(whitelinks::expires_at.le(now))
            .order(whitelinks::expires_at.asc())
            .limit(limit);
        let old_restrictions = restrictions::table
            .filter(restrictions::expires_at.le(now))
            .order(restrictions::expires_at.asc())
            .limit(limit);
        let deleted = [
            delete!(conn, refresh_tokens.digest: Vec<u8>, old_tokens),
            delete!(conn, refresh_tokens.digest: Vec<u8>, their_tokens),
            delete!(conn, sessions.id: Id, old_sessions),
            delete!(conn, tickets.digest: Vec<u8>, old_tickets),
            delete!(conn, pending_log_ins.digest: Vec<u8>, old_log_ins),
            delete!(conn, provider_journeys.digest: Vec<u8>, old_journeys),
            delete!(conn, authorization_codes.digest: Vec<u8>, old_codes),
            delete!(conn, outbox.id: Id, dead_mails),
            delete!(conn, login_failures.account_id: Id, old_failures),
            delete!(conn, whitelinks.digest: Vec<u8>, old_links),
            // What is over says nothing any more: nobody who remembers it is to be told.
            delete!(conn, restrictions.id: i64, old_restrictions),
        ];
        Ok(deleted.into_iter().map(|rows| rows as u64).sum())
    }
}
