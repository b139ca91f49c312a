//! What stands before the keys: a bearer token, a second factor, and a code of it.

use std::sync::Barrier;
use std::thread;

use reqwest::Method;
use serde_json::{Value, json};

use super::{CLASSIC, CODED, Careful, UNKNOWN, both};
use crate::harness::{Server, Totp, address};

const REPLAYED: &str = r#"422 {"error":"This code was already used. Wait until the next time period"}"#;
const WRONG: &str = r#"422 {"error":"OTP code is invalid"}"#;
const UNBELIEVED: &str = r#"401 {"error":"Permission Denied"}"#;

/// Every errand, with parameters that are good.
fn errands() -> [(Method, String, Value); 4] {
    [
        (Method::GET, String::new(), json!({})),
        (Method::POST, String::new(), json!({ "algorithm": "HS256" })),
        (
            Method::PATCH,
            format!("/{UNKNOWN}"),
            json!({ "state": "inactive" }),
        ),
        (Method::DELETE, format!("/{UNKNOWN}"), json!({})),
    ]
}

#[test]
fn the_gate_is_the_first_thing_in_the_classic_profile() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    let mut ann = Careful {
        server: &server,
        totp: Totp::scan(&server.barong().generate_qrcode(&access)),
        access,
    };
    let off = r#"400 {"error":"Only accounts with enabled 2FA alowed"}"#;
    let missing = r#"422 {"error":"OTP code is missing"}"#;
    for (method, kid, _) in errands() {
        let off_said = ann.ask(method.clone(), CLASSIC, &kid, &json!({ "totp_code": "123456" }));
        assert_eq!(off_said.to_string(), off, "{method}");
    }
    ann.totp = server.barong().enable_factor(&ann.access);
    let code = ann.totp.code();
    server.barong().otp("verify", &ann.access, &code).expect(201);
    for (method, kid, _) in errands() {
        // Bad parameters and unknown keys come later.
        let bad = |code: Value| json!({ "totp_code": code, "algorithm": "", "state": "", "page": "x" });
        for blank in [json!(null), json!(""), json!(" "), json!([])] {
            let answer = ann.ask(method.clone(), CLASSIC, &kid, &bad(blank));
            assert_eq!(answer.to_string(), missing, "{method}");
        }
        assert_eq!(
            ann.ask(method.clone(), CLASSIC, &kid, &json!({})).to_string(),
            missing,
            "{method}"
        );
        let wrong = ann.ask(method.clone(), CLASSIC, &kid, &bad(json!(ann.totp.old_code())));
        assert_eq!(wrong.to_string(), WRONG, "{method}");
        let replayed = ann.ask(method.clone(), CLASSIC, &kid, &bad(json!(code)));
        assert_eq!(replayed.to_string(), REPLAYED, "{method}");
    }
}

#[test]
fn nothing_odd_in_a_request_goes_before_the_gate() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    let odd = [
        "?junk=1&junk[a]=2",
        "?scope=%FF",
        "?%FF=%00&state=%00",
        "?algorithm=1&algorithm[]=2",
    ];
    let said = |code: Option<&str>, odd: &[&str]| {
        let mut answers = Vec::new();
        for (method, kid, _) in errands() {
            for query in odd {
                let request = server.request(method.clone(), &format!("{CLASSIC}/api_keys{kid}{query}"));
                let request = match code {
                    Some(code) => request.query(&[("totp_code", code)]),
                    None => request,
                };
                let body = json!({ "x": "\u{0}", "state": { "\u{0}": 1 } });
                answers.push(request.json(body).bearer(&access).send().to_string());
            }
        }
        answers.dedup();
        answers
    };
    assert_eq!(
        said(None, &odd),
        [r#"400 {"error":"Only accounts with enabled 2FA alowed"}"#]
    );
    let totp = server.barong().enable_factor(&access);
    assert_eq!(said(None, &odd), [r#"422 {"error":"OTP code is missing"}"#]);
    // Ten wrong codes would close the factor.
    assert_eq!(said(Some(&totp.old_code()), &odd[..2]), [WRONG]);
    // Behind it, what is declared is told of in the order of the declaration.
    let request = server.post(&format!(
        "{CLASSIC}/api_keys?algorithm=%FF&kid=1&kid[a]=1&junk=%FF"
    ));
    let body = json!({ "totp_code": totp.code(), "scope": "\u{0}" });
    assert_eq!(
        request.json(body).bearer(&access).send().to_string(),
        r#"400 {"error":"algorithm is invalid, kid is invalid, scope is invalid"}"#
    );
}

#[test]
fn the_gate_uses_the_code_up_whatever_comes_of_it() {
    let server = Server::start();
    let ann = Careful::new(&server);
    ann.create(json!({})).expect(400);
    let again = json!({ "algorithm": "HS256", "totp_code": ann.totp.same_code() });
    assert_eq!(ann.ask(Method::POST, CLASSIC, "", &again).to_string(), REPLAYED);
    ann.create(json!({ "algorithm": "HS256" })).expect(201);
    let list = server
        .get("/api_keys")
        .query(&[("totp_code", &ann.totp.same_code())]);
    assert_eq!(
        list.bearer(&ann.access).send().to_string(),
        REPLAYED,
        "a list right after it needs the next code"
    );
}

#[test]
fn the_coded_profile_looks_at_the_parameters_first_and_lists_without_a_code() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    let mut ann = Careful {
        server: &server,
        totp: Totp::scan(&server.barong().generate_qrcode(&access)),
        access,
    };
    assert_eq!(ann.keys(), json!([]), "not even a second factor is asked for");
    let empty = r#"422 {"errors":["resource.api_key.empty_algorithm"]}"#;
    let blank = json!({ "algorithm": "" });
    assert_eq!(ann.ask(Method::POST, CODED, "", &blank).to_string(), empty);
    let changes = errands().into_iter().skip(1);
    for (method, kid, body) in changes.clone() {
        let answer = ann.ask(method.clone(), CODED, &kid, &body);
        assert_eq!(
            answer.to_string(),
            r#"400 {"errors":["resource.api_key.2fa_disabled"]}"#,
            "{method}"
        );
    }
    ann.totp = server.barong().enable_factor(&ann.access);
    for (method, kid, mut body) in changes {
        let answer = ann.ask(method.clone(), CODED, &kid, &body);
        assert_eq!(
            answer.to_string(),
            r#"422 {"errors":["resource.api_key.missing_totp"]}"#,
            "{method}"
        );
        body["totp_code"] = json!(ann.totp.old_code());
        let answer = ann.ask(method.clone(), CODED, &kid, &body);
        assert_eq!(
            answer.to_string(),
            r#"422 {"errors":["resource.api_key.invalid_totp"]}"#,
            "{method}"
        );
        body["totp_code"] = json!(ann.totp.same_code());
        let answer = ann.ask(method.clone(), CODED, &kid, &body);
        assert_eq!(answer.to_string(), r#"422 {"errors":["totp.error"]}"#, "{method}");
    }
    // A code that comes with bad parameters is not looked at, and so not used up.
    let code = ann.totp.code();
    let blank = json!({ "algorithm": "", "totp_code": code });
    assert_eq!(ann.ask(Method::POST, CODED, "", &blank).to_string(), empty);
    let good = json!({ "algorithm": "HS256", "totp_code": code });
    ann.ask(Method::POST, CODED, "", &good).expect(201);
}

#[test]
fn a_key_of_somebody_else_is_unknown_and_a_wrong_code_is_told_first() {
    let server = both();
    let (ann, bob) = (Careful::new(&server), Careful::new(&server));
    let path = format!("/{}", ann.kid());
    let body = json!({ "state": "inactive", "totp_code": bob.totp.old_code() });
    for method in [Method::PATCH, Method::DELETE] {
        assert_eq!(bob.ask(method.clone(), CLASSIC, &path, &body).to_string(), WRONG);
        let answer = bob.ask_with_code(method, CLASSIC, &path, json!({ "state": "inactive" }));
        assert_eq!(answer.to_string(), r#"404 {"error":"Record is not found"}"#);
    }
    assert_eq!(ann.keys()[0]["state"], "active");
    assert_eq!(bob.keys(), json!([]));
}

#[test]
fn a_banned_account_sees_its_keys_and_changes_none() {
    let server = both();
    let barong = server.barong();
    let address = address("ann");
    barong.sign_up(&address);
    let access = barong.log_in(&address).access;
    let totp = barong.enable_factor(&access);
    let ann = Careful {
        server: &server,
        access,
        totp,
    };
    ann.kid();
    server
        .cli(&["user", "set-state", "--email", &address, "banned"])
        .ok();
    assert_eq!(ann.keys()[0]["state"], "inactive");
    let code = ann.totp.code();
    for (method, kid, mut body) in errands().into_iter().skip(1) {
        body["totp_code"] = json!(code);
        assert_eq!(
            ann.ask(method.clone(), CLASSIC, &kid, &body).to_string(),
            UNBELIEVED,
            "{method}"
        );
    }
    let list = json!({ "totp_code": code });
    ann.ask(Method::GET, CLASSIC, "", &list).expect(200);
}

#[test]
fn one_code_makes_one_key_however_often_it_arrives_at_once() {
    const AT_ONCE: usize = 8;
    let server = both();
    let ann = Careful::new(&server);
    let body = json!({ "algorithm": "HS256", "totp_code": ann.totp.code() });
    let (access, start) = (ann.access.as_str(), Barrier::new(AT_ONCE));
    let answers: Vec<String> = thread::scope(|scope| {
        let race = || {
            start.wait();
            let request = server.post("/api_keys").bearer(access).json(body.clone());
            request.send().to_string()
        };
        let racers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.starts_with("201"));
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(lost.iter().all(|answer| *answer == REPLAYED), "{answers:?}");
    assert_eq!(ann.keys().as_array().map(Vec::len), Some(1));
}

#[test]
fn keys_need_a_bearer_token() {
    let server = both();
    for (method, kid, body) in errands() {
        for (mount, expected) in [
            (CLASSIC, UNBELIEVED),
            ("", UNBELIEVED),
            (CODED, r#"401 {"errors":["jwt.decode_and_verify"]}"#),
        ] {
            let path = format!("{mount}/api_keys{kid}");
            let request = server.request(method.clone(), &path).json(body.clone());
            assert_eq!(request.send().to_string(), expected, "{method} {path}");
        }
    }
}
