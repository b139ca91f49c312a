use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use openssl::sha::sha256;

/// How long the change of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(5);

/// Held while an object changes: by one process, and in it by one thread. Dropping it lets go.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file unlocks it")] File);

impl Lock {
    /// Waits until nobody else changes what is at this place. There are 256 locks for all places together.
    pub(super) fn take(locks: &Path, place: &Path) -> io::Result<Self> {
        let [number, ..] = sha256(place.as_os_str().as_encoded_bytes());
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(locks.join(format!("{number:02x}")))?;
        let attempts = PATIENCE.as_millis() / PAUSE.as_millis();
        for _ in 0..attempts {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::new(
            ErrorKind::TimedOut,
            "another process does not let go of an object",
        ))
    }
}
