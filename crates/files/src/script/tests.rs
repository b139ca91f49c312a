use super::ast::Program;
use super::eval::{Evaluation, Fault};
use super::parse::Scope;
use super::value::Value;
use super::{ScriptError, convert};
use crate::{Request, Resource};

mod bounds;
mod language;
mod missing;
mod regular_expressions;

/// Reads a rule that may call no function.
fn read(text: &str) -> Result<Program, ScriptError> {
    let scope = Scope {
        functions: &[],
        all_functions: &[],
        path_parameters: Some(&[]),
    };
    Program::parse(text, &[], &scope, &mut Vec::new())
}

fn nobody() -> Request {
    Request {
        path: "/".to_owned(),
        method: "GET".to_owned(),
        query: [].into(),
        auth: None,
    }
}

/// What a script comes to, as it is written in the tables.
fn result(text: &str) -> String {
    let program = read(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let request = nobody();
    let mut evaluation = Evaluation::new(&[], &[], &request, Resource::Nothing);
    evaluation
        .value(&program)
        .map_or_else(|Fault| "fault".to_owned(), |value| show(&value))
}

fn show(value: &Value<'_>) -> String {
    match value {
        Value::Undefined | Value::Missing => "undefined".to_owned(),
        Value::Undecided => "undecided".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => convert::number_text(*number),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(show).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(_) | Value::Pattern(_) | Value::Host(_) => "object".to_owned(),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(result(text), expected, "{text}");
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let error = read(text).expect_err(text);
    assert!(error.reason.contains(reason), "{text}: {error:?}");
}
