//! `GET /api/users`: pages, orders and predicates.

use serde_json::{Value, json};

use crate::harness::sso::{Sso, keys};
use crate::harness::{PASSWORD, Server, address};

/// So many users, made one after the other; their addresses.
fn made(sso: &Sso<'_>, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| {
            let one = address("user");
            sso.make(&one);
            one
        })
        .collect()
}

fn emails(answer: &crate::harness::Answer) -> Vec<String> {
    let json = answer.json();
    let users = json["data"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let email = |user: &Value| user["email"].as_str().unwrap_or_default().to_owned();
    users.iter().map(email).collect()
}

#[test]
fn a_page_has_its_links_and_its_meta() {
    let server = Server::start();
    let sso = server.sso();
    let all = made(&sso, 5);
    let page = sso.get("/api/users?page=3&perPage=2&sort=created_at").expect(200);
    assert_eq!(emails(&page), all[4..]);
    let base = server.url("/api/users");
    let link = |number: u32| json!({ "href": format!("{base}?perPage=2&sort=created_at&page={number}"), "method": "GET" });
    let json = page.json();
    assert_eq!(
        json["links"],
        json!({
            "self": { "href": base, "method": "GET" },
            "detail": { "href": format!("{base}/{{user.id}}"), "method": "GET" },
            "first": link(1), "last": link(3), "next": link(4), "prev": link(2),
        })
    );
    assert_eq!(
        json["meta"],
        json!({ "page": 3, "perPage": 2, "total": 5, "sort": "created_at", "predicate": [] })
    );
    let id = page.at("/data/0/id");
    assert_eq!(page.at("/data/0/url"), format!("{base}/{id}"));
    // The keys' order is the contract's.
    let text = page.text();
    let places: Vec<_> = [
        "\"success\"",
        "\"data\"",
        "\"links\"",
        "\"meta\"",
        "\"perPage\":2",
        "\"predicate\"",
    ]
    .iter()
    .map(|key| text.find(key).unwrap())
    .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn the_first_page_goes_without_saying_and_the_last_is_as_good() {
    let server = Server::start();
    let sso = server.sso();
    let empty = sso.get("/api/users").expect(200).json();
    assert_eq!(empty["data"], json!([]));
    assert_eq!(empty["meta"]["total"], 0);
    assert!(
        empty["links"]["last"]["href"]
            .as_str()
            .unwrap()
            .ends_with("page=1")
    );
    let all = made(&sso, 12);
    let first = sso.get("/api/users");
    assert_eq!(emails(&first), all[..10]);
    assert!(
        first
            .at("/links/prev/href")
            .ends_with("?perPage=10&sort=created_at&page=1")
    );
    assert_eq!(emails(&sso.get("/api/users?page=2")), all[10..]);
    let past = sso.get("/api/users?page=1000000000").expect(200);
    assert_eq!(past.json()["data"], json!([]));
    assert_eq!(past.at("/meta/page"), "1000000000");
    assert_eq!(past.at("/meta/total"), "12");
    assert!(past.at("/links/prev/href").ends_with("page=999999999"));
}

#[test]
fn users_come_in_the_order_asked_for() {
    let server = Server::start();
    let sso = server.sso();
    let mut all = Vec::new();
    for (first, last) in [
        (Some("Zoe"), None),
        (Some("Ann"), Some("Lee")),
        (None, Some("Abe")),
    ] {
        let email = address("user");
        let mut body = json!({ "email": email, "password": PASSWORD, "active": true });
        for (key, name) in [("first_name", first), ("last_name", last)] {
            if let Some(name) = name {
                body[key] = json!(name);
            }
        }
        sso.make_with(body);
        all.push(email);
    }
    sso.log_in(&all[1]);
    sso.log_in(&all[0]);
    let mut by_email: Vec<usize> = vec![0, 1, 2];
    by_email.sort_by_key(|index| &all[*index]);
    for (sort, expected) in [
        ("created_at", vec![0, 1, 2]),
        ("email", by_email),
        ("first_name", vec![2, 1, 0]),
        ("last_name", vec![0, 2, 1]),
        ("last_login_at", vec![2, 1, 0]),
        ("activated_at", vec![0, 1, 2]),
    ] {
        let mut expected: Vec<_> = expected.into_iter().map(|index| all[index].clone()).collect();
        let ascending = sso.get(&format!("/api/users?sort={sort}")).expect(200);
        assert_eq!(emails(&ascending), expected, "{sort}");
        expected.reverse();
        let descending = sso.get(&format!("/api/users?sort=-{sort}")).expect(200);
        assert_eq!(emails(&descending), expected, "-{sort}");
        assert_eq!(descending.at("/meta/sort"), format!("-{sort}"));
    }
}

#[test]
fn predicates_are_met_all_at_once() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, bob) = (address("ann"), address("bob"));
    let id =
        sso.make_with(json!({ "email": ann, "password": PASSWORD, "first_name": "Ann", "last_name": "Lee" }));
    sso.make_with(json!({ "email": bob, "password": PASSWORD, "first_name": "Bob", "last_name": "Lee", "active": true }));
    let found = |query: &str| {
        let answer = sso
            .get(&format!("/api/users?sort=created_at&{query}"))
            .expect(200);
        let found = emails(&answer);
        assert_eq!(answer.at("/meta/total"), found.len().to_string(), "{answer}");
        found
    };
    let only = |address: &String| vec![address.clone()];
    assert_eq!(found(&format!("predicate[id]={id}")), only(&ann));
    assert_eq!(
        found(&format!("predicate[email]={}", ann.to_uppercase())),
        only(&ann)
    );
    assert_eq!(found("filter[last_name]=Lee"), [ann.clone(), bob.clone()]);
    assert_eq!(found("predicate[last_name]=lee"), Vec::<String>::new());
    for (text, expected) in [("true", &bob), ("1", &bob), ("false", &ann), ("0", &ann)] {
        assert_eq!(found(&format!("predicate[is_active]={text}")), only(expected));
    }
    assert_eq!(found("predicate[last_name]=Lee&filter[is_active]=0"), only(&ann));
    assert_eq!(found("predicate[id]=nonsense"), Vec::<String>::new());
    assert_eq!(found("predicate[email]=nonsense"), Vec::<String>::new());
    let page = sso.get("/api/users?perPage=1&filter[last_name]=Lee&filter[is_active]=true");
    assert_eq!(
        page.json()["meta"]["predicate"],
        json!({ "last_name": "Lee", "is_active": "true" })
    );
    let next = "?perPage=1&sort=created_at&predicate%5Blast_name%5D=Lee&predicate%5Bis_active%5D=true&page=2";
    assert!(page.at("/links/next/href").ends_with(next), "{page}");
}

#[test]
fn what_cannot_be_asked_for_is_told_together() {
    let server = Server::start();
    let sso = server.sso();
    for (query, expected) in [
        ("page=0", &["page"][..]),
        ("page=-1", &["page"]),
        ("page=x", &["page"]),
        ("perPage=0", &["perPage"]),
        ("perPage=101", &["perPage"]),
        ("sort=password", &["sort"]),
        ("sort=", &["sort"]),
        ("sort=email%27--", &["sort"]),
        ("predicate[password]=x", &["predicate"]),
        ("filter[created_at]=x", &["predicate"]),
        ("predicate[is_active]=maybe", &["predicate"]),
        ("predicate=x", &["predicate"]),
        (
            "page=0&perPage=x&sort=no&predicate[no]=1",
            &["page", "perPage", "sort", "predicate"],
        ),
    ] {
        assert_eq!(
            keys(&sso.get(&format!("/api/users?{query}"))),
            expected,
            "{query}"
        );
    }
}

#[test]
fn accounts_of_every_door_are_listed() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.pluto().register(&bob).expect(200);
    let list = sso.get("/api/users").expect(200);
    assert_eq!(emails(&list), [ann, bob]);
    assert_eq!(list.at("/data/0/is_active"), "true");
    assert_eq!(list.at("/data/1/is_active"), "false");
    assert_eq!(list.json()["data"][1]["activated_at"], json!(null));
}
