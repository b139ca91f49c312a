//! PostgreSQL: a pool of connections, each transaction on a blocking thread.

#[path = "../shared/mod.rs"]
mod shared;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use clavis_flows::{Job, Store};
use clavis_kernel::{Secret, StoreError, StoreErrorKind};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use tokio::sync::Semaphore;

use crate::OpenError;
use crate::failure::failed;
use crate::migrating::migrate;
use shared::Tx;

type Conn = PgConnection;
#[expect(dead_code, reason = "only derives name it")]
type Db = diesel::pg::Pg;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
/// Transactions at once: a connection sleeps through round trips and flushes, so more than cores.
const CONNECTIONS: u32 = 16;
/// How long a transaction waits for a connection before the client is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a transaction that lost against a concurrent one is run again.
const ATTEMPTS: u32 = 5;
/// Any number, the same in every process: who holds it migrates.
const MIGRATION_LOCK: i64 = 0x636c_6176_6973;

/// A server that hangs is noticed, and one statement does not hold a connection for ever.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;";

/// Accounts on a server.
pub(crate) struct PostgresStore {
    pool: Pool<ConnectionManager<Conn>>,
    slots: Arc<Semaphore>,
    revocations: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Bounded;

impl CustomizeConnection<Conn, PoolError> for Bounded {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), PoolError> {
        conn.batch_execute(SESSION).map_err(PoolError::QueryError)
    }
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
            Self::Read => "BEGIN READ ONLY",
        }
    }
}

impl PostgresStore {
    pub(crate) fn open(url: &Secret) -> Result<Self, OpenError> {
        let url = with_connect_timeout(url);
        let mut conn = Conn::establish(url.expose()).map_err(|error| OpenError::Server(one_line(&error)))?;
        let locked = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
        conn.batch_execute(&locked)
            .map_err(|error| OpenError::Server(one_line(&error)))?;
        let migrated = migrate(&mut conn, MIGRATIONS);
        let unlocked = conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"));
        migrated?;
        unlocked.map_err(|error| OpenError::Server(one_line(&error)))?;
        let pool = Pool::builder()
            .max_size(CONNECTIONS)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .connection_customizer(Box::new(Bounded))
            .build(ConnectionManager::new(url.expose()))
            .map_err(|error| OpenError::Server(one_line(&error)))?;
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
            let mut conn = pool
                .get()
                .map_err(|error| StoreError::busy(WAIT, one_line(&error)))?;
            let mut attempt = 1;
            loop {
                let outcome = transaction(&mut conn, mode, &mut job, &revocations);
                match outcome {
                    Err(error) if error.kind() == StoreErrorKind::Conflict && attempt < ATTEMPTS => {
                        metrics::counter!("clavis_store_retries_total").increment(1);
                        // The others of the conflict wait for another multiple.
                        std::thread::sleep(Duration::from_millis(u64::from(attempt * attempt)));
                        attempt += 1;
                    }
                    outcome => return outcome,
                }
            }
        });
        running.await.map_err(|error| StoreError::new(WAIT, error))?
    }
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
}

/// One attempt at a transaction: committed if the job succeeds. Revocations count before the answer leaves.
fn transaction(
    conn: &mut Conn,
    mode: Mode,
    job: &mut Job,
    revocations: &AtomicU64,
) -> Result<(), StoreError> {
    conn.batch_execute(mode.begin()).map_err(failed("BEGIN"))?;
    let tx = Tx::new(conn);
    let result = catch_unwind(AssertUnwindSafe(|| job(&tx)))
        .unwrap_or_else(|_| Err(StoreError::new("Store", "the job panicked")));
    let revoked = tx.revoked();
    drop(tx);
    if let Err(error) = result {
        // The job's error says more than that of a ROLLBACK on a lost connection.
        let _ = conn.batch_execute("ROLLBACK");
        return Err(error);
    }
    conn.batch_execute("COMMIT").map_err(failed("COMMIT"))?;
    if revoked {
        revocations.fetch_add(1, Ordering::AcqRel);
    }
    Ok(())
}

/// A server that does not answer is given five seconds, unless the URL says otherwise.
fn with_connect_timeout(url: &Secret) -> Secret {
    let text = url.expose();
    if text.contains("connect_timeout=") {
        return url.clone();
    }
    let separator = if text.contains('?') { '&' } else { '?' };
    Secret::new(format!("{text}{separator}connect_timeout=5"))
}

/// libpq's messages have several lines, and never the password.
fn one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What PostgreSQL does its own way: row locks.
mod dialect {
    use diesel::prelude::*;

    use super::Conn;
    use crate::schema::{accounts, outbox};
    use crate::types::Id;

    /// Any number, the same in every process.
    const KEY_LOCK: i64 = 0x6b65_7973;

    pub(super) fn lock_account(conn: &mut Conn, id: Id) -> QueryResult<()> {
        let row = accounts::table
            .filter(accounts::id.eq(id))
            .select(accounts::number);
        row.for_no_key_update().first::<i64>(conn).optional().map(drop)
    }

    pub(super) fn lock_keys(conn: &mut Conn) -> QueryResult<()> {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({KEY_LOCK})"))
            .execute(conn)
            .map(drop)
    }

    pub(super) fn due_mails(conn: &mut Conn, now: i64, limit: i64) -> QueryResult<Vec<Id>> {
        outbox::table
            .filter(outbox::due_at.le(now))
            .order((outbox::created_at.asc(), outbox::id.asc()))
            .limit(limit)
            .select(outbox::id)
            .for_update()
            .skip_locked()
            .load(conn)
    }
}
