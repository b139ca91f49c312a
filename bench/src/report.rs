//! The measurements as text.

use std::time::Duration;

use crate::measure::{Measured, Row};
use crate::table::{Side, number, render};

const HEADING: [(&str, Side); 11] = [
    ("workload", Side::Left),
    ("clients", Side::Right),
    ("req/s", Side::Right),
    ("p50 ms", Side::Right),
    ("p99 ms", Side::Right),
    ("errors", Side::Right),
    ("CPU s/1k", Side::Right),
    ("ceiling", Side::Right),
    ("ratio", Side::Right),
    ("second", Side::Right),
    ("ratio", Side::Right),
];

/// The table of one server, and what it needed.
pub(crate) fn report(measured: &Measured) -> String {
    let rows: Vec<Vec<String>> = measured.rows.iter().map(cells).collect();
    let peak = |rows: &mut dyn Iterator<Item = &Row>| rows.map(|row| row.peak_kib).max().unwrap_or(0);
    format!(
        "{} accounts\n\n{}\n\n\
         memory: {} MiB idle, {} MiB at most\n\
         start to first answer: {} ms with data, {} ms without (medians)\n",
        number(measured.accounts.into()),
        render(&HEADING, &rows),
        mib(measured.idle_kib),
        mib(peak(&mut measured.rows.iter())),
        milliseconds(measured.start),
        milliseconds(measured.fresh_start),
    )
}

fn cells(row: &Row) -> Vec<String> {
    let outcome = &row.outcome;
    let mut cells = vec![
        row.workload.name().to_owned(),
        row.clients.to_string(),
        number(outcome.per_second()),
        milliseconds(outcome.p50()),
        milliseconds(outcome.p99()),
        outcome.errors().to_string(),
        number(row.cpu_seconds_per_thousand),
    ];
    for &(kind, per_second) in &row.ceilings {
        cells.push(format!("{} {}", kind.name(), number(per_second)));
        cells.push(
            row.ratio(kind)
                .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        );
    }
    cells
}

pub(crate) fn milliseconds(time: Duration) -> String {
    number(time.as_secs_f64() * 1000.0)
}

pub(crate) fn mib(kib: u64) -> String {
    format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shown_in_mebibytes() {
        assert_eq!(mib(30 * 1024), "30.0");
        assert_eq!(mib(30 * 1024 + 1023), "30.9");
    }

    #[test]
    fn a_time_is_shown_in_milliseconds() {
        assert_eq!(milliseconds(Duration::from_micros(1234)), "1.23");
        assert_eq!(milliseconds(Duration::from_secs(2)), "2,000");
    }
}
