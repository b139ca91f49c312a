//! What Clavis aims at, beside what was measured.

use crate::ceilings::{Ceiling, cores};
use crate::measure::{Measured, Row};
use crate::report::{mib, milliseconds};
use crate::table::{Side, number, render};
use crate::workload::Workload;

/// The number of clients the aims speak of.
const CLIENTS: u32 = 16;
/// A hash's memory, in KiB.
const HASH_KIB: u64 = 19 * 1024;
/// Flat: no more than this much dearer.
const FLAT: f64 = 1.15;

struct Aim {
    what: String,
    wanted: String,
    measured: String,
    reached: bool,
}

/// The aims as far as what was measured has a word on them.
pub(crate) fn aims(all: &[Measured]) -> String {
    let mut aims = Vec::new();
    if let Some(first) = all.first() {
        aims.extend(
            Workload::ALL
                .into_iter()
                .filter_map(|workload| rate(first, workload)),
        );
        aims.extend(needs(first));
        if let Some(last) = all.last().filter(|last| last.accounts != first.accounts) {
            aims.extend(flat(first, last));
        }
    }
    let heading = [
        ("aim", Side::Left),
        ("at", Side::Left),
        ("measured", Side::Left),
        ("", Side::Left),
    ];
    let rows: Vec<Vec<String>> = aims.into_iter().map(Aim::cells).collect();
    render(&heading, &rows)
}

impl Aim {
    fn cells(self) -> Vec<String> {
        let verdict = if self.reached { "ok" } else { "short" };
        vec![self.what, self.wanted, self.measured, verdict.to_owned()]
    }
}

/// What a workload should come to, as a share of its ceiling and in a second.
fn wanted(workload: Workload) -> Option<(Ceiling, f64, f64)> {
    match workload {
        Workload::Register => None,
        Workload::LogIn => Some((Ceiling::Hashes, 0.95, 0.0)),
        Workload::RefreshPluto | Workload::RefreshBackendPlus => Some((Ceiling::Commits, 0.5, 3000.0)),
        Workload::Info | Workload::Verify => Some((Ceiling::Requests, 0.6, 0.0)),
        Workload::JwksBackendPlus | Workload::JwksAll => Some((Ceiling::Requests, 0.9, 0.0)),
    }
}

fn find(measured: &Measured, workload: Workload) -> Option<&Row> {
    let mut rows = measured.rows.iter();
    rows.find(|row| row.workload == workload && row.clients == CLIENTS)
}

fn rate(measured: &Measured, workload: Workload) -> Option<Aim> {
    let row = find(measured, workload)?;
    let (ceiling, share, least) = wanted(workload)?;
    let (ratio, per_second) = (row.ratio(ceiling)?, row.outcome.per_second());
    let share_wanted = format!("{:.0} % of {}", share * 100.0, ceiling.name());
    Some(Aim {
        what: format!("{}, {CLIENTS} clients", workload.name()),
        wanted: if least > 0.0 {
            format!("{share_wanted}, {}/s", number(least))
        } else {
            share_wanted
        },
        measured: format!("{:.0} %, {}/s", ratio * 100.0, number(per_second)),
        reached: ratio >= share && per_second >= least && row.outcome.errors() == 0,
    })
}

/// Time to start, and memory.
fn needs(measured: &Measured) -> Vec<Aim> {
    let start = |what: &str, time: std::time::Duration, most: u64| Aim {
        what: format!("start to first answer, {what}"),
        wanted: format!("{most} ms"),
        measured: format!("{} ms", milliseconds(time)),
        reached: time <= std::time::Duration::from_millis(most),
    };
    let memory = |what: &str, kib: u64, most: u64| Aim {
        what: format!("memory {what}"),
        wanted: format!("{} MiB", mib(most)),
        measured: format!("{} MiB", mib(kib)),
        reached: kib <= most,
    };
    let mut aims = vec![
        start("existing data", measured.start, 50),
        start("fresh data", measured.fresh_start, 500),
        memory("idle", measured.idle_kib, 30 * 1024),
    ];
    let logging_in = measured.rows.iter().filter(|row| row.workload == Workload::LogIn);
    if let Some(peak) = logging_in.map(|row| row.peak_kib).max() {
        let hashing = HASH_KIB * u64::try_from(cores()).unwrap_or(u64::MAX);
        aims.push(memory("under log-in load", peak, 50 * 1024 + hashing));
    }
    aims
}

/// Whether more accounts make anything dearer.
fn flat(first: &Measured, last: &Measured) -> Vec<Aim> {
    let watched = [
        Workload::LogIn,
        Workload::RefreshPluto,
        Workload::RefreshBackendPlus,
        Workload::Info,
    ];
    let aims = watched.into_iter().filter_map(|workload| {
        let (few, many) = (find(first, workload)?, find(last, workload)?);
        let dearer = many.cpu_seconds_per_thousand / few.cpu_seconds_per_thousand;
        Some(Aim {
            what: format!(
                "{}, {} to {} accounts",
                workload.name(),
                number(first.accounts.into()),
                number(last.accounts.into())
            ),
            wanted: "flat".to_owned(),
            measured: format!(
                "CPU x{dearer:.2}, {} to {}/s",
                number(few.outcome.per_second()),
                number(many.outcome.per_second())
            ),
            reached: dearer <= FLAT,
        })
    });
    aims.collect()
}
