//! What the machine can do at best: the same work with no server around it, measured in the same run.

pub(crate) mod commits;
pub(crate) mod empty;
pub(crate) mod hashes;
mod signatures;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::database::Place;
use crate::rate;
use crate::wrk::{Load, Wrk};

/// A ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ceiling {
    /// Argon2 hashes on as many cores as the clients can keep busy.
    Hashes,
    /// Durable transactions of a look-up, a conditional update and an insert, with as many waiting as clients.
    Commits,
    /// RS256 signatures on as many cores as the clients can keep busy.
    Signatures,
    /// The same requests to a handler that does nothing.
    Requests,
}

impl Ceiling {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hashes => "hashes",
            Self::Commits => "commits",
            Self::Signatures => "RS256",
            Self::Requests => "empty",
        }
    }
}

/// What was measured for one number of clients: so many a second.
pub(crate) type Ceilings = BTreeMap<Ceiling, f64>;

/// Where and for how long ceilings are taken.
pub(crate) struct Laboratory<'a> {
    pub(crate) wrk: &'a Wrk,
    /// On the disk that the server uses.
    pub(crate) folder: &'a Path,
    pub(crate) postgres: Option<&'a str>,
    pub(crate) duration: Duration,
}

impl Laboratory<'_> {
    /// Takes the ceilings that are wanted for so many clients, one after the other; that of requests goes with
    /// each load.
    pub(crate) fn take(&self, wanted: &[Ceiling], clients: usize) -> Result<Ceilings> {
        let threads = clients.min(cores());
        let mut measured = Ceilings::new();
        for &ceiling in wanted {
            let per_second = match ceiling {
                Ceiling::Hashes => hashes::per_second(threads, self.duration)?,
                Ceiling::Signatures => signatures::per_second(threads, self.duration)?,
                Ceiling::Commits => {
                    let place = Place::fresh(self.folder, self.postgres)?;
                    commits::per_second(&place, clients, self.duration)?
                }
                Ceiling::Requests => continue,
            };
            measured.insert(ceiling, per_second);
        }
        Ok(measured)
    }

    /// Takes the ceiling of requests for a load.
    pub(crate) fn take_requests(&self, load: &Load, clients: usize) -> Result<f64> {
        empty::per_second(self.wrk, load, clients, self.duration)
    }
}

/// Processors there are.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Repeats work on so many threads until the time is over, and counts. Each thread makes its own work.
fn repeated<W: FnMut() -> Result<()>>(
    threads: usize,
    duration: Duration,
    make: impl Fn(usize) -> Result<W> + Sync,
) -> Result<f64> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let make = &make;
                scope.spawn(move || {
                    let mut work = make(index)?;
                    let started = Instant::now();
                    let mut count = 0;
                    while started.elapsed() < duration {
                        work()?;
                        count += 1;
                    }
                    anyhow::Ok(rate(count, started.elapsed()))
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .map_err(|_| anyhow!("a thread of a ceiling panicked"))?
            })
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn every_thread_works() {
        let seen = Mutex::new(BTreeSet::new());
        let per_second = repeated(3, Duration::from_millis(20), |index| {
            let seen = &seen;
            Ok(move || {
                seen.lock().unwrap().insert(index);
                Ok(())
            })
        });
        assert!(per_second.unwrap() > 0.0);
        assert_eq!(seen.into_inner().unwrap(), BTreeSet::from([0, 1, 2]));
    }

    #[test]
    fn a_failure_is_no_ceiling() {
        let per_second = repeated(2, Duration::from_secs(5), |_| Ok(|| Err(anyhow!("out of order"))));
        assert!(per_second.is_err());
    }
}
