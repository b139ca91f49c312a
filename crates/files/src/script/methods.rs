//! The methods of texts, lists and regular expressions (ECMA-262 5.1 §15.4 to §15.10, and the later `includes`,
//! `startsWith` and `endsWith`). None changes what it is called on.

use std::rc::Rc;

use regex::Regex;

use super::equal::Equality;
use super::eval::{Evaluation, Fault};
use super::text;
use super::value::{Text, Value};

const OF_TEXTS: [&str; 19] = [
    "charAt",
    "charCodeAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "match",
    "slice",
    "split",
    "startsWith",
    "substr",
    "substring",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
    "valueOf",
    "search",
];
const OF_ARRAYS: [&str; 7] = [
    "concat",
    "includes",
    "indexOf",
    "join",
    "lastIndexOf",
    "slice",
    "toString",
];
const OF_PATTERNS: [&str; 2] = ["exec", "test"];

/// Whether the value has a method of this name.
pub(super) fn has(value: &Value<'_>, name: &str) -> bool {
    match value {
        Value::Text(_) => OF_TEXTS.contains(&name),
        Value::Array(_) => OF_ARRAYS.contains(&name),
        Value::Pattern(_) => OF_PATTERNS.contains(&name),
        _ => false,
    }
}

/// What a method is called with.
struct Arguments<'v, 'a>(&'v [Value<'a>]);

impl<'a> Arguments<'_, 'a> {
    fn value(&self, index: usize) -> Value<'a> {
        self.0.get(index).cloned().unwrap_or(Value::Undefined)
    }

    fn is_given(&self, index: usize) -> bool {
        !matches!(self.0.get(index), None | Some(Value::Undefined | Value::Missing))
    }

    fn text(&self, index: usize, on: &mut Evaluation<'a>) -> Result<Text<'a>, Fault> {
        on.text(&self.value(index))
    }

    /// A whole number, or this one where none is given.
    fn integer(&self, index: usize, otherwise: f64, on: &mut Evaluation<'a>) -> Result<f64, Fault> {
        if self.is_given(index) {
            on.integer(&self.value(index))
        } else {
            Ok(otherwise)
        }
    }

    /// A place in something of this length; a negative one is counted from its end.
    fn place(
        &self,
        index: usize,
        otherwise: f64,
        length: f64,
        on: &mut Evaluation<'a>,
    ) -> Result<f64, Fault> {
        let place = self.integer(index, otherwise, on)?;
        Ok(if place < 0.0 {
            (length + place).max(0.0)
        } else {
            place.min(length)
        })
    }
}

impl<'a> Evaluation<'a> {
    /// Calls a value's method.
    pub(super) fn method(
        &mut self,
        value: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, Fault> {
        let arguments = Arguments(arguments);
        match value {
            Value::Text(text) => {
                self.step_over(text)?;
                self.text_method(text, name, &arguments)
            }
            Value::Array(items) => {
                self.step(1 + items.len())?;
                self.array_method(items, name, &arguments)
            }
            Value::Pattern(pattern) => {
                let text = arguments.text(0, self)?;
                match name {
                    "test" => self.search(pattern, &text).map(Value::Bool),
                    "exec" => self.captures(pattern, &text),
                    _ => Err(Fault),
                }
            }
            Value::Number(_) | Value::Bool(_) if name == "toString" && !arguments.is_given(0) => {
                self.text(value).map(Value::Text)
            }
            Value::Object(_) | Value::Host(_) if name == "hasOwnProperty" => {
                // A member of this name would be called instead, and is no function.
                if !matches!(self.member(value, name)?, Value::Missing) {
                    return Err(Fault);
                }
                let name = arguments.text(0, self)?;
                let member = self.member(value, &name)?;
                Ok(Value::Bool(!matches!(member, Value::Missing)))
            }
            _ => Err(Fault),
        }
    }

    fn text_method(
        &mut self,
        text: &Text<'a>,
        name: &str,
        arguments: &Arguments<'_, 'a>,
    ) -> Result<Value<'a>, Fault> {
        let length = text::length(text);
        match name {
            "toString" | "valueOf" => Ok(Value::Text(text.clone())),
            "toLowerCase" => self.made(text.to_lowercase()),
            "toUpperCase" => self.made(text.to_uppercase()),
            "trim" => self.made(text.trim_matches(super::lexer::is_blank).to_owned()),
            "charAt" => {
                let at = arguments.integer(0, 0.0, self)?;
                self.made(text::cut(text, at, if at < 0.0 { at } else { at + 1.0 })?)
            }
            "charCodeAt" => {
                let at = text::position(arguments.integer(0, 0.0, self)?);
                let unit = at.and_then(|at| text.encode_utf16().nth(at));
                Ok(Value::Number(unit.map_or(f64::NAN, f64::from)))
            }
            "concat" => {
                let mut whole = String::new();
                self.append(&mut whole, text)?;
                for part in arguments.0 {
                    let part = self.text(part)?;
                    self.append(&mut whole, &part)?;
                }
                Ok(whole.into())
            }
            "slice" => {
                let from = arguments.place(0, 0.0, length, self)?;
                let to = arguments.place(1, length, length, self)?;
                self.made(text::cut(text, from, to)?)
            }
            "substring" => {
                let from = arguments.integer(0, 0.0, self)?.clamp(0.0, length);
                let to = arguments.integer(1, length, self)?.clamp(0.0, length);
                self.made(text::cut(text, from.min(to), from.max(to))?)
            }
            "substr" => {
                let from = arguments.place(0, 0.0, length, self)?;
                let units = arguments.integer(1, length, self)?.max(0.0);
                self.made(text::cut(text, from, from + units)?)
            }
            "split" => self.split(text, arguments),
            "match" => {
                let Value::Pattern(pattern) = arguments.value(0) else {
                    return Err(Fault);
                };
                self.captures(pattern, text)
            }
            "search" => {
                let Value::Pattern(pattern) = arguments.value(0) else {
                    return Err(Fault);
                };
                self.pay_for_search(text)?;
                let found = pattern.find(text).map(|found| text::place(text, found.start()));
                Ok(Value::Number(found.unwrap_or(-1.0)))
            }
            "includes" | "indexOf" | "lastIndexOf" | "startsWith" | "endsWith" => {
                self.find(text, name, arguments)
            }
            _ => Err(Fault),
        }
    }

    /// The methods that look for a text in another.
    fn find(&mut self, text: &str, name: &str, arguments: &Arguments<'_, 'a>) -> Result<Value<'a>, Fault> {
        let length = text::length(text);
        let needle = arguments.text(0, self)?;
        self.step_over(&needle)?;
        let behind = |from: usize| text.get(from..).unwrap_or_default();
        let found = match name {
            "endsWith" => {
                let end = text::byte(text, arguments.integer(1, length, self)?)?;
                return Ok(Value::Bool(
                    text.get(..end).is_some_and(|text| text.ends_with(&*needle)),
                ));
            }
            "lastIndexOf" => {
                let last = if arguments.is_given(1) {
                    self.number(&arguments.value(1))?
                } else {
                    f64::NAN
                };
                let last = if last.is_nan() { length } else { last.trunc() };
                let end = (text::byte(text, last)? + needle.len()).min(text.len());
                let end = (0..=end)
                    .rev()
                    .find(|end| text.is_char_boundary(*end))
                    .unwrap_or(0);
                text.get(..end).and_then(|text| text.rfind(&*needle))
            }
            _ => {
                let from = text::byte(text, arguments.integer(1, 0.0, self)?)?;
                if name == "startsWith" {
                    return Ok(Value::Bool(behind(from).starts_with(&*needle)));
                }
                behind(from).find(&*needle).map(|found| from + found)
            }
        };
        Ok(match name {
            "includes" => Value::Bool(found.is_some()),
            _ => Value::Number(found.map_or(-1.0, |found| text::place(text, found))),
        })
    }

    fn split(&mut self, text: &Text<'a>, arguments: &Arguments<'_, 'a>) -> Result<Value<'a>, Fault> {
        let limit = arguments.integer(1, f64::INFINITY, self)?;
        let limit = if limit < 0.0 {
            return Err(Fault);
        } else {
            text::position(limit).unwrap_or(usize::MAX)
        };
        let mut parts = Vec::new();
        if matches!(arguments.value(0), Value::Undefined) {
            parts.push(Value::Text(text.clone()));
        } else {
            let separator = arguments.text(0, self)?;
            if separator.is_empty() {
                for character in text.chars().take(limit) {
                    self.step(1)?;
                    // Half of a character is no text.
                    if character.len_utf16() > 1 {
                        return Err(Fault);
                    }
                    parts.push(character.to_string().into());
                }
            } else {
                for part in text.split(&*separator).take(limit) {
                    self.step(1)?;
                    parts.push(part.to_owned().into());
                }
            }
        }
        parts.truncate(limit);
        Ok(Value::Array(Rc::new(parts)))
    }

    fn array_method(
        &mut self,
        items: &Rc<Vec<Value<'a>>>,
        name: &str,
        arguments: &Arguments<'_, 'a>,
    ) -> Result<Value<'a>, Fault> {
        let length = text::count(items.len());
        match name {
            "toString" => self.join(items, ",").map(Value::from),
            "join" => {
                let separator = if arguments.is_given(0) {
                    arguments.text(0, self)?
                } else {
                    Text::Lent(",")
                };
                self.join(items, &separator).map(Value::from)
            }
            "concat" => {
                let mut all = items.to_vec();
                for more in arguments.0 {
                    if let Value::Array(more) = more {
                        self.step(more.len())?;
                        all.extend(more.iter().cloned());
                    } else {
                        all.push(more.clone());
                    }
                }
                Ok(Value::Array(Rc::new(all)))
            }
            "slice" => {
                let from = text::position(arguments.place(0, 0.0, length, self)?).ok_or(Fault)?;
                let to = text::position(arguments.place(1, length, length, self)?).ok_or(Fault)?;
                let slice = items.get(from..to.max(from)).ok_or(Fault)?;
                Ok(Value::Array(Rc::new(slice.to_vec())))
            }
            "includes" | "indexOf" => {
                let from = text::position(arguments.place(1, 0.0, length, self)?).ok_or(Fault)?;
                self.position(items, from..items.len(), name, arguments)
            }
            "lastIndexOf" => {
                let last = if arguments.0.len() > 1 {
                    self.integer(&arguments.value(1))?
                } else {
                    length - 1.0
                };
                let last = if last < 0.0 {
                    length + last
                } else {
                    last.min(length - 1.0)
                };
                let end = text::position(last + 1.0).unwrap_or(0);
                self.position(items, 0..end.min(items.len()), name, arguments)
            }
            _ => Err(Fault),
        }
    }

    /// Where in a list a value is. Whether what is missing is among what is missing, cannot be said.
    fn position(
        &mut self,
        items: &[Value<'a>],
        range: std::ops::Range<usize>,
        name: &str,
        arguments: &Arguments<'_, 'a>,
    ) -> Result<Value<'a>, Fault> {
        let needle = arguments.value(0);
        let is_nan = |value: &Value<'_>| matches!(value, Value::Number(number) if number.is_nan());
        let mut found = None;
        for index in range {
            let item = items.get(index).ok_or(Fault)?;
            let equality = self.same(item, &needle)?;
            let same = equality == Equality::Equal || (name == "includes" && is_nan(item) && is_nan(&needle));
            if equality == Equality::BothMissing {
                return Err(Fault);
            }
            if same {
                found = Some(index);
                if name != "lastIndexOf" {
                    break;
                }
            }
        }
        Ok(match name {
            "includes" => Value::Bool(found.is_some()),
            _ => Value::Number(found.map_or(-1.0, text::count)),
        })
    }

    /// Matching takes time in proportion to the text, and more of it than other ways of looking through one.
    fn pay_for_search(&mut self, text: &str) -> Result<(), Fault> {
        self.step(1 + text.len() / 4)
    }

    fn search(&mut self, pattern: &Regex, text: &str) -> Result<bool, Fault> {
        self.pay_for_search(text)?;
        Ok(pattern.is_match(text))
    }

    /// What a regular expression and its groups match first; null when it does not.
    fn captures(&mut self, pattern: &Regex, text: &str) -> Result<Value<'a>, Fault> {
        self.pay_for_search(text)?;
        let Some(captures) = pattern.captures(text) else {
            return Ok(Value::Null);
        };
        let mut groups = Vec::with_capacity(captures.len());
        for group in captures.iter() {
            groups.push(match group {
                Some(group) => self.made(group.as_str().to_owned())?,
                None => Value::Undefined,
            });
        }
        Ok(Value::Array(Rc::new(groups)))
    }
}
