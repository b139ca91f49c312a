//! Measures the release binary under load, beside what the same machine does at best in the same run: the work
//! behind `cargo xtask bench`. Everything happens on loopback, in folders and schemas that go with it.

mod aims;
mod ceilings;
mod client;
mod database;
mod measure;
mod options;
mod people;
mod process;
mod provider;
mod report;
mod server;
mod storage;
mod table;
mod workload;
mod wrk;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser as _;
// Linked, and bundled, for diesel.
use {libsqlite3_sys as _, pq_sys as _};

use ceilings::{Laboratory, cores, empty};
use options::Options;
use wrk::Wrk;

fn main() -> Result<()> {
    let options = Options::parse();
    if options.empty_server {
        return empty::serve();
    }
    let binary = options.binary.as_deref().context("no server was named")?;
    let binary = binary
        .canonicalize()
        .with_context(|| format!("there is no server at {}", binary.display()))?;
    ensure!(!options.workloads().is_empty(), "nothing is to be measured");
    // Beside the binary: a system's folder for temporary files may be memory, where commits cost nothing.
    let folder = binary.parent().context("the server is in no folder")?;
    let scripts = tempfile::tempdir().context("cannot make a folder")?;
    let wrk = Wrk::set_up(scripts.path())?;
    let laboratory = Laboratory {
        wrk: &wrk,
        folder,
        postgres: options.database.as_deref(),
        duration: options.duration(),
    };
    let mut all = Vec::new();
    for &accounts in &options.accounts {
        let measured = measure::measure(&options, &binary, &laboratory, accounts)?;
        println!(
            "\n{} on {} processors shared with the load, {} s a row, {}",
            if options.database.is_some() {
                "PostgreSQL"
            } else {
                "SQLite"
            },
            cores(),
            options.duration().as_secs(),
            report::report(&measured)
        );
        all.push(measured);
    }
    println!("{}", aims::aims(&all));
    Ok(())
}

/// So many in a second.
#[expect(clippy::cast_precision_loss, reason = "counts of some seconds of work")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
