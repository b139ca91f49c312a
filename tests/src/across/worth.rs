//! What a token is worth at the other door after a change: nothing, one second later at the latest.

use serde_json::json;

use crate::harness::{PASSWORD, Server, Tokens, address, within_a_second};

/// No door opens to the token, one second from now at the latest.
#[track_caller]
pub(super) fn assert_worthless_soon(server: &Server, access: &str) {
    assert!(
        within_a_second(|| !server.backend_plus().opens(access)),
        "Backend Plus still lets it in"
    );
    assert!(
        within_a_second(|| !server.pluto().opens(access)),
        "Pluto still lets it in"
    );
}

/// A log-in at each door, both of which were used at both doors a moment ago.
#[track_caller]
pub(super) fn logged_in_at_both(server: &Server, address: &str) -> (Tokens, Tokens) {
    let (backend_plus, pluto) = (
        server.backend_plus().log_in(address),
        server.pluto().log_in(address),
    );
    for tokens in [&backend_plus, &pluto] {
        assert!(server.backend_plus().opens(&tokens.access));
        assert!(server.pluto().opens(&tokens.access));
    }
    (backend_plus, pluto)
}

#[test]
fn what_is_revoked_at_backend_plus_is_worth_nothing_at_pluto() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = logged_in_at_both(&server, &ann);
    // With the other dialect's token, which is the stronger claim.
    server
        .post("/auth/token/revoke")
        .bearer(&pluto.access)
        .send()
        .expect(204);

    assert_worthless_soon(&server, &pluto.access);
    server.pluto().refresh(&pluto.refresh).expect(403);
    server.backend_plus().refresh(&backend_plus.refresh).expect(401);
    assert!(
        within_a_second(|| !server.pluto().opens(&backend_plus.access)),
        "its access token crosses no more"
    );
}

#[test]
fn a_log_out_at_backend_plus_ends_its_session_at_pluto_and_no_other() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = logged_in_at_both(&server, &ann);
    server
        .post("/auth/logout")
        .query(&[("refresh_token", &backend_plus.refresh)])
        .send()
        .expect(204);

    assert!(within_a_second(|| !server.pluto().opens(&backend_plus.access)));
    assert!(server.pluto().opens(&pluto.access), "another session is another");
    server.pluto().refresh(&pluto.refresh).expect(200);
}

#[test]
fn a_password_changed_at_backend_plus_ends_the_sessions_of_pluto() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (backend_plus, pluto) = logged_in_at_both(&server, &ann);
    let change = json!({ "old_password": PASSWORD, "new_password": "a new password" });
    server
        .post("/auth/change-password")
        .json(change)
        .bearer(&backend_plus.access)
        .send()
        .expect(204);

    assert_worthless_soon(&server, &pluto.access);
    server.pluto().refresh(&pluto.refresh).expect(403);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
    server.pluto().try_log_in(&ann, "a new password").expect(200);
}

#[test]
fn a_password_reset_at_pluto_ends_the_sessions_of_backend_plus() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    let (backend_plus, pluto) = logged_in_at_both(&server, &ann);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let token = server.mail_to(&ann).query("token");
    let reset = server
        .post(&format!("/web/password/reset/{token}"))
        .form(&[("password", "a new password")]);
    reset.send().expect(200);

    for tokens in [&backend_plus, &pluto] {
        assert_worthless_soon(&server, &tokens.access);
    }
    server.backend_plus().refresh(&backend_plus.refresh).expect(401);
    server.pluto().refresh(&pluto.refresh).expect(403);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
    server
        .backend_plus()
        .try_log_in(&ann, "a new password")
        .expect(200);
}
