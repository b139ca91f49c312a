//! What anybody may know of Pluto's users.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Someone, code, set_state};
use crate::harness::{Answer, Server, address, jwt, number};

const PATH: &str = "/v1/user/info/public";

fn ask(server: &Server, query: &str) -> Answer {
    server.get(&format!("{PATH}?{query}")).send()
}

#[test]
fn users_are_shown_by_id_and_unknown_ones_left_out() {
    let server = Server::start();
    let (ann, bob) = (Someone::new(&server, "ann"), Someone::new(&server, "bob"));
    let query = format!(
        "ids={}&ids={}&ids=999999&ids={}",
        ann.number, bob.number, ann.number
    );
    let shown = ask(&server, &query).expect(200).json();
    let avatar = |who: &Someone| who.info(&server)["avatar"].clone();
    let mut expected = json!({});
    for who in [&ann, &bob] {
        expected[who.number.to_string()] =
            json!({ "id": who.number, "name": who.name, "avatar": avatar(who) });
    }
    assert_eq!(shown, json!({ "status": "ok", "body": expected }));
    let text = ask(&server, &query).text();
    assert!(!text.contains(&ann.address), "{text}");

    let comma = ask(&server, &format!("ids={},{}", ann.number, bob.number));
    assert_eq!(comma.json(), shown);
    let body = json!({ "ids": [ann.number, bob.number.to_string()] });
    assert_eq!(server.get(PATH).json(body).send().json(), shown);
    assert_snapshot!(ask(&server, "ids=999999"), @r#"200 {"status":"ok","body":{}}"#);
}

#[test]
fn ids_are_needed_and_bounded() {
    let server = Server::start();
    let ids = |count: usize| vec!["ids=7"; count].join("&");
    for bad in [
        "",
        "ids=",
        "ids=0",
        "ids=x",
        "ids=1&ids=x",
        "ids=-1",
        "ids=1.5",
        &*ids(101),
    ] {
        let refused = ask(&server, bad);
        assert_eq!((refused.status().as_u16(), code(&refused)), (400, 1001), "{bad}");
    }
    ask(&server, &ids(100)).expect(200);
}

#[test]
fn only_plutos_own_users_are_shown_while_they_are_there() {
    let server = Server::start();
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let mail = address("bob");
    server.backend_plus().sign_up(&mail);
    let bob = number(&jwt::payload(&server.pluto().log_in(&mail).access));
    let shown = |number: u64| ask(&server, &format!("ids={number}")).expect(200).json()["body"].clone();
    assert_eq!(shown(bob), json!({}), "made at another door");
    assert_eq!(shown(root.number), json!({}), "made by the operator");
    assert_ne!(shown(ann.number), json!({}));
    set_state(&server, &ann.address, "deleted");
    assert_eq!(shown(ann.number), json!({}));
    // It is no id of a user to be read.
    assert_eq!(ask(&server, "").json()["error"]["code"], Value::from(1001));
}
