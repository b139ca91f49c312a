//! What becomes of somebody who comes for the first time, and of somebody who comes back.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{DOORS, come, door, evidence, number_of, own_info, person};
use crate::harness::providers::{Person, Providers, Site};
use crate::harness::{PASSWORD, Server, Tokens, address, name};
use crate::pluto::{Someone, code};

#[test]
fn a_newcomer_is_called_and_pictured_as_the_provider_says() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let picture = "https://pictures.example/ann.png";
    for (site, kind) in [
        (Site::Google, "google"),
        (Site::Apple, "apple"),
        (Site::WeChat, "wechat"),
    ] {
        let mail = address("ann");
        let mut ann = person("ann").pictured(picture);
        if site != Site::WeChat {
            ann = ann.with_address(&mail);
        }
        let info = own_info(&server, &come(&server, &providers, site, &ann));
        let mail = if site == Site::WeChat {
            Value::Null
        } else {
            json!(mail)
        };
        assert_eq!(info["name"], json!(ann.name), "{site:?}");
        assert_eq!(info["mail"], mail, "{site:?}");
        assert_eq!(
            (&info["login_type"], &info["verified"], &info["is_password_set"]),
            (&json!(kind), &json!(true), &json!("false"))
        );
        let shown = if mail.is_null() { json!("") } else { mail };
        assert_eq!(info["bindings"], json!([{ "login_type": kind, "mail": shown }]));
        let avatar = info["avatar"].as_str().unwrap();
        if site == Site::Apple {
            assert!(avatar.starts_with(&server.url("/web/avatar/")), "{avatar}");
        } else {
            assert_eq!(avatar, picture, "{site:?}");
        }
    }
}

#[test]
fn who_is_called_nothing_is_given_a_name() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    for (site, fallback) in [(Site::Google, "google_user"), (Site::WeChat, "wechat_user")] {
        for called in [None, Some(" "), Some("\u{200b}")] {
            let mut ann = person("ann");
            ann.name = called.map(str::to_owned);
            let info = own_info(&server, &come(&server, &providers, site, &ann));
            let shown = info["name"].as_str().unwrap();
            assert!(shown.starts_with(fallback), "{shown}");
        }
    }
    let ann = Person {
        name: Some("ä".repeat(200)),
        ..person("ann")
    };
    let info = own_info(&server, &come(&server, &providers, Site::Google, &ann));
    assert_eq!(info["name"], "ä".repeat(60));
}

#[test]
fn a_name_that_is_taken_gets_an_ending() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    for (site, ..) in DOORS {
        let other = person("x").named(&ann.name.to_uppercase());
        let info = own_info(&server, &come(&server, &providers, site, &other));
        let shown = info["name"].as_str().unwrap();
        let ending = shown.strip_prefix(&format!("{}_", ann.name.to_uppercase()));
        let ending = ending.unwrap_or_else(|| panic!("{shown}"));
        assert!(
            ending.len() == 5 && ending.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{shown}"
        );
    }
    // Nobody is called by somebody's address.
    let other = person("x").named(&ann.address);
    let info = own_info(&server, &come(&server, &providers, Site::Google, &other));
    assert_ne!(info["name"], json!(ann.address));
    server.pluto().try_log_in(&ann.address, PASSWORD).expect(200);
}

#[test]
fn the_same_address_is_somebody_else() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Someone::new(&server, "ann");
    let at_google = person("ann").with_address(&ann.address);
    let at_apple = person("ann").with_address(&ann.address);
    let google = number_of(&come(&server, &providers, Site::Google, &at_google));
    let apple = number_of(&come(&server, &providers, Site::Apple, &at_apple));
    assert!(google != ann.number && apple != ann.number && google != apple);

    // And the other way round: a provider's user keeps nobody from an address.
    let mail = address("bob");
    come(
        &server,
        &providers,
        Site::Google,
        &person("bob").with_address(&mail),
    )
    .expect(200);
    server.pluto().sign_up(&mail);
    server.pluto().try_log_in(&mail, PASSWORD).expect(200);

    // No password is asked about that was never set.
    let alone = address("carl");
    let carl = person("carl").with_address(&alone);
    let called = carl.name.clone().unwrap();
    come(&server, &providers, Site::Google, &carl).expect(200);
    assert_eq!(code(&server.pluto().try_log_in(&alone, PASSWORD)), 2002);
    assert_snapshot!(
        server.pluto().try_log_in(&called, PASSWORD),
        @r#"400 {"status":"error","error":{"code":2009,"message":"Password has not been set for this account"}}"#
    );
}

#[test]
fn apple_renames_who_comes_back_and_the_others_do_not() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    for (site, ..) in DOORS {
        let (first, second) = (address("ann"), address("ann"));
        let before = person("ann")
            .with_address(&first)
            .pictured("https://p.example/1.png");
        let was = own_info(&server, &come(&server, &providers, site, &before));
        let after = before
            .clone()
            .named(&name("ben"))
            .with_address(&second)
            .pictured("https://p.example/2.png");
        let is = own_info(&server, &come(&server, &providers, site, &after));
        assert_eq!(was["sub"], is["sub"], "{site:?}");
        assert_eq!(was["avatar"], is["avatar"], "{site:?}");
        if site == Site::Apple {
            assert_eq!((&is["name"], &is["mail"]), (&json!(after.name), &json!(second)));
            // Apple tells the address once.
            let mut silent = after.clone();
            silent.address = None;
            let still = own_info(&server, &come(&server, &providers, site, &silent));
            assert_eq!(still["mail"], json!(second));
        } else {
            assert_eq!(
                (&is["name"], &is["mail"]),
                (&was["name"], &was["mail"]),
                "{site:?}"
            );
        }
    }
}

#[test]
fn of_many_first_log_ins_at_once_one_account_comes() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = person("ann");
    let token = providers.id_token(Site::Google, &ann);
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let log_in = || {
            let body = json!({ "id_token": token, "app_id": "pluto" });
            number_of(&server.post(door(Site::Google).0).json(body).send())
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(log_in)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
}

#[test]
fn a_second_factor_is_not_gone_round() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = person("ann");
    let tokens = Tokens::of_pluto(&come(&server, &providers, Site::Google, &ann));
    let totp = server.barong().enable_factor(&tokens.access);
    assert_snapshot!(
        come(&server, &providers, Site::Google, &ann),
        @r#"403 {"status":"error","error":{"code":9003,"message":"Second factor required"}}"#
    );
    server
        .barong()
        .otp("disable", &tokens.access, &totp.code())
        .expect(200);
    come(&server, &providers, Site::Google, &ann).expect(200);
}

#[test]
fn log_ins_of_one_client_are_counted_with_the_others() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    settings.push(("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2"));
    let server = Server::with(&settings);
    let ann = person("ann");
    for _ in 0..2 {
        come(&server, &providers, Site::Google, &ann).expect(200);
    }
    let asked = providers.asked(crate::harness::providers::paths::WECHAT_TOKEN);
    let refused = server
        .post(door(Site::WeChat).0)
        .json(evidence(&providers, Site::WeChat, &ann))
        .send();
    assert_eq!((refused.status().as_u16(), code(&refused)), (429, 9001));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        providers.asked(crate::harness::providers::paths::WECHAT_TOKEN),
        asked
    );
}
