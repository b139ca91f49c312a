//! `deny.toml`: the one place that says which licences and packages we accept.

use std::ops::Range;

use anyhow::{Context, Result};
use spdx::{Expression, Licensee, ParseMode};
use toml::de::{DeTable, DeValue};

use crate::workspace::Workspace;

/// What we read of cargo-deny's configuration.
pub(crate) struct Policy {
    /// The platforms that we build for.
    pub(crate) targets: Vec<String>,
    allowed: Vec<Licensee>,
    bans: Vec<Ban>,
}

pub(crate) struct Ban {
    pub(crate) package: String,
    pub(crate) reason: String,
}

impl Policy {
    pub(crate) fn load(workspace: &Workspace) -> Result<Self> {
        Self::parse(&workspace.read("deny.toml")?).context("deny.toml")
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let file = DeTable::parse(text)?;
        let list = |section: &str, key: &str| {
            let value = file
                .get_ref()
                .get(section)
                .and_then(|section| section.get_ref().get(key));
            let items = value.and_then(|value| value.get_ref().as_array());
            items.with_context(|| format!("`{section}.{key}` is not a list"))
        };
        let allowed = list("licenses", "allow")?.iter().map(|item| {
            let name = item.get_ref().as_str().context("`licenses.allow` holds names")?;
            Licensee::parse(name).with_context(|| format!("`{name}` is no licence"))
        });
        let bans = list("bans", "deny")?.iter().map(|item| {
            let field = |key: &str| {
                let value = item.get_ref().get(key).and_then(|value| value.get_ref().as_str());
                value
                    .map(str::to_owned)
                    .with_context(|| format!("an entry of `bans.deny` has no `{key}`"))
            };
            Ok(Ban {
                package: field("crate")?,
                reason: field("reason")?,
            })
        });
        let targets = list("graph", "targets")?.iter().map(|item| {
            item.get_ref()
                .as_str()
                .map(str::to_owned)
                .context("`graph.targets` holds target triples")
        });
        Ok(Self {
            targets: targets.collect::<Result<_>>()?,
            allowed: allowed.collect::<Result<_>>()?,
            bans: bans.collect::<Result<_>>()?,
        })
    }

    /// Whether what a package says of its licence leaves us one that we accept.
    pub(crate) fn allows(&self, licence: &str) -> bool {
        // Older manifests write `MIT/Apache-2.0`.
        Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
            expression.evaluate(|required| self.allowed.iter().any(|allowed| allowed.satisfies(required)))
        })
    }

    pub(crate) fn ban(&self, package: &str) -> Option<&Ban> {
        self.bans.iter().find(|ban| ban.package == package)
    }
}

/// A package in `Cargo.lock`, and where in it.
pub(crate) struct Locked {
    pub(crate) name: String,
    pub(crate) at: Range<usize>,
}

pub(crate) fn locked_packages(lock_file: &str) -> Result<Vec<Locked>> {
    let lock_file = DeTable::parse(lock_file).context("Cargo.lock")?;
    let packages = lock_file
        .get_ref()
        .get("package")
        .and_then(|value| value.get_ref().as_array());
    let packages = packages.context("Cargo.lock lists no packages")?;
    let name = |package: &toml::Spanned<DeValue<'_>>| {
        let name = package.get_ref().get("name")?;
        Some(Locked {
            name: name.get_ref().as_str()?.to_owned(),
            at: name.span(),
        })
    };
    Ok(packages.iter().filter_map(name).collect())
}

#[cfg(test)]
pub(crate) const SAMPLE: &str = r#"
    [graph]
    targets = ["x86_64-unknown-linux-gnu"]
    [licenses]
    allow = ["MIT", "Apache-2.0", "Unicode-3.0"]
    [bans]
    deny = [{ crate = "ring", reason = "a second crypto stack" }]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_allowed_when_one_way_through_it_is() {
        let policy = Policy::parse(SAMPLE).unwrap();
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR Zlib) AND Unicode-3.0",
        ] {
            assert!(policy.allows(licence), "{licence}");
        }
        for licence in ["GPL-3.0-or-later", "MIT AND Zlib", "MIT AND", ""] {
            assert!(!policy.allows(licence), "{licence}");
        }
    }

    #[test]
    fn a_ban_is_by_exact_name_and_has_a_reason() {
        let policy = Policy::parse(SAMPLE).unwrap();
        assert_eq!(policy.ban("ring").unwrap().reason, "a second crypto stack");
        assert!(policy.ban("ring-compat").is_none());
        assert!(Policy::parse(&SAMPLE.replace("reason", "because")).is_err());
    }

    #[test]
    fn our_own_file_can_be_read() {
        let policy = Policy::parse(include_str!("../../deny.toml")).unwrap();
        assert!(policy.allows("MIT OR Apache-2.0"));
        assert!(policy.ban("rustls").is_some());
    }
}
