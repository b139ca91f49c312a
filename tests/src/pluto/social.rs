//! Log-ins on the word of Google, Apple and `WeChat`.

mod arrivals;

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{code, set_state};
use crate::harness::providers::{Manner, Person, Providers, Signing, Site, paths};
use crate::harness::{Answer, Server, Tokens, jwt, name, number, unique};

/// Where each site's log-in is, and the member that carries its evidence.
const DOORS: [(Site, &str, &str); 3] = [
    (Site::Google, "/v1/login/google/mobile", "id_token"),
    (Site::Apple, "/v1/login/apple/mobile", "code"),
    (Site::WeChat, "/v1/login/wechat/mobile", "code"),
];

fn door(site: Site) -> (&'static str, &'static str) {
    let found = DOORS.into_iter().find(|(door, ..)| *door == site);
    let (_, path, member) = found.expect("one of Pluto's");
    (path, member)
}

/// Somebody nobody knows yet.
pub(super) fn person(who: &str) -> Person {
    let subject = format!("{}", 10_769_150_350_000_u64 + u64::from(unique()));
    Person::new(&subject).named(&name(who))
}

/// What an app sends for this person: with a name, which only Apple's log-in reads.
fn evidence(providers: &Providers, site: Site, person: &Person) -> Value {
    let (_, member) = door(site);
    let brought = match site {
        Site::Google => providers.id_token(site, person),
        _ => providers.code(site, person),
    };
    let mut body = json!({ "app_id": "pluto", "name": person.name.as_deref().unwrap_or("Somebody") });
    body[member] = json!(brought);
    body
}

pub(super) fn come(server: &Server, providers: &Providers, site: Site, person: &Person) -> Answer {
    server
        .post(door(site).0)
        .json(evidence(providers, site, person))
        .send()
}

/// Logs in and looks at the caller's own record.
#[track_caller]
pub(super) fn own_info(server: &Server, answer: &Answer) -> Value {
    let tokens = Tokens::of_pluto(answer);
    let info = server.get("/v1/user/info").bearer(&tokens.access).send();
    info.expect(200).json()["body"].clone()
}

#[track_caller]
pub(super) fn number_of(answer: &Answer) -> u64 {
    number(&jwt::payload(&Tokens::of_pluto(answer).access))
}

#[test]
fn whoever_comes_with_a_providers_word_is_let_in() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    for (site, path, _) in DOORS {
        let ann = person("ann");
        let first = come(&server, &providers, site, &ann);
        let keys: Vec<_> = first.json()["body"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(
            keys,
            ["refresh_token", "access_token", "type", "refresh_token_expire_at"],
            "{site:?}"
        );
        let alias = path.replace("/v1/", "/v1/user/");
        let again = server.post(&alias).json(evidence(&providers, site, &ann)).send();
        assert_eq!(number_of(&first), number_of(&again), "{site:?}");
        server
            .pluto()
            .refresh(&Tokens::of_pluto(&again).refresh)
            .expect(200);
    }
}

#[test]
fn something_missing_is_told_before_anybody_is_asked() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    insta::allow_duplicates! {
        for (site, path, member) in DOORS {
            let whole = evidence(&providers, site, &person("ann"));
            let needed: &[&str] = match site {
                Site::Apple => &["code", "name", "app_id"],
                _ => &[member, "app_id"],
            };
            for missing in needed {
                for blank in [json!(""), json!(" "), Value::Null, json!(7)] {
                    let mut body = whole.clone();
                    body[*missing] = blank.clone();
                    assert_snapshot!(
                        server.post(path).json(body).send(),
                        @r#"400 {"status":"error","error":{"code":1001,"message":"Bad Request"}}"#
                    );
                }
            }
            let mut body = whole.clone();
            body["device_id"] = json!("x".repeat(256));
            assert_eq!(code(&server.post(path).json(body).send()), 1001);
            if site == Site::Apple {
                for bad in ["x".repeat(61), "a\u{202e}b".to_owned()] {
                    let mut body = whole.clone();
                    body["name"] = json!(bad);
                    assert_eq!(code(&server.post(path).json(body).send()), 1001, "{bad}");
                }
            }
        }
    }
    assert_eq!(providers.connections(), 0);
}

#[test]
fn bad_evidence_is_refused_in_each_providers_words() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let send = |site: Site, brought: &str, application: &str| {
        let (path, member) = door(site);
        let mut body = json!({ "app_id": application, "name": "Ann" });
        body[member] = json!(brought);
        server.post(path).json(body).send()
    };
    // The provider is asked before the application is looked for.
    insta::allow_duplicates! {
        for application in ["pluto", "nowhere"] {
            for bad in ["nonsense", "a.b.c"] {
                assert_snapshot!(
                    send(Site::Google, bad, application),
                    @r#"403 {"status":"error","error":{"code":3004,"message":"Invalid Google ID Token"}}"#
                );
                assert_snapshot!(
                    send(Site::Apple, bad, application),
                    @r#"403 {"status":"error","error":{"code":3007,"message":"Invalid Apple ID Token"}}"#
                );
                assert_snapshot!(
                    send(Site::WeChat, bad, application),
                    @r#"403 {"status":"error","error":{"code":3005,"message":"Invalid Wechat Code"}}"#
                );
            }
        }
    }
    let ann = person("ann");
    let token = |name: &str, value: Value| providers.token(Site::Google, &ann).claim(name, value).encode();
    for bad in [
        token("aud", json!("another-app")),
        token("iss", json!("https://evil.example")),
        token("exp", json!(1_000_000_000)),
        token("sub", Value::Null),
        token("sub", json!("")),
        providers
            .token(Site::Google, &ann)
            .signed_by(Signing::Stranger)
            .encode(),
        providers
            .token(Site::Google, &ann)
            .signed_by(Signing::Nobody)
            .encode(),
        providers
            .token(Site::Google, &ann)
            .signed_by(Signing::HmacWithPem)
            .encode(),
    ] {
        assert_eq!(code(&send(Site::Google, &bad, "pluto")), 3004, "{bad}");
    }
    let foreign = providers
        .token(Site::Apple, &ann)
        .claim("aud", json!("another.app"))
        .encode();
    let foreign = providers.code_for(Site::Apple, foreign);
    assert_eq!(code(&send(Site::Apple, &foreign, "pluto")), 3007);
    let unnamed = providers.code_with_scope(&ann, "snsapi_base");
    assert_eq!(code(&send(Site::WeChat, &unnamed, "pluto")), 3005);
    for (site, refusal) in [(Site::Apple, 3007), (Site::WeChat, 3005)] {
        let used = providers.code(site, &ann);
        send(site, &used, "pluto").expect(200);
        assert_eq!(code(&send(site, &used, "pluto")), refusal, "a code is good once");
    }
}

#[test]
fn a_provider_that_is_not_configured_vouches_for_nobody() {
    let server = Server::start();
    for (site, refusal) in [(Site::Google, 3004), (Site::Apple, 3007), (Site::WeChat, 3005)] {
        let (path, member) = door(site);
        let mut body = json!({ "app_id": "pluto", "name": "Ann" });
        body[member] = json!("a.b.c");
        let refused = server.post(path).json(body).send();
        assert_eq!((refused.status().as_u16(), code(&refused)), (403, refusal));
    }
}

#[test]
fn a_provider_that_does_not_answer_is_told_soon() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    settings.push(("CLAVIS_FEDERATION__TIMEOUT_SECONDS", "1"));
    let server = Server::with(&settings);
    let asked = [
        (Site::Google, paths::GOOGLE_KEYS),
        (Site::Apple, paths::APPLE_TOKEN),
        (Site::WeChat, paths::WECHAT_TOKEN),
        (Site::WeChat, paths::WECHAT_ME),
    ];
    insta::allow_duplicates! {
        for manner in [
            Manner::Answers(500, "{}".to_owned()),
            Manner::Hangs,
            Manner::Breaks,
        ] {
            for (site, path) in asked {
                providers.behave(path, manner.clone());
                let begun = Instant::now();
                assert_snapshot!(
                    come(&server, &providers, site, &person("ann")),
                    @r#"500 {"status":"error","error":{"code":1000,"message":"Server Error"}}"#
                );
                assert!(begun.elapsed() < Duration::from_secs(10), "{site:?} {manner:?}");
                providers.behave(path, Manner::Well);
            }
        }
    }
    providers.behave(
        paths::WECHAT_TOKEN,
        Manner::Answers(200, r#"{"errcode":-1}"#.to_owned()),
    );
    assert_eq!(
        code(&come(&server, &providers, Site::WeChat, &person("ann"))),
        1000
    );
    for errcode in [40029, 40163, 40003] {
        let says = format!(r#"{{"errcode":{errcode},"errmsg":"no"}}"#);
        providers.behave(paths::WECHAT_TOKEN, Manner::Answers(200, says));
        assert_eq!(
            code(&come(&server, &providers, Site::WeChat, &person("ann"))),
            3005
        );
    }
}

#[test]
fn an_unknown_application_leaves_nobody_behind() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let root = super::Someone::admin(&server);
    insta::allow_duplicates! {
        for (site, path, _) in DOORS {
            for application in ["nowhere", "barong", "backend_plus"] {
                let mut body = evidence(&providers, site, &person("ann"));
                body["app_id"] = json!(application);
                assert_snapshot!(
                    server.post(path).json(body).send(),
                    @r#"403 {"status":"error","error":{"code":4005,"message":"Application does not exist"}}"#
                );
            }
        }
    }
    let count = server.get("/v1/user/count").bearer(&root.tokens.access).send();
    assert_snapshot!(count, @r#"200 {"status":"ok","body":{"total":1,"google":0,"apple":0,"mail":1}}"#);
}

#[test]
fn whom_an_operator_keeps_out_no_provider_lets_in() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    for (site, ..) in DOORS {
        let ann = person("ann");
        let first = come(&server, &providers, site, &ann);
        let info = own_info(&server, &first);
        let name = info["name"].as_str().unwrap();
        for (state, refusal) in [("locked", 1002), ("banned", 1002)] {
            server.cli(&["user", "set-state", "--name", name, state]).ok();
            assert_eq!(code(&come(&server, &providers, site, &ann)), refusal, "{state}");
        }
    }
    // A mail account's state is told from the same address at a provider.
    let address = crate::harness::address("bob");
    server.pluto().sign_up(&address);
    set_state(&server, &address, "banned");
    let bob = person("bob").with_address(&address);
    come(&server, &providers, Site::Google, &bob).expect(200);
}
