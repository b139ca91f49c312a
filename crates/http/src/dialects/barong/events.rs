//! What other programs are told of accounts, in Barong's words: a signed message for an exchange of RabbitMQ.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use clavis_flows::{Event, EventVoice, Happened, Happening, Person};
use clavis_kernel::{Secret, TokenDigest};
use clavis_tokens::{EventKey, EventKeyError, KeyError};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::settings::{Settings, SettingsError};
use super::users::seconds;

/// By whom events are signed, and who issued them.
const SIGNER: &str = "barong";
/// Where events are told that a consumer acts on.
const SYSTEM: &str = "barong.events.system";
/// Where changes of records are told.
const MODEL: &str = "barong.events.model";
/// How long a message is good: readers refuse older ones.
const GOOD_FOR_SECONDS: i64 = 60;
/// Most bytes of a key file that are read; a key is shorter.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// How Barong tells events.
#[derive(Debug)]
pub struct Events {
    key: EventKey,
}

/// An exchange and the name of an event in it.
type Name = (&'static str, &'static str);

const fn name(what: &Happening) -> Name {
    match what {
        Happening::UserCreated => (MODEL, "user.created"),
        Happening::UserUpdated => (MODEL, "user.updated"),
        Happening::EmailConfirmed => (SYSTEM, "user.email.confirmed"),
        Happening::PasswordReset => (SYSTEM, "user.password.reset"),
        Happening::PasswordChanged => (SYSTEM, "user.password.change"),
        Happening::AccountDeleted => (SYSTEM, "user.account.deleted"),
        Happening::SessionCreated => (SYSTEM, "session.create"),
        Happening::DocumentVerified => (SYSTEM, "document.verified"),
        Happening::DocumentRejected => (SYSTEM, "document.rejected"),
        Happening::LabelSet(_) => (MODEL, "label.updated"),
        Happening::ProfileChanged { .. } => (MODEL, "profile.updated"),
        Happening::DocumentSubmitted(_) => (MODEL, "document.created"),
    }
}

impl Events {
    /// Reads the key that the settings name; `None` where events are told to nobody.
    pub fn open(settings: &Settings) -> Result<Option<Self>, SettingsError> {
        const KEY: &str = "event_api_jwt_private_key_file";
        if settings.event_api_rabbitmq_host.is_none() {
            return Ok(None);
        }
        let Some(path) = &settings.event_api_jwt_private_key_file else {
            let expected = "expected a file with a private key in PEM, since event_api_rabbitmq_host is set";
            return Err(SettingsError::new(KEY, expected));
        };
        let refused =
            |reason: &dyn std::fmt::Display| SettingsError::new(KEY, format!("{}: {reason}", path.display()));
        let pem = read(path).map_err(|error| refused(&error))?;
        let key = EventKey::from_pem(settings.event_api_jwt_algorithm, &pem);
        let key = key.map_err(|error| match error {
            EventKeyError::Algorithm => SettingsError::new("event_api_jwt_algorithm", error.to_string()),
            EventKeyError::Unfit(_) => refused(&error),
        })?;
        Ok(Some(Self { key }))
    }
}

fn read(path: &Path) -> io::Result<Secret> {
    let mut text = String::new();
    File::open(path)?.take(MAX_KEY_BYTES).read_to_string(&mut text)?;
    Ok(Secret::new(text))
}

impl EventVoice for Events {
    fn tell(&self, happened: &Happened, now: DateTime<Utc>) -> Result<Event, KeyError> {
        let (exchange, routing_key) = name(&happened.what);
        let category = exchange.trim_start_matches("barong.events.");
        let mut event = said(happened);
        event.insert("name".to_owned(), format!("{category}.{routing_key}").into());
        let id = id(happened).to_string();
        let claims = json!({
            "iss": SIGNER,
            "jti": id,
            "iat": now.timestamp(),
            "exp": now.timestamp() + GOOD_FOR_SECONDS,
            "event": event,
        });
        Ok(Event {
            body: self.key.sign(SIGNER, &claims)?.to_string(),
            id,
            exchange,
            routing_key,
        })
    }
}

/// The same each time it is told, and no other's: what was told twice has one id.
fn id(happened: &Happened) -> Uuid {
    let account = happened.person.account().id;
    let text = format!(
        "barong event {} {} {account} {}",
        happened.entry,
        happened.nth,
        happened.at.timestamp_micros()
    );
    let mut bytes = [0; 16];
    let digest = TokenDigest::of(&text);
    bytes
        .iter_mut()
        .zip(digest.as_bytes())
        .for_each(|(to, from)| *to = *from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// An event but for its name.
fn said(happened: &Happened) -> Map<String, Value> {
    let user = user(&happened.person);
    let mut event = Map::new();
    let mut say = |member: &str, value: Value| event.insert(member.to_owned(), value);
    match &happened.what {
        Happening::UserCreated | Happening::UserUpdated => {
            say("record", user);
        }
        Happening::EmailConfirmed
        | Happening::PasswordReset
        | Happening::PasswordChanged
        | Happening::AccountDeleted
        | Happening::DocumentVerified
        | Happening::DocumentRejected => {
            say("user", user);
        }
        Happening::SessionCreated => {
            say("user", user);
            say("user_ip", happened.caller.ip.map(|ip| ip.to_string()).into());
            say("user_agent", happened.caller.user_agent.clone().into());
        }
        Happening::LabelSet(label) => {
            let made = (happened.person.labels.iter())
                .find(|made| made.key == label.key && made.scope == label.scope);
            let record = json!({
                "id": made.map(|made| made.id.0),
                "user": user,
                "key": label.key.as_str(),
                "value": label.value.as_str(),
                "scope": label.scope.name(),
            });
            say("record", record);
        }
        // What a profile says is kept sealed, and whoever may read it asks for it.
        Happening::ProfileChanged { id, state } => {
            let record = json!({
                "id": id.0,
                "user": user,
                "state": state.map(super::profiles::state_name),
                "updated_at": seconds(happened.at),
            });
            say("record", record);
        }
        Happening::DocumentSubmitted(id) => {
            let record = json!({ "id": id.0, "user": user, "created_at": seconds(happened.at) });
            say("record", record);
        }
    }
    event
}

/// The account as every event shows it.
fn user(person: &Person) -> Value {
    let account = person.account();
    json!({
        "uid": account.uid.as_str(),
        "email": person.address(),
        "role": person.role,
        "level": person.level,
        "otp": person.has_second_factor,
        "state": account.state.name(),
        "created_at": seconds(account.created_at),
        "updated_at": seconds(account.updated_at),
    })
}

#[cfg(test)]
mod tests;
