//! `cargo xtask postgres`.

use anyhow::Result;

use crate::cluster::{Cluster, Durability};
use crate::processes::Processes;

/// Runs a PostgreSQL of your own until Ctrl-C; its data goes with it
#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(processes: &mut Processes) -> Result<()> {
    let cluster = Cluster::start(Durability::On)?;
    println!("{}", cluster.url());
    eprintln!("Ctrl-C stops it and removes its data.");
    processes.wait_for_stop();
    Ok(())
}
