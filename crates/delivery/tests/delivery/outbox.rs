use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use clavis_delivery::{MailError, MailFault, OutboxPolicy};
use clavis_flows::Outbox as _;
use clavis_flows::fake::FakeStore;
use clavis_kernel::MasterKey;
use clavis_kernel::fake::{FakeClock, FakeEntropy};

use crate::behaviour::{Behaviour, Trouble};
use crate::doubles::{Gate, Refusing, Shaky};
use crate::sink::Sink;
use crate::world::{World, mailer};

#[tokio::test]
async fn a_mail_refused_for_now_is_tried_again_after_growing_pauses() {
    let world = World::default();
    let later = Trouble::Reply("451 4.3.0 later");
    let troubles = vec![("RCPT", later), ("content", later)];
    let mut sink = Sink::start(Behaviour {
        troubles,
        ..Behaviour::default()
    });
    world.work(Arc::new(mailer(&format!("smtp://localhost:{}", sink.port), None)));
    world.enqueue("ann@example.org").await;
    for (attempts, pause) in [(1, 10), (2, 20)] {
        world
            .until("a failure", |ports| {
                let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
                ports
                    .claim_due(far, far, 1)
                    .unwrap()
                    .iter()
                    .any(|mail| mail.attempts == attempts)
            })
            .await;
        assert!(world.attempts_due_in(TimeDelta::seconds(pause - 1)).is_empty());
        assert_eq!(world.attempts_due_in(TimeDelta::seconds(pause)), [attempts]);
        world.advance_and_wake(TimeDelta::seconds(pause));
    }
    assert_eq!(sink.mail().await.to, "ann@example.org");
    world.until_depth(0).await;
}

#[tokio::test]
async fn a_mail_refused_for_good_is_given_up_at_once() {
    let world = World::default();
    let no = Trouble::Reply("550 5.1.1 no such user");
    let mut sink = Sink::start(Behaviour {
        troubles: vec![("RCPT", no)],
        ..Behaviour::default()
    });
    world.work(Arc::new(mailer(&format!("smtp://localhost:{}", sink.port), None)));
    world.enqueue("nobody@example.org").await;
    world.until_depth(0).await;
    world.enqueue("ann@example.org").await;
    world.advance_and_wake(TimeDelta::days(1));
    assert_eq!(sink.mail().await.to, "ann@example.org");
    world.until_depth(0).await;
    assert_eq!(sink.heard("RCPT"), 2);
}

#[tokio::test]
async fn a_server_that_is_away_loses_nothing() {
    let world = World::default();
    let port = Sink::free_port();
    world.work(Arc::new(mailer(&format!("smtp://localhost:{port}"), None)));
    for nth in 0..20 {
        world.enqueue(&format!("user{nth}@example.org")).await;
    }
    let store = Arc::clone(&world.store);
    world
        .until("twenty failures", move |_| failures(&store) == 20)
        .await;
    let mut sink = Sink::start_at(port, Behaviour::default());
    world.advance_and_wake(TimeDelta::seconds(10));
    let mut to = Vec::new();
    for _ in 0..20 {
        to.push(sink.mail().await.to);
    }
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 20);
    world.until_depth(0).await;
}

fn failures(store: &FakeStore) -> usize {
    let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    let waiting = store.look(|ports| ports.claim_due(far, far, 1_000).unwrap());
    waiting.iter().filter(|mail| mail.attempts == 1).count()
}

#[tokio::test]
async fn two_workers_send_a_mail_once() {
    let world = World::default();
    let mut sink = Sink::start(Behaviour::default());
    for _ in 0..2 {
        world.work(Arc::new(mailer(&format!("smtp://localhost:{}", sink.port), None)));
    }
    for nth in 0..60 {
        world.enqueue(&format!("user{nth}@example.org")).await;
    }
    world.until_depth(0).await;
    let mut times: HashMap<_, usize> = HashMap::new();
    for mail in sink.mails_so_far() {
        *times.entry(mail.to).or_default() += 1;
    }
    assert_eq!(times.len(), 60);
    assert!(times.values().all(|&times| times == 1));
}

#[tokio::test]
async fn at_shutdown_mails_in_flight_are_finished_and_the_rest_is_given_back() {
    let world = World::default();
    let gate = Arc::new(Gate::default());
    for nth in 0..10 {
        world.enqueue(&format!("user{nth}@example.org")).await;
    }
    let worker = world.work(Arc::<Gate>::clone(&gate));
    let waiting = Arc::clone(&gate);
    world
        .until("four in flight", move |_| {
            waiting.waiting.load(Ordering::SeqCst) == 4
        })
        .await;
    assert!(
        world.attempts_due_in(TimeDelta::zero()).is_empty(),
        "all are taken"
    );
    world.shut_down();
    let store = Arc::clone(&world.store);
    let now = world.clock.clone();
    world.until("given back", move |_| due(&store, &now) == 6).await;
    assert!(!worker.is_finished());
    gate.let_through.add_permits(10);
    worker.await.unwrap();
    assert_eq!(gate.taken.lock().unwrap().len(), 4);
    assert_eq!(world.attempts_due_in(TimeDelta::zero()), [0; 6]);
}

fn due(store: &FakeStore, clock: &FakeClock) -> usize {
    use clavis_kernel::Clock as _;
    store.look(|ports| ports.claim_due(clock.now(), clock.now(), 100).unwrap().len())
}

#[tokio::test]
async fn an_attempt_does_not_begin_when_the_lease_is_nearly_over() {
    let mut world = World::default();
    world.policy = OutboxPolicy {
        parallel: 1,
        ..world.policy
    };
    let gate = Arc::new(Gate::default());
    world.enqueue("ann@example.org").await;
    world.enqueue("bob@example.org").await;
    world.work(Arc::<Gate>::clone(&gate));
    let waiting = Arc::clone(&gate);
    world
        .until("one in flight", move |_| {
            waiting.waiting.load(Ordering::SeqCst) == 1
        })
        .await;
    world.clock.advance(TimeDelta::seconds(90));
    gate.let_through.add_permits(2);
    world.until_depth(1).await;
    // Only when the lease is over is it anybody's again.
    assert!(world.attempts_due_in(TimeDelta::seconds(29)).is_empty());
    world.advance_and_wake(TimeDelta::seconds(30));
    world.until_depth(0).await;
    assert_eq!(gate.taken.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn the_last_attempt_is_the_last() {
    let mut world = World::default();
    world.policy = OutboxPolicy {
        max_attempts: 3,
        ..world.policy
    };
    world.work(Arc::new(Refusing(|| MailError::Temporary(MailFault::NoStartTls))));
    world.enqueue("ann@example.org").await;
    for attempts in 1..3 {
        let store = Arc::clone(&world.store);
        world
            .until("a failure", move |_| attempts_of_all(&store) == [attempts])
            .await;
        world.advance_and_wake(TimeDelta::hours(1));
    }
    world.until_depth(0).await;
}

fn attempts_of_all(store: &FakeStore) -> Vec<u32> {
    let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    store
        .look(|ports| ports.claim_due(far, far, 100).unwrap())
        .iter()
        .map(|mail| mail.attempts)
        .collect()
}

#[tokio::test]
async fn a_mail_that_does_not_open_waits_for_the_right_key() {
    let mut world = World::default();
    world.enqueue("ann@example.org").await;
    let right = std::mem::replace(&mut world.master, MasterKey::generate(&FakeEntropy::default()));
    world.master = MasterKey::parse(&"ab".repeat(32)).unwrap();
    let gate = Arc::new(Gate::default());
    gate.let_through.add_permits(1);
    let worker = world.work(Arc::<Gate>::clone(&gate));
    let store = Arc::clone(&world.store);
    world
        .until("a failure", move |_| attempts_of_all(&store) == [1])
        .await;
    worker.abort();
    world.master = right;
    world.work(Arc::<Gate>::clone(&gate));
    world.advance_and_wake(TimeDelta::seconds(10));
    world.until_depth(0).await;
    assert_eq!(*gate.taken.lock().unwrap(), ["ann@example.org"]);
}

#[tokio::test]
async fn a_store_that_is_busy_does_not_make_a_mail_go_out_twice() {
    let world = World::default();
    let gate = Arc::new(Gate::default());
    gate.let_through.add_permits(10);
    world.enqueue("ann@example.org").await;
    let shaky = Shaky {
        store: Arc::clone(&world.store),
        writes: AtomicUsize::new(0),
    };
    world.work_over(Arc::new(shaky), Arc::<Gate>::clone(&gate));
    world.until_depth(0).await;
    assert_eq!(gate.taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_needs_to_wake_a_worker() {
    let mut world = World::default();
    world.policy = OutboxPolicy {
        poll: Duration::from_millis(10),
        ..world.policy
    };
    let gate = Arc::new(Gate::default());
    gate.let_through.add_permits(1);
    world.work(Arc::<Gate>::clone(&gate));
    world.until_depth(0).await;
    let elsewhere = world.in_another_process();
    elsewhere.enqueue("ann@example.org").await;
    let taken = Arc::clone(&gate);
    world
        .until("it is sent", move |_| taken.taken.lock().unwrap().len() == 1)
        .await;
}
