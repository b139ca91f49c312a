use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use clavis_kernel::StoreError;

use crate::Ports;

/// What runs inside one transaction. It may run more than once: a transaction that lost against a concurrent one
/// is rolled back and run again from the start.
pub type Job = Box<dyn FnMut(&dyn Ports) -> Result<(), StoreError> + Send>;

/// Transactions over every port: the only asynchronous part of keeping state.
#[async_trait]
pub trait Store: Send + Sync {
    /// Runs the job in a transaction that may write, and returns after COMMIT. When the job fails everything it
    /// wrote is rolled back.
    async fn write(&self, job: Job) -> Result<(), StoreError>;
    /// Runs the job in a transaction that cannot write.
    async fn read(&self, job: Job) -> Result<(), StoreError>;
    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Counts the commits that took worth from tokens given out: a session ended, a state or password changed.
    /// What was remembered about a bearer token before the count moved must be looked up again. Other
    /// processes' commits are not counted.
    fn revocations(&self) -> u64;
    /// Counts all commits, where this process serves the accounts alone: what was remembered of any of them before the
    /// count moved may be out of date. Commands beside it are not counted. `None` where other servers may commit, too.
    fn commits(&self) -> Option<u64>;
}

/// Runs a decision in a transaction that may write, and carries its result back after COMMIT.
pub async fn write<T, F>(store: &dyn Store, decision: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
{
    let (job, result) = carried(decision);
    store.write(job).await?;
    taken(&result)
}

/// Runs a look-up in a transaction that cannot write, and carries its result back.
pub async fn read<T, F>(store: &dyn Store, look_up: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
{
    let (job, result) = carried(look_up);
    store.read(job).await?;
    taken(&result)
}

type Slot<T> = Arc<Mutex<Option<T>>>;

fn carried<T, F>(mut decision: F) -> (Job, Slot<T>)
where
    T: Send + 'static,
    F: FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
{
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let job: Job = Box::new(move |ports| {
        let value = decision(ports)?;
        *inside.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(())
    });
    (job, slot)
}

fn taken<T>(slot: &Slot<T>) -> Result<T, StoreError> {
    slot.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or_else(|| StoreError::new("Store", "the transaction ended without running its job"))
}
