//! `cargo xtask test`.

use anyhow::Result;

use crate::cluster::{Cluster, DATABASE_VARIABLE, Durability};
use crate::processes::Processes;
use crate::workspace::{BINARY_VARIABLE, Profile, Workspace};

/// The package of the store.
const STORE: &str = "clavis-store";
/// The packages whose tests depend on the database behind them.
const ON_EVERY_DATABASE: [&str; 4] = ["--package", STORE, "--package", "clavis-tests"];

/// Runs all tests on the embedded database, then those that depend on the database on PostgreSQL
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Only the embedded database; needs no PostgreSQL server
    #[arg(long)]
    sqlite_only: bool,

    /// An existing PostgreSQL to use, instead of one that is made for this run and thrown away
    #[arg(long, env = DATABASE_VARIABLE, value_name = "URL", hide_env_values = true)]
    database: Option<String>,

    /// Passed on to `cargo test`
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    // Before the long part: a missing server should not be news at its end.
    let database = if options.sqlite_only {
        None
    } else {
        Some(Database::open(options.database.as_deref())?)
    };
    // The end-to-end tests start this binary.
    processes.run(&mut workspace.build_binary(Profile::Debug))?;

    println!("== all tests, embedded database");
    let mut all = workspace.cargo(&["test", "--workspace"]);
    if database.is_some() {
        // With a server its one suite runs over every store at once, below.
        all.args(["--exclude", STORE]);
    } else {
        // The store's tests refuse to leave PostgreSQL out in a pipeline; here it was asked for.
        all.env_remove("CI");
    }
    all.env(BINARY_VARIABLE, workspace.binary(Profile::Debug))
        .env_remove(DATABASE_VARIABLE);
    processes.run(all.args(&options.arguments))?;

    if let Some(database) = &database {
        println!("== tests that depend on the database, PostgreSQL");
        let mut again = workspace.cargo(&["test"]);
        again.args(ON_EVERY_DATABASE);
        again
            .env(BINARY_VARIABLE, workspace.binary(Profile::Debug))
            .env(DATABASE_VARIABLE, database.url());
        processes.run(again.args(&options.arguments))?;
    }
    Ok(())
}

/// A PostgreSQL to test on: somebody's own, or one that ends with this value.
pub(crate) enum Database {
    Given(String),
    Throwaway(Cluster),
}

impl Database {
    pub(crate) fn open(given: Option<&str>) -> Result<Self> {
        match given {
            Some(url) => Ok(Self::Given(url.to_owned())),
            None => Cluster::start(Durability::Off).map(Self::Throwaway),
        }
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Throwaway(cluster) => cluster.url(),
        }
    }
}
