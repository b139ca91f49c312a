//! One table's worth of measurements: a server, from its first start to its last row.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use reqwest::blocking::Client;

use crate::ceilings::{Ceiling, Ceilings, Laboratory};
use crate::database::Place;
use crate::options::Options;
use crate::process::{cpu_seconds, resident_kib, with_peak};
use crate::server::Server;
use crate::workload::{Material, Workload};
use crate::wrk::Outcome;

/// After a start, before memory is looked at.
const CALM: Duration = Duration::from_secs(2);
/// How long what is under way when a load ends may take.
const SETTLING: Duration = Duration::from_secs(10);
/// Less than this share of a processor is nothing.
const IDLE_SHARE: f64 = 0.03;

/// What was found out about a server with so many accounts.
pub(crate) struct Measured {
    pub(crate) accounts: u32,
    /// From start to first answer, on an empty place and on one with data.
    pub(crate) fresh_start: Duration,
    pub(crate) start: Duration,
    pub(crate) idle_kib: u64,
    pub(crate) rows: Vec<Row>,
}

/// One workload at one number of clients.
pub(crate) struct Row {
    pub(crate) workload: Workload,
    pub(crate) clients: u32,
    pub(crate) outcome: Outcome,
    pub(crate) cpu_seconds_per_thousand: f64,
    pub(crate) peak_kib: u64,
    /// The workload's ceilings, so many a second.
    pub(crate) ceilings: Vec<(Ceiling, f64)>,
}

impl Row {
    /// How near it comes to a ceiling.
    pub(crate) fn ratio(&self, ceiling: Ceiling) -> Option<f64> {
        let found = self.ceilings.iter().find(|(kind, _)| *kind == ceiling);
        found.map(|(_, per_second)| self.outcome.per_second() / per_second)
    }
}

/// Measures a server with so many accounts.
pub(crate) fn measure(
    options: &Options,
    binary: &Path,
    laboratory: &Laboratory<'_>,
    accounts: u32,
) -> Result<Measured> {
    let client = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()?;
    let mut fresh_starts = Vec::new();
    let mut place = None;
    for _ in 0..options.starts() {
        let empty = Place::fresh(laboratory.folder, laboratory.postgres)?;
        let (server, time) = Server::start(binary, &empty, &client)?;
        server.stop()?;
        fresh_starts.push(time);
        place = Some(empty);
    }
    let place = place.context("nothing was started")?;
    progress(&format!("adding {accounts} accounts"));
    place.fill(accounts)?;
    let mut starts = Vec::new();
    for _ in 0..options.starts() {
        let (server, time) = Server::start(binary, &place, &client)?;
        server.stop()?;
        starts.push(time);
    }
    let (server, _) = Server::start(binary, &place, &client)?;
    thread::sleep(CALM);
    let idle_kib = resident_kib(server.pid())?;

    let material = Material {
        server: &server,
        client: &client,
        folder: place.folder(),
        accounts,
    };
    let workloads = options.workloads();
    let mut rows = Vec::new();
    for &clients in &options.clients {
        progress(&format!("{clients} clients: ceilings"));
        let ceilings = laboratory.take(&wanted(&workloads), clients as usize)?;
        for &workload in &workloads {
            progress(&format!("{clients} clients: {}", workload.name()));
            rows.push(row(&material, laboratory, workload, clients, &ceilings)?);
        }
    }
    server.stop()?;
    Ok(Measured {
        accounts,
        fresh_start: median(fresh_starts),
        start: median(starts),
        idle_kib,
        rows,
    })
}

fn row(
    material: &Material<'_>,
    laboratory: &Laboratory<'_>,
    workload: Workload,
    clients: u32,
    ceilings: &Ceilings,
) -> Result<Row> {
    let pid = material.server.pid();
    let load = workload.load(material, clients)?;
    settle(pid)?;
    let cpu_before = cpu_seconds(pid)?;
    let (outcome, peak_kib) = with_peak(pid, || {
        laboratory.wrk.run(&load, clients as usize, laboratory.duration)
    })?;
    let used = cpu_seconds(pid)? - cpu_before;
    let outcome = outcome.with_context(|| format!("{} at {clients} clients", workload.name()))?;
    let mut own = Vec::new();
    for &kind in workload.ceilings() {
        let per_second = match ceilings.get(&kind) {
            Some(per_second) => *per_second,
            None => laboratory.take_requests(&load, clients as usize)?,
        };
        own.push((kind, per_second));
    }
    #[expect(clippy::cast_precision_loss, reason = "requests of some seconds")]
    let thousands = outcome.answered() as f64 / 1000.0;
    Ok(Row {
        workload,
        clients,
        outcome,
        cpu_seconds_per_thousand: used / thousands,
        peak_kib,
        ceilings: own,
    })
}

/// Waits until the server has nothing to do, as far as it ever has: an older load's last requests are not
/// charged to the next.
fn settle(pid: u32) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < SETTLING {
        let (before, looked) = (cpu_seconds(pid)?, Instant::now());
        thread::sleep(Duration::from_millis(300));
        if cpu_seconds(pid)? - before < IDLE_SHARE * looked.elapsed().as_secs_f64() + 0.005 {
            break;
        }
    }
    Ok(())
}

/// Every ceiling of these workloads, once.
fn wanted(workloads: &[Workload]) -> Vec<Ceiling> {
    let mut wanted: Vec<Ceiling> = workloads
        .iter()
        .flat_map(|workload| workload.ceilings())
        .copied()
        .collect();
    wanted.sort();
    wanted.dedup();
    wanted
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What is being done, for whoever waits.
fn progress(text: &str) {
    eprintln!("bench: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_no_outlier() {
        let times = [900, 30, 31, 29, 33].map(Duration::from_millis);
        assert_eq!(median(times.to_vec()), Duration::from_millis(31));
    }

    #[test]
    fn each_ceiling_is_taken_once() {
        assert_eq!(
            wanted(&[Workload::LogIn, Workload::RefreshPluto, Workload::Register]),
            [Ceiling::Hashes, Ceiling::Commits, Ceiling::Signatures]
        );
        assert_eq!(wanted(&[Workload::JwksAll]), [Ceiling::Requests]);
    }
}
