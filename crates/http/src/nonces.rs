use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::TokenDigest;

/// How many parts there are, each with a lock of its own.
const SHARDS: usize = 16;

/// What was accepted once and must not be accepted again while it is in force: the nonces of signed requests.
///
/// It is this process's own memory, so a copy of a request finds nothing in another process. What is remembered
/// is forgotten when it expires and never before: a memory that is full refuses what is new, because to forget
/// something in its favour is to let that be repeated.
pub struct NonceMemory {
    shards: [Mutex<Shard>; SHARDS],
    shard_capacity: usize,
    longest: Duration,
}

#[derive(Default)]
struct Shard {
    /// In the order they expire.
    remembered: BTreeSet<(DateTime<Utc>, TokenDigest)>,
    /// Up to here everything was forgotten.
    forgotten_to: DateTime<Utc>,
}

/// Why something is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NonceRefusal {
    /// It was accepted before, or it was forgotten whether it was.
    #[error("the nonce was used already")]
    Used,
    /// It is in force for longer than anything is remembered.
    #[error("the nonce is in force for longer than nonces are remembered")]
    TooLong,
    /// Too much is in force at this moment.
    #[error("no more nonces can be remembered")]
    Full,
}

impl NonceMemory {
    /// A memory for about so many things in force at a time, none of them for longer than this from when it is
    /// presented. Each takes some hundred bytes.
    pub fn new(capacity: usize, longest: Duration) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            shard_capacity: capacity.div_ceil(SHARDS),
            longest,
        }
    }

    /// Accepts something for the first and last time before it expires.
    pub fn spend(
        &self,
        digest: TokenDigest,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), NonceRefusal> {
        let latest = now + self.longest;
        if expires_at > latest {
            return Err(NonceRefusal::TooLong);
        }
        let index = digest.as_bytes().first().map_or(0, |byte| usize::from(*byte)) % SHARDS;
        let shard = self
            .shards
            .get(index)
            .expect("a remainder is less than its divisor");
        // A thread that panicked held nothing half done: each change is one call.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget_to(now);
        // A clock that was set back does not bring back what was forgotten.
        if expires_at <= shard.forgotten_to || shard.remembered.contains(&(expires_at, digest)) {
            return Err(NonceRefusal::Used);
        }
        if shard.remembered.len() >= self.shard_capacity {
            shard.forget_after(latest);
        }
        if shard.remembered.len() >= self.shard_capacity {
            return Err(NonceRefusal::Full);
        }
        shard.remembered.insert((expires_at, digest));
        Ok(())
    }
}

impl Shard {
    fn forget_to(&mut self, now: DateTime<Utc>) {
        while let Some(first) = self.remembered.first()
            && first.0 <= now
        {
            self.forgotten_to = first.0;
            self.remembered.pop_first();
        }
    }

    /// Forgets what nobody could present at this moment: it was accepted while the clock was wrong.
    fn forget_after(&mut self, latest: DateTime<Utc>) {
        while self.remembered.last().is_some_and(|last| last.0 > latest) {
            self.remembered.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> TokenDigest {
        TokenDigest::of(&number.to_string())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn memory(capacity: usize) -> NonceMemory {
        NonceMemory::new(capacity, Duration::seconds(10))
    }

    #[test]
    fn what_was_spent_is_refused_until_it_expires() {
        let memory = memory(100);
        assert_eq!(memory.spend(digest(1), at(5), at(0)), Ok(()));
        assert_eq!(memory.spend(digest(2), at(5), at(0)), Ok(()), "another one");
        assert_eq!(memory.spend(digest(1), at(5), at(0)), Err(NonceRefusal::Used));
        assert_eq!(memory.spend(digest(1), at(5), at(4)), Err(NonceRefusal::Used));
        assert_eq!(
            memory.spend(digest(1), at(20), at(10)),
            Ok(()),
            "expired in between"
        );
    }

    #[test]
    fn a_full_memory_refuses_what_is_new_and_remembers_what_is_old() {
        let memory = memory(160);
        let mut taken: Vec<usize> = Vec::new();
        for number in 0..10_000 {
            match memory.spend(digest(number), at(5), at(0)) {
                Ok(()) => taken.push(number),
                Err(refusal) => assert_eq!(refusal, NonceRefusal::Full),
            }
        }
        assert_eq!(taken.len(), 160);
        for number in taken {
            assert_eq!(
                memory.spend(digest(number), at(5), at(0)),
                Err(NonceRefusal::Used)
            );
        }
        assert_eq!(
            memory.spend(digest(20_000), at(9), at(5)),
            Ok(()),
            "room again once they expired"
        );
    }

    #[test]
    fn a_clock_set_back_does_not_let_anything_be_repeated() {
        let memory = memory(16);
        assert_eq!(memory.spend(digest(1), at(5), at(0)), Ok(()));
        // The same part forgets the first one for the sake of a later one.
        let later = (2..1_000).find(|&n| digest(n).as_bytes()[0] % 16 == digest(1).as_bytes()[0] % 16);
        assert_eq!(memory.spend(digest(later.unwrap()), at(9), at(8)), Ok(()));
        assert_eq!(memory.spend(digest(1), at(5), at(0)), Err(NonceRefusal::Used));
    }

    #[test]
    fn what_a_wrong_clock_let_in_does_not_stay_for_years() {
        let memory = memory(16);
        for number in 0..1_000 {
            let _ = memory.spend(digest(number), at(1_000_000), at(999_999));
        }
        assert_eq!(memory.spend(digest(1), at(5), at(0)), Ok(()));
    }

    #[test]
    fn nothing_is_accepted_for_longer_than_it_is_remembered() {
        assert_eq!(
            memory(16).spend(digest(1), at(11), at(0)),
            Err(NonceRefusal::TooLong)
        );
    }

    #[test]
    fn of_many_threads_one_spends_it() {
        let memory = memory(1_000);
        let spent = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| memory.spend(digest(1), at(5), at(0)).is_ok()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|first| *first)
                .count()
        });
        assert_eq!(spent, 1);
    }
}
