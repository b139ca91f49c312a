//! `cargo xtask lint`.

use anyhow::Result;

use crate::processes::Processes;
use crate::workspace::Workspace;

/// Checks the formatting and runs clippy, warnings as errors
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Format the code instead of only checking it
    #[arg(long)]
    fix: bool,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    if options.fix {
        processes.run(&mut workspace.cargo(&["fmt", "--all"]))?;
    } else {
        format(workspace, processes)?;
    }
    clippy(workspace, processes)
}

pub(crate) fn format(workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    processes.run(&mut workspace.cargo(&["fmt", "--all", "--check"]))
}

pub(crate) fn clippy(workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    processes.run(&mut workspace.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
