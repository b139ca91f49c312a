use chrono::{DateTime, Duration, Utc};
use clavis_kernel::AccountId;

/// How many wrong passwords an account bears, and for how long it remembers them.
#[derive(Debug, Clone, Copy)]
pub struct LockoutPolicy {
    /// Failures that close the credential; 0 never closes it.
    pub max_failures: u32,
    /// The window that begins with the first failure. When it ends, counting starts anew.
    pub window: Duration,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            max_failures: 10,
            window: Duration::minutes(15),
        }
    }
}

/// The failures of one account in the current window, through every door together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureCount {
    /// Whose.
    pub account: AccountId,
    /// How many.
    pub failures: u32,
    /// When the window began.
    pub window_started_at: DateTime<Utc>,
}

impl FailureCount {
    /// The count after one more failure.
    pub fn after_failure(
        previous: Option<Self>,
        account: AccountId,
        now: DateTime<Utc>,
        policy: &LockoutPolicy,
    ) -> Self {
        match previous {
            Some(count) if now < count.window_started_at + policy.window => Self {
                failures: count.failures.saturating_add(1),
                ..count
            },
            _ => Self {
                account,
                failures: 1,
                window_started_at: now,
            },
        }
    }

    /// Whether the credential is closed at this moment.
    pub fn locks_out(&self, now: DateTime<Utc>, policy: &LockoutPolicy) -> bool {
        policy.max_failures > 0
            && self.failures >= policy.max_failures
            && now < self.window_started_at + policy.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_kernel::fake::FakeClock;
    use clavis_kernel::{AccountId, Clock as _};
    use uuid::Uuid;

    #[test]
    fn the_tenth_failure_in_a_window_closes_until_the_window_ends() {
        let (clock, policy, account) = (
            FakeClock::default(),
            LockoutPolicy::default(),
            AccountId(Uuid::nil()),
        );
        let mut count = None;
        for failure in 1..=10 {
            count = Some(FailureCount::after_failure(count, account, clock.now(), &policy));
            assert_eq!(count.unwrap().locks_out(clock.now(), &policy), failure == 10);
            clock.advance(Duration::seconds(1));
        }
        clock.advance(Duration::minutes(15));
        assert!(!count.unwrap().locks_out(clock.now(), &policy));
        let next = FailureCount::after_failure(count, account, clock.now(), &policy);
        assert_eq!(next.failures, 1);
    }

    #[test]
    fn zero_turns_it_off() {
        let (clock, account) = (FakeClock::default(), AccountId(Uuid::nil()));
        let policy = LockoutPolicy {
            max_failures: 0,
            ..LockoutPolicy::default()
        };
        let count = FailureCount {
            account,
            failures: 1_000,
            window_started_at: clock.now(),
        };
        assert!(!count.locks_out(clock.now(), &policy));
    }
}
