use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Past so many clients the limiter forgets those that have been quiet.
const MAX_CLIENTS: usize = 100_000;

/// How often one client may do something (GCRA): a burst of the whole quota, refilled evenly.
pub struct RateLimit {
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl RateLimit {
    /// So many a minute; 0 is without limit.
    pub fn per_minute(count: u32) -> Self {
        Self {
            limiter: NonZeroU32::new(count).map(|count| RateLimiter::keyed(Quota::per_minute(count))),
        }
    }

    /// Counts one; the error is how long the client should wait.
    pub fn check(&self, client: Option<IpAddr>) -> Result<(), Duration> {
        let (Some(limiter), Some(client)) = (&self.limiter, client) else {
            return Ok(());
        };
        if limiter.len() > MAX_CLIENTS {
            limiter.retain_recent();
        }
        let clock = DefaultClock::default();
        limiter
            .check_key(&network(client))
            .map_err(|not_until| not_until.wait_time_from(clock.now()))
    }
}

/// What counts as one client: an IPv4 address, or the /64 an IPv6 address is in.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_is_counted_apart_from_another() {
        let rate = RateLimit::per_minute(2);
        let client = |text: &str| Some(text.parse().unwrap());
        assert!(rate.check(client("2001:db8::1")).is_ok());
        assert!(rate.check(client("2001:db8::2")).is_ok());
        assert!(rate.check(client("2001:db8::3")).is_err(), "the same /64");
        assert!(rate.check(client("2001:db8:1::1")).is_ok());
        assert!(rate.check(client("192.0.2.1")).is_ok());
    }

    #[test]
    fn zero_is_without_limit() {
        let rate = RateLimit::per_minute(0);
        assert!((0..1_000).all(|_| rate.check(Some("192.0.2.1".parse().unwrap())).is_ok()));
    }
}
