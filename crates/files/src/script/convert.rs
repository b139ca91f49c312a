//! From one kind of value to another (ECMA-262 5.1 §9).

use super::eval::{Evaluation, Fault};
use super::lexer::is_blank;
use super::value::{Host, Text, Value};

/// How deep lists are nested in a list that becomes a text.
const MAX_NESTING: usize = 32;

/// Whether it counts as true; [`Value::Undecided`] does not.
pub(super) fn truth(value: &Value<'_>) -> bool {
    match value {
        Value::Undefined | Value::Missing | Value::Undecided | Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => !number.is_nan() && *number != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) | Value::Pattern(_) | Value::Host(_) => true,
    }
}

pub(super) fn is_object(value: &Value<'_>) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) | Value::Pattern(_) | Value::Host(_) => true,
        Value::Undefined
        | Value::Missing
        | Value::Undecided
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_) => false,
    }
}

/// What `typeof` says.
pub(super) fn kind(value: &Value<'_>) -> Result<&'static str, Fault> {
    Ok(match value {
        Value::Undefined | Value::Missing => "undefined",
        Value::Undecided => return Err(Fault),
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) | Value::Pattern(_) | Value::Host(_) => "object",
    })
}

impl<'a> Evaluation<'a> {
    /// The text of a value. What is missing has none.
    pub(super) fn text(&mut self, value: &Value<'a>) -> Result<Text<'a>, Fault> {
        self.text_within(value, 0)
    }

    fn text_within(&mut self, value: &Value<'a>, depth: usize) -> Result<Text<'a>, Fault> {
        Ok(match value {
            // The source of a regular expression is not kept as it was written.
            Value::Missing | Value::Undecided | Value::Pattern(_) => return Err(Fault),
            Value::Undefined => Text::Lent("undefined"),
            Value::Null => Text::Lent("null"),
            Value::Bool(true) => Text::Lent("true"),
            Value::Bool(false) => Text::Lent("false"),
            Value::Number(number) => number_text(*number).into(),
            Value::Text(text) => text.clone(),
            Value::Array(items) => self.join_within(items, ",", depth)?.into(),
            Value::Object(_) | Value::Host(_) => Text::Lent("[object Object]"),
        })
    }

    /// The texts of a list, one behind the other.
    pub(super) fn join(&mut self, items: &[Value<'a>], separator: &str) -> Result<String, Fault> {
        self.join_within(items, separator, 0)
    }

    fn join_within(&mut self, items: &[Value<'a>], separator: &str, depth: usize) -> Result<String, Fault> {
        if depth > MAX_NESTING {
            return Err(Fault);
        }
        let mut joined = String::new();
        for (index, item) in items.iter().enumerate() {
            self.step(1)?;
            if index > 0 {
                self.append(&mut joined, separator)?;
            }
            if !matches!(item, Value::Undefined | Value::Null) {
                let text = self.text_within(item, depth + 1)?;
                self.append(&mut joined, &text)?;
            }
        }
        Ok(joined)
    }

    /// The value itself, or the text that stands for a list or an object.
    pub(super) fn primitive(&mut self, value: &Value<'a>) -> Result<Value<'a>, Fault> {
        if is_object(value) {
            self.text(value).map(Value::Text)
        } else {
            Ok(value.clone())
        }
    }

    pub(super) fn number(&mut self, value: &Value<'a>) -> Result<f64, Fault> {
        Ok(match value {
            Value::Undecided => return Err(Fault),
            Value::Undefined | Value::Missing => f64::NAN,
            Value::Null | Value::Bool(false) => 0.0,
            Value::Bool(true) => 1.0,
            Value::Number(number) => *number,
            Value::Text(text) => {
                self.step_over(text)?;
                text_number(text)
            }
            Value::Array(_) | Value::Object(_) | Value::Pattern(_) | Value::Host(_) => {
                let text = self.text(value)?;
                self.step_over(&text)?;
                text_number(&text)
            }
        })
    }

    /// The number without its fraction, and nothing for what is no number.
    pub(super) fn integer(&mut self, value: &Value<'a>) -> Result<f64, Fault> {
        let number = self.number(value)?;
        Ok(if number.is_nan() { 0.0 } else { number.trunc() })
    }

    /// The member of a value that has this name; [`Value::Missing`] when there is none.
    pub(super) fn member(&mut self, value: &Value<'a>, name: &str) -> Result<Value<'a>, Fault> {
        let found = match value {
            Value::Undefined | Value::Missing | Value::Undecided | Value::Null => return Err(Fault),
            // A method that is not called counts as true in JavaScript, and nobody means that.
            Value::Text(_) | Value::Array(_) | Value::Pattern(_) if super::methods::has(value, name) => {
                return Err(Fault);
            }
            Value::Bool(_) | Value::Number(_) | Value::Pattern(_) | Value::Host(Host::Nothing) => None,
            Value::Text(text) => {
                self.step_over(text)?;
                if name == "length" {
                    Some(Value::Number(super::text::length(text)))
                } else if let Some(index) = index(name)
                    && index < super::text::length(text)
                {
                    Some(super::text::cut(text, index, index + 1.0)?.into())
                } else {
                    None
                }
            }
            Value::Array(items) if name == "length" => Some(Value::Number(super::text::count(items.len()))),
            Value::Array(items) => index(name)
                .and_then(|index| super::text::position(index).and_then(|at| items.get(at)).cloned()),
            Value::Object(members) => {
                let member = members.iter().rev().find(|(member, _)| *member == name);
                member.map(|(_, value)| value.clone())
            }
            Value::Host(host) => host.get(name),
        };
        Ok(found.unwrap_or(Value::Missing))
    }
}

/// The number that a text is in, as the index of a list is written.
fn index(name: &str) -> Option<f64> {
    let written_so = name == "0" || (!name.starts_with('0') && name.chars().all(|c| c.is_ascii_digit()));
    if name.len() > 9 || !written_so {
        return None;
    }
    name.parse::<u32>().ok().map(f64::from)
}

/// The number that a text says (ECMA-262 5.1 §9.3.1).
pub(super) fn text_number(text: &str) -> f64 {
    let text = text.trim_matches(is_blank);
    if text.is_empty() {
        return 0.0;
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return hexadecimal(digits).unwrap_or(f64::NAN);
    }
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" if text.starts_with('-') => f64::NEG_INFINITY,
        "Infinity" => f64::INFINITY,
        digits
            if digits
                .chars()
                .all(|c| matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')) =>
        {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// The number that the digits stand for, as near as a number can be.
pub(super) fn hexadecimal(digits: &str) -> Option<f64> {
    // What is longer than this is not exact anyway, and nobody writes it.
    if digits.is_empty() || digits.len() > 13 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(digits, 16).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "thirteen digits have 52 bits")]
    Some(number as f64)
}

/// A number as JavaScript writes it (ECMA-262 5.1 §9.8.1).
pub(super) fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let magnitude = number.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return number.to_string();
    }
    let written = format!("{number:e}");
    match written.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => written,
    }
}
