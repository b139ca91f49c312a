//! `DELETE /users/me`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::*;
use crate::harness::{Tokens, within_a_second};

impl Tokens {
    /// A log-in at Pluto with Barong's password.
    fn at_pluto(server: &Server, address: &str) -> Self {
        let answer = server.pluto().try_log_in(address, BARONG_PASSWORD).expect(200);
        Self {
            access: answer.at("/body/access_token"),
            refresh: answer.at("/body/refresh_token"),
        }
    }
}

#[test]
fn who_leaves_is_gone_everywhere_and_their_address_stays_taken() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let pluto = Tokens::at_pluto(&server, &ann);
    let number = json!({ "phone_number": "+447418084106" });
    ask(&server, Method::POST, "/phones", &visit.access, number).expect(201);
    let gone = leave(&server, &visit.access, json!({ "password": BARONG_PASSWORD }));
    assert_snapshot!(gone, @"200 200");
    assert_eq!(server.barong().me(&visit.access).to_string(), NOT_FOUND[0]);
    assert!(within_a_second(|| server
        .barong()
        .knock(&visit.cookie, "/api/v2/peatio/x")
        .status()
        == 401));
    assert!(within_a_second(|| !server.pluto().opens(&pluto.access)));
    server.pluto().refresh(&pluto.refresh).expect(403);
    server.barong().try_log_in(&ann, BARONG_PASSWORD).expect(401);
    assert_snapshot!(
        server.pluto().try_log_in(&ann, BARONG_PASSWORD),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    server.barong().register(&ann).expect(422);
    server.pluto().register(&ann).expect(403);
    server.backend_plus().register(&ann).expect(400);
    assert_eq!(
        leave(&server, &visit.access, json!({ "password": BARONG_PASSWORD })).to_string(),
        NOT_FOUND[0]
    );
}

#[test]
fn the_refusals_of_leaving_come_in_this_order() {
    let server = both();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let check = |body: Value, expected: [&str; 2]| {
        assert_eq!(
            said(&server, &Method::DELETE, "/users/me", &access, &body),
            expected,
            "{body}"
        );
    };
    assert_eq!(
        said(&server, &Method::DELETE, "/users/me", "nobody", &json!({})),
        BEARER
    );
    check(
        json!({ "otp_code": "" }),
        [
            r#"400 {"error":"password is missing, password is empty"}"#,
            r#"422 {"errors":["resource.user.missing_password","resource.user.empty_password"]}"#,
        ],
    );
    let wrong = [
        r#"422 {"error":"resource.user.invalid_password"}"#,
        r#"422 {"errors":["resource.user.invalid_password"]}"#,
    ];
    check(json!({ "password": "wrong" }), wrong);
    let totp = barong.enable_factor(&access);
    check(json!({ "password": "wrong" }), wrong);
    check(
        json!({ "password": BARONG_PASSWORD }),
        [
            r#"422 {"error":"resource.user.missing_otp_code"}"#,
            r#"422 {"errors":["resource.user.missing_otp_code"]}"#,
        ],
    );
    check(
        json!({ "password": BARONG_PASSWORD, "otp_code": " " }),
        [
            r#"422 {"error":"resource.user.empty_otp_code"}"#,
            r#"422 {"errors":["resource.user.empty_otp_code"]}"#,
        ],
    );
    check(
        json!({ "password": BARONG_PASSWORD, "otp_code": totp.old_code() }),
        [
            r#"422 {"error":"resource.user.invalid_otp"}"#,
            r#"422 {"errors":["resource.user.invalid_otp"]}"#,
        ],
    );
    check(
        json!({ "password": BARONG_PASSWORD, "otp_code": totp.same_code() }),
        [
            r#"422 {"error":"This code was already used. Wait until the next time period"}"#,
            r#"422 {"errors":["totp.error"]}"#,
        ],
    );
    let query = [("password", BARONG_PASSWORD), ("otp_code", &totp.code())];
    let leave = server.request(Method::DELETE, "/users/me").query(&query);
    leave.bearer(&access).send().expect(200);
}
