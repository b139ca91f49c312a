//! Searching and counting accounts that log in in several ways.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Someone;
use super::social::{come, number_of, person};
use crate::harness::providers::{Providers, Site};
use crate::harness::{Server, address};

#[track_caller]
fn search(server: &Server, root: &Someone, account: &str) -> Vec<Value> {
    let found = server
        .get("/v1/user/search")
        .query(&[("account", account)])
        .bearer(&root.tokens.access)
        .send()
        .expect(200)
        .json();
    found["body"]["users"].as_array().unwrap().clone()
}

#[test]
fn a_search_by_address_finds_everybody_who_is_shown_with_it() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let at_google = person("ann").with_address(&ann.address.to_uppercase());
    let at_apple = person("ann").with_address(&ann.address);
    let google = number_of(&come(&server, &providers, Site::Google, &at_google));
    let apple = number_of(&come(&server, &providers, Site::Apple, &at_apple));
    come(
        &server,
        &providers,
        Site::Google,
        &person("bob").with_address(&address("bob")),
    )
    .expect(200);

    let found = search(&server, &root, &ann.address);
    let shown: Vec<_> = found
        .iter()
        .map(|user| {
            (
                user["id"].clone(),
                user["login_type"].clone(),
                user["mail"].clone(),
            )
        })
        .collect();
    let upper = ann.address.to_uppercase();
    assert_eq!(
        shown,
        [
            (json!(ann.number), json!("mail"), json!(ann.address)),
            (json!(google), json!("google"), json!(upper)),
            (json!(apple), json!("apple"), json!(ann.address)),
        ]
    );
    for user in &found {
        let applications = user["applications"].as_array().unwrap();
        assert!(applications.iter().any(|one| one["name"] == "pluto"), "{user}");
    }
}

#[test]
fn who_is_known_at_wechat_is_found_by_name_and_has_no_address() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let (root, ann) = (Someone::admin(&server), person("ann"));
    let number = number_of(&come(&server, &providers, Site::WeChat, &ann));
    let found = search(&server, &root, ann.name.as_deref().unwrap());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["id"], &found[0]["mail"], &found[0]["login_type"]),
        (&json!(number), &json!(""), &json!("wechat"))
    );
    assert_ne!(found[0]["avatar"], "");
    let info = server
        .pluto()
        .info(number, &root.tokens.access)
        .expect(200)
        .json();
    assert_eq!(info["body"]["mail"], Value::Null);
    assert_eq!(info["body"]["login_type"], "wechat");
}

#[test]
fn accounts_are_counted_by_how_they_log_in() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    for site in [Site::Google, Site::Google, Site::Apple, Site::WeChat] {
        come(&server, &providers, site, &person("x")).expect(200);
    }
    let ask = |path: &str| server.get(path).bearer(&root.tokens.access).send();
    assert_snapshot!(
        ask("/v1/user/count"),
        @r#"200 {"status":"ok","body":{"total":6,"google":2,"apple":1,"mail":2}}"#
    );
    let token = providers.id_token(Site::Google, &person("more"));
    let bound = server.post("/v1/user/binding").bearer(&ann.tokens.access);
    bound
        .json(json!({ "type": "google", "id_token": token }))
        .send()
        .expect(200);
    assert_snapshot!(
        ask("/v1/user/count"),
        @r#"200 {"status":"ok","body":{"total":6,"google":3,"apple":1,"mail":2}}"#
    );
    super::set_state(&server, &ann.address, "deleted");
    assert_snapshot!(
        ask("/v1/user/count"),
        @r#"200 {"status":"ok","body":{"total":5,"google":2,"apple":1,"mail":1}}"#
    );
}
