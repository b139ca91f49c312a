use insta::assert_snapshot;
use serde_json::json;

use super::{SECRET, Someone, basic, code, register, set_status};
use crate::harness::Server;

#[test]
fn a_client_begins_pending_and_its_key_is_taken() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let body = json!({ "key": "my-client", "secret": SECRET });
    assert_snapshot!(
        register(&server, &ann.tokens.access, &body),
        @r#"200 {"status":"ok","body":{"key":"my-client","status":"pend"}}"#
    );
    assert_snapshot!(
        register(&server, &ann.tokens.access, &body),
        @r#"401 {"status":"error","error":{"code":5006,"message":"Client already exists"}}"#
    );
    let grant = server
        .post("/v1/oauth/tokens")
        .json(json!({ "grant_type": "client_credentials", "app_id": "pluto" }))
        .header("authorization", &basic("my-client", SECRET))
        .send();
    assert_snapshot!(grant, @r#"403 {"status":"error","error":{"code":5008,"message":"Invalid client"}}"#);
}

#[test]
fn a_client_that_cannot_be_registered_is_refused() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let good = json!({ "key": "k", "secret": "s" });
    let unknown = server.post("/v1/oauth/client").json(good).send();
    assert_eq!((unknown.status().as_u16(), code(&unknown)), (401, 1003));
    for bad in [
        json!({}),
        json!({ "key": "k" }),
        json!({ "secret": "s" }),
        json!({ "key": " ", "secret": "s" }),
        json!({ "key": 1, "secret": "s" }),
        json!({ "key": "a:b", "secret": "s" }),
        json!({ "key": "a\u{202e}b", "secret": "s" }),
        json!({ "key": "k".repeat(256), "secret": "s" }),
        json!({ "key": "k", "secret": "s".repeat(5000) }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "javascript:alert(1)" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "data:text/html,x" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "shop://callback" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "https://localhost:80@evil.test/" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "https://shop.example/#x" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": "https://*.example/" }),
        json!({ "key": "k", "secret": "s", "redirect_uri": format!("https://shop.example/{}", "a".repeat(200)) }),
    ] {
        let answer = register(&server, &ann.tokens.access, &bad);
        assert_eq!((answer.status().as_u16(), code(&answer)), (400, 1001), "{bad}");
    }
    let longest = json!({ "key": "ä".repeat(255), "secret": "s" });
    register(&server, &ann.tokens.access, &longest).expect(200);
}

#[test]
fn of_many_one_gets_the_key() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let body = json!({ "key": "wanted", "secret": SECRET });
    let answers: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| register(&server, &ann.tokens.access, &body)))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!(good.len(), 1, "{answers:?}");
    assert!(refused.iter().all(|answer| code(answer) == 5006), "{refused:?}");
}

#[test]
fn an_administrator_decides_and_may_decide_again() {
    let server = Server::start();
    let (ann, root) = (Someone::new(&server, "ann"), Someone::admin(&server));
    let token = &root.tokens.access;
    let body = json!({ "key": "my-client", "secret": SECRET });
    register(&server, &ann.tokens.access, &body).expect(200);
    let refused = |token: &str, key: &str, status: &str| {
        let answer = set_status(&server, token, key, status);
        (answer.status().as_u16(), code(&answer))
    };
    assert_eq!(refused("nonsense", "my-client", "approved"), (403, 3003));
    assert_eq!(refused(&ann.tokens.access, "my-client", "approved"), (403, 4008));
    assert_eq!(refused(token, "", "approved"), (400, 1001));
    assert_eq!(refused(token, "my-client", ""), (400, 1001));
    assert_eq!(refused(token, "unknown", "pend"), (401, 5007), "before the key");
    assert_eq!(refused(token, "my-client", "Approved"), (401, 5007));
    assert_eq!(refused(token, "unknown", "denied"), (401, 5005));
    assert_eq!(
        refused(token, "My-Client", "denied"),
        (401, 5005),
        "to the letter"
    );
    let grants = || {
        server
            .post("/v1/oauth/tokens")
            .json(json!({ "grant_type": "client_credentials", "app_id": "pluto" }))
            .header("authorization", &basic("my-client", SECRET))
            .send()
            .status()
            .as_u16()
    };
    for (status, expected) in [("approved", 200), ("denied", 403), ("approved", 200)] {
        let answer = set_status(&server, token, "my-client", status).expect(200);
        assert_eq!(
            answer.json(),
            json!({ "status": "ok", "body": { "key": "my-client", "status": status } })
        );
        assert_eq!(grants(), expected, "{status}, at once");
    }
}

#[test]
fn one_sees_ones_own_clients_and_an_administrator_all() {
    let server = Server::start();
    let (ann, bob, root) = (
        Someone::new(&server, "ann"),
        Someone::new(&server, "bob"),
        Someone::admin(&server),
    );
    for (key, owner) in [("b", &bob), ("a", &ann)] {
        register(
            &server,
            &owner.tokens.access,
            &json!({ "key": key, "secret": "s" }),
        )
        .expect(200);
    }
    let list = |token: &str| {
        let answer = server.get("/v1/oauth/client").bearer(token).send().expect(200);
        answer.json()["body"].clone()
    };
    let (a, b) = (
        json!({ "key": "a", "status": "pend", "user_id": ann.number }),
        json!({ "key": "b", "status": "pend", "user_id": bob.number }),
    );
    assert_eq!(list(&ann.tokens.access), json!({ "clients": [a] }));
    assert_eq!(list(&root.tokens.access), json!({ "clients": [b, a] }));
    let unknown = server.get("/v1/oauth/client").send();
    assert_eq!(code(&unknown), 1003);
}
