//! Manifests: the layers, the frameworks, a reason for every dependency, and the lock file's bans.

use anyhow::{Context, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::{FRAMEWORKS, Layer};
use super::{File, Violation};
use crate::deny::{Policy, locked_packages};

const WORKSPACE_SECTION: &str = "[workspace.dependencies]";

pub(super) fn check(manifest: &File) -> Result<Vec<Violation>> {
    let document = DeTable::parse(&manifest.text).with_context(|| manifest.path.clone())?;
    let root = document.get_ref();
    let mut violations = unexplained(manifest);
    let Some(name) = root
        .get("package")
        .and_then(|package| package.get_ref().get("name"))
    else {
        return Ok(violations);
    };
    let package = name.get_ref().as_str().unwrap_or_default();
    let krate = package.strip_prefix("clavis-").unwrap_or(package);
    let Some(layer) = Layer::of(krate) else {
        if manifest.krate().is_some() {
            let line = manifest.line_at(name.span().start);
            let rule = format!("`{package}` is in no layer: give it one in xtask/src/tidy/layers.rs");
            violations.push(manifest.violation(line, rule));
        }
        return Ok(violations);
    };

    for Dependency {
        name,
        at,
        is_for_tests,
    } in dependencies(root)
    {
        let line = manifest.line_at(at);
        if let Some(other) = name.strip_prefix("clavis-").and_then(Layer::of)
            && !layer.may_use(other)
        {
            let rule = format!("`{package}` may not depend on `{name}`: arrows point only up");
            violations.push(manifest.violation(line, rule));
        }
        let framework = FRAMEWORKS.iter().find(|framework| framework.package == name);
        if manifest.krate().is_some()
            && !is_for_tests
            && framework.is_some_and(|framework| !framework.may_be_used_by(krate))
        {
            let rule = format!("`{package}` may not depend on `{name}`: I/O is an adapter's affair");
            violations.push(manifest.violation(line, rule));
        }
    }
    Ok(violations)
}

struct Dependency {
    name: String,
    at: usize,
    is_for_tests: bool,
}

fn dependencies(manifest: &DeTable<'_>) -> Vec<Dependency> {
    let targets = manifest
        .get("target")
        .and_then(|value| value.get_ref().as_table())
        .into_iter();
    let per_target = targets.flat_map(|targets| targets.values().filter_map(|it| it.get_ref().as_table()));
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(per_target) {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(entries) = table.get(section).and_then(|value| value.get_ref().as_table()) else {
                continue;
            };
            found.extend(entries.iter().map(|(key, value)| Dependency {
                name: renamed(value).unwrap_or(key.get_ref()).to_owned(),
                at: key.span().start,
                is_for_tests: section == "dev-dependencies",
            }));
        }
    }
    found
}

fn renamed<'a>(dependency: &'a Spanned<DeValue<'_>>) -> Option<&'a str> {
    dependency.get_ref().get("package")?.get_ref().as_str()
}

/// Every package of others has its reason above it, or above the group of lines that it stands in.
fn unexplained(manifest: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut in_section = false;
    let mut is_explained = false;
    for (index, line) in manifest.text.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            in_section = line == WORKSPACE_SECTION;
        }
        match line.split_once('=') {
            _ if line.is_empty() || line.starts_with('[') => is_explained = false,
            _ if line.starts_with('#') => is_explained = true,
            Some((name, _)) if in_section && !is_explained && !name.starts_with("clavis-") => {
                let rule = format!("a comment above `{}` says what it is here for", name.trim());
                violations.push(manifest.violation(index + 1, rule));
            }
            _ => {}
        }
    }
    violations
}

/// A package may be locked and never built: where a feature of an optional package would bring it that nobody asks for.
pub(super) fn check_lock(
    lock: &File,
    policy: &Policy,
    is_built: &dyn Fn(&str) -> bool,
) -> Result<Vec<Violation>> {
    let packages = locked_packages(&lock.text)?;
    let banned = packages.iter().filter_map(|package| {
        let ban = policy.ban(&package.name).filter(|_| is_built(&package.name))?;
        let line = lock.line_at(package.at.start);
        Some(lock.violation(line, format!("`{}` is banned: {}", ban.package, ban.reason)))
    });
    Ok(banned.collect())
}
