use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clavis_delivery::{EventPolicy, EventWorker};
use clavis_flows::fake::{FakePorts, FakeStore};
use clavis_flows::{
    Activation, BrokerError, Correspondence, Door, Event, EventBroker, EventCursors as _, EventVoice,
    FactorPolicy, Flows, Happened, Keys, Letter, Limits, MailBody, OutgoingMail, Ports, SignUp,
};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{AuditId, Caller, Dialect, EntropyExt as _, MasterKey, StoreError, TellerId};
use clavis_kyc::LevelTable;
use clavis_tokens::{KeyError, RefreshPolicy, RefreshTokenSpelling};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Notes what it takes.
struct Recorder {
    taken: Mutex<Vec<String>>,
    refused: AtomicUsize,
    is_away: AtomicBool,
    let_through: Semaphore,
}

impl Recorder {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            refused: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
            let_through: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl EventBroker for Recorder {
    async fn publish(&self, events: &[Event]) -> Result<(), BrokerError> {
        if self.is_away.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(BrokerError::Unreachable("connection refused".to_owned()));
        }
        self.taken
            .lock()
            .unwrap()
            .extend(events.iter().map(|event| event.body.clone()));
        let _answer = self.let_through.acquire().await.unwrap();
        Ok(())
    }
}

/// Says what happened to whom.
struct Plainly;

impl EventVoice for Plainly {
    fn tell(&self, happened: &Happened, _: DateTime<Utc>) -> Result<Event, KeyError> {
        Ok(Event {
            id: format!("{}.{}", happened.entry, happened.nth),
            exchange: "events",
            routing_key: "event",
            body: format!("{:?} {}", happened.what, happened.person.address()),
        })
    }
}

struct NoLetters;

impl Correspondence for NoLetters {
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        OutgoingMail {
            to: letter.to.clone(),
            subject: String::new(),
            body: MailBody {
                text: String::new(),
                html: String::new(),
            },
            headers: Vec::new(),
        }
    }
}

/// A store with accounts, and who tells of them.
struct World {
    store: Arc<FakeStore>,
    clock: Arc<FakeClock>,
    entropy: Arc<FakeEntropy>,
    shutdown: watch::Sender<bool>,
    policy: EventPolicy,
}

impl World {
    /// An installation in which telling began.
    async fn begun() -> Self {
        let world = Self {
            store: Arc::default(),
            clock: Arc::default(),
            entropy: Arc::default(),
            shutdown: watch::Sender::new(false),
            policy: EventPolicy {
                batch: 3,
                poll: Duration::from_millis(5),
                first_pause: Duration::from_millis(5),
                longest_pause: Duration::from_millis(20),
                ..EventPolicy::default()
            },
        };
        world.decide(|on| on.ensure_foundations().map(drop)).await;
        world.write(|ports| ports.begin(Dialect::Barong)).await;
        world
    }

    async fn write(&self, job: impl FnMut(&dyn Ports) -> Result<(), StoreError> + Send + 'static) {
        clavis_flows::write(&*self.store, job).await.unwrap();
    }

    async fn decide(&self, mut decide: impl FnMut(&Flows<'_>) -> Result<(), StoreError> + Send + 'static) {
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let keys = Keys::new(MasterKey::generate(entropy.as_ref()));
        let door = Door {
            refresh: RefreshPolicy {
                spelling: RefreshTokenSpelling::UuidV4,
                lifetime: TimeDelta::days(30),
                reuse_window: TimeDelta::zero(),
            },
            ticket_lifetime: TimeDelta::hours(1),
            new_ticket_replaces: true,
            change_kills_resets: false,
            second_factor: FactorPolicy::Refuse,
            letters: Arc::new(NoLetters),
        };
        self.write(move |ports| {
            decide(&Flows {
                ports,
                clock: clock.as_ref(),
                entropy: entropy.as_ref(),
                keys: &keys,
                limits: &Limits::default(),
                door: &door,
                caller: &Caller::OPERATOR,
                mail_queued: &Cell::new(false),
            })
        })
        .await;
    }

    /// Makes accounts, one after the other, and lets time go by until they may be told of.
    async fn sign_up(&self, names: &[&str]) {
        self.sign_up_now(names).await;
        self.clock.advance(TimeDelta::seconds(3));
    }

    async fn sign_up_now(&self, names: &[&str]) {
        for name in names {
            let command = SignUp {
                address: format!("{name}@example.org").parse().unwrap(),
                name: None,
                display_name: (*name).to_owned(),
                attributes: std::collections::BTreeMap::default(),
                avatar: None,
                password: None,
                activation: Activation::AtOnce,
                roles: None,
            };
            self.decide(move |on| on.sign_up(&command).map(drop)).await;
        }
    }

    fn work(&self, broker: &Arc<Recorder>) -> JoinHandle<()> {
        let worker = EventWorker {
            store: Arc::clone(&self.store) as _,
            broker: Arc::clone(broker) as _,
            voice: Arc::new(Plainly),
            dialect: Dialect::Barong,
            levels: LevelTable::default(),
            clock: Arc::clone(&self.clock) as _,
            teller: TellerId(self.entropy.uuid_v4()),
            policy: self.policy.clone(),
        };
        tokio::spawn(worker.run(self.shutdown.subscribe()))
    }

    fn told_to(&self) -> AuditId {
        self.store
            .look(|ports: &FakePorts| ports.find(Dialect::Barong).unwrap().unwrap().at)
    }
}

/// What is told of these newcomers.
fn news(names: &[&str]) -> Vec<String> {
    names
        .iter()
        .map(|name| format!("UserCreated {name}@example.org"))
        .collect()
}

#[track_caller]
fn until(what: &'static str, holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..4_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{caller}: {what} never came true");
    }
}

/// Long enough for a worker to look at the trail many times.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn everything_is_told_once_and_in_order() {
    let world = World::begun().await;
    let broker = Recorder::new();
    let names = ["ann", "bob", "cyd", "dan", "eve", "fay", "gus"];
    world.sign_up(&names[..5]).await;
    world.work(&broker);
    until("five", || broker.taken().len() == 5).await;
    world.sign_up(&names[5..]).await;
    until("seven", || broker.taken().len() == 7).await;
    a_while().await;
    assert_eq!(broker.taken(), news(&names));
}

#[tokio::test]
async fn what_was_before_telling_began_is_told_to_nobody() {
    let world = World::begun().await;
    world.sign_up(&["ann"]).await;
    let forgotten = World {
        store: Arc::default(),
        ..world
    };
    forgotten.decide(|on| on.ensure_foundations().map(drop)).await;
    forgotten.sign_up(&["bob"]).await;
    let broker = Recorder::new();
    forgotten.work(&broker);
    let begun = || {
        let find = |ports: &FakePorts| ports.find(Dialect::Barong).unwrap();
        forgotten.store.look(find).is_some()
    };
    until("a beginning", begun).await;
    forgotten.sign_up(&["cyd"]).await;
    until("one", || !broker.taken().is_empty()).await;
    assert_eq!(broker.taken(), news(&["cyd"]));
}

#[tokio::test]
async fn a_young_entry_waits_for_those_that_may_come_before_it() {
    let world = World::begun().await;
    let broker = Recorder::new();
    world.work(&broker);
    world.sign_up_now(&["ann"]).await;
    world.clock.advance(TimeDelta::seconds(2));
    a_while().await;
    assert_eq!(broker.taken(), [""; 0]);
    world.clock.advance(TimeDelta::microseconds(1));
    until("one", || !broker.taken().is_empty()).await;
}

#[tokio::test]
async fn the_cursor_stays_until_the_broker_answers() {
    let world = World::begun().await;
    let broker = Recorder::new();
    let answers = broker.let_through.forget_permits(Semaphore::MAX_PERMITS);
    let before = world.told_to();
    world.sign_up(&["ann"]).await;
    let dying = world.work(&broker);
    until("an event", || !broker.taken().is_empty()).await;
    a_while().await;
    assert_eq!(world.told_to(), before);
    // Nobody knows whether the event was taken: another tells it again once the turn is over.
    dying.abort();
    broker.let_through.add_permits(answers);
    world.work(&broker);
    a_while().await;
    assert_eq!(broker.taken(), news(&["ann"]));
    world.clock.advance(TimeDelta::seconds(61));
    until("the cursor", || world.told_to() > before).await;
    assert_eq!(broker.taken(), news(&["ann", "ann"]));
}

#[tokio::test]
async fn a_broker_that_is_away_loses_nothing() {
    let world = World::begun().await;
    let broker = Recorder::new();
    broker.is_away.store(true, Ordering::SeqCst);
    world.work(&broker);
    let names = ["ann", "bob", "cyd", "dan"];
    for name in names {
        world.sign_up(&[name]).await;
    }
    until("failures", || broker.refused.load(Ordering::SeqCst) > 3).await;
    broker.is_away.store(false, Ordering::SeqCst);
    until("four", || broker.taken().len() == 4).await;
    assert_eq!(broker.taken(), news(&names));
}

#[tokio::test]
async fn of_two_processes_one_tells_at_a_time() {
    let world = World::begun().await;
    let broker = Recorder::new();
    let workers = [world.work(&broker), world.work(&broker)];
    let names: Vec<_> = (0..20).map(|nth| format!("user{nth}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in &names {
        world.sign_up(&[name]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    until("twenty", || broker.taken().len() >= 20).await;
    a_while().await;
    assert_eq!(broker.taken(), news(&names));
    world.shutdown.send_replace(true);
    for worker in workers {
        worker.await.unwrap();
    }
}
