//! Users made, read, changed and removed by a back end.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::sso::{keys, problems};
use crate::harness::{PASSWORD, Server, address, within_a_second};

/// Whether a text is a moment as the contract writes it.
fn is_moment(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00.000000Z";
    text.len() == pattern.len()
        && text
            .chars()
            .zip(pattern.chars())
            .all(|(c, p)| if p == '0' { c.is_ascii_digit() } else { c == p })
}

#[test]
fn a_user_is_made_with_its_place_and_nothing_but_its_id() {
    let server = Server::start();
    let sso = server.sso();
    let body = json!({ "email": address("ann"), "password": PASSWORD });
    let made = sso.post("/api/users", body).expect(201);
    let id = made.at("/data/id");
    let url = server.url(&format!("/api/users/{id}"));
    assert_eq!(made.header("Location").as_deref(), Some(url.as_str()));
    assert_eq!(
        made.text(),
        format!(
            r#"{{"success":true,"data":{{"id":"{id}"}},"links":{{"detail":{{"href":"{url}","method":"GET"}}}}}}"#
        )
    );
}

#[test]
fn a_user_is_shown_with_every_field_and_its_links() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("Ann");
    let id = sso.make_with(json!({
        "email": ann, "password": PASSWORD, "first_name": " Ann ", "last_name": "Lee", "active": true, "is_active": false
    }));
    let shown = sso.show(&id).expect(200);
    let (activated, created) = (shown.at("/data/activated_at"), shown.at("/data/created_at"));
    assert!(is_moment(&activated) && is_moment(&created), "{shown}");
    let url = server.url(&format!("/api/users/{id}"));
    assert_eq!(
        shown.text(),
        format!(
            concat!(
                r#"{{"success":true,"data":{{"id":"{id}","email":"{ann}","is_active":true,"activated_at":"{activated}","#,
                r#""created_at":"{created}","last_login_at":null,"first_name":"Ann","last_name":"Lee"}},"#,
                r#""links":{{"self":{{"href":"{url}","method":"GET"}},"update":{{"href":"{url}","method":"PATCH"}}}}}}"#
            ),
            id = id,
            ann = ann,
            activated = activated,
            created = created,
            url = url
        )
    );
    let bare = sso.make_with(json!({ "email": address("bob"), "password": PASSWORD, "first_name": null }));
    let bare = sso.show(&bare).expect(200).json();
    assert_eq!(bare["data"]["is_active"], json!(false));
    for missing in ["activated_at", "last_login_at", "first_name", "last_name"] {
        assert_eq!(bare["data"][missing], json!(null), "{missing}");
    }
}

#[test]
fn whoever_is_not_there_is_not_found() {
    let server = Server::start();
    let sso = server.sso();
    for id in [
        "7d2f0c7a-51b8-4e0e-9f1a-2f6d3c0b8e11",
        "7d2f0c7a51b84e0e9f1a2f6d3c0b8e11",
        "1",
        "%00",
        "..%2f",
        "ID0123456789",
    ] {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let request = sso.request(method.clone(), &format!("/api/users/{id}"));
            let answer = request.json(json!({ "email": 1 })).send();
            assert_eq!(problems(&answer), [(404, None)], "{method} {id}: {answer}");
        }
    }
}

#[test]
fn all_wrong_fields_are_told_together_in_their_order() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    let wrong =
        json!({ "active": "yes", "last_name": 1, "first_name": "x".repeat(256), "password": "short" });
    let all = ["email", "password", "first_name", "last_name", "active"];
    assert_eq!(keys(&sso.post("/api/users", wrong)), all);
    assert_eq!(keys(&sso.post("/api/users", json!({}))), ["email", "password"]);
    let taken = json!({ "email": ann.to_uppercase(), "password": "short", "active": 1 });
    let answer = sso.post("/api/users", taken);
    assert_eq!(keys(&answer), ["email", "password", "active"]);
    assert_eq!(answer.at("/errors/0/message"), "E-Mail ist bereits vergeben");
    for email in [
        "",
        " ",
        "ann",
        "a..b@example.org",
        "ann@b@example.org",
        "ann@example.org\r\nx",
    ] {
        let body = json!({ "email": email, "password": PASSWORD });
        assert_eq!(keys(&sso.post("/api/users", body)), ["email"], "{email:?}");
    }
    for email in [
        json!(7),
        json!(null),
        json!(["a@b.org"]),
        json!({}),
        json!("x".repeat(300) + "@example.org"),
    ] {
        let body = json!({ "email": email, "password": PASSWORD });
        assert_eq!(keys(&sso.post("/api/users", body)), ["email"], "{email}");
    }
    for password in [
        json!("1234567"),
        json!(12_345_678),
        json!(null),
        json!("ü".repeat(3000)),
    ] {
        let body = json!({ "email": address("bob"), "password": password });
        assert_eq!(keys(&sso.post("/api/users", body)), ["password"], "{password}");
    }
}

#[test]
fn the_message_of_a_taken_address_is_fixed() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    sso.make(&ann);
    assert_snapshot!(
        sso.post("/api/users", json!({ "email": ann, "password": PASSWORD })),
        @r#"400 {"success":false,"errors":[{"message":"E-Mail ist bereits vergeben","code":400,"key":"email"}]}"#
    );
}

#[test]
fn fifty_at_once_for_one_address_make_one_user() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..50)
            .map(|_| {
                let (sso, body) = (sso.clone(), json!({ "email": ann, "password": PASSWORD }));
                scope.spawn(move || sso.post("/api/users", body).status().as_u16())
            })
            .collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 201).count(),
        1,
        "{answers:?}"
    );
    assert!(
        answers.iter().all(|status| [201, 400, 503].contains(status)),
        "{answers:?}"
    );
}

#[test]
fn a_change_touches_what_it_names_and_answers_with_nothing_else() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, new) = (address("ann"), address("new"));
    let id = sso.make_with(json!({
        "email": ann, "password": PASSWORD, "first_name": "Ann", "last_name": "Lee", "active": true
    }));
    assert_eq!(sso.change(&id, json!({})).to_string(), r#"200 {"success":true}"#);
    sso.change(&id, json!({ "first_name": null, "is_active": false, "id": "x" }))
        .expect(200);
    let shown = sso.show(&id).json();
    assert_eq!(shown["data"]["first_name"], json!(null));
    assert_eq!(shown["data"]["last_name"], "Lee");
    assert_eq!(shown["data"]["is_active"], json!(true));
    sso.change(&id, json!({ "email": new, "last_name": "Ng" }))
        .expect(200);
    assert_eq!(sso.show(&id).at("/data/email"), new);
    assert_eq!(sso.show(&id).at("/data/last_name"), "Ng");
    // The old address is told, and free.
    assert_eq!(server.mail_to(&ann).subject, "Your address was changed");
    sso.make(&ann);
    sso.log_in(&new);
}

#[test]
fn a_change_is_checked_as_a_new_user_is_and_ones_own_address_is_not_taken() {
    let server = Server::start();
    let sso = server.sso();
    let (ann, bob) = (address("ann"), address("bob"));
    let id = sso.make(&ann);
    sso.make(&bob);
    sso.change(&id, json!({ "email": ann })).expect(200);
    let shouted = ann.replace("ann", "ANN");
    sso.change(&id, json!({ "email": shouted })).expect(200);
    assert_eq!(sso.show(&id).at("/data/email"), shouted, "as it was typed");
    let wrong = json!({ "email": bob, "password": "x", "first_name": 1, "active": null });
    assert_eq!(
        keys(&sso.change(&id, wrong)),
        ["email", "password", "first_name", "active"]
    );
    for null in ["email", "password"] {
        assert_eq!(keys(&sso.change(&id, json!({ null: null }))), [null]);
    }
    let unchanged = json!({ "email": bob, "first_name": "Eve" });
    assert_eq!(keys(&sso.change(&id, unchanged)), ["email"]);
    assert_eq!(
        sso.show(&id).json()["data"]["first_name"],
        json!(null),
        "all of it, or nothing"
    );
}

#[test]
fn deactivation_ends_tokens_and_keeps_the_day_of_activation() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make_with(json!({ "email": ann, "password": PASSWORD }));
    sso.try_log_in(&ann, PASSWORD).expect(400);
    sso.change(&id, json!({ "active": true })).expect(200);
    let activated = sso.show(&id).at("/data/activated_at");
    let token = sso.log_in(&ann);
    assert!(sso.opens(&token));
    sso.change(&id, json!({ "active": false })).expect(200);
    assert!(within_a_second(|| !sso.opens(&token)));
    let shown = sso.show(&id);
    assert_eq!(shown.at("/data/is_active"), "false");
    assert_eq!(shown.at("/data/activated_at"), activated);
    sso.change(&id, json!({ "active": true })).expect(200);
    assert_eq!(sso.show(&id).at("/data/activated_at"), activated);
    assert!(!sso.opens(&token), "what was taken stays taken");
}

#[test]
fn a_ban_is_the_operators_and_no_back_end_lifts_it() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    server.cli(&["user", "set-state", "--id", &id, "banned"]).ok();
    assert_eq!(sso.show(&id).at("/data/is_active"), "false");
    let change = json!({ "active": true, "first_name": "Ann", "password": "short" });
    assert_eq!(keys(&sso.change(&id, change)), ["password", "active"]);
    sso.change(&id, json!({ "first_name": "Ann", "active": false }))
        .expect(200);
    server.cli(&["user", "set-state", "--id", &id, "locked"]).ok();
    sso.change(&id, json!({ "active": true })).expect(200);
    sso.log_in(&ann);
}

#[test]
fn a_new_password_ends_tokens() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    let id = sso.make(&ann);
    let token = sso.log_in(&ann);
    sso.change(&id, json!({ "password": "another password" }))
        .expect(200);
    assert!(within_a_second(|| !sso.opens(&token)));
    sso.try_log_in(&ann, PASSWORD).expect(400);
    sso.try_log_in(&ann, "another password").expect(200);
}

#[test]
fn whoever_is_deleted_is_gone_and_the_address_is_free() {
    let server = Server::start();
    let sso = server.sso();
    let ann = address("ann");
    for state in ["active", "locked", "banned", "pending"] {
        let id = sso.make(&ann);
        let token = sso.log_in(&ann);
        server.cli(&["user", "set-state", "--id", &id, state]).ok();
        assert_eq!(
            sso.delete(&format!("/api/users/{id}")).to_string(),
            r#"200 {"success":true}"#
        );
        assert!(within_a_second(|| !sso.opens(&token)));
        sso.delete(&format!("/api/users/{id}")).expect(404);
        sso.show(&id).expect(404);
        sso.change(&id, json!({})).expect(404);
        assert_eq!(
            sso.get(&format!("/api/users?predicate[id]={id}"))
                .at("/meta/total"),
            "0"
        );
    }
}

#[test]
fn two_methods_have_an_old_spelling_of_a_uuid_only() {
    let server = Server::start();
    let sso = server.sso();
    let id = sso.make(&address("ann"));
    let alias = format!("/users/{id}");
    sso.request(Method::PATCH, &alias)
        .json(json!({ "first_name": "Ann" }))
        .send()
        .expect(200);
    assert_eq!(sso.show(&id).at("/data/first_name"), "Ann");
    let get = sso.get(&alias);
    assert!(!get.text().contains("first_name"), "somebody else's: {get}");
    sso.delete(&alias).expect(200);
    assert_eq!(problems(&sso.delete(&alias)), [(404, None)]);
    let other = sso.delete("/users/email");
    assert!(!other.text().contains("\"errors\""), "somebody else's: {other}");
}
