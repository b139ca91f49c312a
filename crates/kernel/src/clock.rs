use chrono::{DateTime, Utc};

/// The time of day. Domain code never reads a clock of its own.
pub trait Clock: Send + Sync {
    /// Now, in UTC, cut to whole microseconds: what the store keeps.
    fn now(&self) -> DateTime<Utc>;
}
