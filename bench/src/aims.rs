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
        Workload::Register
        | Workload::Upload
        | Workload::UserList
        | Workload::StoredFile
        | Workload::StoredImage => None,
        Workload::ThirdParty => Some((Ceiling::Commits, 0.5, 0.0)),
        Workload::LogIn => Some((Ceiling::Hashes, 0.95, 0.0)),
        Workload::RefreshPluto | Workload::RefreshBackendPlus => Some((Ceiling::Commits, 0.5, 3000.0)),
        Workload::Info | Workload::Verify | Workload::GatewayCookie | Workload::GatewayKey => {
            Some((Ceiling::Requests, 0.6, 0.0))
        }
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
        Workload::UserList,
        Workload::ThirdParty,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn measured(accounts: u32, requests: u64, refused: u64, cpu: f64) -> Measured {
        let outcome = serde_json::json!({
            "requests": requests, "duration_us": 1_000_000, "p50_us": 1, "p99_us": 2,
            "refused": refused, "connect": 0, "read": 0, "write": 0, "timeout": 0,
        });
        let row = Row {
            workload: Workload::LogIn,
            clients: CLIENTS,
            outcome: serde_json::from_value(outcome).unwrap(),
            cpu_seconds_per_thousand: cpu,
            peak_kib: 10 * 1024,
            ceilings: vec![(Ceiling::Hashes, 100.0)],
        };
        Measured {
            accounts,
            fresh_start: Duration::from_millis(501),
            start: Duration::from_millis(50),
            idle_kib: 30 * 1024,
            rows: vec![row],
        }
    }

    /// The verdicts, by the beginning of what they are about.
    #[track_caller]
    fn check(all: &[Measured], expected: &[(&str, &str)]) {
        let text = aims(all);
        for (what, verdict) in expected {
            let line = text.lines().find(|line| line.starts_with(what));
            let line = line.unwrap_or_else(|| panic!("{what} is missing in\n{text}"));
            assert!(line.ends_with(verdict), "{line}");
        }
    }

    #[test]
    fn each_aim_is_reached_or_not() {
        check(
            &[measured(1000, 95, 0, 1.0)],
            &[
                ("log in, 16 clients", "ok"),
                ("start to first answer, existing", "ok"),
                ("start to first answer, fresh", "short"),
                ("memory idle", "ok"),
                ("memory under log-in load", "ok"),
            ],
        );
        check(&[measured(1000, 94, 0, 1.0)], &[("log in, 16 clients", "short")]);
        check(&[measured(1000, 99, 1, 1.0)], &[("log in, 16 clients", "short")]);
    }

    #[test]
    fn more_accounts_cost_no_more() {
        let few = || measured(1000, 95, 0, 1.0);
        check(
            &[few(), measured(1_000_000, 95, 0, 1.1)],
            &[("log in, 1,000 to 1,000,000 accounts", "ok")],
        );
        check(
            &[few(), measured(1_000_000, 95, 0, 1.3)],
            &[("log in, 1,000 to 1,000,000 accounts", "short")],
        );
        assert!(!aims(&[few()]).contains("flat"));
    }
}
