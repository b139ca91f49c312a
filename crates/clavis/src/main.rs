//! The binary: configuration, wiring, workers, command line.

mod admin;
mod blobs;
mod breaches;
mod cli;
mod commands;
mod config;
mod doors;
mod events;
mod federation;
mod installation;
mod letters;
mod logging;
mod mailbox;
mod master_key;
mod serve;
mod system;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("clavis: {failure}");
            ExitCode::FAILURE
        }
    }
}
