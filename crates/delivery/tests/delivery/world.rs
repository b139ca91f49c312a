use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clavis_delivery::{Mailer, OutboxPolicy, OutboxWorker, Sender, SmtpMailer};
use clavis_flows::fake::{FakePorts, FakeStore};
use clavis_flows::{MailBody, Outbox as _, OutgoingMail, QueuedMail, Store};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Clock as _, MailId, MasterKey};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const ID: MailId = MailId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));

pub(crate) fn mail(to: &str) -> OutgoingMail {
    OutgoingMail {
        to: to.parse().unwrap(),
        subject: "Welcome".to_owned(),
        body: MailBody {
            text: "Hello\n.\n..\nBye\n".to_owned(),
            html: "<p>Hello</p>".to_owned(),
        },
        headers: Vec::new(),
    }
}

pub(crate) fn sender() -> Sender {
    Sender::new(None, "https://id.example.org").unwrap()
}

pub(crate) fn mailer(url: &str, roots: Option<&str>) -> SmtpMailer {
    SmtpMailer::new(
        url.parse().unwrap(),
        sender(),
        roots,
        Arc::new(FakeClock::default()),
    )
    .unwrap()
}

/// An outbox and its workers.
pub(crate) struct World {
    pub(crate) store: Arc<FakeStore>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) master: MasterKey,
    pub(crate) policy: OutboxPolicy,
    entropy: FakeEntropy,
    wake: Arc<Notify>,
    shutdown: watch::Sender<bool>,
}

impl Default for World {
    fn default() -> Self {
        let entropy = FakeEntropy::default();
        Self {
            store: Arc::default(),
            clock: Arc::default(),
            master: MasterKey::generate(&entropy),
            // Only waking makes them look, so that a test that passes does not pass by polling.
            policy: OutboxPolicy {
                poll: Duration::from_hours(1),
                ..OutboxPolicy::default()
            },
            entropy,
            wake: Arc::default(),
            shutdown: watch::Sender::new(false),
        }
    }
}

impl World {
    /// The same outbox, as seen by somebody who wakes no worker here.
    pub(crate) fn in_another_process(&self) -> Self {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        Self {
            store,
            clock,
            master: self.master.clone(),
            ..Self::default()
        }
    }

    pub(crate) async fn enqueue(&self, to: &str) -> MailId {
        let queued = QueuedMail::seal(&mail(to), &self.master, &self.entropy, self.clock.now());
        let id = queued.id;
        clavis_flows::write(&*self.store, move |ports| ports.enqueue(&queued))
            .await
            .unwrap();
        self.wake.notify_one();
        id
    }

    pub(crate) fn work(&self, mailer: Arc<dyn Mailer>) -> JoinHandle<()> {
        self.work_over(Arc::<FakeStore>::clone(&self.store), mailer)
    }

    pub(crate) fn work_over(&self, store: Arc<dyn Store>, mailer: Arc<dyn Mailer>) -> JoinHandle<()> {
        let clock = Arc::<FakeClock>::clone(&self.clock);
        let (master, policy) = (self.master.clone(), self.policy.clone());
        let worker = OutboxWorker {
            store,
            master,
            mailer,
            clock,
            policy,
        };
        tokio::spawn(worker.run(self.shutdown.subscribe(), Arc::clone(&self.wake)))
    }

    pub(crate) fn advance_and_wake(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.wake.notify_one();
    }

    pub(crate) fn shut_down(&self) {
        self.shutdown.send_replace(true);
    }

    /// Waits for the workers to have brought the store into this state.
    #[track_caller]
    pub(crate) fn until(
        &self,
        what: &'static str,
        holds: impl Fn(&FakePorts) -> bool,
    ) -> impl Future<Output = ()> {
        let (store, caller) = (Arc::clone(&self.store), std::panic::Location::caller());
        async move {
            for _ in 0..4_000 {
                if store.look(&holds) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("{caller}: {what} never came true");
        }
    }

    #[track_caller]
    pub(crate) fn until_depth(&self, depth: u64) -> impl Future<Output = ()> {
        self.until("the depth", move |ports| ports.depth().unwrap() == depth)
    }

    /// How often each waiting mail was tried that is due this much later.
    pub(crate) fn attempts_due_in(&self, later: TimeDelta) -> Vec<u32> {
        let at = self.clock.now() + later;
        let due = self.store.look(|ports| {
            ports
                .claim_due(at, chrono::DateTime::<Utc>::MAX_UTC, 1_000)
                .unwrap()
        });
        due.iter().map(|mail| mail.attempts).collect()
    }
}
