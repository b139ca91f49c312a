//! `cargo xtask bench`.

use anyhow::Result;

use crate::processes::Processes;
use crate::workspace::{BINARY_VARIABLE, Profile, Workspace};

/// Measures the release binary under load, beside the ceilings of the same machine and run
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the load generator; `--help` among them shows what it takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    processes.run(&mut workspace.build_binary(Profile::Release))?;
    let mut generator = workspace.cargo(&["run", "--release", "--package", "clavis-bench", "--"]);
    generator.env(BINARY_VARIABLE, workspace.binary(Profile::Release));
    processes.run(generator.args(&options.arguments))
}
