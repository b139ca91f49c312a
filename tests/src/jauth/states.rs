//! Accounts in other states: what they may still do, and what is shown of them.

use serde_json::json;

use super::{reason, set_state};
use crate::harness::{PASSWORD, Server, within_a_second};

#[test]
fn who_may_not_be_used_is_shown_with_a_status_and_otherwise_as_if_not_there() {
    let server = Server::start();
    for (state, status) in [
        ("locked", "1"),
        ("banned", "1"),
        ("deleted", "1"),
        ("withdrawn", "2"),
    ] {
        let ann = server.jauth().newcomer("ann");
        assert_eq!(server.jauth().show(&ann.id).at("/result/status"), "0");
        set_state(&server, &ann.id, state);
        let shown = server.jauth().show(&ann.id).expect(200);
        assert_eq!(shown.at("/result/status"), status, "{state}");
        assert_eq!(shown.at("/result/type"), "1", "{state}");
        assert_eq!(shown.at("/result/account"), ann.account, "{state}");
        assert_eq!(shown.at("/result/email"), "ann@example.org", "{state}");

        let not_found = |answer: &crate::harness::Answer| {
            assert_eq!(
                answer.to_string(),
                r#"404 {"success":false,"result":null,"reason":"user not found"}"#,
                "{state}"
            );
        };
        not_found(&server.jauth().try_log_in(&ann.account, PASSWORD));
        not_found(&server.jauth().try_log_in(&ann.account, "wrong"));
        not_found(&server.jauth().refresh(&ann.tokens.refresh));
        assert!(within_a_second(|| server
            .jauth()
            .own(&ann.tokens.access)
            .status()
            == 404));
        not_found(&server.jauth().own(&ann.tokens.access));
        // What is wrong with the request comes first.
        server.jauth().update(&ann.tokens.access, json!({})).expect(400);
        let change = json!({ "email": "bad", "extra": {} });
        assert_eq!(
            reason(&server.jauth().update(&ann.tokens.access, change)),
            "bad is invalid email format"
        );
        let change = json!({ "email": "a@example.org", "extra": {} });
        not_found(&server.jauth().update(&ann.tokens.access, change));
        not_found(
            &server
                .jauth()
                .change_password(&ann.tokens.access, PASSWORD, "short"),
        );
        assert_eq!(
            reason(&server.jauth().register(&ann.account).expect(409)),
            format!("account[{}] already exists", ann.account),
            "its name stays taken"
        );
    }
}

#[test]
fn who_awaits_activation_is_shown_as_normal_and_given_nothing() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    set_state(&server, &ann.id, "pending");
    assert_eq!(server.jauth().show(&ann.id).at("/result/status"), "0");
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(404);
    server.jauth().refresh(&ann.tokens.refresh).expect(404);
}

#[test]
fn who_was_locked_and_is_active_again_logs_in_again() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    set_state(&server, &ann.id, "locked");
    set_state(&server, &ann.id, "active");
    assert_eq!(
        reason(&server.jauth().refresh(&ann.tokens.refresh)),
        "token not found"
    );
    assert!(within_a_second(|| !server.jauth().opens(&ann.tokens.access)));
    let fresh = server.jauth().log_in(&ann.account);
    assert!(server.jauth().opens(&fresh.access));
}
