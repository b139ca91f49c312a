//! Every development command: `cargo xtask <command>`. One file per command.

mod audit;
mod bench;
mod ci;
mod cluster;
mod deny;
mod dev;
mod e2e;
mod lint;
mod postgres;
mod processes;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::processes::Processes;
use crate::workspace::Workspace;

/// Every development command of Clavis.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Options),
    Test(test::Options),
    E2e(e2e::Options),
    Lint(lint::Options),
    Tidy(tidy::Options),
    Audit(audit::Options),
    Ci(ci::Options),
    Bench(bench::Options),
    Postgres(postgres::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let workspace = Workspace::find()?;
    let mut processes = Processes::new()?;
    match command {
        Command::Dev(options) => dev::run(&options, &workspace, &mut processes),
        Command::Test(options) => test::run(&options, &workspace, &mut processes),
        Command::E2e(options) => e2e::run(&options, &workspace, &mut processes),
        Command::Lint(options) => lint::run(&options, &workspace, &mut processes),
        Command::Tidy(_) => tidy::run(&workspace),
        Command::Audit(_) => audit::run(&workspace, &mut processes),
        Command::Ci(options) => ci::run(&options, &workspace, &mut processes),
        Command::Bench(options) => bench::run(&options, &workspace, &mut processes),
        Command::Postgres(_) => postgres::run(&mut processes),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
