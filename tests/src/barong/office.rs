//! An installation with people of every role, for the tests of what administrators do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, Server, Visit, address};

pub(super) const CLASSIC: &str = "/api/v2/admin";
pub(super) const CODED: &str = "/api/v2/barong/admin";

pub(super) const DENIED: [&str; 2] = [
    r#"401 {"error":"admin.access.denied"}"#,
    r#"401 {"errors":["admin.access.denied"]}"#,
];

/// A server that speaks both profiles.
pub(super) struct Office(pub(super) Server);

/// Somebody who is logged in.
pub(super) struct Someone {
    pub(super) address: String,
    pub(super) uid: String,
    pub(super) visit: Visit,
}

impl Office {
    pub(super) fn open() -> Self {
        Self::with(&[])
    }

    pub(super) fn with(settings: &[(&str, &str)]) -> Self {
        let coded = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource");
        Self(Server::with(&[&[coded], settings].concat()))
    }

    /// Somebody with a role, made at the command line.
    #[track_caller]
    pub(super) fn hire(&self, role: &str) -> Someone {
        let address = address(role);
        let arguments = [
            "user",
            "create",
            "--email",
            &address,
            "--password",
            BARONG_PASSWORD,
        ];
        let cli = self
            .0
            .cli(&[&arguments[..], &["--role", role, "--active"]].concat());
        cli.ok();
        self.someone(address)
    }

    /// Somebody who signed up and has no role but the default one.
    #[track_caller]
    pub(super) fn newcomer(&self, who: &str) -> Someone {
        let address = address(who);
        self.0.barong().sign_up(&address);
        self.someone(address)
    }

    fn someone(&self, address: String) -> Someone {
        let visit = self.0.barong().log_in(&address);
        let uid = self.0.barong().me(&visit.access).at("/uid");
        Someone { address, uid, visit }
    }

    /// Asks at the classic mount.
    pub(super) fn ask(&self, method: Method, path: &str, who: &Someone, body: Value) -> Answer {
        self.ask_at(CLASSIC, method, path, who, body)
    }

    pub(super) fn ask_at(
        &self,
        mount: &str,
        method: Method,
        path: &str,
        who: &Someone,
        body: Value,
    ) -> Answer {
        let request = self.0.request(method, &format!("{mount}{path}"));
        request.json(body).bearer(&who.visit.access).send()
    }

    /// Looks at something at the classic mount.
    pub(super) fn look(&self, path: &str, who: &Someone) -> Answer {
        let request = self.0.get(&format!("{CLASSIC}{path}"));
        request.bearer(&who.visit.access).send()
    }

    /// Looks at something at the coded mount.
    pub(super) fn look_coded(&self, path: &str, who: &Someone) -> Answer {
        let request = self.0.get(&format!("{CODED}{path}"));
        request.bearer(&who.visit.access).send()
    }

    /// What both profiles say, one after the other.
    pub(super) fn said(&self, method: &Method, path: &str, who: &Someone, body: &Value) -> [String; 2] {
        [CLASSIC, CODED].map(|mount| {
            self.ask_at(mount, method.clone(), path, who, body.clone())
                .to_string()
        })
    }

    /// What both profiles say of something that is looked at.
    pub(super) fn said_of(&self, path: &str, who: &Someone) -> [String; 2] {
        [
            self.look(path, who).to_string(),
            self.look_coded(path, who).to_string(),
        ]
    }

    /// Hands in a profile that every rule lets through.
    #[track_caller]
    pub(super) fn hand_in_profile(&self, who: &Someone) {
        let request = self.0.post("/api/v2/resource/profiles");
        let handed_in = request
            .json(super::profiles::ada())
            .bearer(&who.visit.access)
            .send();
        handed_in.expect(201);
    }

    /// Sets a label as an administrator does.
    #[track_caller]
    pub(super) fn label(&self, who: &Someone, whom: &Someone, key: &str, value: &str) -> Answer {
        let body =
            json!({ "uid": whom.uid, "key": key, "value": value, "scope": "private", "replace": true });
        self.ask(Method::POST, "/users/labels", who, body)
    }

    /// The account of somebody as an administrator sees it.
    #[track_caller]
    pub(super) fn file_of(&self, whom: &Someone, reader: &Someone) -> Value {
        self.look(&format!("/users/{}", whom.uid), reader)
            .expect(200)
            .json()
    }
}

/// What both profiles say where the contract knows a code alone.
pub(super) fn codes(status: u16, code: &str) -> [String; 2] {
    [
        format!(r#"{status} {{"error":"{code}"}}"#),
        format!(r#"{status} {{"errors":["{code}"]}}"#),
    ]
}

/// The text of a field of every entry of a list.
pub(super) fn column(answer: &Answer, field: &str) -> Vec<String> {
    let list = answer.json();
    let entries = list.as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    let texts = entries.iter().map(|entry| match &entry[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    texts.collect()
}

/// The names of an object's fields, in the order in which they are on the wire.
pub(super) fn fields(text: &str) -> Vec<String> {
    let object: serde_json::Map<String, Value> = serde_json::from_str(text).expect("an object");
    let mut names: Vec<_> = object.keys().cloned().collect();
    names.sort_by_key(|name| text.find(&format!("\"{name}\":")));
    names
}
