use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use clavis_flows::{
    AuditLog, BrokerError, Event, EventBroker, EventCursors, EventVoice, Ports, Store, Untold, untold,
};
use clavis_kernel::{AuditId, Clock, Dialect, StoreError, TellerId};
use clavis_kyc::LevelTable;
use clavis_tokens::KeyError;
use metrics::counter;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How an [`EventWorker`] goes about the audit trail.
#[derive(Debug, Clone)]
pub struct EventPolicy {
    /// How many entries are looked at, and at most told, at a time.
    pub batch: u32,
    /// How old an entry is before it is told: clocks of processes that share a store differ by less.
    pub settle: TimeDelta,
    /// For how long a process that told something has the turn.
    pub turn: Duration,
    /// How long the broker may take for a batch: less than half a turn, or two processes tell the same.
    pub attempt: Duration,
    /// How often the trail is looked at when there was nothing to tell.
    pub poll: Duration,
    /// The pause after the first failure; each one more doubles it.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for EventPolicy {
    fn default() -> Self {
        Self {
            batch: 100,
            settle: TimeDelta::seconds(2),
            turn: Duration::from_mins(1),
            attempt: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl EventPolicy {
    /// The pause after this many failures.
    fn pause_after(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first_pause.saturating_mul(doubled).min(self.longest_pause)
    }
}

/// Tells what happened to accounts, in order and at least once. Any number of processes share a store: one of them tells
/// at a time, and another goes on where it stopped.
#[derive(Clone)]
pub struct EventWorker {
    /// Where the audit trail is.
    pub store: Arc<dyn Store>,
    /// Who takes the events.
    pub broker: Arc<dyn EventBroker>,
    /// How they are put.
    pub voice: Arc<dyn EventVoice>,
    /// Whose words these are.
    pub dialect: Dialect,
    /// Which labels make which level.
    pub levels: LevelTable,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who this is among those that tell.
    pub teller: TellerId,
    /// Numbers and pauses.
    pub policy: EventPolicy,
}

/// What came of a look at the trail.
enum Progress {
    /// Something was told, and there may be more.
    GoOn,
    /// There is nothing to tell, or it is another's turn.
    Wait,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("the audit trail cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("an event cannot be signed: {0}")]
    Key(#[from] KeyError),
}

/// Failures in a row.
struct Outage {
    since: Instant,
    failures: u32,
}

impl EventWorker {
    /// Begins where the audit trail ends now, unless telling began before: what happens from now on is told.
    pub async fn begin(&self) -> Result<(), StoreError> {
        let dialect = self.dialect;
        let find = move |ports: &dyn Ports| EventCursors::find(ports, dialect);
        if clavis_flows::read(&*self.store, find).await?.is_none() {
            clavis_flows::write(&*self.store, move |ports| EventCursors::begin(ports, dialect)).await?;
        }
        Ok(())
    }

    /// Works until `shutdown` says true or its sender is gone. A batch that is on its way then is let go: whoever tells
    /// next tells it again.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let mut outage = None;
        while !*shutdown.borrow() {
            let pause = tokio::select! {
                changed = shutdown.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                looked = self.tell_some() => self.note(looked, &mut outage),
            };
            if let Some(pause) = pause {
                tokio::select! {
                    changed = shutdown.changed() => if changed.is_err() { return },
                    () = sleep(pause) => {}
                }
            }
        }
    }

    /// Says when trouble begins and when it is over, and how long to wait.
    fn note(&self, looked: Result<Progress, Trouble>, outage: &mut Option<Outage>) -> Option<Duration> {
        match looked {
            Ok(progress) => {
                if let Some(over) = outage.take() {
                    let seconds = over.since.elapsed().as_secs();
                    tracing::info!(seconds, failures = over.failures, "events are told again");
                }
                match progress {
                    Progress::GoOn => None,
                    Progress::Wait => Some(self.policy.poll),
                }
            }
            Err(trouble) => {
                counter!("clavis_events_failed_total").increment(1);
                let now = outage.get_or_insert_with(|| {
                    tracing::warn!(error = %trouble, "events cannot be told; they wait in the audit trail");
                    Outage {
                        since: Instant::now(),
                        failures: 0,
                    }
                });
                now.failures = now.failures.saturating_add(1);
                Some(self.policy.pause_after(now.failures))
            }
        }
    }

    /// Tells what is next, if it is this worker's turn.
    async fn tell_some(&self) -> Result<Progress, Trouble> {
        let Some(untold) = self.untold().await? else {
            self.begin().await?;
            return Ok(Progress::Wait);
        };
        if untold.is_empty() || !self.has_turn(&untold).await? {
            return Ok(Progress::Wait);
        }
        let now = self.clock.now();
        let events = untold
            .happened
            .iter()
            .map(|happened| self.voice.tell(happened, now));
        let events: Vec<Event> = events.collect::<Result<_, _>>()?;
        if !events.is_empty() {
            timeout(self.policy.attempt, self.broker.publish(&events))
                .await
                .map_err(|_| BrokerError::TimedOut)??;
        }
        let moved = self.move_on(untold.cursor.at, untold.to).await?;
        counter!("clavis_events_published_total").increment(events.len() as u64);
        Ok(if moved && untold.is_full {
            Progress::GoOn
        } else {
            Progress::Wait
        })
    }

    /// What is next, of entries before which no other can appear any more.
    async fn untold(&self) -> Result<Option<Untold>, StoreError> {
        let old = self.clock.now() - self.policy.settle;
        // Asked before the trail is looked at, and in a look of its own: what is finished by then is seen.
        let unfinished = clavis_flows::read(&*self.store, |ports| AuditLog::unfinished_since(ports)).await?;
        let settled = unfinished.map_or(old, |since| old.min(since - self.policy.settle / 2));
        let (levels, dialect, batch) = (self.levels.clone(), self.dialect, self.policy.batch);
        clavis_flows::read(&*self.store, move |ports| {
            untold(ports, &levels, dialect, settled, batch)
        })
        .await
    }

    /// Whether this worker has the turn for long enough; takes it if it can.
    async fn has_turn(&self, untold: &Untold) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let (dialect, teller, at) = (self.dialect, self.teller, untold.cursor.at);
        if let Some((holder, until)) = untold.cursor.turn {
            if holder == teller && now + self.policy.attempt * 2 <= until {
                return Ok(true);
            }
            if holder != teller && now < until {
                return Ok(false);
            }
        }
        let until = self.turn_from(now);
        clavis_flows::write(&*self.store, move |ports| {
            ports.take_turn(dialect, teller, at, now, until)
        })
        .await
    }

    /// Keeps that everything was told up to an entry; `false` when another did meanwhile, who may have told the same.
    async fn move_on(&self, from: AuditId, to: AuditId) -> Result<bool, StoreError> {
        let (dialect, teller, until) = (self.dialect, self.teller, self.turn_from(self.clock.now()));
        clavis_flows::write(&*self.store, move |ports| {
            ports.move_on(dialect, teller, from, to, until)
        })
        .await
    }

    fn turn_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.policy.turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let policy = EventPolicy::default();
        let pauses = [1, 2, 3, 6, 40].map(|failures| policy.pause_after(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 30, 30]);
    }

    #[test]
    fn a_batch_ends_before_its_turn() {
        let policy = EventPolicy::default();
        assert!(policy.attempt * 2 < policy.turn);
    }
}
