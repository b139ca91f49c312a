//! What only administrators may: search and count.

use insta::assert_snapshot;
use serde_json::json;

use super::{Someone, code, create_application};
use crate::harness::{Answer, PASSWORD, Request, Server, address};

fn search(server: &Server, account: &str, token: &str) -> Answer {
    server
        .get("/v1/user/search")
        .query(&[("account", account)])
        .bearer(token)
        .send()
}

#[test]
fn a_search_finds_exactly_one_with_every_application() {
    let server = Server::start();
    create_application(&server, "shop");
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let found = search(&server, &ann.address.to_uppercase(), &root.tokens.access)
        .expect(200)
        .json();
    let info = ann.info(&server);
    let mut users = found["body"]["users"].clone();
    let applications = users[0]["applications"].take();
    assert_eq!(
        users,
        json!([{
            "id": ann.number, "name": ann.name, "mail": ann.address, "avatar": info["avatar"],
            "login_type": "mail", "applications": null,
        }])
    );
    let names: Vec<_> = applications
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"pluto") && names.contains(&"shop"), "{names:?}");
    assert!(
        applications
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["roles"] == json!([])),
        "{applications}"
    );

    let by_name = search(&server, &root.name, &root.tokens.access)
        .expect(200)
        .json();
    let user = &by_name["body"]["users"][0];
    assert_eq!(user["mail"], root.address);
    let avatar = user["avatar"].as_str().unwrap();
    assert!(
        avatar.starts_with(&server.url("/web/avatar/")),
        "a mail user has one: {avatar}"
    );
    let pluto = user["applications"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "pluto")
        .unwrap();
    assert_eq!(pluto["roles"][0]["name"], "admin");
}

#[test]
fn a_search_without_a_match_is_empty() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let long = "x".repeat(200);
    insta::allow_duplicates! {
        for account in [&*address("nobody"), "nobody", "a..b@example.org", &*long] {
            assert_snapshot!(
                search(&server, account, &root.tokens.access),
                @r#"200 {"status":"ok","body":{"users":[]}}"#
            );
        }
    }
    assert_eq!(code(&search(&server, " ", &root.tokens.access)), 1001);
    let body = server
        .get("/v1/user/search")
        .bearer(&root.tokens.access)
        .json(json!({ "account": root.address }));
    assert_eq!(
        body.send().expect(200).json()["body"]["users"][0]["id"],
        root.number
    );
}

#[test]
fn accounts_are_counted() {
    let server = Server::start();
    let root = Someone::admin(&server);
    Someone::new(&server, "ann");
    let ask = |path: &str| server.get(path).bearer(&root.tokens.access).send();
    assert_snapshot!(
        ask("/v1/user/count"),
        @r#"200 {"status":"ok","body":{"total":2,"google":0,"apple":0,"mail":2}}"#
    );
    assert_snapshot!(ask("/v1/user/summary"), @r#"200 {"status":"ok","body":{"total":2}}"#);
}

#[test]
fn administration_is_refused_step_by_step() {
    let server = Server::start();
    create_application(&server, "shop");
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let at_shop = server
        .pluto()
        .try_log_in_to("shop", &root.address, PASSWORD)
        .at("/body/access_token");
    insta::allow_duplicates! {
        for path in ["/v1/user/search", "/v1/user/count", "/v1/user/summary"] {
            let ask = |add: &dyn Fn(Request) -> Request| add(server.get(path)).send();
            assert_snapshot!(
                ask(&|request| request),
                @r#"401 {"status":"error","error":{"code":1003,"message":"Request is unauthorized"}}"#
            );
            assert_snapshot!(
                ask(&|request| request.bearer("a.b.c")),
                @r#"403 {"status":"error","error":{"code":3003,"message":"Invalid JWT Token"}}"#
            );
            assert_snapshot!(
                ask(&|request| request.bearer(&at_shop)),
                @r#"403 {"status":"error","error":{"code":3009,"message":"Invalid Access Token"}}"#
            );
            assert_snapshot!(
                ask(&|request| request.bearer(&ann.tokens.access)),
                @r#"403 {"status":"error","error":{"code":4008,"message":"Not the pluto admin"}}"#
            );
        }
    }
}

#[test]
fn another_dialects_token_administers_if_the_store_says_so() {
    let server = Server::start();
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let count = |address: &str| {
        let tokens = server.backend_plus().log_in(address);
        server.get("/v1/user/count").bearer(&tokens.access).send()
    };
    count(&root.address).expect(200);
    assert_eq!(code(&count(&ann.address)), 4008);
    let tokens = server.backend_plus().log_in(&ann.address);
    assert_eq!(
        code(&search(&server, "", &tokens.access)),
        4008,
        "before anything is said of the parameters"
    );
}
