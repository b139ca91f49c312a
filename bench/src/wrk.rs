//! The load generator: [wrk](https://github.com/wg/wrk) with scripts of ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::rate;

/// Longer than any answer may take: a log-in at 64 clients waits for 63 hashes.
const TIMEOUT: &str = "20s";
/// How the line begins that `done.lua` prints.
const OUTCOME: &str = "outcome ";
const DONE: &str = include_str!("scripts/done.lua");
const IN_TURN: &str = include_str!("scripts/in_turn.lua");

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// The path itself.
    Same,
    Register,
    LogIn,
    Refresh,
    Read,
    Cookie,
    Signed,
    Upload,
    Post,
}

impl Script {
    const ALL: [Self; 9] = [
        Self::Same,
        Self::Register,
        Self::LogIn,
        Self::Refresh,
        Self::Read,
        Self::Cookie,
        Self::Signed,
        Self::Upload,
        Self::Post,
    ];

    const fn file(self) -> &'static str {
        match self {
            Self::Same => "same.lua",
            Self::Register => "register.lua",
            Self::LogIn => "log_in.lua",
            Self::Refresh => "refresh.lua",
            Self::Read => "read.lua",
            Self::Cookie => "cookie.lua",
            Self::Signed => "signed.lua",
            Self::Upload => "upload.lua",
            Self::Post => "post.lua",
        }
    }

    /// What stands before the script's own text.
    const fn beginning(self) -> &'static str {
        match self {
            Self::Read | Self::Cookie | Self::Signed | Self::Upload | Self::Post => IN_TURN,
            Self::Same | Self::Register | Self::LogIn | Self::Refresh => "",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Register => include_str!("scripts/register.lua"),
            Self::LogIn => include_str!("scripts/log_in.lua"),
            Self::Refresh => include_str!("scripts/refresh.lua"),
            Self::Read => include_str!("scripts/read.lua"),
            Self::Cookie => include_str!("scripts/cookie.lua"),
            Self::Signed => include_str!("scripts/signed.lua"),
            Self::Upload => include_str!("scripts/upload.lua"),
            Self::Post => include_str!("scripts/post.lua"),
        }
    }
}

/// A load to apply.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) script: Script,
    /// Of the server.
    pub(crate) origin: String,
    pub(crate) path: &'static str,
    pub(crate) arguments: Vec<String>,
}

/// What a load came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Outcome {
    requests: u64,
    duration_us: u64,
    p50_us: u64,
    p99_us: u64,
    refused: u64,
    connect: u64,
    read: u64,
    write: u64,
    timeout: u64,
}

impl Outcome {
    /// Requests that were answered at all.
    pub(crate) fn answered(&self) -> u64 {
        self.requests
    }

    /// Good answers in a second.
    pub(crate) fn per_second(&self) -> f64 {
        let good = self.requests.saturating_sub(self.refused);
        rate(good, Duration::from_micros(self.duration_us))
    }

    pub(crate) fn p50(&self) -> Duration {
        Duration::from_micros(self.p50_us)
    }

    pub(crate) fn p99(&self) -> Duration {
        Duration::from_micros(self.p99_us)
    }

    /// Requests that got a refusal, or nothing.
    pub(crate) fn errors(&self) -> u64 {
        self.refused + self.connect + self.read + self.write + self.timeout
    }
}

/// An installed wrk and the folder its scripts are in.
#[derive(Debug)]
pub(crate) struct Wrk {
    scripts: PathBuf,
}

impl Wrk {
    /// Writes the scripts into a folder; an error when there is no wrk.
    pub(crate) fn set_up(folder: &Path) -> Result<Self> {
        let looked = Command::new("wrk")
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match looked {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("wrk, which makes the load, is not installed: `apt-get install wrk`")
            }
            looked => looked.context("cannot run wrk")?,
        };
        for script in Script::ALL {
            let path = folder.join(script.file());
            fs::write(&path, format!("{}{}\n{DONE}", script.beginning(), script.text()))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Self {
            scripts: folder.to_owned(),
        })
    }

    /// So many clients, each with one request at a time.
    pub(crate) fn run(&self, load: &Load, clients: usize, duration: Duration) -> Result<Outcome> {
        let output = Command::new("wrk")
            .args(["--threads", "1", "--timeout", TIMEOUT])
            .args(["--connections", &clients.to_string()])
            .args(["--duration", &format!("{}s", duration.as_secs().max(1))])
            .arg("--script")
            .arg(self.scripts.join(load.script.file()))
            .args([format!("{}{}", load.origin, load.path).as_str(), "--"])
            .args(&load.arguments)
            .output()
            .context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        outcome(&text).with_context(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            format!("wrk ended with {} and said:\n{text}{complaint}", output.status)
        })
    }
}

/// Finds the line of `done.lua` in what wrk prints.
fn outcome(text: &str) -> Result<Outcome> {
    let line = text.lines().find_map(|line| line.strip_prefix(OUTCOME));
    let line = line.context("there is no outcome")?;
    serde_json::from_str(line).context("the outcome is not as expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "Running 1s test @ http://127.0.0.1:1\n  1 threads and 16 connections\n\
        outcome {\"requests\":1000,\"duration_us\":2000000,\"p50_us\":1500,\"p99_us\":9000,\
        \"refused\":10,\"connect\":1,\"read\":2,\"write\":3,\"timeout\":4}\n";

    #[test]
    fn refused_requests_are_errors_and_no_throughput() {
        let outcome = outcome(PRINTED).unwrap();
        assert_eq!(outcome.answered(), 1000);
        assert!((outcome.per_second() - 495.0).abs() < 1e-9);
        assert_eq!(outcome.errors(), 20);
        assert_eq!(outcome.p50(), Duration::from_micros(1500));
        assert_eq!(outcome.p99(), Duration::from_millis(9));
    }

    #[test]
    fn a_run_without_an_outcome_is_an_error() {
        assert!(outcome("unable to connect to 127.0.0.1:1 Connection refused\n").is_err());
        assert!(outcome("outcome {\"requests\":1}\n").is_err());
    }
}
