//! What a provider publishes, fetched when it is needed and kept for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use clavis_flows::ProviderRefusal;
use clavis_kernel::Clock;

/// How long it is taken for current.
const FRESH: Duration = Duration::hours(1);
/// How long it is still good while the provider cannot be reached.
const GOOD: Duration = Duration::hours(24);
/// Until it may be fetched again before its time, or after it could not be fetched while an older one is good.
const REST: Duration = Duration::seconds(5);
/// Until it may be fetched again when there is nothing.
const SHORT_REST: Duration = Duration::seconds(1);

/// Something of a provider's that changes seldom. Any number of tasks may want it at once: one fetches, the others
/// wait for that, and whoever wants what it does not have makes it be fetched again only so often.
pub(crate) struct Kept<T> {
    /// Held for moments only, never while waiting.
    state: Mutex<State<T>>,
    /// Whose turn it is to fetch.
    turn: tokio::sync::Mutex<()>,
    /// How long one fetch may take.
    patience: StdDuration,
}

struct State<T> {
    value: Option<(Arc<T>, DateTime<Utc>)>,
    /// From when until when nothing is fetched.
    rest: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Why it could not be fetched the last time.
    failure: ProviderRefusal,
}

impl<T> Kept<T> {
    /// Nothing yet. A fetch that takes longer than this has failed.
    pub(crate) fn new(patience: StdDuration) -> Self {
        Self {
            state: Mutex::new(State {
                value: None,
                rest: None,
                failure: ProviderRefusal::Unavailable("what it publishes was not had in time"),
            }),
            turn: tokio::sync::Mutex::new(()),
            patience,
        }
    }

    /// The thing, current and as it is wanted if that can be had; else as it was, if that is still good.
    pub(crate) async fn get<F>(
        &self,
        clock: &dyn Clock,
        is_wanted: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, ProviderRefusal>
    where
        F: Future<Output = Result<T, ProviderRefusal>>,
    {
        let current = |now| self.state().fresh(now).filter(|value| is_wanted(value));
        if let Some(value) = current(clock.now()) {
            return Ok(value);
        }
        // While somebody else asks, what there is will do.
        let older = self.state().good(clock.now());
        let _turn = match (self.turn.try_lock(), older) {
            (Ok(turn), _) => turn,
            (Err(_), Ok(value)) if is_wanted(&value) => return Ok(value),
            (Err(_), _) => self.turn.lock().await,
        };
        let now = clock.now();
        if let Some(value) = current(now) {
            return Ok(value);
        }
        if !self.begin(now) {
            return self.state().good(now);
        }
        let fetched = tokio::time::timeout(self.patience, fetch()).await;
        let fetched = fetched.unwrap_or(Err(ProviderRefusal::Unavailable("it is too slow")));
        let now = clock.now();
        let mut state = self.state();
        match fetched {
            Ok(value) => state.renew(value, now),
            Err(failure) => state.failure = failure,
        }
        state.good(now)
    }

    /// Whether it may be fetched. From then on it rests: nobody may come back to tell, when who asked was cut off.
    fn begin(&self, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        // A clock that was set back ends the rest.
        if state.rest.is_some_and(|(from, until)| from <= now && now < until) {
            return false;
        }
        let rest = if state.good(now).is_ok() { REST } else { SHORT_REST };
        state.rest = Some((now, now + rest));
        true
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn fresh(&self, now: DateTime<Utc>) -> Option<Arc<T>> {
        let (value, at) = self.value.as_ref()?;
        (*at <= now && now - at < FRESH).then(|| Arc::clone(value))
    }

    fn good(&self, now: DateTime<Utc>) -> Result<Arc<T>, ProviderRefusal> {
        match &self.value {
            Some((value, at)) if now - at < GOOD => Ok(Arc::clone(value)),
            _ => Err(self.failure),
        }
    }

    fn renew(&mut self, value: T, now: DateTime<Utc>) {
        // What was fetched because it was time may be fetched once more at once, for somebody who misses something.
        if self.fresh(now).is_none() {
            self.rest = None;
        }
        self.value = Some((Arc::new(value), now));
    }
}
