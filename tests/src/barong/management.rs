//! The management API: what servers that the operator trusts ask for, and what is refused to everybody else.

mod evidence;
mod gate;
mod keychain;
mod labels;
mod otp;
mod phones;
mod requests;
mod users;

use serde_json::Value;

use crate::harness::Answer;

const NOT_FOUND: &str = r#"404 {"error":"Record is not found"}"#;
/// The uid of nobody.
const NOBODY: &str = "ID0000000000";

/// An answer without what is another at every run: uids and moments.
pub(super) fn steady(answer: &Answer) -> String {
    let mut text = answer.to_string();
    for (found, name) in changing(&answer.json()) {
        text = text.replace(&found, &format!("<{name}>"));
    }
    text
}

fn changing(value: &Value) -> Vec<(String, &'static str)> {
    match value {
        Value::Array(values) => values.iter().flat_map(changing).collect(),
        Value::Object(fields) => {
            let own = ["uid", "created_at", "updated_at", "validated_at"];
            let own = own.into_iter().filter_map(|name| {
                let found = fields.get(name)?.as_str()?;
                Some((found.to_owned(), if name == "uid" { "uid" } else { "time" }))
            });
            own.chain(fields.values().flat_map(changing)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
