//! `cargo xtask audit`.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::deny::Policy;
use crate::processes::Processes;
use crate::workspace::Workspace;

/// Checks licences, bans and sources of all dependencies against deny.toml; needs no network
#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    let policy = Policy::load(workspace)?;
    let packages: Vec<Package> = workspace
        .packages(&policy.targets)?
        .iter()
        .filter_map(Package::read)
        .collect();

    let problems = check(&policy, &packages);
    for problem in &problems {
        eprintln!("{problem}");
    }
    println!(
        "licences, bans, sources: {} packages, {} problems",
        packages.len(),
        problems.len()
    );
    println!("in several versions: {}", duplicates(&packages).join(", "));
    cargo_deny(workspace, processes)?;
    if !problems.is_empty() {
        bail!("{} problems with dependencies", problems.len());
    }
    Ok(())
}

/// cargo-deny sees more (advisories above all), but has to be installed, and fetches its database.
fn cargo_deny(workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    let mut version = workspace.cargo(&["deny", "--version"]);
    let installed = version
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success());
    if !installed {
        println!("advisories: not checked, cargo-deny is not installed");
        return Ok(());
    }
    let deny = |checks: &[&str]| -> Command {
        let mut command = workspace.cargo(&["deny", "--offline", "check"]);
        command.args(checks);
        command
    };
    processes.run(&mut deny(&["licenses", "bans", "sources"]))?;
    if has_advisory_database() {
        processes.run(&mut deny(&["advisories"]))
    } else {
        println!("advisories: not checked, there is no database here (`cargo deny fetch` gets it)");
        Ok(())
    }
}

fn has_advisory_database() -> bool {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    home.is_some_and(|home| {
        ["advisory-dbs", "advisory-db"]
            .iter()
            .any(|name| home.join(name).is_dir())
    })
}

struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// `None` for what is in this workspace.
    source: Option<String>,
}

impl Package {
    fn read(package: &Value) -> Option<Self> {
        let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            name: text("name")?,
            version: text("version")?,
            licence: text("license"),
            source: text("source"),
        })
    }
}

fn check(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for Package {
        name,
        version,
        licence,
        source,
    } in packages
    {
        match licence {
            None => problems.push(format!("{name} {version}: names no licence")),
            Some(licence) if !policy.allows(licence) => {
                problems.push(format!("{name} {version}: licence `{licence}` is not allowed"));
            }
            Some(_) => {}
        }
        if let Some(ban) = policy.ban(name) {
            problems.push(format!("{name} {version}: banned, {}", ban.reason));
        }
        if let Some(source) = source.as_ref().filter(|source| !source.starts_with("registry+")) {
            problems.push(format!(
                "{name} {version}: comes from {source}, not from the registry"
            ));
        }
    }
    problems
}

fn duplicates(packages: &[Package]) -> Vec<String> {
    let mut versions = BTreeMap::<&str, usize>::new();
    for package in packages {
        *versions.entry(&package.name).or_default() += 1;
    }
    let several = versions.into_iter().filter(|(_, count)| *count > 1);
    several.map(|(name, count)| format!("{name} x{count}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deny::SAMPLE;

    fn packages(list: &Value) -> Vec<Package> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|package| Package::read(package).unwrap())
            .collect()
    }

    #[test]
    fn licences_bans_and_sources_are_checked() {
        let policy = Policy::parse(SAMPLE).unwrap();
        let packages = packages(&json!([
            {"name": "ours", "version": "0.1.0", "license": "MIT OR Apache-2.0", "source": null},
            {"name": "fine", "version": "1.0.0", "license": "MIT", "source": "registry+somewhere"},
            {"name": "copyleft", "version": "1.0.0", "license": "GPL-3.0-only", "source": "registry+somewhere"},
            {"name": "silent", "version": "1.0.0", "license": null, "source": "registry+somewhere"},
            {"name": "ring", "version": "0.17.0", "license": "MIT", "source": "registry+somewhere"},
            {"name": "forked", "version": "1.0.0", "license": "MIT", "source": "git+somewhere"},
        ]));
        assert_eq!(
            check(&policy, &packages),
            [
                "copyleft 1.0.0: licence `GPL-3.0-only` is not allowed",
                "silent 1.0.0: names no licence",
                "ring 0.17.0: banned, a second crypto stack",
                "forked 1.0.0: comes from git+somewhere, not from the registry",
            ]
        );
    }

    #[test]
    fn a_package_in_two_versions_is_a_duplicate() {
        let packages = packages(&json!([
            {"name": "a", "version": "1.0.0"}, {"name": "b", "version": "1.0.0"}, {"name": "a", "version": "2.0.0"},
        ]));
        assert_eq!(duplicates(&packages), ["a x2"]);
    }
}
