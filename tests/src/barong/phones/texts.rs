//! The texts that carry the codes.

use std::thread;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::json;

use super::*;
use crate::harness::{SmsGateway, SmsManner};

#[test]
fn so_many_texts_are_sent_in_an_hour_and_no_more() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    for _ in 1..30 {
        resend(&server, &access, NUMBER).expect(201);
    }
    let code = code(&server, TO);
    let refused = resend(&server, &access, NUMBER);
    assert_snapshot!(refused, @r#"429 {"error":"Too many requests"}"#);
    let wait: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    let body = json!({ "phone_number": "+33600000471" });
    assert_eq!(
        said(&server, "", &access, &body),
        [
            r#"429 {"error":"Too many requests"}"#,
            r#"429 {"errors":["request.too_many_requests"]}"#
        ]
    );
    assert_eq!(server.unread_text_to(TO), None);
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), VERIFIED);
    // Somebody else's hour is their own.
    let bob = server.barong().newcomer("bob").access;
    assert_eq!(add(&server, &bob, "+33600000471").to_string(), SENT);
}

#[test]
fn a_gateway_that_fails_is_told_and_the_phone_stays() {
    let gateway = SmsGateway::start();
    let server = with(&[("CLAVIS_SMS__URL", &gateway.twilio_url())]);
    let access = server.barong().newcomer("ann").access;
    for (manner, cause) in [
        (SmsManner::RefusesWith(21_612), "num_not_reachable"),
        (SmsManner::RefusesWith(21_211), "num_not_valid"),
        (SmsManner::RefusesWith(21_602), "sms_content_invalid"),
        (SmsManner::RefusesWith(21_610), "unsubscribed_recipient"),
        (SmsManner::RefusesWith(20_003), "twilio_unexpected"),
        (SmsManner::Answers(503), "twilio_unexpected"),
        (SmsManner::Closes, "twilio_unexpected"),
    ] {
        gateway.behave(manner);
        let body = json!({ "phone_number": NUMBER });
        let classic = ask(&server, CLASSIC, "", &access, body.clone()).to_string();
        let coded = ask(&server, CODED, "/send_code", &access, body).to_string();
        assert_eq!(
            [classic, coded],
            [
                r#"500 {"error":"Something wrong with Twilio Client"}"#.to_owned(),
                format!(r#"422 {{"errors":["resource.phone.{cause}"]}}"#),
            ]
        );
    }
    assert_eq!(
        list(&server, CLASSIC, &access).json().as_array().unwrap().len(),
        1
    );
    gateway.behave(SmsManner::Takes);
    assert_eq!(resend(&server, &access, NUMBER).to_string(), SENT);
    let code = in_text(&gateway.text_to(TO));
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), VERIFIED);
    assert!(!server.log().contains(&code) && !server.log().contains("7418084106"));
}

#[test]
fn a_slow_gateway_holds_up_nobody_else() {
    let gateway = SmsGateway::start();
    gateway.behave(SmsManner::Hangs);
    let server = Server::with(&[("CLAVIS_SMS__URL", &gateway.webhook_url())]);
    let access = server.barong().newcomer("ann").access;
    let begun = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| add(&server, &access, NUMBER).to_string());
        while gateway.offered() == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        // The phone is there already, and nothing is locked.
        assert_eq!(
            list(&server, CLASSIC, &access).json().as_array().unwrap().len(),
            1
        );
        let label = json!({ "key": "hobby", "value": "chess" });
        let labels = server.post("/api/v2/resource/labels").json(label);
        labels.bearer(&access).send().expect(201);
        assert!(!waiting.is_finished(), "while the gateway hangs");
        assert_eq!(
            waiting.join().unwrap(),
            r#"500 {"error":"Something wrong with Twilio Client"}"#
        );
    });
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[test]
fn the_text_names_the_installation() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__APP_NAME", "Acme & Co")]);
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let text = server.text_to(TO);
    let code = text.strip_prefix("Your verification code for Acme & Co: ");
    assert_eq!(code.map(str::len), Some(5), "{text}");
}
