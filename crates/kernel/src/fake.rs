//! A clock that tests move and entropy that repeats itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Duration, TimeZone, Utc};

use crate::{Clock, Entropy};

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl Default for FakeClock {
    fn default() -> Self {
        Self::at(
            Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5)
                .single()
                .expect("a valid date"),
        )
    }
}

impl FakeClock {
    /// A clock that shows this moment.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(moment.timestamp_micros()))
    }

    /// Moves on (or back).
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(
            by.num_microseconds().expect("a test's duration is short"),
            Ordering::SeqCst,
        );
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).expect("a valid moment")
    }
}

/// Entropy that is the same in every run: a counter through SHA-256.
#[derive(Debug, Default)]
pub struct FakeEntropy {
    counter: AtomicU64,
    next: Mutex<Vec<u8>>,
}

impl FakeEntropy {
    /// The next bytes to hand out before the counter's.
    pub fn push(&self, bytes: &[u8]) {
        self.next
            .lock()
            .expect("no test panics with it")
            .extend_from_slice(bytes);
    }
}

impl Entropy for FakeEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut next = self.next.lock().expect("no test panics with it");
        for chunk in bytes.chunks_mut(32) {
            if next.len() >= chunk.len() {
                let rest = next.split_off(chunk.len());
                chunk.copy_from_slice(&next);
                *next = rest;
                continue;
            }
            let block = openssl::sha::sha256(&self.counter.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}
