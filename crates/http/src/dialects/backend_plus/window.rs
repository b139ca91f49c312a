use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::rates::network;

/// Most clients counted at once. Past it those whose window is over are forgotten, and if there are none, all.
const MAX_CLIENTS: usize = 100_000;

/// So many requests of one client in each window, which begins with its first request.
#[derive(Debug)]
pub(super) struct FixedWindow {
    limit: u32,
    length: Duration,
    clients: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    requests: u32,
    ends_at: DateTime<Utc>,
}

/// What a client is told about its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// In seconds since the epoch, rounded up.
    pub(super) resets_at: i64,
    pub(super) exceeded: bool,
}

impl FixedWindow {
    /// `None` when there is no limit.
    pub(super) fn new(limit: u32, length: Duration) -> Option<Self> {
        (limit > 0 && length > Duration::zero()).then(|| Self {
            limit,
            length,
            clients: Mutex::default(),
        })
    }

    /// The window, in whole seconds rounded up.
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from(self.length.num_milliseconds())
            .unwrap_or_default()
            .div_ceil(1000)
    }

    /// Counts one request.
    pub(super) fn count(&self, client: IpAddr, now: DateTime<Utc>) -> Standing {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = network(client);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, window| now < window.ends_at);
            if clients.len() >= MAX_CLIENTS {
                clients.clear();
            }
        }
        let fresh = Window {
            requests: 0,
            ends_at: now + self.length,
        };
        let window = clients.entry(client).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        window.requests = window.requests.saturating_add(1);
        let whole = window.ends_at.timestamp();
        Standing {
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.requests),
            resets_at: if window.ends_at.timestamp_subsec_nanos() > 0 {
                whole + 1
            } else {
                whole
            },
            exceeded: window.requests > self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use clavis_kernel::Clock as _;
    use clavis_kernel::fake::FakeClock;

    use super::*;

    #[test]
    fn a_client_is_counted_until_its_window_ends() {
        let (clock, window) = (
            FakeClock::default(),
            FixedWindow::new(2, Duration::seconds(10)).unwrap(),
        );
        let (ann, bob): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let resets_at = clock.now().timestamp() + 10;
        let standing = |remaining, exceeded| Standing {
            limit: 2,
            remaining,
            resets_at,
            exceeded,
        };
        assert_eq!(window.count(ann, clock.now()), standing(1, false));
        clock.advance(Duration::seconds(9));
        assert_eq!(window.count(ann, clock.now()), standing(0, false));
        assert_eq!(window.count(ann, clock.now()), standing(0, true));
        assert!(!window.count(bob, clock.now()).exceeded);
        clock.advance(Duration::seconds(1));
        assert_eq!(window.count(ann, clock.now()).remaining, 1);
    }

    #[test]
    fn memory_is_bounded() {
        let (clock, window) = (
            FakeClock::default(),
            FixedWindow::new(1, Duration::seconds(10)).unwrap(),
        );
        for bits in 0..u32::try_from(MAX_CLIENTS).unwrap() + 10 {
            window.count(IpAddr::V4(bits.into()), clock.now());
        }
        assert!(window.clients.lock().unwrap().len() <= MAX_CLIENTS);
    }

    #[test]
    fn zero_is_without_limit() {
        assert!(FixedWindow::new(0, Duration::seconds(1)).is_none());
        assert!(FixedWindow::new(1, Duration::zero()).is_none());
        assert_eq!(
            FixedWindow::new(1, Duration::milliseconds(1001)).map(|window| window.seconds()),
            Some(2)
        );
    }
}
