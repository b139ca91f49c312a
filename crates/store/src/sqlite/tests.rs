//! What only SQLite can get wrong: a batch that loses its transaction.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;

use clavis_flows::{AuditAction, AuditEntry, AuditLog as _, AuditResult, Ports};
use clavis_kernel::{AccountId, Caller, StoreErrorKind};
use uuid::Uuid;

use super::*;

const WHO: AccountId = AccountId(Uuid::from_u128(1));

/// A job that writes a row of about this many bytes.
fn writing(bytes: usize) -> Job {
    Box::new(move |on: &dyn Ports| {
        on.append(&AuditEntry {
            at: chrono::DateTime::UNIX_EPOCH,
            account: Some(WHO),
            action: AuditAction::LogIn,
            result: AuditResult::Refused("x".repeat(bytes)),
            actor: None,
            detail: None,
            caller: Caller::OPERATOR,
        })
    })
}

/// A writer that has no page left to take from the disk, until it opens the file anew.
fn writer_on_a_full_disk(file: File) -> Writer {
    let mut conn = file.connect().unwrap();
    file.migrate(&mut conn).unwrap();
    conn.batch_execute("PRAGMA max_page_count=1").unwrap();
    Writer::start(conn, Box::new(move || file.connect()), Arc::default()).unwrap()
}

/// A job that tells when it runs, and then does so until it is released.
fn held() -> (Job, Receiver<()>, Sender<()>) {
    let (entered, is_busy) = channel();
    let (release, released) = channel();
    let job: Job = Box::new(move |_| {
        entered.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    (job, is_busy, release)
}

/// Runs three jobs in one batch: the writer is kept busy until all of them wait.
async fn in_one_batch(writer: &Writer, jobs: [Job; 3]) -> [Result<(), StoreError>; 3] {
    let (busy, is_busy, release) = held();
    let [first, second, third] = jobs;
    let results = tokio::join!(
        writer.run(busy),
        async { is_busy.recv().unwrap() },
        writer.run(first),
        writer.run(second),
        writer.run(third),
        async { release.send(()).unwrap() },
    );
    results.0.unwrap();
    [results.2, results.3, results.4]
}

fn rows(path: &Path) -> usize {
    let mut conn = File::named(path).unwrap().connect().unwrap();
    Tx::new(&mut conn).latest(WHO, 1000).unwrap().len()
}

#[tokio::test]
async fn a_full_disk_fails_the_whole_batch_and_the_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    let writer = writer_on_a_full_disk(File::named(&path).unwrap());
    let results = in_one_batch(&writer, [writing(1), writing(100_000), writing(1)]).await;
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
        assert!(error.to_string().contains("full"), "{error}");
    }
    assert_eq!(rows(&path), 0);
    writer.run(writing(100_000)).await.unwrap();
    assert_eq!(rows(&path), 1);
}

#[tokio::test]
async fn a_job_that_hides_a_full_disk_fails_with_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    let writer = writer_on_a_full_disk(File::named(&path).unwrap());
    let mut big = writing(100_000);
    let hiding: Job = Box::new(move |on| {
        assert!(big(on).is_err());
        Ok(())
    });
    let results = in_one_batch(&writer, [writing(1), hiding, writing(1)]).await;
    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert_eq!(rows(&path), 0);
}

#[tokio::test]
async fn a_failed_job_and_one_that_panics_leave_their_neighbours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    let file = File::named(&path).unwrap();
    let mut conn = file.connect().unwrap();
    file.migrate(&mut conn).unwrap();
    let writer = Writer::start(conn, Box::new(move || file.connect()), Arc::default()).unwrap();
    let (mut one, mut other) = (writing(1), writing(1));
    let failing: Job = Box::new(move |on| {
        one(on)?;
        Err(StoreError::new("test", "no"))
    });
    let panicking: Job = Box::new(move |on| {
        other(on)?;
        panic!("on purpose")
    });
    let results = in_one_batch(&writer, [failing, writing(1), panicking]).await;
    assert_eq!(results.map(|result| result.is_ok()), [false, true, false]);
    assert_eq!(rows(&path), 1);
}

/// Asks for as many writes; returns how many the store has no room for. Nobody waits for the others.
async fn asked_and_left(store: &SqliteStore, times: usize) -> usize {
    let mut refused = 0;
    for _ in 0..times {
        let mut write = Box::pin(store.write(writing(1)));
        let asked = std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
        if let Poll::Ready(Err(error)) = asked {
            assert_eq!(error.kind(), StoreErrorKind::Busy);
            refused += 1;
        }
    }
    refused
}

#[tokio::test]
async fn what_waits_is_written_before_the_store_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(asked_and_left(&store, 100).await, 0);
    drop(store);
    assert_eq!(rows(&path), 100);
}

#[tokio::test]
async fn past_a_full_queue_the_store_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("clavis.db")).unwrap();
    let (busy, is_busy, release) = held();
    let (held, refused) = tokio::join!(store.write(busy), async {
        is_busy.recv().unwrap();
        let refused = asked_and_left(&store, 1_100).await;
        release.send(()).unwrap();
        refused
    });
    held.unwrap();
    assert_eq!(refused, 1_100 - 1_024);
    store.write(writing(1)).await.unwrap();
}

#[track_caller]
fn refused(path: &str) -> OpenError {
    SqliteStore::open(Path::new(path))
        .err()
        .expect("it does not open")
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    assert!(matches!(refused("/nowhere/clavis.db"), OpenError::NoFolder(_)));
    assert!(matches!(
        refused("/proc/clavis.db"),
        OpenError::NotWritable { .. }
    ));
    assert!(matches!(refused("/"), OpenError::NotWritable { .. }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    std::fs::write(&path, "no database, and longer than a header".repeat(100)).unwrap();
    let error = refused(path.to_str().unwrap());
    assert!(error.to_string().contains("not a database"), "{error}");
}

#[test]
fn processes_that_start_together_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clavis.db");
    let applied: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&path).unwrap())).collect();
        starts
            .into_iter()
            .flat_map(|start| start.join().unwrap())
            .collect()
    });
    // One of them applies them all, each once.
    let each: std::collections::BTreeSet<_> = applied.iter().cloned().collect();
    assert!(!each.is_empty());
    assert_eq!(applied, Vec::from_iter(each));
}
