//! Attributes and opt-ins.

use reqwest::Method;
use serde_json::json;

use crate::harness::sso::{keys, problems};
use crate::harness::{Server, address};

#[test]
fn attributes_are_kept_listed_and_removed() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, bob) = (sso.make(&address("ann")), sso.make(&address("bob")));
    let path = |id: &str, name: &str| format!("/api/users/{id}/attributes/{name}");
    for (id, name, value) in [
        (&ann, "size", "L"),
        (&ann, "shoe%20size", "41"),
        (&bob, "size", ""),
        (&ann, "size", "XL\n2"),
    ] {
        let put = sso.put(&path(id, name), json!({ "value": value }));
        assert_eq!(put.to_string(), r#"200 {"success":true}"#);
    }
    let own = json!([
        { "name": "shoe size", "value": "41", "user.id": ann },
        { "name": "size", "value": "XL\n2", "user.id": ann },
    ]);
    assert_eq!(
        sso.get(&format!("/api/users/{ann}/attributes")).json()["data"],
        own
    );
    let all = sso.get("/api/attributes?perPage=2&page=2").expect(200).json();
    assert_eq!(all["meta"], json!({ "page": 2, "perPage": 2, "total": 3 }));
    assert_eq!(
        all["data"],
        json!([{ "name": "size", "value": "", "user.id": bob }])
    );
    assert_eq!(keys(&sso.get("/api/attributes?perPage=101")), ["perPage"]);
    sso.delete(&path(&ann, "size")).expect(200);
    assert_eq!(problems(&sso.delete(&path(&ann, "size"))), [(404, None)]);
    for value in [json!(null), json!(1), json!("x".repeat(5000)), json!("a\u{0}")] {
        assert_eq!(
            keys(&sso.put(&path(&ann, "size"), json!({ "value": value }))),
            ["value"]
        );
    }
    assert_eq!(
        keys(&sso.put(&path(&ann, &"x".repeat(101)), json!({}))),
        ["name", "value"]
    );
    // They go with the user.
    sso.delete(&format!("/api/users/{ann}")).expect(200);
    assert_eq!(sso.get("/api/attributes").at("/meta/total"), "1");
    sso.get(&format!("/api/users/{ann}/attributes")).expect(404);
}

#[test]
fn a_user_has_so_many_attributes_and_no_more() {
    let server = Server::start();
    let sso = server.sso();
    let ann = sso.make(&address("ann"));
    let put = |nth: u32| {
        sso.put(
            &format!("/api/users/{ann}/attributes/a{nth}"),
            json!({ "value": "x" }),
        )
    };
    for nth in 0..100 {
        put(nth).expect(200);
    }
    assert_eq!(keys(&put(100)), ["name"]);
    put(99).expect(200);
}

#[test]
fn opt_ins_are_kept_listed_and_removed() {
    let server = Server::start();
    let sso = server.sso();
    let ann = sso.make(&address("ann"));
    let path = |key: &str| format!("/api/users/{ann}/optins/{key}");
    let put = sso.put(
        &path("news"),
        json!({ "agreement_type": "auto", "source": "shop" }),
    );
    assert_eq!(put.to_string(), r#"201 {"success":true}"#);
    sso.put(&path("ads"), json!({})).expect(201);
    let all = sso.get(&format!("/api/users/{ann}/optins")).expect(200);
    assert_eq!(
        (all.at("/data/0/key"), all.at("/data/0/source")),
        ("ads".to_owned(), "null".to_owned())
    );
    assert_eq!(all.at("/data/1/agreement_type"), "auto");
    assert!(all.at("/data/1/created_at").ends_with('Z'));
    let wrong = json!({ "agreement_type": "maybe", "source": 7 });
    assert_eq!(keys(&sso.put(&path("news"), wrong)), ["agreement_type", "source"]);
    sso.delete(&path("news")).expect(200);
    assert_eq!(problems(&sso.delete(&path("news"))), [(404, None)]);
    let nobody = "/api/users/7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11/optins";
    for (method, path) in [
        (Method::GET, nobody.to_owned()),
        (Method::PUT, format!("{nobody}/x")),
    ] {
        assert_eq!(problems(&sso.request(method, &path).send()), [(404, None)]);
    }
}
