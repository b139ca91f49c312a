//! Rules on lines: how many there are, and words that say that something is not done.

use super::{File, Violation};

const MOST_LINES: usize = 500;

/// Spelt so that this file does not break its own rule.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

pub(super) fn check(file: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    let lines = file.text.lines().count();
    if file.is_rust() && is_limited(&file.path) && lines > MOST_LINES {
        let rule = format!("{lines} lines; past {MOST_LINES} a file is split by idea");
        violations.push(file.violation(MOST_LINES + 1, rule));
    }
    for (index, line) in file.text.lines().enumerate() {
        for word in line.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if UNFINISHED.contains(&word) {
                violations.push(file.violation(index + 1, format!("`{word}`: do it, or open an issue")));
            }
        }
    }
    violations
}

/// Code is; tests may be as long as the promises they hold.
fn is_limited(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("crates")
        && parts.nth(1) == Some("src")
        && parts.all(|part| part != "tests" && part != "tests.rs")
}
