//! Both databases go through the same versions.

use std::collections::BTreeMap;

use super::{File, Violation};

pub(super) fn check(files: &[File]) -> Vec<Violation> {
    let (sqlite, postgres) = (versions(files, "sqlite"), versions(files, "postgres"));
    let only_in = |here: &BTreeMap<String, &File>, there: &BTreeMap<String, &File>, missing: &str| {
        let unmatched = here.iter().filter(|(version, _)| !there.contains_key(*version));
        unmatched
            .map(|(version, file)| file.violation(1, format!("migrations/{missing} has no `{version}`")))
            .collect::<Vec<_>>()
    };
    let mut violations = only_in(&sqlite, &postgres, "postgres");
    violations.extend(only_in(&postgres, &sqlite, "sqlite"));
    violations
}

fn versions<'a>(files: &'a [File], database: &str) -> BTreeMap<String, &'a File> {
    let folder = format!("migrations/{database}/");
    let version = |file: &'a File| {
        let (version, name) = file.path.strip_prefix(&folder)?.split_once('/')?;
        (name == "up.sql").then(|| (version.to_owned(), file))
    };
    files.iter().filter_map(version).collect()
}
