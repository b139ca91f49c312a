//! `PUT /users/password`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::*;
use crate::harness::{PASSWORD, within_a_second};

#[test]
fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    let server = Server::start();
    let barong = server.barong();
    let ann = address("ann");
    barong.sign_up(&ann);
    let (here, elsewhere) = (barong.log_in(&ann), barong.log_in(&ann));
    assert_snapshot!(change(&server, &here.access, BARONG_PASSWORD, NEW_PASSWORD), @"201 201");
    barong.knock(&here.cookie, "/api/v2/peatio/x").expect(200);
    assert!(within_a_second(|| barong
        .knock(&elsewhere.cookie, "/api/v2/peatio/x")
        .status()
        == 401));
    barong.try_log_in(&ann, BARONG_PASSWORD).expect(401);
    barong.log_in_with(&ann, NEW_PASSWORD);
}

#[test]
fn a_changed_password_holds_behind_every_door() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    let (pluto, other) = (server.pluto().log_in(&ann), server.backend_plus().log_in(&ann));
    assert!(server.backend_plus().opens(&other.access));
    // With a token that crosses over: its session stays, too.
    change(&server, &pluto.access, PASSWORD, NEW_PASSWORD).expect(201);
    assert!(server.pluto().opens(&pluto.access));
    assert!(within_a_second(|| !server.backend_plus().opens(&other.access)));
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
    server.pluto().try_log_in(&ann, NEW_PASSWORD).expect(200);
}

#[test]
fn the_refusals_of_a_new_password_come_in_this_order() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    let check = |body: &Value, expected: [&str; 2]| {
        let said = said(&server, &Method::PUT, "/users/password", &access, body);
        assert_eq!(said, expected, "{body}");
    };
    assert_eq!(
        said(&server, &Method::PUT, "/users/password", "nobody", &json!({})),
        BEARER
    );
    check(
        &json!({ "new_password": " " }),
        [
            concat!(
                r#"400 {"error":"old_password is missing, old_password is empty, new_password is empty, "#,
                r#"confirm_password is missing, confirm_password is empty"}"#
            ),
            concat!(
                r#"422 {"errors":["resource.user.missing_old_password","resource.user.empty_old_password","#,
                r#""resource.user.empty_new_password","resource.user.missing_confirm_password","#,
                r#""resource.user.empty_confirm_password"]}"#
            ),
        ],
    );
    check(
        &passwords("wrong", "weak", "Weak"),
        [
            r#"422 {"error":"New passwords don't match"}"#,
            r#"422 {"errors":["resource.password.doesnt_match"]}"#,
        ],
    );
    let wrong = [
        r#"400 {"error":"Previous password is not correct"}"#,
        r#"400 {"errors":["resource.password.prev_pass_not_correct"]}"#,
    ];
    check(&passwords("wrong", "wrong", "wrong"), wrong);
    check(&passwords("wrong", "weak", "weak"), wrong);
    check(
        &passwords(BARONG_PASSWORD, BARONG_PASSWORD, BARONG_PASSWORD),
        [
            r#"400 {"error":"New password cant be the same, as old one"}"#,
            r#"400 {"errors":["resource.password.no_change_provided"]}"#,
        ],
    );
    check(
        &passwords(BARONG_PASSWORD, "simple", "simple"),
        [
            r#"422 {"error":"Password does not meet the minimum requirements and Password is too weak"}"#,
            r#"422 {"errors":["password.requirements","password.weak"]}"#,
        ],
    );
    check(
        &passwords(BARONG_PASSWORD, "Password1", "Password1"),
        [
            r#"422 {"error":"Password is too weak"}"#,
            r#"422 {"errors":["password.weak"]}"#,
        ],
    );
    server.barong().log_in(&ann);
}

#[test]
fn wrong_old_passwords_count_as_failed_log_ins() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    change(&server, &access, "wrong", NEW_PASSWORD).expect(400);
    leave(&server, &access, json!({ "password": "wrong" })).expect(422);
    server.barong().try_log_in(&ann, "wrong").expect(401);
    // Now it is closed, and the right one looks wrong whatever the new one would be.
    for new in [NEW_PASSWORD, BARONG_PASSWORD, "weak"] {
        assert_eq!(
            change(&server, &access, BARONG_PASSWORD, new).to_string(),
            r#"400 {"error":"Previous password is not correct"}"#
        );
    }
    assert_snapshot!(
        leave(&server, &access, json!({ "password": BARONG_PASSWORD })),
        @r#"422 {"error":"resource.user.invalid_password"}"#
    );
    server.barong().try_log_in(&ann, BARONG_PASSWORD).expect(401);
}
