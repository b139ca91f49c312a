use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::workload::{Group, Workload};

/// Measures the release binary under load, beside the ceilings of the same machine and run
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
pub(crate) struct Options {
    /// Seconds of load for each row, and of work for each ceiling
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// One second each: shows that everything runs, and measures nothing
    #[arg(long)]
    quick: bool,
    /// Measures on a PostgreSQL server, in schemas that are dropped afterwards
    #[arg(long, value_name = "URL", value_parser = postgres_url)]
    pub(crate) database: Option<String>,
    /// Only these workloads
    #[arg(long, value_delimiter = ',')]
    only: Vec<Group>,
    /// Clients at once, each with one request at a time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64], value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) clients: Vec<u32>,
    /// Accounts there are before the first request; several numbers measure the table once for each
    #[arg(long, value_delimiter = ',', default_values_t = [1000], value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(crate) accounts: Vec<u32>,
    /// The server to measure
    #[arg(
        long,
        value_name = "FILE",
        env = "CLAVIS_BIN",
        required_unless_present = "empty_server"
    )]
    pub(crate) binary: Option<PathBuf>,
    /// How this program is called by itself
    #[arg(long, hide = true)]
    pub(crate) empty_server: bool,
}

impl Options {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { self.seconds })
    }

    /// Starts that are timed on an empty place, and again on one that is not.
    pub(crate) fn starts(&self) -> usize {
        if self.quick { 1 } else { 7 }
    }

    pub(crate) fn workloads(&self) -> Vec<Workload> {
        let wanted = |workload: &Workload| self.only.is_empty() || self.only.contains(&workload.group());
        Workload::ALL.into_iter().filter(wanted).collect()
    }
}

fn postgres_url(text: &str) -> Result<String, &'static str> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        Ok(text.to_owned())
    } else {
        Err("expected postgres://…; without this option the database is SQLite")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn options(arguments: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(format!("bench --binary clavis {arguments}").split_whitespace())
    }

    #[test]
    fn the_definition_holds_together() {
        Options::command().debug_assert();
    }

    #[test]
    fn everything_is_bounded() {
        for bad in [
            "--seconds 0",
            "--seconds 601",
            "--clients 0",
            "--clients 1001",
            "--accounts 99",
            "--accounts 10000001",
            "--only everything",
            "--database sqlite://clavis.db",
        ] {
            assert!(options(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let options = options("--only login,jwks --clients 1,2 --accounts 1000,1000000 --quick").unwrap();
        assert_eq!(options.clients, [1, 2]);
        assert_eq!(options.accounts, [1000, 1_000_000]);
        assert_eq!(options.duration(), Duration::from_secs(1));
        assert_eq!(
            options.workloads(),
            [Workload::LogIn, Workload::JwksBackendPlus, Workload::JwksAll]
        );
    }

    #[test]
    fn without_a_word_everything_is_measured() {
        let options = options("").unwrap();
        assert_eq!(options.clients, [1, 16, 64]);
        assert_eq!(options.workloads(), Workload::ALL);
        assert_eq!(options.duration(), Duration::from_secs(4));
    }
}
