use proptest::prelude::*;

use super::rules;
use crate::{Method, Parents, Rules, Target};

#[track_caller]
fn refused(yaml: &str, message: &str) {
    let error = Rules::parse(yaml, Parents::Listed).expect_err(yaml);
    assert_eq!(error.to_string(), message);
}

fn warnings(yaml: &str) -> Vec<String> {
    rules(yaml).warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    refused("rules: {}", "line 1: rules: the sections are functions and paths");
    refused("a", "line 1: the file: a mapping belongs here");
    refused(
        "paths:\n  /a:\n    raed: 'true'\n",
        "line 3: raed: a path has read, write, get, list, create, update, delete, metadata and meta",
    );
    refused(
        "paths:\n  /a:\n    meta:\n      metadata: {}\n",
        "line 4: metadata: meta has rules of its own, and values",
    );
    refused(
        "paths:\n  /a:\n    read: [a]\n",
        "line 3: /a: read: an expression belongs here",
    );
    refused(
        "paths:\n  /a:\n    read:\n",
        "line 3: /a: read: an expression belongs here",
    );
    refused(
        "paths:\n  /a:\n    read: 'true &&'\n",
        "line 3: /a: read, character 8: a value is expected",
    );
    refused(
        "paths:\n  /a:\n    read: |\n      true\n      && (\n",
        "line 6: /a: read, character 1: a value is expected",
    );
    refused(
        "paths:\n  /a:\n    read: a\n  /a:\n    read: a\n",
        "line 4: `/a` is given twice",
    );
    refused(
        "paths:\n  /a:\n    read: a\n    read: a\n",
        "line 4: `read` is given twice",
    );
    refused(
        "paths:\n  /a: &x\n    read: a\n",
        "line 2: anchors and tags are not allowed",
    );
    refused(
        "paths:\n  /a:\n    read: *x\n",
        "line 3: while parsing node, found unknown anchor",
    );
    refused(
        "paths:\n  /m/a:\n    read: a\n",
        "line 2: /m/a: `/m` is a prefix of the server: its paths would not be reached by their names",
    );
    refused("---\npaths:\n---\n", "line 3: a rules file is one document");
}

#[test]
fn functions_are_checked() {
    refused(
        "functions:\n  if: return 1\n",
        "line 2: if: this is no name of a function",
    );
    refused(
        "functions:\n  request: return 1\n",
        "line 2: request: this is no name of a function",
    );
    refused(
        "functions:\n  f: return 1\n  g: return f()\n",
        "line 3: g, character 8: `f` is a function, and functions do not use each other",
    );
    refused(
        "functions:\n  f: return f()\n",
        "line 2: f, character 8: `f` is a function, and functions do not use each other",
    );
    refused(
        "functions:\n  f:\n    params: [a]\n",
        "line 2: f: a function has code",
    );
    refused(
        "functions:\n  f:\n    params: [a, a]\n    code: return 1\n",
        "line 3: params: another name belongs here",
    );
    refused(
        "functions:\n  f:\n    args: [a]\n    code: return 1\n",
        "line 3: args: a function has params and code",
    );
    refused(
        "functions:\n  f: return 1\npaths:\n  /:f:\n    read: f()\n",
        "line 4: /:f: `f` is a function already",
    );
    refused(
        "functions:\n  f: return 1\npaths:\n  /a:\n    read: f\n",
        "line 5: /a: read, character 1: `f` is a function: it is called with `f()`",
    );
}

#[test]
fn metadata_is_checked() {
    refused(
        "paths:\n  /a:\n    read: a\n    metadata:\n      'a b': '1'\n",
        "line 5: a b: a name of metadata has letters and digits of ASCII, `-`, `_` and `.`",
    );
    refused(
        "paths:\n  /a:\n    metadata:\n      a: '1'\n      A: '1'\n",
        "line 5: A: `a` is given twice",
    );
    refused(
        "paths:\n  /a:\n    metadata: {a: '1'}\n    meta: {values: {a: '1'}}\n",
        "line 2: /a: `metadata` and the values of `meta` are two names of one thing",
    );
}

#[test]
fn what_is_probably_not_meant_is_told() {
    assert_eq!(
        warnings(
            "functions:\n  f: 'true'\npaths:\n  /:id:\n    read: uid === id || g()\n    metadata: {Owner: id}\n  /b: {}\n"
        ),
        [
            "line 2: f: nothing is returned, which denies",
            "line 5: /:id: read: nothing is called `uid`: evaluating it denies",
            "line 5: /:id: read: nothing is called `g`: evaluating it denies",
            "line 6: `Owner` is kept, and found again, as `owner`",
            "line 7: /b: without a rule it answers no method",
        ]
    );
    assert!(
        warnings("functions:\n  f: return a\npaths:\n  /:a:\n    read: 'f() && (request || resource)'\n")
            .is_empty()
    );
}

#[test]
fn a_file_may_be_empty() {
    for yaml in ["", "# nothing\n", "paths:\n", "functions:\npaths: {}\n"] {
        assert!(rules(yaml).route(Method::Get, Target::Content, "/a").is_none());
    }
}

#[test]
fn a_file_has_a_largest_size() {
    refused(
        &"#".repeat(200_000),
        "line 1: a rules file has at most 131072 bytes",
    );
    let many: String = (0..600)
        .flat_map(|n| ["  /a".to_owned(), n.to_string(), ":\n    read: a\n".to_owned()])
        .collect();
    refused(
        &format!("paths:\n{many}"),
        "line 2: paths: there are more than 500",
    );
    refused(
        "paths: {/a: {meta: {values: {a: {b: {c: d}}}}}}\n",
        "line 1: too deeply nested",
    );
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(text in any::<String>()) {
        let _ = Rules::parse(&text, Parents::Listed);
    }

    #[test]
    fn any_expression_in_a_file_is_read_or_refused(text in "[a-z0-9 .()'\"=!&|?:+\n*{}\\[\\]/-]{0,60}") {
        let yaml = format!("functions:\n  f: return 1\npaths:\n  /:id/*:\n    read: |2\n      {}\n", text.replace('\n', "\n      "));
        let _ = Rules::parse(&yaml, Parents::Listed);
    }
}
