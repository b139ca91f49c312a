//! One thread that writes and commits for everybody who waits, as the server's does.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::super::repeated;
use super::{Link, ROWS, spend_and_add};

/// As the server tells the connection that writes.
const PRAGMAS: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; \
     PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA journal_size_limit=67108864;";
/// Most jobs in one commit, as in the server.
const BATCH: usize = 128;

type Job = (Link, SyncSender<()>);

pub(super) fn per_second(file: &Path, clients: usize, duration: Duration) -> Result<f64> {
    let mut connection = SqliteConnection::establish(&file.display().to_string())?;
    connection.batch_execute(PRAGMAS)?;
    connection.batch_execute(&format!(
        "CREATE TABLE chain (digest BLOB PRIMARY KEY NOT NULL, session_id BLOB NOT NULL, \
             issued_at INTEGER NOT NULL, spent_at INTEGER) STRICT, WITHOUT ROWID; \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
             INSERT INTO chain SELECT randomblob(32), randomblob(16), i, NULL FROM n;"
    ))?;
    let (queue, jobs) = sync_channel::<Job>(clients);
    let writer = thread::spawn(move || work(&mut connection, &jobs));
    let per_second = repeated(clients, duration, |chain| {
        let queue = queue.clone();
        let (reply, answer) = sync_channel(1);
        let mut link = Link { chain, number: 0 };
        Ok(move || {
            queue
                .send((link, reply.clone()))
                .context("the writer has stopped")?;
            answer.recv().context("the writer has stopped")?;
            link = link.next();
            Ok(())
        })
    });
    drop(queue);
    writer.join().map_err(|_| anyhow!("the writer panicked"))??;
    per_second
}

fn work(connection: &mut SqliteConnection, jobs: &Receiver<Job>) -> Result<()> {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        connection.batch_execute("BEGIN IMMEDIATE")?;
        for &(link, _) in &batch {
            connection.batch_execute("SAVEPOINT job")?;
            spend_and_add!(&mut *connection, link);
            connection.batch_execute("RELEASE job")?;
        }
        connection.batch_execute("COMMIT")?;
        for (_, reply) in batch {
            // Whoever waits no longer needs no answer.
            let _ = reply.send(());
        }
    }
    Ok(())
}
