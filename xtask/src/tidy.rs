//! `cargo xtask tidy`: what the compiler and clippy do not check.

mod layers;
mod manifests;
mod migrations;
mod size;
mod source;
mod tokens;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::deny::Policy;
use crate::workspace::Workspace;

/// Checks the layering and the house rules that neither the compiler nor clippy knows
#[derive(clap::Args)]
pub(crate) struct Options {}

/// The folders that hold what we wrote.
const FOLDERS: [&str; 5] = ["bench", "crates", "migrations", "tests", "xtask"];
const EXTENSIONS: [&str; 8] = ["css", "html", "js", "lock", "rs", "sql", "toml", "txt"];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let policy = Policy::load(workspace)?;
    let files = read(&workspace.root)?;
    let built: BTreeSet<String> = workspace
        .built(&policy.targets)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let violations = check(&files, &policy, &|package| built.contains(package))?;
    for violation in &violations {
        eprintln!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} violations in {} files", violations.len(), files.len());
    }
    println!("tidy: {} files, no violations", files.len());
    Ok(())
}

/// One file of the tree; its path is relative to the root and has `/` between its parts.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension() == Some(OsStr::new("rs"))
    }

    /// The folder's name for a file in `crates/<name>/`.
    fn krate(&self) -> Option<&str> {
        self.path
            .strip_prefix("crates/")?
            .split_once('/')
            .map(|(name, _)| name)
    }

    fn violation(&self, line: usize, rule: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            rule: rule.into(),
        }
    }

    /// The line, from 1, of a position in the text.
    fn line_at(&self, position: usize) -> usize {
        self.text
            .bytes()
            .take(position)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

fn check(files: &[File], policy: &Policy, is_built: &dyn Fn(&str) -> bool) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for file in files {
        violations.extend(size::check(file));
        if file.is_rust() {
            violations.extend(source::check(file, &source::dialects(files)));
        }
        if file.path.ends_with("Cargo.toml") {
            violations.extend(manifests::check(file)?);
        }
        if file.path == "Cargo.lock" {
            violations.extend(manifests::check_lock(file, policy, is_built)?);
        }
    }
    violations.extend(migrations::check(files));
    violations.sort();
    Ok(violations)
}

fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        collect(&root.join(name), name, &mut files)?;
    }
    for name in FOLDERS {
        let folder = root.join(name);
        if folder.is_dir() {
            collect(&folder, name, &mut files)?;
        }
    }
    Ok(files)
}

fn collect(path: &Path, name: &str, files: &mut Vec<File>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("cannot read {name}"))? {
            let entry = entry?;
            let child = entry
                .file_name()
                .into_string()
                .ok()
                .context("a file name is not UTF-8")?;
            if !child.starts_with('.') && child != "target" {
                collect(&entry.path(), &format!("{name}/{child}"), files)?;
            }
        }
    } else if path
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|it| EXTENSIONS.contains(&it))
    {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        files.push(File {
            path: name.to_owned(),
            text,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
