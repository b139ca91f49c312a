//! What the activity log says about the factor.

use serde_json::{Value, json};

use crate::harness::{Request, Server, Totp};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

/// What is done without a `User-Agent` is not logged.
fn send(request: Request, access: &str) -> crate::harness::Answer {
    request.bearer(access).header("User-Agent", BROWSER).send()
}

/// Each entry as its action, its result and its reason.
fn told(server: &Server, access: &str) -> Vec<String> {
    let log = send(server.get("/users/activity/otp"), access).expect(200).json();
    let entries = log.as_array().unwrap().iter();
    let told = entries.map(|entry| {
        let data: Value = serde_json::from_str(entry["data"].as_str().unwrap_or("null")).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        [&entry["action"], &entry["result"], &data["reason"]]
            .map(text)
            .join(": ")
    });
    told.collect()
}

#[test]
fn it_keeps_what_was_tried_but_no_replays_and_nothing_of_keys() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    let otp = |endpoint: &str, body: Value| {
        let request = server.post(&format!("/otp/{endpoint}")).json(body);
        send(request, &access)
    };
    let code = |code: String| json!({ "code": code });
    let wrong = || code("no code".to_owned());
    otp("enable", json!({})).expect(400);
    otp("enable", wrong()).expect(422);
    otp("verify", wrong()).expect(400);
    let totp = Totp::scan(&otp("generate_qrcode", json!({})));
    otp("enable", code(totp.code())).expect(201);
    otp("generate_qrcode", json!({})).expect(400);
    otp("enable", wrong()).expect(400);
    otp("verify", code(totp.code())).expect(201);
    otp("verify", code(totp.same_code())).expect(422);
    otp("verify", wrong()).expect(422);
    otp("verify", json!({})).expect(400);
    let list = server.get("/api_keys").query(&[("totp_code", "no code")]);
    send(list, &access).expect(422);
    let make = json!({ "algorithm": "HS256", "totp_code": totp.same_code() });
    send(server.post("/api_keys").json(make), &access).expect(422);
    assert_eq!(
        told(&server, &access),
        [
            "enable 2FA: failed: OTP code is invalid",
            "verify 2FA code: failed: 2FA has not been enabled for this account",
            "request QR code for 2FA: succeed: -",
            "enable 2FA: succeed: -",
            "request QR code for 2FA: failed: 2FA has been already enabled for this account",
            "enable 2FA: failed: 2FA has been already enabled for this account",
            "verify 2FA code: failed: OTP code is invalid",
        ]
    );

    otp("disable", wrong()).expect(422);
    otp("disable", code(totp.code())).expect(200);
    otp("disable", wrong()).expect(400);
    let told = told(&server, &access);
    assert_eq!(
        told[7..],
        [
            "disable 2FA: failed: OTP code is invalid",
            "disable 2FA: succeed: -",
            "disable 2FA: failed: 2FA has not been enabled for this account",
        ]
    );
}
