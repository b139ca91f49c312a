//! `cargo xtask ci`.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::processes::Processes;
use crate::workspace::Workspace;
use crate::{audit, lint, test, tidy};

/// Everything that must hold before a change is merged
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    test: test::Options,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    type Step<'a> = &'a dyn Fn(&mut Processes) -> Result<()>;
    // The quick ones first; the tests last, so that their closing lines are the last thing printed.
    let steps: [(&str, Step<'_>); 6] = [
        ("format", &|processes| lint::format(workspace, processes)),
        ("tidy", &|_| tidy::run(workspace)),
        ("audit", &|processes| audit::run(workspace, processes)),
        ("clippy", &|processes| lint::clippy(workspace, processes)),
        ("doc", &|processes| doc(workspace, processes)),
        ("test", &|processes| {
            test::run(&options.test, workspace, processes)
        }),
    ];
    let mut summary = Vec::new();
    let outcome = steps.iter().try_for_each(|(name, step)| {
        println!("=== {name}");
        let start = Instant::now();
        let outcome = step(processes);
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        summary.push(format!(
            "{name:<8} {verdict:<6} {:>7.1} s",
            start.elapsed().as_secs_f64()
        ));
        outcome.with_context(|| format!("step `{name}`"))
    });
    println!("=== summary");
    for line in &summary {
        println!("{line}");
    }
    outcome
}

fn doc(workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    processes.run(command.env("RUSTDOCFLAGS", "-D warnings"))
}
