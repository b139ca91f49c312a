use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Evaluation, Fault, nobody, read, show};
use crate::{Description, Field, Resource, StoredObject};

/// What a rule comes to for an object with or without a token, asked for with or without one.
fn result(text: &str, asked: Option<&str>, kept: Option<&str>) -> String {
    let token = |value: &str| ("token".to_owned(), value.to_owned());
    let object = StoredObject {
        key: "a".parse().unwrap(),
        size: 1,
        etag: "\"e\"".to_owned(),
        modified_at: DateTime::<Utc>::UNIX_EPOCH,
        description: Description {
            content_type: "text/plain".to_owned(),
            metadata: kept.into_iter().map(token).collect(),
        },
    };
    let field = |value: &str| ("token".to_owned(), Field::Text(value.to_owned()));
    let mut request = nobody();
    request.query = asked.into_iter().map(field).collect::<BTreeMap<_, _>>();
    let program = read(text).unwrap();
    let mut evaluation = Evaluation::new(&[], &[], &request, Resource::Stored(&object));
    evaluation
        .value(&program)
        .map_or_else(|Fault| "fault".to_owned(), |value| show(&value))
}

#[track_caller]
fn both_missing(text: &str, expected: &str) {
    assert_eq!(result(text, None, None), expected, "{text}");
}

const SAME: &str = "request.query.token === resource.Metadata.token";
const OTHER: &str = "request.query.token !== resource.Metadata.token";

#[test]
fn tokens_are_compared_as_in_javascript_when_there_are_any() {
    for (asked, kept, same) in [
        (Some("t"), Some("t"), true),
        (Some("u"), Some("t"), false),
        (None, Some("t"), false),
        (Some("t"), None, false),
    ] {
        assert_eq!(result(SAME, asked, kept), same.to_string());
        assert_eq!(result(OTHER, asked, kept), (!same).to_string());
    }
}

#[test]
fn two_missing_members_are_not_equal() {
    both_missing(SAME, "false");
    both_missing("request.query.token == resource.Metadata.token", "false");
    both_missing(
        "request.query['token'] === resource['Metadata']['token']",
        "false",
    );
    both_missing(
        "var t = request.query.token; t === resource.Metadata.token",
        "false",
    );
    both_missing(
        "(request.query.token) === (false || resource.Metadata.token)",
        "false",
    );
    both_missing(
        "(true ? request.query.token : 1) === resource.Metadata.token",
        "false",
    );
    both_missing("[request.query.token][0] === resource.Metadata.token", "false");
    both_missing(
        "({ t: request.query.token }).t === resource.Metadata.token",
        "false",
    );
}

#[test]
fn nor_are_they_different() {
    both_missing(OTHER, "undecided");
    both_missing("request.query.token != resource.Metadata.token", "undecided");
    both_missing(&format!("!({OTHER})"), "undecided");
    both_missing(&format!("!!({OTHER})"), "undecided");
    both_missing(&format!("!({OTHER} || false)"), "undecided");
    both_missing(&format!("!(false || {OTHER})"), "undecided");
    both_missing(&format!("!(true && {OTHER})"), "undecided");
    both_missing(&format!("{OTHER} && true"), "undecided");
    both_missing(&format!("{OTHER} || true"), "true");
    both_missing(&format!("if ({OTHER}) return false; return true"), "fault");
    both_missing(&format!("({OTHER}) ? false : true"), "fault");
    both_missing(&format!("({OTHER}) === false"), "fault");
    both_missing(&format!("+({OTHER}) < 1"), "fault");
    both_missing(&format!("typeof ({OTHER})"), "fault");
    both_missing(&format!("[{OTHER}].indexOf(true)"), "fault");
}

#[test]
fn nor_do_they_become_equal_as_texts_or_in_lists() {
    both_missing(
        "'' + request.query.token === '' + resource.Metadata.token",
        "fault",
    );
    both_missing(
        "[request.query.token].join() === [resource.Metadata.token].join()",
        "fault",
    );
    both_missing(
        "[request.query.token].indexOf(resource.Metadata.token) < 0",
        "fault",
    );
    both_missing("[request.query.token].includes(resource.Metadata.token)", "fault");
    both_missing("'undefined'.indexOf(request.query.token) === 0", "fault");
    both_missing("request.query.token <= resource.Metadata.token", "false");
    both_missing("request.query.token - 1 === resource.Metadata.token - 1", "false");
}

#[test]
fn otherwise_what_is_missing_is_undefined() {
    both_missing("request.query.token === undefined", "true");
    both_missing("request.query.token !== undefined", "false");
    both_missing("request.query.token == null", "true");
    both_missing("request.query.token === null", "false");
    both_missing("!request.query.token", "true");
    both_missing("typeof request.query.token", "\"undefined\"");
    both_missing("request.query.token || 'x'", "\"x\"");
    both_missing("undefined === undefined", "true");
    both_missing("request.query.hasOwnProperty('token')", "false");
}
