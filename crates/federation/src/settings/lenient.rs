//! Settings come from a file with types and from the environment as text; these read both. What was given is never
//! repeated in an error: it may be a secret.

use std::path::PathBuf;

use clavis_kernel::Secret;
use serde::de::{Deserialize, Deserializer, Error};

use super::SecretText;

/// A value as it was given.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Given {
    Number(u64),
    Text(String),
    List(Vec<String>),
}

fn given<'de, D: Deserializer<'de>>(deserializer: D, expected: &'static str) -> Result<Given, D::Error> {
    Given::deserialize(deserializer).map_err(|_| D::Error::custom(expected))
}

/// A text, or a number as text; an empty one is as if it were not there.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let expected = "expected a text";
    let text = match given(deserializer, expected)? {
        Given::Text(text) => text.trim().to_owned(),
        Given::Number(number) => number.to_string(),
        Given::List(_) => return Err(D::Error::custom(expected)),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A file; an empty text is as if it were not there.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let expected = "expected the path of a file";
    match given(deserializer, expected)? {
        Given::Text(text) => Ok(Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty())),
        Given::Number(_) | Given::List(_) => Err(D::Error::custom(expected)),
    }
}

/// A secret; an empty one is as if it were not there.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretText>, D::Error> {
    let expected = "expected a text, in quotes";
    match given(deserializer, expected)? {
        Given::Text(text) if text.is_empty() => Ok(None),
        Given::Text(text) => Ok(Some(SecretText(Secret::new(text)))),
        Given::Number(_) | Given::List(_) => Err(D::Error::custom(expected)),
    }
}

/// A list: `["a", "b"]` or `"a, b"`; blanks around the parts and empty parts do not count.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let expected = "expected a list of texts, or one text with commas";
    let parts = match given(deserializer, expected)? {
        Given::List(parts) => parts,
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
        Given::Number(_) => return Err(D::Error::custom(expected)),
    };
    let parts = parts.iter().map(|part| part.trim().to_owned());
    Ok(parts.filter(|part| !part.is_empty()).collect())
}

/// A whole number; an empty text is as if it were not there.
pub(super) fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let expected = "expected a whole number that is not negative";
    match given(deserializer, expected)? {
        Given::Number(number) => Ok(Some(number)),
        Given::Text(text) if text.trim().is_empty() => Ok(None),
        Given::Text(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| D::Error::custom(expected)),
        Given::List(_) => Err(D::Error::custom(expected)),
    }
}
