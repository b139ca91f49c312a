//! The fields of a body: JSON, whatever the request says it is. What is wrong with them is gathered, and told together.

use actix_web::web;
use clavis_flows::{NameChange, PersonName};
use clavis_kernel::{Email, Secret};
use serde_json::{Map, Value};

use super::error::{Problems, SsoError};

/// Most bytes of a body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Shortest password, in characters.
pub(super) const MIN_PASSWORD_CHARS: usize = 8;
/// Longest password, in bytes.
pub(super) const MAX_PASSWORD_BYTES: usize = 4096;

/// What became of a body that was read.
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) async fn read(payload: web::Payload) -> Result<Self, SsoError> {
        match payload.to_bytes_limited(MAX_BODY_BYTES).await {
            Ok(Ok(bytes)) => Ok(Self(bytes.to_vec())),
            Ok(Err(_)) => Err(SsoError::bad_body()),
            Err(_) => Err(SsoError::body_too_large()),
        }
    }

    /// Its fields; nothing at all is an object without any.
    pub(super) fn fields(&self) -> Result<Fields, SsoError> {
        let given = if self.0.trim_ascii().is_empty() {
            Map::new()
        } else {
            match serde_json::from_slice(&self.0) {
                Ok(Value::Object(given)) => given,
                Ok(_) | Err(_) => return Err(SsoError::bad_body()),
            }
        };
        Ok(Fields {
            given,
            problems: Problems::default(),
        })
    }
}

/// The fields, and what is wrong with those that were looked at.
pub(super) struct Fields {
    given: Map<String, Value>,
    pub(super) problems: Problems,
}

impl Fields {
    pub(super) fn has(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.given.get(key).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = match self.value(key) {
            None => Err("Das Feld ist erforderlich"),
            Some(Value::String(text)) if text.is_empty() => Err("Das Feld ist erforderlich"),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err("Das Feld muss ein Text sein"),
        };
        text.map_err(|message| self.problems.add(key, message)).ok()
    }

    /// A new address that must be there.
    pub(super) fn address(&mut self) -> Option<Email> {
        let address = match self.value("email") {
            None => Err("E-Mail ist erforderlich"),
            Some(Value::String(text)) if text.trim().is_empty() => Err("E-Mail ist erforderlich"),
            Some(Value::String(text)) => address(text).ok_or("E-Mail ist ungültig"),
            Some(_) => Err("E-Mail ist ungültig"),
        };
        address
            .map_err(|message| self.problems.add("email", message))
            .ok()
    }

    /// A new password that must be there.
    pub(super) fn password(&mut self) -> Option<Secret> {
        let password = match self.value("password") {
            None => Err("Passwort ist erforderlich"),
            Some(Value::String(text)) if text.is_empty() => Err("Passwort ist erforderlich"),
            Some(Value::String(text)) => new_password(text),
            Some(_) => Err("Passwort muss ein Text sein"),
        };
        password
            .map_err(|message| self.problems.add("password", message))
            .ok()
    }

    /// A new address, if there is one; an explicit null is none.
    pub(super) fn changed_address(&mut self) -> Option<Email> {
        self.has("email").then(|| self.address()).flatten()
    }

    pub(super) fn changed_password(&mut self) -> Option<Secret> {
        self.has("password").then(|| self.password()).flatten()
    }

    /// What becomes of a name: null, and nothing but blanks, take it away.
    pub(super) fn name(&mut self, key: &'static str) -> NameChange {
        let wanted = match self.given.get(key) {
            None => return NameChange::Stays,
            Some(Value::Null) => return NameChange::Cleared,
            Some(Value::String(text)) if text.trim().is_empty() => return NameChange::Cleared,
            Some(Value::String(text)) => text.parse().map(NameChange::Set).ok(),
            Some(_) => None,
        };
        wanted.unwrap_or_else(|| {
            let message = if key == "first_name" {
                "Vorname muss ein Text mit höchstens 255 Zeichen sein"
            } else {
                "Nachname muss ein Text mit höchstens 255 Zeichen sein"
            };
            self.problems.add(key, message);
            NameChange::Stays
        })
    }

    /// The name of a user to be made.
    pub(super) fn new_name(&mut self, key: &'static str) -> Option<PersonName> {
        match self.name(key) {
            NameChange::Set(name) => Some(name),
            NameChange::Cleared | NameChange::Stays => None,
        }
    }

    /// Yes or no, if it was said.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.given.get(key) {
            None => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.problems.add(key, "Das Feld muss true oder false sein");
                None
            }
        }
    }
}

/// The address that a text is (RFC 5321 §4.1.2): no dot begins or ends its local part or follows another.
fn address(text: &str) -> Option<Email> {
    let address: Email = text.parse().ok()?;
    let (local, _) = address.as_str().rsplit_once('@')?;
    local.split('.').all(|atom| !atom.is_empty()).then_some(address)
}

fn new_password(text: &str) -> Result<Secret, &'static str> {
    if text.chars().count() < MIN_PASSWORD_CHARS {
        return Err("Passwort muss mindestens 8 Zeichen lang sein");
    }
    if text.len() > MAX_PASSWORD_BYTES {
        return Err("Passwort darf höchstens 4096 Bytes lang sein");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<Fields, SsoError> {
        Body(text.as_bytes().to_vec()).fields()
    }

    #[test]
    fn a_body_is_a_json_object_or_nothing() {
        for good in ["", " \n", "{}", r#"{"email":"x","unknown":[1]}"#] {
            assert!(fields(good).is_ok(), "{good}");
        }
        for bad in [
            "[]",
            "null",
            "\"x\"",
            "{",
            "email=x",
            "{\"a\":1}x",
            &"[".repeat(10_000),
        ] {
            assert!(fields(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_checked_by_its_parts() {
        for good in [
            "ann@example.org",
            "a.b+c@x-y.example",
            "Änne@exämple.org",
            " ann@example.org ",
        ] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "ann",
            "@x.org",
            "a..b@x.org",
            ".a@x.org",
            "a.@x.org",
            "a@b@c.org",
            "a b@c.org",
            "a@-x.org",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_set_taken_away_or_left() {
        let read = |text: &str| {
            let mut fields = fields(text).unwrap();
            let name = fields.name("first_name");
            (name, fields.problems.finish().is_err())
        };
        assert!(matches!(read("{}"), (NameChange::Stays, false)));
        assert!(matches!(
            read(r#"{"first_name":null}"#),
            (NameChange::Cleared, false)
        ));
        assert!(matches!(
            read(r#"{"first_name":" "}"#),
            (NameChange::Cleared, false)
        ));
        assert!(matches!(
            read(r#"{"first_name":"Ann"}"#),
            (NameChange::Set(_), false)
        ));
        for bad in [
            r#"{"first_name":1}"#.to_owned(),
            format!(r#"{{"first_name":"{}"}}"#, "x".repeat(256)),
        ] {
            assert!(read(&bad).1, "{bad}");
        }
        assert!(read(r#"{"first_name":"a\u0000b"}"#).1, "no column holds a NUL");
    }

    #[test]
    fn a_flag_is_true_or_false_and_nothing_like_it() {
        let read = |text| {
            let mut fields = fields(text).unwrap();
            (fields.flag("active"), fields.problems.finish().is_err())
        };
        assert_eq!(read("{}"), (None, false));
        assert_eq!(read(r#"{"active":true}"#), (Some(true), false));
        for bad in [r#"{"active":1}"#, r#"{"active":"true"}"#, r#"{"active":null}"#] {
            assert_eq!(read(bad), (None, true), "{bad}");
        }
    }
}
