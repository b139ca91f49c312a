use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clavis_flows::{Outbox, OutgoingMail, QueuedMail, Store, UnsealError};
use clavis_kernel::{Clock, MailId, MasterKey, StoreError};
use metrics::{counter, gauge};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::{MailError, MailFault, Mailer, SmtpStep};

/// How a worker goes about the outbox.
#[derive(Debug, Clone)]
pub struct OutboxPolicy {
    /// How many mails are taken at a time.
    pub batch: u32,
    /// How many are sent at once.
    pub parallel: usize,
    /// For how long a mail that was taken is this worker's alone.
    pub lease: Duration,
    /// How long one attempt may last: less than the lease, or two workers send the same mail.
    pub attempt: Duration,
    /// How often the outbox is looked into when nobody wakes the worker.
    pub poll: Duration,
    /// The pause after the first failure; each one more doubles it.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// After so many failures a mail is given up.
    pub max_attempts: u32,
}

impl Default for OutboxPolicy {
    /// Twenty attempts in half a day.
    fn default() -> Self {
        Self {
            batch: 16,
            parallel: 4,
            lease: Duration::from_mins(2),
            attempt: Duration::from_mins(1),
            poll: Duration::from_secs(1),
            first_pause: Duration::from_secs(10),
            longest_pause: Duration::from_hours(1),
            max_attempts: 20,
        }
    }
}

impl OutboxPolicy {
    /// The pause after this many failures; `None` when that was the last attempt.
    fn pause_after(&self, failures: u32) -> Option<Duration> {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        (failures < self.max_attempts)
            .then(|| self.first_pause.saturating_mul(doubled).min(self.longest_pause))
    }
}

/// Sends what waits in the outbox. Any number of workers, in any number of processes, share one outbox.
#[derive(Clone)]
pub struct OutboxWorker {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// Opens the sealed mails.
    pub master: MasterKey,
    /// Takes the mails.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers and pauses.
    pub policy: OutboxPolicy,
}

/// A mail taken from the outbox, this worker's alone until a moment.
struct Claimed {
    mail: QueuedMail,
    until: DateTime<Utc>,
}

impl OutboxWorker {
    /// Works until `shutdown` says true or its sender is gone: then the mails that are being sent are finished and
    /// the rest is given back. Looks into the outbox when woken, and else every [`OutboxPolicy::poll`].
    pub async fn run(self, mut shutdown: watch::Receiver<bool>, wake: Arc<Notify>) {
        let worker = Arc::new(self);
        let mut claimed = VecDeque::new();
        let mut in_flight = JoinSet::new();
        let mut ticks = interval(worker.policy.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = true;
        while !*shutdown.borrow() {
            if look && claimed.is_empty() && in_flight.len() < worker.policy.parallel {
                claimed.extend(worker.claim().await);
                // A full batch says that there may be more.
                look = claimed.len() >= worker.policy.batch as usize;
            }
            while in_flight.len() < worker.policy.parallel
                && let Some(mail) = claimed.pop_front()
            {
                in_flight.spawn(Arc::clone(&worker).deliver(mail));
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { break },
                Some(ended) = in_flight.join_next(), if !in_flight.is_empty() => note_panic(ended),
                () = wake.notified() => look = true,
                _ = ticks.tick() => look = true,
            }
        }
        for mail in claimed {
            worker.give_back(&mail).await;
        }
        while let Some(ended) = in_flight.join_next().await {
            note_panic(ended);
        }
    }

    /// Takes the mails that are due.
    async fn claim(&self) -> Vec<Claimed> {
        let now = self.clock.now();
        let until = now + self.policy.lease;
        let limit = self.policy.batch;
        let taken = async {
            // Looking is free, writing is not: an empty outbox costs no transaction that writes.
            let depth = clavis_flows::read(&*self.store, |ports| ports.depth()).await?;
            gauge!("clavis_outbox_depth").set(u32::try_from(depth).unwrap_or(u32::MAX));
            if depth == 0 {
                return Ok(Vec::new());
            }
            clavis_flows::write(&*self.store, move |ports| ports.claim_due(now, until, limit)).await
        };
        match taken.await {
            Ok(mails) => mails.into_iter().map(|mail| Claimed { mail, until }).collect(),
            Err(error) => {
                note_fault("the outbox cannot be read", &error);
                Vec::new()
            }
        }
    }

    /// Sends one mail and notes what became of it.
    async fn deliver(self: Arc<Self>, claimed: Claimed) {
        // Begun too late, an attempt could still run when another worker begins the next.
        if self.clock.now() + self.policy.attempt > claimed.until {
            return;
        }
        let id = claimed.mail.id;
        let (domain, result) = match claimed.mail.open(&self.master) {
            Ok(mail) => (mail.to.domain(), self.attempt(id, &mail).await),
            Err(error) => (String::new(), Err(Failure::Unreadable(error))),
        };
        match result {
            Ok(()) => {
                counter!("clavis_mails_sent_total").increment(1);
                tracing::info!(mail = %id, domain, "mail sent");
                self.note(id, "sent", move |outbox| outbox.sent(id)).await;
            }
            Err(failure) => self.note_failure(&claimed.mail, &domain, &failure).await,
        }
    }

    async fn attempt(&self, id: MailId, mail: &OutgoingMail) -> Result<(), Failure> {
        match timeout(self.policy.attempt, self.mailer.send(id, mail)).await {
            Ok(result) => result.map_err(Failure::Mail),
            Err(_) => Err(Failure::Mail(MailError::Temporary(MailFault::TimedOut(
                SmtpStep::Content,
            )))),
        }
    }

    async fn note_failure(&self, mail: &QueuedMail, domain: &str, failure: &Failure) {
        let id = mail.id;
        let attempts = mail.attempts.saturating_add(1);
        let pause = if failure.is_permanent() {
            None
        } else {
            self.policy.pause_after(attempts)
        };
        let next = pause.map(|pause| self.clock.now() + pause);
        counter!("clavis_mails_failed_total", "then" => if next.is_some() { "retried" } else { "given_up" })
            .increment(1);
        if let Some(next) = next {
            tracing::warn!(mail = %id, domain, attempts, %next, "mail not sent yet: {failure}");
        } else {
            tracing::error!(mail = %id, domain, attempts, "mail given up: {failure}");
        }
        self.note(id, "failed", move |outbox| outbox.failed(id, attempts, next))
            .await;
    }

    /// Makes a mail due again that was taken and not tried.
    async fn give_back(&self, claimed: &Claimed) {
        let (id, attempts, now) = (claimed.mail.id, claimed.mail.attempts, self.clock.now());
        self.note(id, "given back", move |outbox| {
            outbox.failed(id, attempts, Some(now))
        })
        .await;
    }

    /// Writes what became of a mail. A store that does not answer is asked again for a while: a mail that went out
    /// and is not noted as sent will go out again.
    async fn note<F>(&self, id: MailId, what: &'static str, note: F)
    where
        F: Fn(&dyn Outbox) -> Result<(), StoreError> + Clone + Send + 'static,
    {
        let mut pause = Duration::from_millis(100);
        loop {
            let note = note.clone();
            let Err(error) = clavis_flows::write(&*self.store, move |ports| note(ports)).await else {
                return;
            };
            if pause > Duration::from_secs(5) {
                note_fault("what became of a mail was not noted", &error);
                tracing::error!(mail = %id, what, "the mail will be tried again");
                return;
            }
            sleep(pause).await;
            pause *= 2;
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Mail(MailError),
    #[error(transparent)]
    Unreadable(UnsealError),
}

impl Failure {
    fn is_permanent(&self) -> bool {
        match self {
            Self::Mail(MailError::Permanent(_)) | Self::Unreadable(UnsealError::Unreadable(_)) => true,
            // A wrong master key may be put right.
            Self::Mail(MailError::Temporary(_)) | Self::Unreadable(UnsealError::Sealed(_)) => false,
        }
    }
}

fn note_fault(what: &'static str, error: &StoreError) {
    tracing::error!(error = %error, "{what}");
}

fn note_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("a mail was not finished: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_end_after_twenty_attempts() {
        let policy = OutboxPolicy::default();
        let pauses: Vec<_> = (1..=20)
            .map_while(|failures| policy.pause_after(failures))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses[..4], [10, 20, 40, 80]);
        assert_eq!(
            pauses[8..],
            [2560, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600]
        );
        assert_eq!(pauses.iter().sum::<u64>() / 3_600, 11);
        assert_eq!(policy.pause_after(u32::MAX), None);
    }
}
