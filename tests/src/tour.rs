//! The tour in the README, done as it is written there.

use std::path::Path;

use crate::harness::Server;

const BEGIN: &str = "<!-- tour:begin -->";
const END: &str = "<!-- tour:end -->";

/// The commands of the tour: the `sh` blocks between its marks, in their order.
fn commands(readme: &str) -> Vec<String> {
    let marked = readme
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END));
    let (tour, after) = marked.expect("the README marks its tour with tour:begin and tour:end");
    assert!(!after.contains(BEGIN), "one tour");
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in tour.lines() {
        match (&mut open, line.trim_end()) {
            (None, "```sh") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

#[test]
fn the_tour_of_the_readme_works_as_it_is_written() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme =
        std::fs::read_to_string(&readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
    let blocks = commands(&readme);
    assert!(!blocks.is_empty(), "the tour has no commands");

    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/storage-rules.yaml");
    let rules = rules.to_str().expect("the checkout's path is text");
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__STORAGE_RULES", rules)]);
    let base = server.url("");
    let mailbox = server.data_dir().join("outbox").display().to_string();
    let script = format!("set -euo pipefail\n{}", blocks.join("\n"));
    let tour = server.shell(&script, &[("CLAVIS", &base), ("MAILBOX", &mailbox)]);
    assert!(
        tour.status.success(),
        "the tour ended with {}\n{}\nstdout: {}\nstderr: {}\nlog: {}",
        tour.status,
        blocks.join("\n---\n"),
        tour.stdout,
        tour.stderr,
        server.log()
    );
    // It shows what it promises: in through one door, through the other with the same account, and a refresh.
    let metrics = server.get("/metrics").send().text();
    let shown = |route: &str| metrics.contains(&format!("route=\"{route}"));
    assert!(
        shown("/auth/register") || shown("/v1/register"),
        "nobody registers: {metrics}"
    );
    assert!(shown("/auth/") && shown("/v1/"), "one door only: {metrics}");
    assert!(
        shown("/auth/token/refresh") || shown("/v1/token/refresh"),
        "nothing is refreshed: {metrics}"
    );
}

#[test]
fn a_tour_is_what_stands_in_sh_blocks_between_the_marks() {
    let readme = "```sh\nno\n```\n<!-- tour:begin -->\ntext\n```sh\none\n  two\n```\n```json\n{}\n```\n```sh\nthree\n```\n<!-- tour:end -->\n```sh\nno\n```\n";
    assert_eq!(commands(readme), ["one\n  two\n", "three\n"]);
}
