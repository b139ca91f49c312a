//! The caller's phones: `/phones`.

mod codes;
mod texts;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, address, jwt};

const CLASSIC: &str = "/api/v2/resource";
const CODED: &str = "/api/v2/barong/resource";
const NUMBER: &str = "+44 7418084106";
const TO: &str = "+447418084106";
const SENT: &str = r#"201 {"message":"Code was sent successfully"}"#;
const VERIFIED: &str = r#"201 {"message":"Phone was verified successfully"}"#;
const TAKEN: &str = r#"400 {"error":"Phone number already exists"}"#;
const WRONG: &str = r#"404 {"error":"Phone is not found or verification code is invalid"}"#;

/// A server that speaks both profiles.
fn both() -> Server {
    with(&[])
}

fn with(settings: &[(&str, &str)]) -> Server {
    let coded = [("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)];
    Server::with(&[&coded, settings].concat())
}

fn ask(server: &Server, mount: &str, endpoint: &str, access: &str, body: Value) -> Answer {
    let path = format!("{mount}/phones{endpoint}");
    server.post(&path).bearer(access).json(body).send()
}

fn add(server: &Server, access: &str, number: &str) -> Answer {
    ask(server, CLASSIC, "", access, json!({ "phone_number": number }))
}

fn resend(server: &Server, access: &str, number: &str) -> Answer {
    let body = json!({ "phone_number": number });
    ask(server, CLASSIC, "/send_code", access, body)
}

fn verify(server: &Server, access: &str, number: &str, code: &str) -> Answer {
    let body = json!({ "phone_number": number, "verification_code": code });
    ask(server, CLASSIC, "/verify", access, body)
}

fn list(server: &Server, mount: &str, access: &str) -> Answer {
    server.get(&format!("{mount}/phones")).bearer(access).send()
}

/// The code in the newest text to a number.
#[track_caller]
fn code(server: &Server, to: &str) -> String {
    in_text(&server.text_to(to))
}

#[track_caller]
fn in_text(text: &str) -> String {
    let code = text.strip_prefix("Your verification code for Barong: ");
    let code = code.unwrap_or_else(|| panic!("no code: {text}"));
    assert!(
        code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()),
        "{code}"
    );
    code.to_owned()
}

/// A code that is not this one.
fn another(code: &str) -> &'static str {
    if code == "00000" { "00001" } else { "00000" }
}

/// What both profiles say, one after the other.
fn said(server: &Server, endpoint: &str, access: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|mount| ask(server, mount, endpoint, access, body.clone()).to_string())
}

#[test]
fn a_phone_is_verified_with_the_code_that_was_texted_and_lifts_the_level() {
    let server = Server::start();
    let visit = server.barong().newcomer("ann");
    let access = &visit.access;
    assert_eq!(server.barong().me(access).at("/level"), "1");
    assert_snapshot!(list(&server, CLASSIC, access), @"200 []");
    assert_eq!(add(&server, access, NUMBER).to_string(), SENT);
    assert_snapshot!(
        list(&server, CLASSIC, access),
        @r#"200 [{"country":"GB","number":"447418084106","validated_at":null}]"#
    );
    let code = code(&server, TO);
    // However the number is written.
    assert_eq!(
        verify(&server, access, "++44 (0) 7418-084-106", &code).to_string(),
        VERIFIED
    );
    let validated_at = list(&server, CLASSIC, access).at("/0/validated_at");
    assert!(
        validated_at.len() == 20 && validated_at.ends_with('Z'),
        "no milliseconds: {validated_at}"
    );
    assert_eq!(server.barong().me(access).at("/level"), "2");
    let token = server.barong().token(&visit.cookie);
    assert_eq!(jwt::payload(&token)["level"], json!(2), "in the next token, too");
    let labels = server.get("/api/v2/resource/labels/phone");
    let label = labels.bearer(access).send();
    assert_eq!(
        (label.at("/value"), label.at("/scope")),
        ("verified".into(), "private".into())
    );
}

#[test]
fn numbers_of_many_countries_are_kept_as_their_digits() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    for (number, digits, country) in [
        ("+44 07418084106", "447418084106", "GB"),
        ("+1 (202) 555-0123", "12025550123", "US"),
        ("tel:+1-613-555-0123", "16135550123", "CA"),
        ("33 6 00 00 04 71", "33600000471", "FR"),
        ("+49 0151 23456789", "4915123456789", "DE"),
        ("+39 02 3661 8300", "390236618300", "IT"),
        ("+380 50 123 45 67", "380501234567", "UA"),
        ("+7 701 234 5678", "77012345678", "KZ"),
    ] {
        assert_eq!(add(&server, &access, number).to_string(), SENT, "{number}");
        let code = code(&server, &format!("+{digits}"));
        assert_eq!(verify(&server, &access, digits, &code).to_string(), VERIFIED);
        let phones = list(&server, CLASSIC, &access).json();
        let newest = phones.as_array().unwrap().last().unwrap();
        assert_eq!(
            (&newest["number"], &newest["country"]),
            (&json!(digits), &json!(country))
        );
    }
    // A number in JSON is a number, too.
    let body = json!({ "phone_number": 81_312_345_678_u64 });
    assert_eq!(ask(&server, CLASSIC, "", &access, body).to_string(), SENT);
}

#[test]
fn a_bearer_token_comes_before_everything_and_parameters_before_numbers() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    for endpoint in ["", "/send_code", "/verify"] {
        assert_eq!(
            said(&server, endpoint, "nobody", &json!({})),
            [
                r#"401 {"error":"Permission Denied"}"#,
                r#"401 {"errors":["jwt.decode_and_verify"]}"#
            ]
        );
    }
    for endpoint in ["", "/send_code"] {
        assert_eq!(
            said(&server, endpoint, &access, &json!({})),
            [
                r#"400 {"error":"phone_number is missing, phone_number is empty"}"#,
                r#"422 {"errors":["resource.phone.missing_phone_number","resource.phone.empty_phone_number"]}"#
            ]
        );
        assert_eq!(
            said(&server, endpoint, &access, &json!({ "phone_number": " " })),
            [
                r#"400 {"error":"phone_number is empty"}"#,
                r#"422 {"errors":["resource.phone.empty_phone_number"]}"#
            ]
        );
    }
    assert_eq!(
        said(
            &server,
            "/verify",
            &access,
            &json!({ "phone_number": "", "verification_code": "" })
        ),
        [
            r#"400 {"error":"phone_number is empty, verification_code is empty"}"#,
            r#"422 {"errors":["resource.phone.empty_phone_number","resource.phone.empty_verification_code"]}"#
        ]
    );
    assert_eq!(
        said(&server, "/verify", &access, &json!({ "phone_number": "123" })),
        [
            r#"400 {"error":"verification_code is missing, verification_code is empty"}"#,
            r#"422 {"errors":["resource.phone.missing_verification_code","resource.phone.empty_verification_code"]}"#
        ]
    );
    for number in [
        "123",
        "phone",
        "+999 1234567",
        "+44 74180841060",
        "+883 510 012 345 678",
        "+800 1234 5678",
        "+870 301 234 567",
    ] {
        let body = json!({ "phone_number": number, "verification_code": "12345" });
        for endpoint in ["", "/send_code", "/verify"] {
            assert_eq!(
                said(&server, endpoint, &access, &body),
                [
                    r#"400 {"error":"Phone number is invalid"}"#,
                    r#"400 {"errors":["resource.phone.invalid_num"]}"#
                ],
                "{endpoint} {number}"
            );
        }
    }
}

#[test]
fn a_phone_that_the_caller_does_not_have_is_not_found() {
    let server = both();
    let (ann, bob) = (server.barong().newcomer("ann"), server.barong().newcomer("bob"));
    add(&server, &bob.access, NUMBER).expect(201);
    let body = json!({ "phone_number": NUMBER, "verification_code": code(&server, TO) });
    assert_eq!(
        said(&server, "/send_code", &ann.access, &body),
        [
            r#"404 {"error":"Record is not found"}"#,
            r#"404 {"errors":["resource.phone.doesnt_exist"]}"#
        ]
    );
    assert_eq!(
        said(&server, "/verify", &ann.access, &body),
        [WRONG, r#"404 {"errors":["resource.phone.doesnt_exist"]}"#]
    );
    assert_eq!(server.unread_text_to(TO), None);
}

#[test]
fn a_verified_number_is_taken_for_everybody_and_for_its_holder() {
    let server = both();
    let (ann, bob) = (server.barong().newcomer("ann"), server.barong().newcomer("bob"));
    add(&server, &bob.access, NUMBER).expect(201);
    let bobs = code(&server, TO);
    add(&server, &ann.access, NUMBER).expect(201);
    let anns = code(&server, TO);
    verify(&server, &ann.access, NUMBER, &anns).expect(201);
    for (access, code) in [(&ann.access, &anns), (&bob.access, &bobs)] {
        let body = json!({ "phone_number": NUMBER, "verification_code": code });
        for endpoint in ["", "/send_code", "/verify"] {
            assert_eq!(
                said(&server, endpoint, access, &body),
                [TAKEN, r#"400 {"errors":["resource.phone.number_exist"]}"#]
            );
        }
    }
    assert_eq!(server.unread_text_to(TO), None);
    assert_eq!(server.barong().me(&bob.access).at("/level"), "1");
}

#[test]
fn the_coded_profile_masks_takes_a_channel_and_shows_the_user() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    let add = |body: Value| ask(&server, CODED, "", &access, body).to_string();
    assert_snapshot!(
        add(json!({ "phone_number": "", "channel": "pigeon" })),
        @r#"422 {"errors":["resource.phone.empty_phone_number","resource.phone.invalid_channel"]}"#
    );
    assert_snapshot!(
        add(json!({ "phone_number": NUMBER, "channel": "call" })),
        @r#"201 {"message":"Code was sent successfully via sms"}"#
    );
    let first = code(&server, TO);
    assert_snapshot!(
        add(json!({ "phone_number": NUMBER })),
        @r#"400 {"errors":["resource.phone.exists"]}"#
    );
    let resent = json!({ "phone_number": NUMBER, "channel": "sms" });
    assert_snapshot!(
        ask(&server, CODED, "/send_code", &access, resent),
        @r#"201 {"message":"Code was sent successfully via sms"}"#
    );
    let second = code(&server, TO);
    assert_ne!(first, second);
    let shown = json!({ "phone_number": NUMBER, "verification_code": second });
    let user = ask(&server, CODED, "/verify", &access, shown).expect(201);
    assert_eq!(user.at("/email"), ann);
    assert_eq!(user.at("/level"), "2");
    assert_eq!(user.at("/phones/0/number"), "44******4106");
    assert_eq!(list(&server, CODED, &access).at("/0/number"), "44******4106");
    assert_eq!(list(&server, CLASSIC, &access).at("/0/number"), "447418084106");
    // The classic profile knows no channels.
    let body = json!({ "phone_number": "+33600000471", "channel": "pigeon" });
    assert_eq!(ask(&server, CLASSIC, "", &access, body).to_string(), SENT);
}

#[test]
fn masking_is_a_setting() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__DATA_MASKING", "true")]);
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, "33600000471").expect(201);
    assert_eq!(list(&server, CLASSIC, &access).at("/0/number"), "33*****0471");
}

#[test]
fn who_is_locked_reads_their_phones_and_changes_none() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    add(&server, &access, NUMBER).expect(201);
    let body = json!({ "phone_number": NUMBER, "verification_code": code(&server, TO) });
    for state in ["locked", "banned"] {
        server.cli(&["user", "set-state", "--email", &ann, state]).ok();
        list(&server, CLASSIC, &access).expect(200);
        for endpoint in ["", "/send_code", "/verify"] {
            assert_eq!(
                said(&server, endpoint, &access, &body),
                [
                    r#"401 {"error":"Permission Denied"}"#,
                    r#"401 {"errors":["jwt.decode_and_verify"]}"#
                ]
            );
        }
    }
    server
        .cli(&["user", "set-state", "--email", &ann, "deleted"])
        .ok();
    assert_eq!(
        add(&server, &access, NUMBER).to_string(),
        r#"404 {"error":"Record is not found"}"#
    );
    assert_eq!(
        list(&server, CLASSIC, &access).to_string(),
        r#"404 {"error":"Record is not found"}"#
    );
    assert_eq!(server.unread_text_to(TO), None);
}

#[test]
fn neither_numbers_nor_codes_are_readable_in_the_database() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let code = code(&server, TO);
    let stored = server.stored();
    // As a text, and as PostgreSQL's bytes are written.
    for secret in [b"7418084106".as_slice(), b"37343138303834313036"] {
        assert!(!stored.windows(secret.len()).any(|part| part == secret));
    }
    let quoted = [format!(">{code}<"), format!("\"{code}\"")];
    for secret in &quoted {
        assert!(!stored.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}

#[test]
fn forms_and_query_strings_and_trailing_slashes_will_do() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    for path in ["/phones", "/phones/", "/api/v2/barong/resource/phones/"] {
        let form = server.post(path).form(&[("phone_number", NUMBER)]);
        assert_eq!(form.bearer(&access).send().to_string(), SENT);
        let code = code(&server, TO);
        let wrong = server
            .post(&format!("{}/verify", path.trim_end_matches('/')))
            .query(&[("phone_number", NUMBER), ("verification_code", another(&code))]);
        assert_eq!(wrong.bearer(&access).send().to_string(), WRONG);
    }
    assert_snapshot!(
        server.get("/phones/verify").bearer(&access).send(),
        @r#"404 {"error":"Route is not found"}"#
    );
}
