use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A source of unpredictable bytes. Domain code never makes randomness of its own.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// What the domain makes of random bytes.
pub trait EntropyExt: Entropy {
    /// `N` random bytes.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A random UUID, version 4 (RFC 9562 §5.4): 122 random bits.
    fn uuid_v4(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A UUID, version 7 (RFC 9562 §5.7): sorted by time, 74 random bits.
    fn uuid_v7(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

impl<T: Entropy + ?Sized> EntropyExt for T {}
