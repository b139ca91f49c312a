//! JSON objects from others, read strictly: a member that is there twice has no meaning that two readers agree on.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The object that the bytes are; `None` when they are something else, or a member of any object in it is repeated.
pub(crate) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(object))) => Some(object),
        Ok(Strict(_)) | Err(_) => None,
    }
}

/// The list that the bytes are, as [`object`] reads one.
pub(crate) fn list(bytes: &[u8]) -> Option<Vec<Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Array(list))) => Some(list),
        Ok(Strict(_)) | Err(_) => None,
    }
}

/// A member that is a text, and not an empty one.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A member that is a text or a whole number, as text: ids come as either.
pub(crate) fn id(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a member is `true`, or the text `true` as some write it.
pub(crate) fn is_true(object: &Map<String, Value>, name: &str) -> bool {
    match object.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("a number without a value"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(part)) = parts.next_element()? {
            list.push(part);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is repeated"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#" {"a":[1,-2,0.5,"x",null,true],"b":{"a":{}}} "#;
        let read = object(text.as_bytes()).map(Value::Object);
        assert_eq!(
            read,
            Some(json!({"a": [1, -2, 0.5, "x", null, true], "b": {"a": {}}}))
        );
    }

    #[test]
    fn what_is_no_object_or_says_a_thing_twice_is_refused() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(4000), "}".repeat(4000));
        let bad = [
            "",
            "null",
            "[]",
            "\"x\"",
            "{",
            "{}x",
            "{\"a\":1e999}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
            &deep,
        ];
        for text in bad {
            assert_eq!(
                object(text.as_bytes()),
                None,
                "{}",
                text.get(..40).unwrap_or(text)
            );
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), None);
    }

    #[test]
    fn members_are_taken_as_what_they_are() {
        let read =
            object(br#"{"t":"x","e":"","n":12,"m":-1,"f":1.5,"y":true,"yt":"true","yn":1,"yT":"True"}"#);
        let read = read.unwrap();
        assert_eq!(
            (text(&read, "t"), text(&read, "e"), text(&read, "n")),
            (Some("x"), None, None)
        );
        let ids = ["t", "n", "e", "m", "f", "y", "none"].map(|name| id(&read, name));
        assert_eq!(
            ids,
            [
                Some("x".to_owned()),
                Some("12".to_owned()),
                None,
                None,
                None,
                None,
                None
            ]
        );
        let flags = ["y", "yt", "yn", "yT", "none"].map(|name| is_true(&read, name));
        assert_eq!(flags, [true, true, false, false, false]);
    }
}
