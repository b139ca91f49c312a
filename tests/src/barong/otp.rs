//! The second factor, from the first picture to its end.

mod trail;

use std::sync::Barrier;
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Totp, address};

/// Where the coded profile speaks in [`both`].
const CODED: &str = "/api/v2/barong/resource";
const CLASSIC: &str = "/api/v2/resource";
const ENDPOINTS: [&str; 4] = ["enable", "verify", "disable", "recovery_codes"];

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)])
}

fn show(server: &Server, mount: &str, endpoint: &str, access: &str, body: Value) -> Answer {
    let path = format!("{mount}/otp/{endpoint}");
    server.post(&path).bearer(access).json(body).send()
}

/// What both profiles say, one after the other.
fn said(server: &Server, endpoint: &str, access: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|mount| show(server, mount, endpoint, access, body.clone()).to_string())
}

#[test]
fn a_token_of_a_log_in_that_ended_enrols_nothing() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let stolen = visit.access;
    server.barong().generate_qrcode(&stolen).expect(201);
    let left = server.request(Method::DELETE, "/api/v2/identity/sessions");
    let left = left.cookie("_barong_session", &visit.cookie);
    left.header("x-csrf-token", &visit.csrf).send().expect(200);
    // What it opens, it opens until it ends; but nobody gets in later by what it set up.
    server.get("/users/me").bearer(&stolen).send().expect(200);
    let refused = r#"401 {"error":"Permission Denied"}"#;
    let generated = server.barong().generate_qrcode(&stolen);
    assert_eq!(generated.to_string(), refused);
    for endpoint in ["enable", "disable", "recovery_codes"] {
        let answer = show(&server, CLASSIC, endpoint, &stolen, json!({ "code": "123456" }));
        assert_eq!(answer.to_string(), refused, "{endpoint}");
    }
}

#[test]
fn a_secret_comes_as_a_url_and_as_a_picture_of_it() {
    let server = Server::start();
    let ann = address("ann+tag");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    let answer = server.barong().generate_qrcode(&access).expect(201);
    let (barcode, url) = (answer.at("/data/barcode"), answer.at("/data/url"));
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"data":{{"barcode":"{barcode}","url":"{url}"}},"auth":null,"lease_duration":0,"lease_id":"","renewable":false,"warnings":null,"wrap_info":null,"metadata":null}}"#
        )
    );

    let (most, secret) = url.split_once("&secret=").expect("a secret at the end");
    let label = ann.replace('+', "%2B");
    assert_eq!(
        most,
        format!("otpauth://totp/Barong:{label}?algorithm=SHA1&digits=6&issuer=Barong&period=30")
    );
    assert_eq!(secret.len(), 32, "20 bytes without padding: {secret}");

    let png = BASE64_STANDARD.decode(barcode).unwrap();
    let (signature, rest) = png.split_at(16);
    assert_eq!(signature, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert_eq!(rest[..8], [0, 0, 1, 44, 0, 0, 1, 44], "300 by 300");
    assert_eq!(server.barong().me(&access).at("/otp"), "false");
}

#[test]
fn the_installations_name_is_the_issuer() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__APP_NAME", "Acme & Co")]);
    let access = server.barong().newcomer("ann").access;
    let url = server.barong().generate_qrcode(&access).at("/data/url");
    assert!(url.starts_with("otpauth://totp/Acme%20%26%20Co:ann"), "{url}");
    assert!(url.contains("&issuer=Acme%20%26%20Co&"), "{url}");
}

#[test]
fn a_new_secret_replaces_the_one_that_waits() {
    let server = Server::start();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let first = Totp::scan(&barong.generate_qrcode(&access));
    let second = Totp::scan(&barong.generate_qrcode(&access));
    barong.otp("enable", &access, &first.code()).expect(422);
    barong.otp("enable", &access, &second.code()).expect(201);
}

#[test]
fn a_factor_is_enabled_with_a_code_once() {
    let server = both();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let wrong = json!({ "code": "000000" });
    // No secret was shown yet.
    assert_eq!(
        said(&server, "enable", &access, &wrong),
        [
            r#"422 {"error":"OTP code is invalid"}"#,
            r#"422 {"errors":["resource.otp.invalid"]}"#
        ]
    );
    let totp = Totp::scan(&barong.generate_qrcode(&access));
    let wrong = json!({ "code": totp.old_code() });
    assert_eq!(
        said(&server, "enable", &access, &wrong),
        [
            r#"422 {"error":"OTP code is invalid"}"#,
            r#"422 {"errors":["resource.otp.invalid"]}"#
        ]
    );
    assert_snapshot!(barong.otp("enable", &access, &totp.code()), @"201 200");
    assert_eq!(barong.me(&access).at("/otp"), "true");

    let on = [
        r#"400 {"error":"2FA has been already enabled for this account"}"#,
        r#"400 {"errors":["resource.otp.already_enabled"]}"#,
    ];
    assert_eq!(
        said(&server, "enable", &access, &json!({ "code": totp.code() })),
        on
    );
    assert_eq!(said(&server, "generate_qrcode", &access, &json!({})), on);
}

#[test]
fn a_code_is_asked_for_by_name() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    for endpoint in ENDPOINTS {
        assert_eq!(
            said(&server, endpoint, &access, &json!({})),
            [
                r#"400 {"error":"code is missing, code is empty"}"#,
                r#"422 {"errors":["resource.otp.missing_code","resource.otp.empty_code"]}"#
            ],
            "{endpoint}"
        );
        for blank in [json!(""), json!(" "), json!(null)] {
            assert_eq!(
                said(&server, endpoint, &access, &json!({ "code": blank })),
                [
                    r#"400 {"error":"code is empty"}"#,
                    r#"422 {"errors":["resource.otp.empty_code"]}"#
                ],
                "{endpoint} {blank}"
            );
        }
        assert_eq!(
            said(&server, endpoint, &access, &json!({ "code": {"a": 1} })),
            [
                r#"400 {"error":"code is invalid"}"#,
                r#"422 {"errors":["invalid"]}"#
            ],
            "{endpoint}"
        );
    }
}

#[test]
fn without_a_factor_there_is_nothing_to_verify_or_disable() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    let code = json!({ "code": "123456" });
    let off = r#"400 {"error":"2FA has not been enabled for this account"}"#;
    assert_eq!(
        said(&server, "verify", &access, &code),
        [off, r#"400 {"errors":["resource.otp.already_enabled"]}"#],
        "the code of the opposite, as upstream has it"
    );
    for endpoint in ["disable", "recovery_codes"] {
        assert_eq!(
            said(&server, endpoint, &access, &code),
            [off, r#"400 {"errors":["resource.otp.not_enabled"]}"#],
            "{endpoint}"
        );
    }
}

#[test]
fn a_code_is_good_once_at_every_endpoint_together() {
    let server = both();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let totp = barong.enable_factor(&access);
    let replayed = [
        r#"422 {"error":"This code was already used. Wait until the next time period"}"#,
        r#"422 {"errors":["totp.error"]}"#,
    ];
    assert_snapshot!(barong.otp("verify", &access, &totp.code()), @"201 null");
    let used = json!({ "code": totp.same_code() });
    for endpoint in ["verify", "disable", "recovery_codes"] {
        assert_eq!(said(&server, endpoint, &access, &used), replayed, "{endpoint}");
    }
    let keys = format!("{CLASSIC}/api_keys");
    let list = server.get(&keys).query(&[("totp_code", &totp.same_code())]);
    assert_eq!(list.bearer(&access).send().to_string(), replayed[0]);

    let wrong = json!({ "code": totp.old_code() });
    for endpoint in ["verify", "disable", "recovery_codes"] {
        assert_eq!(
            said(&server, endpoint, &access, &wrong),
            [
                r#"422 {"error":"OTP code is invalid"}"#,
                r#"422 {"errors":["resource.otp.invalid"]}"#
            ],
            "{endpoint}"
        );
    }
    // The code of a later step makes that of an earlier one worthless, which nobody used.
    barong.otp("verify", &access, &totp.code()).expect(201);
}

#[test]
fn a_code_comes_in_any_form_and_keeps_its_zeros() {
    let server = Server::start();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let totp = barong.enable_factor(&access);
    let verify = |path: &str| server.post(path).bearer(&access);
    let code = totp.code();
    let form = verify("/api/v2/resource/otp/verify/")
        .form(&[("code", &code)])
        .send();
    assert_eq!(form.to_string(), "201 null");
    let code = totp.code();
    let query = verify("/otp/verify").query(&[("code", &code)]).send();
    assert_eq!(query.to_string(), "201 null");
}

#[test]
fn a_disabled_factor_is_asked_for_no_more() {
    let server = both();
    let barong = server.barong();
    let ann = address("ann");
    barong.sign_up(&ann);
    let access = barong.log_in(&ann).access;
    let totp = barong.enable_factor(&access);
    barong
        .try_log_in(&ann, crate::harness::BARONG_PASSWORD)
        .expect(403);
    let disabled = show(&server, CODED, "disable", &access, json!({ "code": totp.code() }));
    assert_snapshot!(disabled, @"200 200");
    assert_eq!(barong.me(&access).at("/otp"), "false");
    barong.log_in(&ann);
    // It may be enabled again, with a secret of its own.
    let second = barong.enable_factor(&access);
    barong.otp("verify", &access, &second.code()).expect(201);
}

#[test]
fn recovery_codes_stand_in_for_a_lost_app() {
    let server = Server::start();
    let barong = server.barong();
    let ann = address("ann");
    barong.sign_up(&ann);
    let access = barong.log_in(&ann).access;
    let left = || {
        let path = "/api/v2/resource/otp/recovery_codes";
        server.get(path).bearer(&access).send().to_string()
    };
    assert_snapshot!(left(), @r#"200 {"remaining":0}"#);
    let totp = barong.enable_factor(&access);
    assert_snapshot!(left(), @r#"200 {"remaining":0}"#);

    let made = barong
        .otp("recovery_codes", &access, &totp.code())
        .expect(201)
        .json();
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(1), "{made}");
    let codes: Vec<&str> = made["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 17), "{codes:?}");
    assert_snapshot!(left(), @r#"200 {"remaining":10}"#);

    let password = crate::harness::BARONG_PASSWORD;
    barong.try_log_in_with_code(&ann, password, codes[0]).expect(200);
    barong.try_log_in_with_code(&ann, password, codes[0]).expect(403);
    assert_snapshot!(left(), @r#"200 {"remaining":9}"#);
    assert_snapshot!(
        barong.otp("verify", &access, codes[1]),
        @r#"422 {"error":"OTP code is invalid"}"#
    );
    assert_snapshot!(
        barong.otp("recovery_codes", &access, codes[1]),
        @r#"422 {"error":"OTP code is invalid"}"#
    );
    barong
        .otp("disable", &access, &codes[1].to_uppercase())
        .expect(200);
    assert_snapshot!(left(), @r#"200 {"remaining":0}"#);
}

#[test]
fn new_recovery_codes_replace_those_from_before() {
    let server = Server::start();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let totp = barong.enable_factor(&access);
    let first = barong
        .otp("recovery_codes", &access, &totp.code())
        .at("/recovery_codes/0");
    let second = barong
        .otp("recovery_codes", &access, &totp.code())
        .at("/recovery_codes/0");
    barong.otp("disable", &access, &first).expect(422);
    barong.otp("disable", &access, &second).expect(200);
}

#[test]
fn ten_wrong_codes_close_the_factor_and_nobody_is_told() {
    let server = both();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let totp = barong.enable_factor(&access);
    let wrong = json!({ "code": totp.old_code() });
    let refused = r#"422 {"error":"OTP code is invalid"}"#;
    for _ in 0..10 {
        let answer = show(&server, CLASSIC, "verify", &access, wrong.clone());
        assert_eq!(answer.to_string(), refused);
    }
    let right = json!({ "code": totp.code() });
    for endpoint in ["verify", "disable", "recovery_codes"] {
        let answer = show(&server, CLASSIC, endpoint, &access, right.clone());
        assert_eq!(answer.to_string(), refused, "{endpoint}");
    }
    let keys = server.get(&format!("{CLASSIC}/api_keys")).bearer(&access);
    let keys = keys.query(&[("totp_code", &totp.same_code())]).send();
    assert_eq!(keys.to_string(), refused);
}

#[test]
fn everything_about_the_factor_needs_a_bearer_token() {
    let server = both();
    let routes = ENDPOINTS
        .map(|endpoint| (Method::POST, endpoint))
        .into_iter()
        .chain([
            (Method::POST, "generate_qrcode"),
            (Method::GET, "recovery_codes"),
            (Method::GET, "enable"),
            (Method::POST, "nowhere"),
        ]);
    for (method, endpoint) in routes {
        for (base, expected) in [
            (CLASSIC, r#"401 {"error":"Permission Denied"}"#),
            ("", r#"401 {"error":"Permission Denied"}"#),
            (CODED, r#"401 {"errors":["jwt.decode_and_verify"]}"#),
        ] {
            let path = format!("{base}/otp/{endpoint}");
            // The token is looked at before the body.
            let request = server.request(method.clone(), &path);
            let request = request.raw_body("{", "application/json");
            assert_eq!(request.send().to_string(), expected, "{method} {path}");
        }
    }
}

#[test]
fn what_is_no_path_of_the_factor_is_told_to_who_has_a_token() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    for (method, endpoint) in [
        (Method::GET, "generate_qrcode"),
        (Method::GET, "enable"),
        (Method::DELETE, "recovery_codes"),
        (Method::POST, "nowhere"),
    ] {
        for (base, expected) in [
            (CLASSIC, r#"404 {"error":"Route is not found"}"#),
            (CODED, r#"404 {"errors":["record.not_found"]}"#),
        ] {
            let path = format!("{base}/otp/{endpoint}");
            let answer = server.request(method.clone(), &path).bearer(&access).send();
            assert_eq!(answer.to_string(), expected, "{method} {path}");
        }
    }
}

#[test]
fn a_broken_body_is_no_server_fault() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    for endpoint in ["generate_qrcode", "enable", "verify"] {
        let request = server.post(&format!("/otp/{endpoint}")).bearer(&access);
        assert_eq!(
            request.raw_body("{", "application/json").send().to_string(),
            r#"400 {"error":"Request body is not valid JSON"}"#,
            "{endpoint}"
        );
    }
}

#[test]
fn a_banned_account_reads_about_its_factor_and_changes_nothing() {
    let server = both();
    let barong = server.barong();
    let ann = address("ann");
    barong.sign_up(&ann);
    let access = barong.log_in(&ann).access;
    let totp = barong.enable_factor(&access);
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();
    let code = json!({ "code": totp.code() });
    for endpoint in ENDPOINTS.into_iter().chain(["generate_qrcode"]) {
        assert_eq!(
            said(&server, endpoint, &access, &code),
            [
                r#"401 {"error":"Permission Denied"}"#,
                r#"401 {"errors":["jwt.decode_and_verify"]}"#
            ],
            "{endpoint}"
        );
    }
    let count = server.get("/otp/recovery_codes").bearer(&access).send();
    assert_snapshot!(count, @r#"200 {"remaining":0}"#);
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    // The code was not used up.
    barong.otp("verify", &access, &totp.same_code()).expect(201);
}

#[test]
fn a_code_that_arrives_many_times_at_once_is_good_once() {
    const AT_ONCE: usize = 8;
    let server = Server::start();
    let barong = server.barong();
    let access = barong.newcomer("ann").access;
    let totp = Totp::scan(&barong.generate_qrcode(&access));
    // Enabling is a race as well, told apart by what came before.
    for endpoint in ["enable", "verify"] {
        let code = totp.code();
        let start = Barrier::new(AT_ONCE);
        let answers: Vec<String> = thread::scope(|scope| {
            let race = || {
                start.wait();
                barong.otp(endpoint, &access, &code).to_string()
            };
            let racers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.starts_with("201"));
        assert_eq!(won.len(), 1, "{answers:?}");
        let expected = if endpoint == "enable" {
            r#"400 {"error":"2FA has been already enabled for this account"}"#
        } else {
            r#"422 {"error":"This code was already used. Wait until the next time period"}"#
        };
        assert!(lost.iter().all(|answer| *answer == expected), "{answers:?}");
    }
}
