//! Settings come from a file with types and from the environment as text; these read both. For
//! `#[serde(deserialize_with = "…")]`. What was given is never repeated in an error: it may be a secret.

use std::any::Any;
use std::fmt::{self, Display};
use std::num::ParseIntError;
use std::str::FromStr;

use clavis_kernel::Secret;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// A value of any type that is read from text: `15` and `"15"` are the same number.
pub fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display + 'static>,
{
    let text = match Raw::deserialize(deserializer)? {
        Raw::Text(text) => text,
        Raw::Number(number) => number.to_string(),
        Raw::Flag(flag) => flag.to_string(),
        Raw::List(_) | Raw::Other => return Err(D::Error::custom("expected one text or whole number")),
    };
    read(&text)
}

/// As [`parsed`], for a setting without a default; an empty text is as if it were not there.
pub fn optional_parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display + 'static>,
{
    let text: String = parsed(deserializer)?;
    if text.is_empty() {
        Ok(None)
    } else {
        read(&text).map(Some)
    }
}

/// `true` or `false`, also as text in any case.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let flag = match Raw::deserialize(deserializer)? {
        Raw::Flag(flag) => Some(flag),
        Raw::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Raw::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Raw::Text(_) | Raw::Number(_) | Raw::List(_) | Raw::Other => None,
    };
    flag.ok_or_else(|| D::Error::custom("expected true or false"))
}

/// As [`flag`], for a setting without a default.
pub fn optional_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    flag(deserializer).map(Some)
}

/// A list: `["a", "b"]` or `"a, b"`; blanks around the parts and empty parts do not count.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display + 'static>,
{
    let parts = match Raw::deserialize(deserializer)? {
        Raw::List(parts) => parts,
        Raw::Text(text) => text.split(',').map(str::to_owned).collect(),
        Raw::Number(_) | Raw::Flag(_) | Raw::Other => {
            return Err(D::Error::custom(
                "expected a list of texts, or one text with commas",
            ));
        }
    };
    let parts = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty());
    parts.map(read).collect()
}

/// A text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Raw::deserialize(deserializer)? {
        Raw::Text(text) => Ok(text),
        Raw::Number(_) | Raw::Flag(_) | Raw::List(_) | Raw::Other => {
            Err(D::Error::custom("expected a text, in quotes"))
        }
    }
}

/// As [`text`], for a setting without a default; an empty text is as if it were not there.
pub fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(text(deserializer)?).filter(|text| !text.is_empty()))
}

/// A secret without a default; an empty text is as if it were not there.
pub fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(optional_text(deserializer)?.map(Secret::new))
}

fn read<T: FromStr<Err: Display + 'static>, E: Error>(text: &str) -> Result<T, E> {
    text.trim().parse().map_err(|error: T::Err| {
        if (&error as &dyn Any).is::<ParseIntError>() {
            return E::custom("expected a whole number that is neither negative nor too large");
        }
        E::custom(error)
    })
}

/// A value as it was given.
enum Raw {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<String>),
    Other,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false, or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(u64::try_from(number).map_or(Raw::Other, Raw::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Raw, A::Error> {
        let mut texts = Vec::new();
        while let Some(part) = parts.next_element::<Raw>()? {
            match part {
                Raw::Text(text) => texts.push(text),
                Raw::Number(_) | Raw::Flag(_) | Raw::List(_) | Raw::Other => {
                    return Err(A::Error::custom("expected a list of texts"));
                }
            }
        }
        Ok(Raw::List(texts))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    #[serde(default)]
    struct All {
        #[serde(deserialize_with = "parsed")]
        number: u16,
        #[serde(deserialize_with = "flag")]
        flag: bool,
        #[serde(deserialize_with = "list")]
        list: Vec<String>,
        #[serde(deserialize_with = "optional_text")]
        text: Option<String>,
        #[serde(deserialize_with = "optional_secret")]
        secret: Option<SecretText>,
    }

    impl Default for All {
        fn default() -> Self {
            Self {
                number: 7,
                flag: true,
                list: vec!["x".to_owned()],
                text: None,
                secret: None,
            }
        }
    }

    #[derive(Debug, PartialEq)]
    struct SecretText(String);

    fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
        let secret = super::optional_secret(deserializer)?;
        Ok(secret.map(|secret| SecretText(secret.expose().to_owned())))
    }

    fn settings(value: Value) -> Result<All, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_read_with_their_type_and_as_text() {
        let typed =
            settings(json!({"number": 15, "flag": false, "list": ["a", " b "], "text": "t", "secret": "s"}))
                .unwrap();
        let text =
            settings(json!({"number": " 15", "flag": "FALSE", "list": "a, b,,", "text": "t", "secret": "s"}))
                .unwrap();
        assert_eq!(typed, text);
        assert_eq!(typed.list, ["a", "b"]);
        assert_eq!(typed.secret, Some(SecretText("s".to_owned())));
    }

    #[test]
    fn what_is_not_set_keeps_its_default_and_an_empty_text_is_not_set() {
        assert_eq!(settings(json!({})), Ok(All::default()));
        assert_eq!(settings(json!({"text": "", "secret": ""})), Ok(All::default()));
    }

    #[test]
    fn a_bad_value_is_told_by_what_was_expected_and_never_repeated() {
        #[track_caller]
        fn check(value: Value, expected: &str) {
            assert_eq!(settings(value), Err(expected.to_owned()));
        }
        check(
            json!({"number": "hunter2"}),
            "expected a whole number that is neither negative nor too large",
        );
        check(json!({"number": -1}), "expected one text or whole number");
        check(
            json!({"number": 70_000}),
            "expected a whole number that is neither negative nor too large",
        );
        check(json!({"flag": "yes"}), "expected true or false");
        check(json!({"flag": 1}), "expected true or false");
        check(
            json!({"list": 1}),
            "expected a list of texts, or one text with commas",
        );
        check(json!({"list": [1]}), "expected a list of texts");
        check(json!({"text": 4711}), "expected a text, in quotes");
        check(json!({"secret": 4711}), "expected a text, in quotes");
    }
}
