//! `POST /users/third_party` and `POST /token/third_party`.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{reason, set_state, settled};
use crate::harness::providers::{Manner, Person, Providers, Signing, Site, paths};
use crate::harness::{Answer, Server, Tokens, jwt};

const REJECTED: &str = r#"400 {"success":false,"result":null,"reason":"invalid third party token"}"#;

/// jauth's number of each third party, and what an app brings from there.
const SITES: [(i64, Site, &str); 4] = [
    (2, Site::Google, "107691503500061507151"),
    (3, Site::Apple, "001234.0a1b2c3d4e5f.0123"),
    (4, Site::Facebook, "10220123456789012"),
    (5, Site::Kakao, "1234567890"),
];

fn register(server: &Server, user_type: i64, token: &str) -> Answer {
    let body = json!({ "user_type": user_type, "third_party_token": token });
    server.post("/users/third_party").json(body).send()
}

fn log_in(server: &Server, user_type: i64, token: &str) -> Answer {
    let body = json!({ "user_type": user_type, "third_party_token": token });
    server.post("/token/third_party").json(body).send()
}

/// What an app brings after a log-in there.
fn token(providers: &Providers, site: Site, person: &Person) -> String {
    match site {
        Site::Google | Site::Apple | Site::Oidc => providers.id_token(site, person),
        Site::Facebook
        | Site::Kakao
        | Site::WeChat
        | Site::Github
        | Site::Linkedin
        | Site::Spotify
        | Site::Twitter
        | Site::Windowslive => providers.access_token(site, person),
    }
}

fn both() -> (Providers, Server) {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    (providers, server)
}

#[test]
fn somebody_registers_and_logs_in_with_each_third_party() {
    let (providers, server) = both();
    for (user_type, site, subject) in SITES {
        let person = Person::new(subject).with_address("ann@mail.example").named("Ann");
        let evidence = || token(&providers, site, &person);
        let unknown = log_in(&server, user_type, &evidence()).expect(404);
        assert_eq!(reason(&unknown), "user not found");
        let made = register(&server, user_type, &evidence());
        assert_eq!(
            settled(&made),
            format!(
                r#"200 {{"success":true,"result":{{"id":"ID","email":"ann@mail.example","type":{user_type},"status":0,"extra":{{}},"is_email_verified":false,"created_at":"CREATED","modified_at":null,"third_party_user_id":"{subject}"}},"reason":null}}"#
            )
        );
        assert_eq!(
            register(&server, user_type, &evidence()).to_string(),
            format!(r#"409 {{"success":false,"result":null,"reason":"account[{subject}] already exists"}}"#)
        );
        let tokens = Tokens::of_jauth(&log_in(&server, user_type, &evidence()));
        let claims = jwt::payload(&tokens.access);
        assert_eq!(claims["type"], user_type);
        assert_eq!(claims["id"], made.at("/result/id"));
        assert_eq!(
            server
                .jauth()
                .own(&tokens.access)
                .expect(200)
                .at("/result/third_party_user_id"),
            subject
        );
        server.jauth().refresh(&tokens.refresh).expect(200);
    }
}

#[test]
fn an_account_keeps_its_object_and_may_have_no_address() {
    let (providers, server) = both();
    let person = Person::new("777");
    let body = json!({
        "user_type": 5, "third_party_token": token(&providers, Site::Kakao, &person), "extra": { "a": 1 },
    });
    let made = server.post("/users/third_party").json(body).send().expect(200);
    assert_eq!(made.at("/result/email"), "");
    assert_eq!(made.json()["result"]["extra"], json!({ "a": 1 }));
    let access = Tokens::of_jauth(&log_in(&server, 5, &token(&providers, Site::Kakao, &person))).access;
    server
        .jauth()
        .update(&access, json!({ "email": "new@example.org", "extra": {} }))
        .expect(200);
    let id = made.at("/result/id");
    assert_eq!(server.jauth().show(&id).at("/result/email"), "new@example.org");
    assert_snapshot!(
        server.jauth().change_password(&access, "any password", "a new password"),
        @r#"404 {"success":false,"result":null,"reason":"only email user can update password"}"#
    );
    assert_eq!(
        reason(
            &server
                .jauth()
                .change_password(&access, "any password", "short")
                .expect(404)
        ),
        "only email user can update password",
        "before the rules"
    );
}

#[test]
fn a_third_party_that_does_not_exist_is_told_after_the_body_and_before_the_token() {
    let server = Server::start();
    for path in ["/users/third_party", "/token/third_party"] {
        let post = |body: Value| server.post(path).json(body).send();
        for user_type in [
            json!(0),
            json!(1),
            json!(6),
            json!(99),
            json!(-2),
            json!("2"),
            json!(2.5),
            json!(true),
            Value::Null,
            json!([]),
            json!({}),
        ] {
            let body = json!({ "user_type": user_type, "third_party_token": "x" });
            assert_eq!(
                post(body).to_string(),
                r#"400 {"success":false,"result":null,"reason":"invalid user type"}"#,
                "{path} {user_type}"
            );
        }
        let class = if path.starts_with("/users") {
            "CreateThirdPartyUserRequest"
        } else {
            "CreateThirdPartyUserTokenRequest"
        };
        assert_eq!(
            reason(&post(json!({ "third_party_token": "x" })).expect(400)),
            format!("Unexpected missing value for: {class}.user_type")
        );
        assert_eq!(
            reason(&post(json!({ "user_type": 99 })).expect(400)),
            format!("Unexpected missing value for: {class}.third_party_token")
        );
        assert_eq!(
            reason(&post(json!({ "user_type": 99, "third_party_token": 7 })).expect(400)),
            format!("Cannot deserialize '<class 'int'>' to '<class 'str'>' for '{class}.third_party_token'")
        );
    }
}

#[test]
fn evidence_that_shows_nothing_is_rejected_alike() {
    let (providers, server) = both();
    let person = Person::new("1234567890");
    for (user_type, site, _) in SITES {
        let mut bad = vec![
            String::new(),
            "x".to_owned(),
            "a.b.c".to_owned(),
            "x".repeat(20_000),
        ];
        match site {
            Site::Google | Site::Apple => {
                bad.push(
                    providers
                        .token(site, &person)
                        .claim("aud", json!("another-app"))
                        .encode(),
                );
                bad.push(
                    providers
                        .token(site, &person)
                        .claim("iss", json!("https://evil.example"))
                        .encode(),
                );
                bad.push(
                    providers
                        .token(site, &person)
                        .claim("exp", json!(1_000_000_000))
                        .encode(),
                );
                bad.push(providers.token(site, &person).claim("sub", Value::Null).encode());
                bad.push(providers.token(site, &person).claim("sub", json!("")).encode());
            }
            _ => {
                bad.push(providers.access_token_of_another_app(site, &person));
                bad.push(providers.expired_access_token(site, &person));
            }
        }
        for evidence in bad {
            assert_eq!(
                register(&server, user_type, &evidence).to_string(),
                REJECTED,
                "{user_type}"
            );
            assert_eq!(
                log_in(&server, user_type, &evidence).to_string(),
                REJECTED,
                "{user_type}"
            );
        }
    }
    // One third party's evidence is none of another's.
    let google = providers.id_token(Site::Google, &person);
    assert_eq!(register(&server, 3, &google).to_string(), REJECTED);
    let kakao = providers.access_token(Site::Kakao, &person);
    assert_eq!(register(&server, 4, &kakao).to_string(), REJECTED);
}

#[test]
fn a_third_party_that_is_not_configured_or_down_rejects_in_bounded_time() {
    let server = Server::start();
    for user_type in 2..=5 {
        assert_eq!(register(&server, user_type, "x").to_string(), REJECTED);
    }
    let (providers, server) = both();
    let person = Person::new("1234567890");
    for manner in [
        Manner::Hangs,
        Manner::Floods,
        Manner::Breaks,
        Manner::Answers(500, String::new()),
    ] {
        providers.behave(paths::KAKAO_ME, manner);
        let evidence = providers.access_token(Site::Kakao, &person);
        let begun = Instant::now();
        assert_eq!(log_in(&server, 5, &evidence).to_string(), REJECTED);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn who_is_gone_may_come_back_as_somebody_new_and_who_is_banned_may_not() {
    let (providers, server) = both();
    let person = Person::new("10220123456789012");
    let evidence = || providers.access_token(Site::Facebook, &person);
    let first = register(&server, 4, &evidence()).expect(200).at("/result/id");
    set_state(&server, &first, "banned");
    register(&server, 4, &evidence()).expect(409);
    log_in(&server, 4, &evidence()).expect(404);
    for state in ["deleted", "withdrawn"] {
        let id = if state == "deleted" {
            first.clone()
        } else {
            register(&server, 4, &evidence()).expect(200).at("/result/id")
        };
        set_state(&server, &id, state);
        log_in(&server, 4, &evidence()).expect(404);
        let shown = server.jauth().show(&id).expect(200);
        assert_eq!(
            shown.at("/result/third_party_user_id"),
            person.subject,
            "a copy stays"
        );
        assert_eq!(shown.at("/result/type"), "4");
    }
    let last = register(&server, 4, &evidence()).expect(200).at("/result/id");
    assert_ne!(last, first);
    log_in(&server, 4, &evidence()).expect(200);
}

#[test]
fn nobodys_account_is_opened_by_a_third_party_that_tells_its_address() {
    let (providers, server) = both();
    let ann = crate::harness::address("ann");
    server.backend_plus().sign_up(&ann);
    let person = Person::new("777").with_address(&ann);
    let evidence = || providers.id_token(Site::Google, &person);
    log_in(&server, 2, &evidence()).expect(404);
    let made = register(&server, 2, &evidence()).expect(200);
    assert_eq!(made.at("/result/email"), ann);
    let of_password = server
        .jauth()
        .own(&server.jauth().log_in(&ann).access)
        .at("/result/id");
    assert_ne!(made.at("/result/id"), of_password);
}

#[test]
fn fifty_that_register_one_subject_at_once_make_one_account() {
    let (providers, server) = both();
    let person = Person::new("1234567890");
    let evidence = providers.id_token(Site::Google, &person);
    // Its keys are fetched once, and then nobody waits for it.
    log_in(&server, 2, &evidence).expect(404);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| register(&server, 2, &evidence)))
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let made = answers.iter().filter(|answer| answer.status() == 200).count();
    let taken = answers.iter().filter(|answer| answer.status() == 409).count();
    assert_eq!((made, taken), (1, 49), "{answers:?}");
}

#[test]
fn forged_evidence_is_rejected() {
    let (providers, server) = both();
    let person = Person::new("777");
    for signing in [
        Signing::Stranger,
        Signing::Nobody,
        Signing::HmacWithPem,
        Signing::HmacWithJwk,
    ] {
        let forged = providers.token(Site::Google, &person).signed_by(signing).encode();
        assert_eq!(register(&server, 2, &forged).to_string(), REJECTED);
    }
}
