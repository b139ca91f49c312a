//! The one thread that writes, committing for everybody who waits at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use clavis_flows::Job;
use clavis_kernel::{StoreError, StoreErrorKind};
use diesel::connection::SimpleConnection as _;
use tokio::sync::oneshot;

use super::{Commits, Conn, Tx, run};
use crate::OpenError;
use crate::failure::failed;

/// Jobs that may wait; past it a client is told to come back.
const QUEUE: usize = 1024;
/// Most jobs in one commit: bounds how long the first waits for the last.
const BATCH: usize = 128;

const WRITE: &str = "Store::write";

type Reply = oneshot::Sender<Result<(), StoreError>>;
type Reopen = Box<dyn Fn() -> Result<Conn, OpenError> + Send>;

/// The writer's thread. Dropping it lets what is queued end.
pub(super) struct Writer {
    queue: Option<SyncSender<(Job, Reply)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(conn: Conn, reopen: Reopen, commits: Arc<Commits>) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("clavis-writer".to_owned())
            .spawn(move || {
                Loop {
                    conn: Some(conn),
                    reopen,
                    commits,
                }
                .work(&jobs);
            })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs a job; returns after the commit it was part of.
    pub(super) async fn run(&self, job: Job) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let queue = self
            .queue
            .as_ref()
            .ok_or_else(|| StoreError::busy(WRITE, "the writer has stopped"))?;
        queue.try_send((job, reply)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::busy(WRITE, "too many transactions wait"),
            TrySendError::Disconnected(_) => StoreError::busy(WRITE, "the writer has stopped"),
        })?;
        metrics::gauge!("clavis_store_queue_depth").increment(1.0);
        answer.await.map_err(|error| StoreError::new(WRITE, error))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Loop {
    conn: Option<Conn>,
    reopen: Reopen,
    commits: Arc<Commits>,
}

/// A job of a batch that has run, and how it ended.
type Done = (Reply, Result<(), StoreError>);

impl Loop {
    fn work(mut self, jobs: &Receiver<(Job, Reply)>) {
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = jobs.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch);
        }
        // Whoever copies the file of a stopped server copies everything.
        if let Some(conn) = &mut self.conn
            && let Err(error) = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            tracing::warn!(%error, "the log could not be written back into the database file");
        }
    }

    /// Runs a batch in one transaction and answers after its COMMIT. When the transaction as a whole is lost,
    /// every job of it has failed.
    fn commit(&mut self, batch: Vec<(Job, Reply)>) {
        #[expect(clippy::cast_precision_loss, reason = "a batch has at most 128 jobs")]
        let jobs = batch.len() as f64;
        metrics::gauge!("clavis_store_queue_depth").decrement(jobs);
        metrics::histogram!("clavis_store_batch_jobs").record(jobs);
        let started = Instant::now();
        let Some(conn) = self.connection() else {
            for (_, reply) in batch {
                let _ = reply.send(Err(StoreError::busy(WRITE, "the database file cannot be opened")));
            }
            return;
        };
        let mut done: Vec<Done> = Vec::with_capacity(batch.len());
        let mut waiting = batch.into_iter();
        let mut revoked = false;
        let outcome = conn
            .batch_execute("BEGIN IMMEDIATE")
            .map_err(failed(WRITE))
            .and_then(|()| {
                for (mut job, reply) in waiting.by_ref() {
                    // Answered in any case, by its own result or by the loss of the batch.
                    match savepoint(conn, &mut job) {
                        Ok(Ended { result, took_worth }) => {
                            revoked |= took_worth;
                            done.push((reply, result));
                        }
                        Err(lost) => {
                            done.push((reply, Ok(())));
                            return Err(lost);
                        }
                    }
                }
                conn.batch_execute("COMMIT").map_err(failed(WRITE))
            });
        metrics::histogram!("clavis_store_commit_seconds").record(started.elapsed().as_secs_f64());
        if let Err(error) = outcome {
            // Whatever state the connection is in, the next batch begins with a fresh one.
            self.conn = None;
            let replies = done.into_iter().map(|(reply, _)| reply);
            refuse(replies.chain(waiting.map(|(_, reply)| reply)).collect(), &error);
            return;
        }
        self.commits.all.fetch_add(1, Ordering::AcqRel);
        if revoked {
            self.commits.revoking.fetch_add(1, Ordering::AcqRel);
        }
        for (reply, result) in done {
            let _ = reply.send(result);
        }
    }

    fn connection(&mut self) -> Option<&mut Conn> {
        if self.conn.is_none() {
            match (self.reopen)() {
                Ok(conn) => self.conn = Some(conn),
                Err(error) => tracing::error!(%error, "the database file cannot be opened"),
            }
        }
        self.conn.as_mut()
    }
}

/// Tells everybody in a batch that it was lost.
fn refuse(replies: Vec<Reply>, error: &StoreError) {
    let reason = error.to_string();
    tracing::warn!(reason, jobs = replies.len(), "a batch of transactions was lost");
    for reply in replies {
        let _ = reply.send(Err(match error.kind() {
            StoreErrorKind::Fault => StoreError::new(WRITE, reason.clone()),
            StoreErrorKind::Busy | StoreErrorKind::Conflict => StoreError::busy(WRITE, reason.clone()),
        }));
    }
}

/// How a job ended whose batch goes on.
struct Ended {
    result: Result<(), StoreError>,
    took_worth: bool,
}

/// One job inside the batch: undone alone when it fails. An error means that the whole transaction is lost:
/// SQLite rolls back everything on a full disk or an I/O error, and then there is no savepoint to return to.
/// Nothing may run after that, it would be outside any transaction.
fn savepoint(conn: &mut Conn, job: &mut Job) -> Result<Ended, StoreError> {
    conn.batch_execute("SAVEPOINT job").map_err(failed(WRITE))?;
    let (result, took_worth) = {
        let tx = Tx::new(conn);
        (run(job, &tx), tx.revoked())
    };
    let Err(error) = result else {
        conn.batch_execute("RELEASE job").map_err(failed(WRITE))?;
        return Ok(Ended { result, took_worth });
    };
    // An error that may have cost the transaction fails the batch even if a savepoint is still there.
    if error.kind() == StoreErrorKind::Busy || conn.batch_execute("ROLLBACK TO job; RELEASE job").is_err() {
        return Err(error);
    }
    Ok(Ended {
        result: Err(error),
        took_worth: false,
    })
}
