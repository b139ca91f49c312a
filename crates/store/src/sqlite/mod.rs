//! SQLite: a pool of connections that only read, and one thread that writes.

mod file;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;
mod writer;

#[path = "../shared/mod.rs"]
mod shared;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use clavis_flows::{Job, Store};
use clavis_kernel::StoreError;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use tokio::sync::Semaphore;

use crate::OpenError;
use crate::failure::failed;
use file::File;
use shared::Tx;
use writer::Writer;

type Conn = SqliteConnection;
type Db = diesel::sqlite::Sqlite;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
/// Look-ups at once. More would only wait for the same cores.
const READERS: u32 = 8;
/// How long a look-up waits for its turn before the client is told to come back.
const READ_PATIENCE: Duration = Duration::from_secs(5);

/// What every connection is told first. `synchronous=FULL`: a COMMIT returns after the log reached the disk.
/// No `mmap_size`: an I/O error on mapped pages would kill the process instead of failing a query.
const COMMON_PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
     PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;";
/// The system caches pages for everybody; a reader's own cache (in KiB) holds the upper levels of the trees.
const READER_PRAGMAS: &str = "PRAGMA cache_size=-2000; PRAGMA query_only=ON;";
const WRITER_PRAGMAS: &str = "PRAGMA cache_size=-8000; PRAGMA journal_size_limit=67108864;";

/// Accounts in one file.
pub(crate) struct SqliteStore {
    readers: Pool<ConnectionManager<Conn>>,
    reading: Arc<Semaphore>,
    writer: Writer,
    commits: Arc<Commits>,
}

/// Counts what the one writer committed.
#[derive(Default)]
struct Commits {
    all: AtomicU64,
    /// Those that took worth from tokens.
    revoking: AtomicU64,
}

#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<Conn, PoolError> for ReadOnly {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), PoolError> {
        conn.batch_execute(COMMON_PRAGMAS)
            .and_then(|()| conn.batch_execute(READER_PRAGMAS))
            .map_err(PoolError::QueryError)
    }
}

impl SqliteStore {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let file = File::named(path)?;
        let mut conn = file.connect()?;
        file.migrate(&mut conn)?;
        let readers = Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(READ_PATIENCE)
            .connection_customizer(Box::new(ReadOnly))
            .build_unchecked(ConnectionManager::new(&file.name));
        let commits = Arc::<Commits>::default();
        let reopen = Box::new(move || file.connect());
        let writer = Writer::start(conn, reopen, Arc::clone(&commits)).map_err(OpenError::Thread)?;
        Ok(Self {
            readers,
            reading: Arc::new(Semaphore::new(READERS as usize)),
            writer,
            commits,
        })
    }
}

/// Migrates a file, made if it is not there.
pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, OpenError> {
    let file = File::named(path)?;
    let mut conn = file.connect()?;
    file.migrate(&mut conn)
}

#[async_trait]
impl Store for SqliteStore {
    async fn write(&self, job: Job) -> Result<(), StoreError> {
        self.writer.run(job).await
    }

    async fn read(&self, mut job: Job) -> Result<(), StoreError> {
        const READ: &str = "Store::read";
        let turn = tokio::time::timeout(READ_PATIENCE, Arc::clone(&self.reading).acquire_owned());
        let permit = turn
            .await
            .map_err(|error| StoreError::busy(READ, error))?
            .map_err(|error| StoreError::new(READ, error))?;
        let readers = self.readers.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut conn = readers.get().map_err(|error| StoreError::busy(READ, error))?;
            in_transaction(&mut conn, "BEGIN", |conn| run(&mut job, &Tx::new(conn)))
        });
        reading.await.map_err(|error| StoreError::new(READ, error))?
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(Box::new(|ports| clavis_tokens::SigningKeys::all(ports).map(drop)))
            .await
    }

    fn revocations(&self) -> u64 {
        self.commits.revoking.load(Ordering::Acquire)
    }

    fn commits(&self) -> Option<u64> {
        Some(self.commits.all.load(Ordering::Acquire))
    }
}

/// A transaction around one job, committed if the job succeeds.
fn in_transaction<T>(
    conn: &mut Conn,
    begin: &str,
    job: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.batch_execute(begin).map_err(failed("BEGIN"))?;
    match job(conn) {
        Ok(value) => match conn.batch_execute("COMMIT") {
            Ok(()) => Ok(value),
            Err(error) => {
                let _ = conn.batch_execute("ROLLBACK");
                Err(failed("COMMIT")(error))
            }
        },
        Err(error) => {
            // The job's error says more than that of a ROLLBACK which found nothing to roll back.
            let _ = conn.batch_execute("ROLLBACK");
            Err(error)
        }
    }
}

/// Runs a job; one that panics has failed.
fn run(job: &mut Job, tx: &Tx<'_>) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(|| job(tx)))
        .unwrap_or_else(|_| Err(StoreError::new("Store", "the job panicked")))
}

/// What SQLite does its own way. Its one writer needs no row locks.
mod dialect {
    use diesel::dsl::sql;
    use diesel::prelude::*;
    use diesel::sql_types::{Bool, Text};

    use super::{Conn, Db};
    use crate::schema::{accounts, identities, outbox};
    use crate::types::Id;

    /// A condition on accounts.
    pub(super) type SqlCondition<'a> = Box<dyn BoxableExpression<accounts::table, Db, SqlType = Bool> + 'a>;

    /// Whether a key of an object, which is an attribute, has a value. Values are compared as texts or numbers.
    pub(super) fn has_part<'a>(attribute: &'a str, key: &'a str, value: &'a str) -> SqlCondition<'a> {
        let condition = sql::<Bool>("EXISTS (SELECT 1 FROM json_each(accounts.attributes ->> ");
        Box::new(
            condition
                .bind::<Text, _>(attribute)
                .sql(") AS part WHERE part.key = ")
                .bind::<Text, _>(key)
                .sql(" AND part.type = json_type(")
                .bind::<Text, _>(value)
                .sql(") AND part.value IS json_extract(")
                .bind::<Text, _>(value)
                .sql(", '$'))"),
        )
    }

    /// In a transaction that writes there is nobody else.
    #[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's can fail")]
    pub(super) fn lock_account(_conn: &mut Conn, _id: Id) -> QueryResult<()> {
        Ok(())
    }

    /// How many accounts, but those in these states, have a subject at a provider. It is kept behind the provider's name
    /// and a colon; texts are in the order of their bytes, in which `;` follows the colon.
    pub(super) fn count_known_at(conn: &mut Conn, provider: &str, gone: [&str; 2]) -> QueryResult<i64> {
        identities::table
            .inner_join(accounts::table.on(accounts::id.eq(identities::account_id)))
            .filter(identities::kind.eq("subject"))
            .filter(identities::folded.ge(format!("{provider}:")))
            .filter(identities::folded.lt(format!("{provider};")))
            .filter(accounts::state.ne_all(gone))
            .select(diesel::dsl::count(identities::account_id).aggregate_distinct())
            .get_result(conn)
    }

    #[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's can fail")]
    pub(super) fn lock_application(_conn: &mut Conn, _id: i64) -> QueryResult<()> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's can fail")]
    pub(super) fn lock_keys(_conn: &mut Conn) -> QueryResult<()> {
        Ok(())
    }

    /// One writes after the other: nothing is unfinished in front of what can be read.
    #[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's can fail")]
    pub(super) fn oldest_writer(_conn: &mut Conn) -> QueryResult<Option<i64>> {
        Ok(None)
    }

    pub(super) fn due_mails(conn: &mut Conn, now: i64, limit: i64) -> QueryResult<Vec<Id>> {
        outbox::table
            .filter(outbox::due_at.le(now))
            .order((outbox::due_at.asc(), outbox::id.asc()))
            .limit(limit)
            .select(outbox::id)
            .load(conn)
    }
}
