use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clavis_flows::{AccountView, LabelSaid};
use clavis_identity::{Account, AccountState, Attributes};
use clavis_kernel::{AuditId, Caller, Dialect, DocumentId, ProfileId};
use clavis_kyc::{LabelScope, ReviewState};
use clavis_tokens::Algorithm;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use tempfile::TempDir;

use super::*;

/// Settings with a key of this many bits, and the key.
fn settings(bits: u32) -> (Settings, PKey<Private>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
    let path = folder.path().join("events.pem");
    fs::write(&path, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let settings = Settings {
        event_api_rabbitmq_host: Some("rabbit.example".to_owned()),
        event_api_jwt_private_key_file: Some(path),
        ..Settings::default()
    };
    (settings, key, folder)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400 + seconds, 123_456_000).unwrap()
}

fn happened(what: Happening) -> Happened {
    let account = Account {
        id: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
        number: clavis_kernel::AccountNumber(1),
        uid: "ID1234567890".parse().unwrap(),
        state: AccountState::Active,
        contact: Some("ann@example.org".parse().unwrap()),
        created_at: at(0),
        updated_at: at(60),
        display_name: String::new(),
        avatar: None,
        attributes: Attributes::new(),
        created_through: Dialect::Pluto,
        valid_after: None,
        last_login_at: None,
        activated_at: None,
        first_name: None,
        last_name: None,
    };
    Happened {
        entry: AuditId(42),
        nth: 0,
        at: at(90),
        what,
        person: Arc::new(Person {
            view: AccountView {
                account,
                identities: Vec::new(),
            },
            role: "member".to_owned(),
            labels: Vec::new(),
            level: 1,
            has_second_factor: false,
        }),
        caller: Caller {
            ip: Some("192.0.2.7".parse().unwrap()),
            user_agent: Some("curl/8".to_owned()),
            ..Caller::OPERATOR
        },
    }
}

/// Where an event goes, and its claims, whose signature is right.
fn told(what: Happening) -> (String, Value) {
    let (settings, key, _folder) = settings(2048);
    let event = Events::open(&settings)
        .unwrap()
        .unwrap()
        .tell(&happened(what), at(100))
        .unwrap();
    let message: Value = serde_json::from_str(&event.body).unwrap();
    let decode = |part: &Value| URL_SAFE_NO_PAD.decode(part.as_str().unwrap()).unwrap();
    let [signature] = &message["signatures"].as_array().unwrap()[..] else {
        panic!("one signature")
    };
    assert_eq!(signature["header"], json!({ "kid": "barong" }));
    assert_eq!(decode(&signature["protected"]), br#"{"alg":"RS256"}"#);
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let [protected, payload] =
        [&signature["protected"], &message["payload"]].map(|part| part.as_str().unwrap());
    verifier
        .update(format!("{protected}.{payload}").as_bytes())
        .unwrap();
    assert!(verifier.verify(&decode(&signature["signature"])).unwrap());
    let claims: Value = serde_json::from_slice(&decode(&message["payload"])).unwrap();
    assert_eq!(claims["jti"], json!(event.id));
    (format!("{} {}", event.exchange, event.routing_key), claims)
}

fn ann() -> Value {
    json!({
        "uid": "ID1234567890", "email": "ann@example.org", "role": "member", "level": 1, "otp": false,
        "state": "active", "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:01:00Z",
    })
}

#[test]
fn an_event_is_a_signed_message_that_is_good_for_a_minute() {
    let (place, claims) = told(Happening::EmailConfirmed);
    assert_eq!(place, "barong.events.system user.email.confirmed");
    assert_eq!(claims["iss"], json!("barong"));
    assert_eq!(claims["iat"], json!(at(100).timestamp()));
    assert_eq!(claims["exp"], json!(at(160).timestamp()));
    let event = json!({ "name": "system.user.email.confirmed", "user": ann() });
    assert_eq!(claims["event"], event);
}

#[test]
fn the_category_is_in_the_exchange_and_not_in_the_routing_key() {
    for (what, place, name) in [
        (
            Happening::UserCreated,
            "barong.events.model user.created",
            "model.user.created",
        ),
        (
            Happening::UserUpdated,
            "barong.events.model user.updated",
            "model.user.updated",
        ),
        (
            Happening::PasswordReset,
            "barong.events.system user.password.reset",
            "system.user.password.reset",
        ),
        (
            Happening::PasswordChanged,
            "barong.events.system user.password.change",
            "system.user.password.change",
        ),
        (
            Happening::AccountDeleted,
            "barong.events.system user.account.deleted",
            "system.user.account.deleted",
        ),
        (
            Happening::DocumentVerified,
            "barong.events.system document.verified",
            "system.document.verified",
        ),
        (
            Happening::DocumentRejected,
            "barong.events.system document.rejected",
            "system.document.rejected",
        ),
    ] {
        let (told_at, claims) = told(what);
        assert_eq!(
            (told_at.as_str(), &claims["event"]["name"]),
            (place, &json!(name))
        );
    }
}

#[test]
fn an_event_says_what_its_readers_know_it_by() {
    let (_, claims) = told(Happening::UserCreated);
    assert_eq!(
        claims["event"],
        json!({ "name": "model.user.created", "record": ann() })
    );
    let (place, claims) = told(Happening::SessionCreated);
    assert_eq!(place, "barong.events.system session.create");
    assert_eq!(
        claims["event"],
        json!({ "name": "system.session.create", "user": ann(), "user_ip": "192.0.2.7", "user_agent": "curl/8" })
    );
    let (_, claims) = told(Happening::LabelSet(LabelSaid {
        key: "document".parse().unwrap(),
        value: "pending".parse().unwrap(),
        scope: LabelScope::Private,
    }));
    assert_eq!(
        claims["event"]["record"],
        json!({ "id": null, "user": ann(), "key": "document", "value": "pending", "scope": "private" })
    );
    let (_, claims) = told(Happening::ProfileChanged {
        id: ProfileId(7),
        state: Some(ReviewState::Pending),
    });
    assert_eq!(
        claims["event"]["record"],
        json!({ "id": 7, "user": ann(), "state": "submitted", "updated_at": "2026-11-21T12:01:30Z" })
    );
    let (place, claims) = told(Happening::DocumentSubmitted(DocumentId(9)));
    assert_eq!(place, "barong.events.model document.created");
    assert_eq!(
        claims["event"]["record"],
        json!({ "id": 9, "user": ann(), "created_at": "2026-11-21T12:01:30Z" })
    );
}

#[test]
fn an_event_has_one_id_however_often_it_is_told() {
    let first = happened(Happening::UserCreated);
    let second = Happened {
        nth: 1,
        ..first.clone()
    };
    let next = Happened {
        entry: AuditId(43),
        ..first.clone()
    };
    assert_eq!(id(&first), id(&first.clone()));
    assert!(id(&first) != id(&second) && id(&first) != id(&next));
}

#[test]
fn a_key_that_signs_no_events_is_refused_at_the_start() {
    let (fit, _, folder) = settings(2048);
    let refused = |settings: Settings| Events::open(&settings).unwrap_err().to_string();
    let path = fit.event_api_jwt_private_key_file.clone().unwrap();
    let file = path.display();
    assert!(Events::open(&Settings::default()).unwrap().is_none());
    assert_eq!(
        refused(Settings {
            event_api_jwt_private_key_file: None,
            ..fit.clone()
        }),
        "event_api_jwt_private_key_file: expected a file with a private key in PEM, since event_api_rabbitmq_host is set"
    );
    assert_eq!(
        refused(Settings {
            event_api_jwt_algorithm: Algorithm::Hs256,
            ..fit.clone()
        }),
        "event_api_jwt_algorithm: expected one of RS256, RS384, RS512, ES256"
    );
    assert_eq!(
        refused(Settings {
            event_api_jwt_algorithm: Algorithm::Es256,
            ..fit.clone()
        }),
        format!(
            "event_api_jwt_private_key_file: {file}: expected a private key in PEM that fits ES256: RSA with at least 2048 bits, or on P-256"
        )
    );
    let missing = Settings {
        event_api_jwt_private_key_file: Some(folder.path().join("none.pem")),
        ..fit
    };
    assert!(refused(missing).contains("No such file"));
    assert!(refused(settings(1024).0).contains("at least 2048 bits"));
}
