//! `cargo xtask test`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cluster::{Cluster, DATABASE_VARIABLE, Durability};
use crate::processes::Processes;
use crate::workspace::{BINARY_VARIABLE, Profile, Workspace};

/// The packages whose tests depend on the database behind them.
const ON_EVERY_DATABASE: [&str; 2] = [STORE, "clavis-tests"];
/// The package of the store.
const STORE: &str = "clavis-store";

/// Runs all tests on the embedded database, then those that depend on the database on PostgreSQL
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Only the embedded database; needs no PostgreSQL server
    #[arg(long)]
    sqlite_only: bool,

    /// An existing PostgreSQL to use, instead of one that is made for this run and thrown away; its user must be
    /// allowed to create databases
    #[arg(long, env = DATABASE_VARIABLE, value_name = "URL", hide_env_values = true)]
    database: Option<String>,

    /// Passed on to every test program: a filter, `--nocapture`
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
    let programs = compile(workspace, processes)?;
    let binary = workspace.binary(Profile::Debug);

    // One that fails does not hide what the others would say.
    let mut failed = Vec::new();
    let mut run = |processes: &mut Processes, test: &mut Command, what: String| -> Result<()> {
        match processes.run(test) {
            Err(error) if processes.stopped() => Err(error),
            Err(_) => {
                failed.push(what);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    };
    println!("== all tests, embedded database");
    for program in &programs {
        // With a server the store's one suite runs over every store at once, below. Without, it refuses to leave
        // PostgreSQL out in a pipeline; here it was asked for.
        if database.is_none() || program.package != STORE {
            let mut test = program.command(&binary, &options.arguments);
            test.env_remove("CI").env_remove(DATABASE_VARIABLE);
            run(processes, &mut test, program.package.clone())?;
        }
    }
    let mut examples = workspace.cargo(&["test", "--workspace", "--doc", "--"]);
    run(
        processes,
        examples.args(&options.arguments),
        "the documentation's examples".to_owned(),
    )?;

    if let Some(database) = &database {
        println!("== tests that depend on the database, PostgreSQL");
        for program in &programs {
            if ON_EVERY_DATABASE.contains(&program.package.as_str()) {
                let mut test = program.command(&binary, &options.arguments);
                test.env(DATABASE_VARIABLE, database.url());
                run(processes, &mut test, format!("{} on PostgreSQL", program.package))?;
            }
        }
    }
    ensure!(failed.is_empty(), "tests failed: {}", failed.join(", "));
    Ok(())
}

/// A test program, compiled.
struct Program {
    package: String,
    folder: PathBuf,
    executable: PathBuf,
}

impl Program {
    /// Runs it where cargo would.
    fn command(&self, binary: &Path, arguments: &[String]) -> Command {
        println!("     Running {} ({})", self.package, self.executable.display());
        let mut command = Command::new(&self.executable);
        command
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env(BINARY_VARIABLE, binary)
            .args(arguments);
        command
    }
}

/// Compiles every test program once: cargo asked twice, for other packages, would compile what they depend on twice.
fn compile(workspace: &Workspace, processes: &mut Processes) -> Result<Vec<Program>> {
    let said = tempfile::NamedTempFile::new()?;
    let mut compile = workspace.cargo(&[
        "test",
        "--workspace",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    processes.run(compile.stdout(said.reopen()?))?;
    let mut programs = Vec::new();
    for line in BufReader::new(File::open(said.path())?).lines() {
        let message: Value = serde_json::from_str(&line?).context("cargo does not say JSON")?;
        programs.extend(program(&message));
    }
    ensure!(!programs.is_empty(), "cargo compiled no test program");
    Ok(programs)
}

/// The test program that one of cargo's messages tells of.
fn program(message: &Value) -> Option<Program> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if !message.pointer("/profile/test")?.as_bool()? {
        return None;
    }
    let executable = PathBuf::from(text(message.get("executable")?)?);
    let folder = PathBuf::from(text(message.get("manifest_path")?)?)
        .parent()?
        .to_owned();
    // `path+file:///folder#name@version`, or `path+file:///folder/name#version`.
    let id = text(message.get("package_id")?)?;
    let (path, fragment) = id.split_once('#')?;
    let package = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next()?,
    };
    Some(Program {
        package: package.to_owned(),
        folder,
        executable,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_program_is_told_from_everything_else_that_cargo_says() {
        let message = |id: &str, test: bool| {
            serde_json::json!({
                "reason": "compiler-artifact", "package_id": id, "manifest_path": "/w/crates/store/Cargo.toml",
                "profile": { "test": test }, "executable": "/w/target/debug/deps/clavis_store-1",
            })
        };
        for id in [
            "path+file:///w/crates/store#clavis-store@0.1.0",
            "path+file:///w/crates/clavis-store#0.1.0",
        ] {
            let program = program(&message(id, true)).unwrap();
            assert_eq!(program.package, STORE);
            assert_eq!(program.folder, Path::new("/w/crates/store"));
        }
        assert!(program(&message("path+file:///w#x@1", false)).is_none());
        assert!(program(&serde_json::json!({ "reason": "build-finished", "success": true })).is_none());
    }
}
