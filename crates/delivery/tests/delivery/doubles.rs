use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clavis_delivery::{MailError, Mailer};
use clavis_flows::fake::FakeStore;
use clavis_flows::{Job, OutgoingMail, Store};
use clavis_kernel::{MailId, StoreError};
use tokio::sync::Semaphore;

/// Takes mails when it is let.
pub(crate) struct Gate {
    pub(crate) let_through: Semaphore,
    pub(crate) waiting: AtomicUsize,
    pub(crate) taken: Mutex<Vec<String>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            let_through: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            taken: Mutex::default(),
        }
    }
}

#[async_trait]
impl Mailer for Gate {
    async fn send(&self, _: MailId, mail: &OutgoingMail) -> Result<(), MailError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.let_through.acquire().await.unwrap().forget();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.taken.lock().unwrap().push(mail.to.as_str().to_owned());
        Ok(())
    }
}

/// Refuses everything, in its way.
pub(crate) struct Refusing(pub(crate) fn() -> MailError);

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: MailId, _: &OutgoingMail) -> Result<(), MailError> {
        Err(self.0())
    }
}

/// A store that fails to write a few times, once it was claimed from.
pub(crate) struct Shaky {
    pub(crate) store: Arc<FakeStore>,
    pub(crate) writes: AtomicUsize,
}

#[async_trait]
impl Store for Shaky {
    async fn write(&self, job: Job) -> Result<(), StoreError> {
        match self.writes.fetch_add(1, Ordering::SeqCst) {
            1..=3 => Err(StoreError::busy("Store::write", "too busy")),
            _ => self.store.write(job).await,
        }
    }

    async fn read(&self, job: Job) -> Result<(), StoreError> {
        self.store.read(job).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    fn revocations(&self) -> u64 {
        self.store.revocations()
    }

    fn commits(&self) -> Option<u64> {
        self.store.commits()
    }
}
