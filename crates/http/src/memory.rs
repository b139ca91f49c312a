//! What the store said lately, so that not every request asks it.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::Fault;

/// How long what the store said is believed without asking again. What this process revokes is noticed at once; this
/// bounds what another process's takes.
pub(crate) const BELIEVED_FOR: Duration = Duration::from_millis(800);
/// How long something is remembered, unless it is said otherwise, that nobody asks about.
pub(crate) const IDLE: Duration = Duration::from_mins(5);

/// What the store said about sessions, tokens or keys, not more than so many.
pub(crate) struct Memory<K, V> {
    known: Cache<K, Arc<Known<V>>>,
}

/// What the store said of one of them, and when it was asked.
pub(crate) struct Known<V> {
    pub(crate) value: V,
    asked: Asked,
}

/// When the store was asked. To be taken before it is: a commit in between makes what it said stale, not wrong.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    at: Instant,
    count: u64,
}

impl<V> Known<V> {
    /// Whether it can be believed without asking; the count is that of the commits until now that may have made it
    /// untrue, such as [revocations](clavis_flows::Store::revocations).
    pub(crate) fn is_fresh(&self, count: u64) -> bool {
        self.asked.count == count && self.asked.at.elapsed() < BELIEVED_FOR
    }
}

impl Asked {
    pub(crate) fn now(count: u64) -> Self {
        Self {
            at: Instant::now(),
            count,
        }
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Send + Sync + 'static> Memory<K, V> {
    /// What nobody asks about for so long is forgotten.
    pub(crate) fn new(capacity: u64, idle: Duration) -> Self {
        let known = Cache::builder().max_capacity(capacity).time_to_idle(idle).build();
        Self { known }
    }

    /// What is remembered, if it [can be believed](Known::is_fresh) without asking.
    pub(crate) fn fresh<Q>(&self, key: &Q, count: u64) -> Option<Arc<Known<V>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.known.get(key).filter(|known| known.is_fresh(count))
    }

    /// What is remembered, however long ago it was said.
    pub(crate) fn any<Q>(&self, key: &Q) -> Option<Arc<Known<V>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.known.get(key)
    }

    pub(crate) fn remember(&self, key: K, value: V, asked: Asked) -> Arc<Known<V>> {
        let known = Arc::new(Known { value, asked });
        self.known.insert(key, Arc::clone(&known));
        known
    }

    pub(crate) fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.known.invalidate(key);
    }
}

/// What the store said of something that is remembered whole, as a few rules are.
pub(crate) struct Whole<V> {
    known: RwLock<Option<Arc<Known<V>>>>,
    /// Of many requests that find it out of date, one asks.
    asking: Mutex<()>,
}

impl<V> Default for Whole<V> {
    fn default() -> Self {
        Self {
            known: RwLock::new(None),
            asking: Mutex::new(()),
        }
    }
}

impl<V> Whole<V> {
    /// What is remembered, or what the store says now.
    pub(crate) async fn get(
        &self,
        revocations: impl Fn() -> u64,
        ask: impl Future<Output = Result<V, Fault>>,
    ) -> Result<Arc<Known<V>>, Fault> {
        if let Some(known) = self.fresh(revocations()) {
            return Ok(known);
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.fresh(revocations()) {
            return Ok(known);
        }
        let asked = Asked::now(revocations());
        let value = ask.await?;
        let known = Arc::new(Known { value, asked });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    /// What is remembered, however long ago it was said.
    pub(crate) fn any(&self) -> Option<Arc<Known<V>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, revocations: u64) -> Option<Arc<Known<V>>> {
        self.any().filter(|known| known.is_fresh(revocations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_a_revocation_is_not_believed() {
        let memory: Memory<String, u8> = Memory::new(10, IDLE);
        memory.remember("a".to_owned(), 1, Asked::now(7));
        assert!(memory.fresh("a", 7).is_some_and(|known| known.value == 1));
        assert!(memory.fresh("a", 8).is_none());
        assert!(memory.any("a").is_some());
        memory.forget("a");
        assert!(memory.any("a").is_none());
    }

    #[test]
    fn what_was_said_too_long_ago_is_not_believed() {
        let memory: Memory<String, u8> = Memory::new(10, IDLE);
        let asked = Asked {
            at: Instant::now().checked_sub(BELIEVED_FOR).unwrap(),
            count: 0,
        };
        memory.remember("a".to_owned(), 1, asked);
        assert!(memory.fresh("a", 0).is_none());
    }
}
