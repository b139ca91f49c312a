//! PostgreSQL: a pool of connections, each transaction on a blocking thread.

mod server;
#[cfg(test)]
mod tests;

#[path = "../shared/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "one file of queries serves both databases")]
mod shared;

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clavis_flows::{Job, Store};
use clavis_kernel::{Secret, StoreError, StoreErrorKind};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use tokio::sync::Semaphore;

use crate::OpenError;
use crate::failure::failed;
use server::{Bounded, Server};
use shared::Tx;

type Conn = PgConnection;
type Db = diesel::pg::Pg;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
/// Transactions at once: a connection sleeps through round trips and flushes, so more than cores.
const CONNECTIONS: u32 = 16;
/// How long a transaction waits for its turn before the client is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it then waits for a connection that has to be made anew.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How often a transaction that lost against a concurrent one is run again.
const ATTEMPTS: u32 = 5;

/// Accounts on a server.
pub(crate) struct PostgresStore {
    pool: Pool<ConnectionManager<Conn>>,
    slots: Arc<Semaphore>,
    revocations: Arc<AtomicU64>,
}

#[derive(Clone, Copy)]
enum Mode {
    Write,
    Read,
}

impl Mode {
    const fn begin(self) -> &'static str {
        match self {
            Self::Write => "BEGIN",
            // One snapshot for every look-up of the transaction, as on SQLite.
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

impl PostgresStore {
    pub(crate) fn open(url: &Secret) -> Result<Self, OpenError> {
        let server = Server::at(url);
        server.migrate(MIGRATIONS)?;
        let pool = Pool::builder()
            .max_size(CONNECTIONS)
            .min_idle(Some(1))
            // A connection that was lost is found out by its BEGIN, without a round trip more for all others.
            .test_on_check_out(false)
            .connection_timeout(CONNECT_PATIENCE)
            .connection_customizer(Box::new(Bounded))
            .build_unchecked(ConnectionManager::new(server.url.expose()));
        let slots = Arc::new(Semaphore::new(CONNECTIONS as usize));
        Ok(Self {
            pool,
            slots,
            revocations: Arc::default(),
        })
    }

    async fn run(&self, mode: Mode, mut job: Job) -> Result<(), StoreError> {
        const WAIT: &str = "Store (a connection)";
        // Whoever waits does so without holding a thread.
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.slots).acquire_owned());
        let permit = turn
            .await
            .map_err(|error| StoreError::busy(WAIT, error))?
            .map_err(|error| StoreError::new(WAIT, error))?;
        let (pool, revocations) = (self.pool.clone(), Arc::clone(&self.revocations));
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut lost = 0;
            let mut attempt = 1;
            loop {
                let mut conn = pool
                    .get()
                    .map_err(|error| StoreError::busy(WAIT, server::one_line(&error)))?;
                if let Err(error) = conn.batch_execute(mode.begin()).map_err(failed("BEGIN")) {
                    // Nothing has been done yet, and after a restart of the server every connection is dead.
                    if error.kind() == StoreErrorKind::Busy && lost < CONNECTIONS {
                        lost += 1;
                        continue;
                    }
                    return Err(error);
                }
                match transaction(&mut conn, &mut job, &revocations) {
                    Err(error) if error.kind() == StoreErrorKind::Conflict && attempt < ATTEMPTS => {
                        metrics::counter!("clavis_store_retries_total").increment(1);
                        drop(conn);
                        std::thread::sleep(back_off(attempt));
                        attempt += 1;
                    }
                    outcome => return outcome,
                }
            }
        });
        running.await.map_err(|error| StoreError::new(WAIT, error))?
    }
}

/// Migrates the database at this URL.
pub(crate) fn migrate(url: &Secret) -> Result<Vec<String>, OpenError> {
    Server::at(url).migrate(MIGRATIONS)
}

/// Up to 4, 8, 16, … milliseconds: those who were in each other's way come back at different times.
fn back_off(attempt: u32) -> Duration {
    let random = RandomState::new().hash_one(attempt);
    Duration::from_micros(random % (2_000 << attempt.min(8)))
}

#[async_trait]
impl Store for PostgresStore {
    async fn write(&self, job: Job) -> Result<(), StoreError> {
        self.run(Mode::Write, job).await
    }

    async fn read(&self, job: Job) -> Result<(), StoreError> {
        self.run(Mode::Read, job).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(Box::new(|ports| clavis_tokens::SigningKeys::all(ports).map(drop)))
            .await
    }

    fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }

    /// Other servers may stand before the same database.
    fn commits(&self) -> Option<u64> {
        None
    }
}

/// After a statement has failed PostgreSQL answers a bare COMMIT with success and rolls back. In one round trip with
/// a statement before it, a job that hid the failure is found out.
const COMMIT: &str = "SELECT 1; COMMIT";

/// What follows BEGIN: committed if the job succeeds. Revocations count before the answer leaves.
fn transaction(conn: &mut Conn, job: &mut Job, revocations: &AtomicU64) -> Result<(), StoreError> {
    let (result, revoked) = {
        let tx = Tx::new(conn);
        let result = catch_unwind(AssertUnwindSafe(|| job(&tx)))
            .unwrap_or_else(|_| Err(StoreError::new("Store", "the job panicked")));
        (result, tx.revoked())
    };
    if let Err(error) = result {
        // The job's error says more than that of a ROLLBACK on a lost connection.
        let _ = conn.batch_execute("ROLLBACK");
        return Err(error);
    }
    let started = Instant::now();
    if let Err(error) = conn.batch_execute(COMMIT).map_err(failed("COMMIT")) {
        let _ = conn.batch_execute("ROLLBACK");
        return Err(error);
    }
    metrics::histogram!("clavis_store_commit_seconds").record(started.elapsed().as_secs_f64());
    if revoked {
        revocations.fetch_add(1, Ordering::AcqRel);
    }
    Ok(())
}

/// What PostgreSQL does its own way: row locks.
mod dialect {
    use diesel::dsl::sql;
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    use super::{Conn, Db};
    use crate::schema::{accounts, applications, identities, outbox};
    use crate::types::Id;

    /// A condition on accounts.
    pub(super) type SqlCondition<'a> = Box<dyn BoxableExpression<accounts::table, Db, SqlType = Bool> + 'a>;

    /// Whether a key of an object, which is an attribute, has a value. Values are compared by what they mean. JSON with NUL
    /// in it is none to PostgreSQL, and ends no query of others.
    pub(super) fn has_part<'a>(attribute: &'a str, key: &'a str, value: &'a str) -> SqlCondition<'a> {
        let condition = sql::<Bool>(
            "CASE WHEN position('u0000' IN accounts.attributes) > 0 THEN FALSE \
             ELSE COALESCE(((accounts.attributes::jsonb ->> ",
        );
        Box::new(
            condition
                .bind::<Text, _>(attribute)
                .sql(")::jsonb -> ")
                .bind::<Text, _>(key)
                .sql(") = ")
                .bind::<Text, _>(value)
                .sql("::jsonb, FALSE) END"),
        )
    }

    /// How many accounts, but those in these states, have a subject at a provider. It is kept behind the provider's name
    /// and a colon; in which order a locale puts texts is no matter.
    pub(super) fn count_known_at(conn: &mut Conn, provider: &str, gone: [&str; 2]) -> QueryResult<i64> {
        identities::table
            .inner_join(accounts::table.on(accounts::id.eq(identities::account_id)))
            .filter(identities::kind.eq("subject"))
            .filter(identities::folded.like(format!("{}:%", provider.replace('_', "\\_"))))
            .filter(accounts::state.ne_all(gone))
            .select(diesel::dsl::count(identities::account_id).aggregate_distinct())
            .get_result(conn)
    }

    pub(super) fn lock_application(conn: &mut Conn, id: i64) -> QueryResult<()> {
        let row = applications::table.find(id).select(applications::id);
        row.for_no_key_update().first::<i64>(conn).optional().map(drop)
    }

    pub(super) fn lock_account(conn: &mut Conn, id: Id) -> QueryResult<()> {
        let row = accounts::table
            .filter(accounts::id.eq(id))
            .select(accounts::number);
        row.for_no_key_update().first::<i64>(conn).optional().map(drop)
    }

    pub(super) fn lock_keys(conn: &mut Conn) -> QueryResult<()> {
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('clavis keys'), hashtext(current_schema()))")
            .execute(conn)
            .map(drop)
    }

    /// When the oldest transaction of ours began that writes and has not ended, in microseconds.
    pub(super) fn oldest_writer(conn: &mut Conn) -> QueryResult<Option<i64>> {
        diesel::select(sql::<Nullable<BigInt>>(
            "(SELECT (extract(epoch FROM min(xact_start)) * 1000000)::bigint FROM pg_stat_activity \
             WHERE datname = current_database() AND usename = current_user AND backend_xid IS NOT NULL)",
        ))
        .get_result(conn)
    }

    pub(super) fn due_mails(conn: &mut Conn, now: i64, limit: i64) -> QueryResult<Vec<Id>> {
        outbox::table
            .filter(outbox::due_at.le(now))
            .order((outbox::due_at.asc(), outbox::id.asc()))
            .limit(limit)
            .select(outbox::id)
            .for_update()
            .skip_locked()
            .load(conn)
    }
}
