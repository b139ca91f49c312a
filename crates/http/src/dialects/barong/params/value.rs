use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Number, Value};

use super::Upload;

/// Most values in all of a request's parameters.
const MAX_VALUES: usize = 1000;
/// How deep parameters may lie in one another: `a[b]` is two deep.
pub(super) const MAX_DEPTH: usize = 8;

/// A parameter's value.
#[derive(Clone, PartialEq)]
pub(crate) enum Param {
    /// JSON's null.
    Null,
    /// A text; in forms, everything that is no file.
    Text(String),
    /// A number in JSON.
    Number(Number),
    /// True or false in JSON.
    Flag(bool),
    /// Several values: `name[]` in forms.
    List(Vec<Param>),
    /// Values with names: `name[key]` in forms.
    Map(Fields),
    /// A file.
    File(Upload),
    /// Something was sent that nobody can read: bad UTF-8, a NUL, one name for a value and for a place of values, or
    /// what lies too deep. Nothing can be declared that it is.
    Unreadable,
}

/// Why a value is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It cannot be read: bad for who declared it, and for nobody else.
    Unreadable,
    /// A request has no more values than so many, declared or not.
    TooMany,
}

/// Values with names, in the order they came in.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Fields(Vec<(String, Param)>);

/// How many more values a request may have.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_VALUES)
    }
}

impl Budget {
    /// Takes one value, if there may be one more.
    pub(super) fn take(&mut self) -> Result<(), Unfit> {
        self.0 = self.0.checked_sub(1).ok_or(Unfit::TooMany)?;
        Ok(())
    }
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of this name, which is null if there was none.
    pub(super) fn entry(&mut self, name: &str) -> Option<&mut Param> {
        if self.get(name).is_none() {
            self.0.push((name.to_owned(), Param::Null));
        }
        self.0
            .iter_mut()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &(String, Param)> {
        self.0.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Param> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Adds others; of a name in both, the other's value counts.
    pub(super) fn merge(&mut self, others: Self) {
        self.0.retain(|(key, _)| others.get(key).is_none());
        self.0.extend(others.0);
    }

    /// Parameters that are an object; what cannot be read is so for its own name alone.
    pub(super) fn of_parameters(object: Map<String, Value>, budget: &mut Budget) -> Result<Self, Unfit> {
        let mut fields = Vec::with_capacity(object.len());
        for (name, value) in object {
            match Param::of_json(value, 1, budget) {
                Ok(value) => fields.push((name, value)),
                Err(Unfit::Unreadable) => fields.push((name, Param::Unreadable)),
                Err(Unfit::TooMany) => return Err(Unfit::TooMany),
            }
        }
        Ok(Self(fields))
    }

    /// Values that lie in a parameter: unreadable when one of them lies too deep, or a text holds a NUL, which no
    /// database column does.
    fn of_object(object: Map<String, Value>, depth: usize, budget: &mut Budget) -> Result<Self, Unfit> {
        let fields = object.into_iter().map(|(key, value)| {
            let key = without_nul(key)?;
            Ok((key, Param::of_json(value, depth, budget)?))
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// `None` where a file is among them.
    pub(super) fn to_json(&self) -> Option<Map<String, Value>> {
        let fields = self
            .0
            .iter()
            .map(|(key, value)| Some((key.clone(), value.to_json()?)));
        fields.collect()
    }
}

impl Param {
    fn of_json(value: Value, depth: usize, budget: &mut Budget) -> Result<Self, Unfit> {
        budget.take()?;
        if depth > MAX_DEPTH {
            return Err(Unfit::Unreadable);
        }
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(flag),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(without_nul(text)?),
            Value::Array(values) => {
                let values = values.into_iter();
                let values = values.map(|value| Self::of_json(value, depth + 1, budget));
                Self::List(values.collect::<Result<_, _>>()?)
            }
            Value::Object(object) => Self::Map(Fields::of_object(object, depth + 1, budget)?),
        })
    }

    fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::List(values) => Value::Array(values.iter().map(Self::to_json).collect::<Option<_>>()?),
            Self::Map(fields) => Value::Object(fields.to_json()?),
            Self::File(_) | Self::Unreadable => return None,
        })
    }

    /// Whether there is nothing in it. False is something.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Flag(_) | Self::File(_) | Self::Unreadable => false,
            Self::List(values) => values.is_empty(),
            Self::Map(fields) => fields.0.is_empty(),
        }
    }

    /// As a text; a number and a flag are texts, too.
    pub(crate) fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Self::Null | Self::List(_) | Self::Map(_) | Self::File(_) | Self::Unreadable => None,
        }
    }

    /// As a whole number.
    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => number.as_i64(),
            Self::Null | Self::Flag(_) | Self::List(_) | Self::Map(_) | Self::File(_) | Self::Unreadable => {
                None
            }
        }
    }

    /// As true or false, which in forms are 1 and 0, too.
    pub(super) fn as_flag(&self) -> Option<bool> {
        match self.as_text()?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// As values with names: also where they are JSON's text.
    pub(crate) fn as_object(&self) -> Option<Map<String, Value>> {
        match self {
            Self::Map(fields) => fields.to_json(),
            Self::Text(text) => match serde_json::from_str(text).ok()? {
                Value::Object(object) => {
                    let fields = Fields::of_object(object, 1, &mut Budget::default());
                    fields.ok()?.to_json()
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
            },
            Self::Null
            | Self::Number(_)
            | Self::Flag(_)
            | Self::List(_)
            | Self::File(_)
            | Self::Unreadable => None,
        }
    }
}

/// The text, unless there is a NUL in it.
pub(super) fn without_nul(text: String) -> Result<String, Unfit> {
    if text.contains('\0') {
        Err(Unfit::Unreadable)
    } else {
        Ok(text)
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Text(_) => "Text(..)",
            Self::Number(_) => "Number(..)",
            Self::Flag(_) => "Flag(..)",
            Self::List(_) => "List(..)",
            Self::Map(_) => "Map(..)",
            Self::File(_) => "File(..)",
            Self::Unreadable => "Unreadable",
        })
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields(..)")
    }
}
