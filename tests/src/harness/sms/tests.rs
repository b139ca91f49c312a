//! Other tests believe this gateway, so it is shown to do as it says.

use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::json;

use super::*;

const NUMBER: &str = "+447418084106";

fn post(gateway: &SmsGateway, path: &str) -> RequestBuilder {
    let client = Client::builder().timeout(Duration::from_secs(1)).build().unwrap();
    client.post(format!("http://{}{path}", gateway.address))
}

fn offer_json(gateway: &SmsGateway, text: &str) -> reqwest::Result<Response> {
    let request = post(gateway, "/send").basic_auth(USER, Some(PASSWORD));
    request.json(&json!({ "to": NUMBER, "text": text })).send()
}

fn offer_form(gateway: &SmsGateway, text: &str) -> reqwest::Result<Response> {
    let request = post(gateway, TWILIO_PATH).basic_auth(USER, Some(PASSWORD));
    request
        .form(&[("To", NUMBER), ("From", FROM), ("Body", text)])
        .send()
}

#[test]
fn the_gateway_takes_what_either_protocol_says_from_those_who_log_in() {
    let gateway = SmsGateway::start();
    assert_eq!(offer_json(&gateway, "one").unwrap().status(), 201);
    assert_eq!(gateway.text_to(NUMBER), "one");
    gateway.behave(SmsManner::TakesAfter(Duration::from_millis(50)));
    assert_eq!(offer_form(&gateway, "two").unwrap().status(), 201);
    assert_eq!(gateway.text_to(NUMBER), "two");
    for path in ["/send", TWILIO_PATH] {
        assert_eq!(post(&gateway, path).send().unwrap().status(), 401);
    }
    let elsewhere = post(&gateway, "/").basic_auth(USER, Some(PASSWORD));
    assert_eq!(elsewhere.send().unwrap().status(), 404);
    assert_eq!((gateway.taken().len(), gateway.offered()), (2, 2));
}

#[test]
fn the_gateway_misbehaves_as_it_is_told() {
    let gateway = SmsGateway::start();
    gateway.behave(SmsManner::Answers(500));
    assert_eq!(offer_json(&gateway, "one").unwrap().status(), 500);
    gateway.behave(SmsManner::RefusesWith(21_211));
    let refusal: Value = offer_form(&gateway, "one").unwrap().json().unwrap();
    assert_eq!(refusal["code"], 21_211);
    gateway.behave(SmsManner::Closes);
    assert!(!offer_json(&gateway, "one").unwrap_err().is_timeout());
    gateway.behave(SmsManner::Hangs);
    assert!(offer_json(&gateway, "one").unwrap_err().is_timeout());
    assert_eq!((gateway.taken().len(), gateway.offered()), (0, 4));
}
