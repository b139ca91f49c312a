use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// Where passwords are hashed: as many at a time as there are cores, a bounded number waiting, and everybody
/// else is told to come back. One hash takes some 20 MiB; so this bounds memory too.
#[derive(Debug, Clone)]
pub struct Hasher {
    running: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password hashing queue is full")]
pub struct HasherBusy;

impl Hasher {
    /// A pool that hashes `at_once` passwords and lets `max_waiting` wait.
    pub fn new(at_once: NonZeroUsize, max_waiting: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(at_once.get())),
            waiting: Arc::default(),
            max_waiting,
        }
    }

    /// Runs expensive work in turn.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let permit = if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            permit
        } else {
            let _place = Place::take(&self.waiting, self.max_waiting).ok_or(HasherBusy)?;
            Arc::clone(&self.running)
                .acquire_owned()
                .await
                .map_err(|_| HasherBusy)?
        };
        metrics::counter!("clavis_password_hashes_total").increment(1);
        // The permit goes with the work: a client that hangs up does not let another hash begin early.
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        work.await.map_err(|_| HasherBusy)
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Option<Self> {
        let taken = waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now < max).then_some(now + 1)
        });
        taken.ok().map(|before| {
            #[expect(clippy::cast_precision_loss, reason = "a gauge of at most some thousands")]
            metrics::gauge!("clavis_hash_queue_depth").set((before + 1) as f64);
            Self(waiting)
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn past_the_queue_everybody_is_told_to_come_back() {
        let hasher = Hasher::new(NonZeroUsize::MIN, 1);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let running = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || held.recv().is_ok()).await }
        });
        while hasher.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(|| 7).await }
        });
        while hasher.waiting.load(Ordering::Acquire) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.run(|| 8).await, Err(HasherBusy));
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
        assert_eq!(waiting.await.unwrap(), Ok(7));
        assert_eq!(hasher.run(|| 9).await, Ok(9));
    }
}
