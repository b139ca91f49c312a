//! The real clock and the real entropy.

use chrono::{DateTime, SubsecRound as _, Utc};
use clavis_kernel::{Clock, Entropy};

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
        Utc::now().trunc_subsecs(6)
    }
}

/// OpenSSL's random generator, seeded by the operating system.
#[derive(Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is where randomness enters")]
        openssl::rand::rand_bytes(bytes).expect("a machine without randomness cannot serve identities");
    }
}
