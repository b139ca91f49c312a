//! What other programs are told of accounts, through a real RabbitMQ.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    BARONG_PASSWORD, EventReader, PASSWORD, RabbitMq, Server, fails_to_start, free_port, within,
};

const HOST: &str = "CLAVIS_DIALECTS__BARONG__EVENT_API_RABBITMQ_HOST";
const PORT: &str = "CLAVIS_DIALECTS__BARONG__EVENT_API_RABBITMQ_PORT";
const KEY_FILE: &str = "CLAVIS_DIALECTS__BARONG__EVENT_API_JWT_PRIVATE_KEY_FILE";
const PASSWORD_OF_BROKER: &str = "CLAVIS_DIALECTS__BARONG__EVENT_API_RABBITMQ_PASSWORD";

/// What is read, in the order of the contract.
const EVENTS: [(&str, &str); 8] = [
    ("barong.events.system", "user.email.confirmed"),
    ("barong.events.system", "user.password.reset"),
    ("barong.events.system", "user.password.change"),
    ("barong.events.system", "user.account.deleted"),
    ("barong.events.system", "session.create"),
    ("barong.events.model", "user.created"),
    ("barong.events.model", "user.updated"),
    ("barong.events.model", "label.updated"),
];

/// How long an event may be on its way: it waits for two seconds, and a broker that came back for half a minute.
const TO_COME: Duration = Duration::from_mins(1);

/// The key that events are signed with, in a file.
struct SigningKey {
    key: PKey<Private>,
    file: PathBuf,
    _folder: TempDir,
}

impl SigningKey {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let file = folder.path().join("events.pem");
        fs::write(&file, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        Self {
            key,
            file,
            _folder: folder,
        }
    }

    fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// The claims of a message, whose signature is right.
    #[track_caller]
    fn verified(&self, body: &[u8]) -> Value {
        let message: Value = serde_json::from_slice(body).unwrap();
        let part = |pointer: &str| message.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        assert_eq!(part("/signatures/0/header/kid"), "barong");
        let (protected, payload) = (part("/signatures/0/protected"), part("/payload"));
        assert_eq!(decoded(&protected), br#"{"alg":"RS256"}"#);
        let mut verifier = Verifier::new(MessageDigest::sha256(), &self.key).unwrap();
        verifier
            .update(format!("{protected}.{payload}").as_bytes())
            .unwrap();
        let signature = decoded(&part("/signatures/0/signature"));
        assert!(verifier.verify(&signature).unwrap(), "{message}");
        serde_json::from_slice(&decoded(&payload)).unwrap()
    }
}

/// Somebody who knows the key and takes each event once, as readers are to: one may come twice.
struct Subscriber {
    key: SigningKey,
    seen: HashSet<String>,
}

impl Subscriber {
    /// The next events by name, each verified and where it belongs.
    #[track_caller]
    fn read(&mut self, reader: &EventReader, expected: &[&str]) -> Vec<Value> {
        let mut events = Vec::new();
        for name in expected {
            let (message, claims) = loop {
                let Some(message) = reader.next(TO_COME) else {
                    panic!("{name} did not come after {events:?}")
                };
                let claims = self.key.verified(&message.body);
                if self.seen.insert(claims["jti"].as_str().unwrap().to_owned()) {
                    break (message, claims);
                }
            };
            assert_eq!(claims["iss"], "barong");
            let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
            assert_eq!(exp - iat, 60);
            let event = claims["event"].clone();
            let category = message.exchange.strip_prefix("barong.events.").unwrap();
            assert_eq!(event["name"], format!("{category}.{}", message.routing_key));
            assert_eq!(event["name"], *name, "{event} after {events:?}");
            events.push(event);
        }
        events
    }
}

#[test]
fn programs_are_told_of_accounts_and_miss_nothing_while_the_broker_is_away() {
    let mut broker = RabbitMq::start();
    let mut subscriber = Subscriber {
        key: SigningKey::new(),
        seen: HashSet::new(),
    };
    let reader = broker.reader(&EVENTS);
    let port = broker.port().to_string();
    let key_file = subscriber.key.file().to_owned();
    let server = Server::with(&[(HOST, "127.0.0.1"), (PORT, &port), (KEY_FILE, &key_file)]);
    server.barong().sign_up("ann@example.org");
    let ann = server.barong().log_in("ann@example.org");
    let told = subscriber.read(
        &reader,
        &[
            "model.user.created",
            "model.label.updated",
            "model.user.updated",
            "system.user.email.confirmed",
            "model.user.updated",
            "system.session.create",
        ],
    );
    let me = server.barong().me(&ann.access).expect(200).json();
    let [created, label, _, confirmed, _, session] = &told[..] else {
        panic!("{told:?}")
    };
    let record = &created["record"];
    for (member, expected) in [
        ("uid", &me["uid"]),
        ("email", &json!("ann@example.org")),
        ("role", &json!("member")),
        ("otp", &json!(false)),
    ] {
        assert_eq!(record[member], *expected, "{member}");
    }
    // To the second, while the account's own page knows more.
    let (told_at, made_at) = (
        record["created_at"].as_str().unwrap(),
        me["created_at"].as_str().unwrap(),
    );
    assert_eq!(told_at.len(), "2026-11-21T12:00:00Z".len(), "{told_at}");
    assert!(
        made_at.starts_with(told_at.trim_end_matches('Z')),
        "{made_at} {told_at}"
    );
    let label = &label["record"];
    assert_eq!(
        (&label["key"], &label["value"]),
        (&json!("email"), &json!("verified"))
    );
    assert_eq!(confirmed["user"]["state"], "active");
    assert_eq!(session["user"]["uid"], me["uid"]);
    assert_eq!(session["user_ip"], "127.0.0.1");
    assert!(session.as_object().unwrap().contains_key("user_agent"));

    // A user is one at every door.
    server.pluto().register("bob@example.org").expect(200);
    subscriber.read(&reader, &["model.user.created"]);

    drop(reader);
    broker.stop();
    server.barong().log_in("ann@example.org");
    let wrong = server.barong().try_log_in("ann@example.org", PASSWORD);
    assert_eq!(wrong.status(), 401);
    let change = json!({
        "old_password": BARONG_PASSWORD, "new_password": "Xq81ulmmpDrqw", "confirm_password": "Xq81ulmmpDrqw",
    });
    let changing = server.request(reqwest::Method::PUT, "/api/v2/resource/users/password");
    changing.bearer(&ann.access).json(change).send().expect(201);
    let noticed = || server.log().contains("events cannot be told");
    assert!(within(Duration::from_secs(30), noticed), "{}", server.log());
    broker.go_on();
    let reader = broker.reader(&EVENTS);
    subscriber.read(&reader, &["system.session.create", "system.user.password.change"]);
    let over = || server.log().contains("events are told again");
    assert!(within(Duration::from_secs(10), over), "{}", server.log());
    let metrics = server.get("/metrics").send().to_string();
    assert!(metrics.contains("clavis_events_published_total"), "{metrics}");
    assert!(metrics.contains("clavis_events_failed_total"), "{metrics}");
}

#[test]
fn a_broker_that_never_answers_keeps_nobody_waiting() {
    let key = SigningKey::new();
    let port = free_port().to_string();
    let server = Server::with(&[
        (HOST, "127.0.0.1"),
        (PORT, &port),
        (KEY_FILE, key.file()),
        (PASSWORD_OF_BROKER, "hunter2"),
    ]);
    server.barong().newcomer("ann");
    let noticed = || server.log().contains("events cannot be told");
    assert!(within(Duration::from_secs(30), noticed), "{}", server.log());
    server.barong().newcomer("bob");
    let log = server.log();
    assert_eq!(log.matches("events cannot be told").count(), 1, "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn settings_for_events_are_refused_by_name_at_the_start() {
    let key = SigningKey::new();
    let refused = |settings: &[(&str, &str)], expected: &str| {
        let refusal = fails_to_start(settings).stderr;
        assert!(refusal.contains(expected), "{refusal}");
    };
    let file = "dialects.barong.event_api_jwt_private_key_file";
    refused(&[(HOST, "127.0.0.1")], &format!("{file}: expected a file"));
    refused(
        &[(HOST, "127.0.0.1"), (KEY_FILE, "/nowhere/events.pem")],
        &format!("{file}: /nowhere/events.pem: No such file"),
    );
    refused(
        &[(HOST, "amqp://127.0.0.1"), (KEY_FILE, key.file())],
        "dialects.barong.event_api_rabbitmq_host: expected a host's name",
    );
    refused(
        &[(HOST, "127.0.0.1"), (KEY_FILE, key.file()), (PORT, "many")],
        "EVENT_API_RABBITMQ_PORT",
    );
}
