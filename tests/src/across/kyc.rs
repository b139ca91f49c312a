//! One person behind every door: what is said through Barong of an account that was made elsewhere.

use serde_json::json;

use crate::harness::{PASSWORD, Server, address, jwt};

/// A phone, verified with an access token of any dialect.
#[track_caller]
fn verify_phone(server: &Server, access: &str, number: &str) {
    let phone = json!({ "phone_number": number });
    server
        .post("/phones")
        .json(phone)
        .bearer(access)
        .send()
        .expect(201);
    let text = server.text_to(number);
    let code = text.rsplit(' ').next().unwrap();
    let shown = json!({ "phone_number": number, "verification_code": code });
    server
        .post("/phones/verify")
        .json(shown)
        .bearer(access)
        .send()
        .expect(201);
}

#[test]
fn an_account_of_another_door_verifies_its_phone_at_barong_and_its_token_says_so() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.pluto().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    let pluto = server.pluto().log_in(&ann).access;
    let backend_plus = server.backend_plus().log_in(&bob).access;
    for (who, access, number) in [
        (&ann, &pluto, "+447418084106"),
        (&bob, &backend_plus, "+33600000471"),
    ] {
        let me = server.barong().me(access).expect(200);
        assert_eq!((me.at("/email"), me.at("/level")), (who.clone(), "1".to_owned()));
        verify_phone(&server, access, number);
        assert_eq!(server.barong().me(access).at("/level"), "2");
        let visit = server.barong().log_in_with(who, PASSWORD);
        let claims = jwt::payload(&visit.access);
        assert_eq!((&claims["level"], &claims["email"]), (&json!(2), &json!(who)));
    }
}

#[test]
fn a_token_that_is_worth_nothing_any_more_verifies_nothing() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    let access = server.pluto().log_in(&ann).access;
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();
    assert!(crate::harness::within_a_second(|| {
        let phone = json!({ "phone_number": "+447418084106" });
        server.post("/phones").json(phone).bearer(&access).send().status() == 401
    }));
    // Other than Barong's own, it does not even read.
    server.barong().me(&access).expect(401);
}
