//! Where the workspace is and how to call cargo in it.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Names the `clavis` binary to the tests and the load generator.
pub(crate) const BINARY_VARIABLE: &str = "CLAVIS_BIN";

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    target: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let metadata = metadata(Path::new("."), &["--no-deps"])?;
        let path = |key: &str| metadata.get(key).and_then(Value::as_str).map(PathBuf::from);
        Ok(Self {
            root: path("workspace_root").context("cargo metadata names no workspace_root")?,
            target: path("target_directory").context("cargo metadata names no target_directory")?,
        })
    }

    /// A cargo call in the workspace's root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Builds the server. `Processes::run` it before anything that needs [`Self::binary`].
    pub(crate) fn build_binary(&self, profile: Profile) -> Command {
        let mut command = self.cargo(&["build", "--package", "clavis"]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        command
    }

    pub(crate) fn binary(&self, profile: Profile) -> PathBuf {
        let folder = match profile {
            Profile::Debug => "debug",
            Profile::Release => "release",
        };
        self.target
            .join(folder)
            .join("clavis")
            .with_extension(env::consts::EXE_EXTENSION)
    }

    /// What `cargo xtask dev` keeps between two runs.
    pub(crate) fn dev_data(&self) -> PathBuf {
        self.target.join("dev-data")
    }

    /// Every package that is built for these targets.
    pub(crate) fn packages(&self, targets: &[String]) -> Result<Vec<Value>> {
        let filters = targets.iter().flat_map(|target| ["--filter-platform", target]);
        let arguments: Vec<&str> = filters.collect();
        let mut metadata = metadata(&self.root, &arguments)?;
        let Some(Value::Array(mut packages)) = metadata.get_mut("packages").map(Value::take) else {
            anyhow::bail!("cargo metadata names no packages");
        };
        let built = self.built(targets)?;
        packages.retain(|package| {
            let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
            text("name")
                .zip(text("version"))
                .is_some_and(|it| built.contains(&it))
        });
        Ok(packages)
    }

    /// Names and versions of all that is built. `cargo metadata` also knows what a feature of an optional package would
    /// bring that nobody asks for (`package?/feature`); `cargo tree` leaves it out, as the compiler does.
    pub(crate) fn built(&self, targets: &[String]) -> Result<BTreeSet<(String, String)>> {
        let mut tree = self.cargo(&["tree", "--workspace", "--edges", "normal,build,dev"]);
        tree.args(["--prefix", "none", "--format", "{p}"]);
        tree.args(targets.iter().flat_map(|target| ["--target", target]));
        let output = tree.output().context("cannot run cargo")?;
        ensure!(
            output.status.success(),
            "cargo tree failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8(output.stdout).context("cargo tree is not text")?;
        Ok(said.lines().filter_map(name_and_version).collect())
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = self.root.join(path);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// Of a line as `serde v1.0.2 (*)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some((name.to_owned(), version.to_owned()))
}

fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn metadata(folder: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(cargo_program())
        .current_dir(folder)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_names_a_package_and_its_version() {
        let serde = Some(("serde".to_owned(), "1.0.2".to_owned()));
        for line in ["serde v1.0.2", "serde v1.0.2 (*)", "serde v1.0.2 (/w/serde) (*)"] {
            assert_eq!(name_and_version(line), serde, "{line}");
        }
        assert_eq!(name_and_version(""), None);
        assert_eq!(name_and_version("[build-dependencies]"), None);
    }
}
