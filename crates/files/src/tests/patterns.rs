use proptest::prelude::*;

use super::rules;
use crate::{Method, Parents, Rules, Target};

fn with(pattern: &str) -> Result<Rules, String> {
    let yaml = format!("paths:\n  '{}':\n    read: 'true'\n", pattern.replace('\'', "''"));
    Rules::parse(&yaml, Parents::Hidden).map_err(|error| error.reason)
}

#[track_caller]
fn matches(pattern: &str, paths: &[&str], others: &[&str]) {
    let rules = with(pattern).unwrap();
    for path in paths {
        assert!(
            rules.route(Method::Get, Target::Content, path).is_some(),
            "{pattern} {path}"
        );
    }
    for path in others {
        assert!(
            rules.route(Method::Get, Target::Content, path).is_none(),
            "{pattern} {path}"
        );
    }
}

#[test]
fn a_pattern_matches_the_whole_path_without_case_and_with_or_without_a_slash() {
    matches(
        "/a/b",
        &["/a/b", "/A/B", "/a/b/"],
        &["/a", "/a/b/c", "/x/a/b", "/a/bc", "/a/b//", "/a//b"],
    );
    matches("/a/", &["/a", "/a/"], &["/a/b", "/"]);
    matches("/", &["/"], &["/a"]);
}

#[test]
fn parameters_are_as_in_express() {
    matches("/u/:id", &["/u/1", "/u/a.b", "/u/1/"], &["/u", "/u/", "/u/1/2"]);
    matches("/u/:id?", &["/u", "/u/", "/u/1"], &["/u/1/2"]);
    matches("/u/:id([0-9]+)", &["/u/12"], &["/u/a", "/u/1a"]);
    matches("/u/:id([a-f]{2,3})", &["/u/ab", "/u/ABC"], &["/u/a", "/u/abcd"]);
    matches("/u/:rest*", &["/u/a", "/u/a/b/c"], &["/u", "/u/"]);
    matches("/u/:name.:type", &["/u/a.b"], &["/u/a", "/u/ab."]);
    matches("/u-:id", &["/u-1"], &["/u", "/u-"]);
    matches(
        "/public*",
        &["/public", "/public/a/b", "/publicity"],
        &["/publi", "/a/public"],
    );
    matches("/logos/*", &["/logos/", "/logos/a", "/logos/a/b"], &["/logos"]);
}

#[test]
fn other_signs_have_no_meaning() {
    for pattern in [
        "/a+", "/a?", "/(a)", "/[a]", "/a|b", "/a{2}", "/^a", "/a\\b", "/ä", "/a b", "/%zz", "/%4", "/:",
        "/a/:/b",
    ] {
        assert!(with(pattern).is_err(), "{pattern}");
    }
    assert!(with("a").unwrap_err().contains("begins with a slash"));
    assert!(with("/a//b").unwrap_err().contains("empty segment"));
    assert!(with("/:id([0-9]*)").unwrap_err().contains("{0,}"));
    assert!(with("/:id((a))").is_err());
    assert!(with("/:id(?=a)").is_err());
    assert!(with("/:id/:id").unwrap_err().contains("twice"));
    assert!(with("/:request").is_err());
    assert!(with("/:resource").is_err());
    assert!(with("/:if").is_err());
    assert!(with("/:1").is_err());
}

#[test]
fn the_prefixes_of_the_server_are_refused() {
    for pattern in ["/o/a", "/m/:id", "/meta/*", "/META/a", "/o"] {
        assert!(
            with(pattern).unwrap_err().contains("prefix of the server"),
            "{pattern}"
        );
    }
    assert!(with("/other/a").is_ok());
}

#[test]
fn what_is_no_path_of_an_object_matches_nothing() {
    matches(
        "/*",
        &["/a%20b"],
        &["/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%00", "/a\\b", "/a//", "a"],
    );
    let long = format!("/{}", "a".repeat(2000));
    matches("/*", &[], &[&long]);
}

#[test]
fn a_malformed_parameter_matches_nothing_at_all() {
    let rules = rules("paths:\n  /u/:id:\n    read: 'true'\n  /*:\n    read: 'true'\n");
    for path in ["/u/%zz", "/u/%", "/u/%ff", "/u/%4"] {
        assert!(
            rules.route(Method::Get, Target::Content, path).is_none(),
            "{path}"
        );
    }
}

proptest! {
    #[test]
    fn any_pattern_and_any_path_are_taken_or_refused(pattern in "[/a:b*?.(){}0-9%+-]{0,20}", path in "/[ab/%2e.]{0,20}") {
        if let Ok(rules) = with(&format!("/{pattern}")) {
            let _ = rules.route(Method::Get, Target::Content, &path);
        }
    }
}
