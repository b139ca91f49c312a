//! `cargo xtask e2e`.

use anyhow::Result;

use crate::cluster::DATABASE_VARIABLE;
use crate::processes::Processes;
use crate::test::Database;
use crate::workspace::{BINARY_VARIABLE, Profile, Workspace};

/// Runs the end-to-end tests alone: the real binary, over HTTP
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only tests whose name contains this
    filter: Option<String>,

    /// On a PostgreSQL that is made for this run and thrown away
    #[arg(long, conflicts_with = "database")]
    postgres: bool,

    /// On this database instead of the embedded one
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    let database = if options.postgres || options.database.is_some() {
        Some(Database::open(options.database.as_deref())?)
    } else {
        None
    };
    processes.run(&mut workspace.build_binary(Profile::Debug))?;

    let mut tests = workspace.cargo(&["test", "--package", "clavis-tests"]);
    tests
        .env(BINARY_VARIABLE, workspace.binary(Profile::Debug))
        .env_remove(DATABASE_VARIABLE);
    if let Some(database) = &database {
        tests.env(DATABASE_VARIABLE, database.url());
    }
    processes.run(tests.args(&options.filter))
}
