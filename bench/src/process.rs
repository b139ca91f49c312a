//! What the kernel says about a process.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// How often memory is looked at while a load runs.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

/// Processor time that a process has used, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = cpu_ticks(&stat).with_context(|| format!("{path} is not as expected"))?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "ticks of a hundredth of a second, for minutes"
    )]
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Memory in use, in KiB.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    resident(&status).with_context(|| format!("{path} is not as expected"))
}

/// Does something and returns with it the most memory that a process used meanwhile, in KiB.
pub(crate) fn with_peak<T>(pid: u32, work: impl FnOnce() -> T) -> Result<(T, u64)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut peak = resident_kib(pid)?;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(SAMPLE_EVERY);
                peak = peak.max(resident_kib(pid)?);
            }
            anyhow::Ok(peak)
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        let peak = sampler
            .join()
            .map_err(|_| anyhow::anyhow!("the sampler of memory panicked"))??;
        Ok((done, peak))
    })
}

/// `utime` and `stime` of a line of `/proc/<pid>/stat`. The second field, the program's name, may hold blanks
/// and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    // The state is field 3; `utime` is field 14.
    let mut times = after_name.split(' ').skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

/// `VmRSS` of `/proc/<pid>/status`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        for name in ["clavis", "a b", "a) S (b"] {
            let stat = format!(
                "42 ({name}) S 1 42 42 0 -1 4194560 900 0 0 0 123 45 0 0 20 0 5 0 100 1000 200 18446744073709551615"
            );
            assert_eq!(cpu_ticks(&stat), Some(168), "{name}");
        }
        assert_eq!(cpu_ticks("42 (clavis) S 1"), None);
    }

    #[test]
    fn memory_is_what_is_resident() {
        let status = "Name:\tclavis\nVmHWM:\t   40000 kB\nVmRSS:\t   31232 kB\nThreads:\t7\n";
        assert_eq!(resident(status), Some(31_232));
        assert_eq!(resident("Name:\tclavis\n"), None);
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        assert!(resident_kib(std::process::id()).unwrap() > 100);
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
        let (value, peak) = with_peak(std::process::id(), || 7).unwrap();
        assert_eq!(value, 7);
        assert!(peak > 100);
    }
}
