//! Texts through gateways on real sockets.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clavis_delivery::{TextLimits, TwilioTexts, WebhookTexts};
use clavis_flows::{TextError, TextMessage, Texts};

use crate::gateway::{Gateway, Manner};
use crate::log;
use crate::sink::Sink;

const NUMBER: &str = "+447418084106";
const TEXT: &str = "Your verification code for Barong: 04217";

/// Long enough for a busy machine to be honest in, short enough to wait for.
const SHORT: TextLimits = TextLimits {
    connect: Duration::from_millis(400),
    total: Duration::from_millis(400),
    at_once: 2,
};

fn text() -> TextMessage {
    TextMessage {
        to: NUMBER.to_owned(),
        text: TEXT.to_owned(),
    }
}

fn webhook(url: &str, limits: TextLimits) -> WebhookTexts {
    WebhookTexts::new(url.parse().unwrap(), limits).unwrap()
}

fn twilio(gateway: &Gateway, from: &str, limits: TextLimits) -> TwilioTexts {
    let url = format!(
        "twilio://AC0123:t0ken@{from}?api=http://127.0.0.1:{}",
        gateway.port
    );
    TwilioTexts::new(url.parse().unwrap(), limits).unwrap()
}

async fn sent_to_webhook(manner: Manner) -> (Result<(), TextError>, Gateway) {
    let gateway = Gateway::start(manner);
    let texts = webhook(
        &format!("http://127.0.0.1:{}/", gateway.port),
        TextLimits::default(),
    );
    (texts.send(&text()).await, gateway)
}

fn basic(user_and_password: &str) -> String {
    format!("Basic {}", STANDARD.encode(user_and_password))
}

#[tokio::test]
async fn a_webhook_gets_number_and_text_as_json() {
    let gateway = Gateway::start(Manner::Answers(204, String::new()));
    let url = format!("http://127.0.0.1:{}/send?key=k", gateway.port);
    webhook(&url, TextLimits::default()).send(&text()).await.unwrap();
    let [request] = &gateway.requests()[..] else {
        panic!("{:?}", gateway.requests());
    };
    assert_eq!(request.line, "POST /send?key=k HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, serde_json::json!({ "to": NUMBER, "text": TEXT }));
}

#[tokio::test]
async fn credentials_in_the_url_go_into_the_header_and_nowhere_else() {
    let gateway = Gateway::start(Manner::Answers(200, String::new()));
    let url = format!("http://ann:p%3A%25@127.0.0.1:{}/send", gateway.port);
    webhook(&url, TextLimits::default()).send(&text()).await.unwrap();
    let request = &gateway.requests()[0];
    assert_eq!(request.header("authorization"), Some(&*basic("ann:p:%")));
    assert_eq!(
        request.header("host"),
        Some(&*format!("127.0.0.1:{}", gateway.port))
    );
    assert_eq!(request.line, "POST /send HTTP/1.1");
}

#[tokio::test]
async fn only_a_status_of_success_says_that_a_text_was_taken() {
    for (status, expected) in [
        (200, Ok(())),
        (202, Ok(())),
        (299, Ok(())),
        (304, Err(TextError::Unexpected)),
        (400, Err(TextError::Unexpected)),
        (401, Err(TextError::Unexpected)),
        (404, Err(TextError::Unexpected)),
        (429, Err(TextError::Unavailable)),
        (500, Err(TextError::Unavailable)),
        (502, Err(TextError::Unavailable)),
    ] {
        let (result, _) = sent_to_webhook(Manner::Answers(status, String::new())).await;
        assert_eq!(result, expected, "{status}");
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Gateway::start(Manner::Answers(200, String::new()));
    let to = format!("http://127.0.0.1:{}/", elsewhere.port);
    let (result, _) = sent_to_webhook(Manner::Redirects(to)).await;
    assert_eq!(result, Err(TextError::Unexpected));
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_gateway_that_makes_no_sense_is_unavailable() {
    for manner in [Manner::Closes, Manner::Babbles] {
        assert_eq!(sent_to_webhook(manner).await.0, Err(TextError::Unavailable));
    }
    let nobody = format!("http://127.0.0.1:{}/", Sink::free_port());
    let result = webhook(&nobody, TextLimits::default()).send(&text()).await;
    assert_eq!(result, Err(TextError::Unavailable));
}

#[tokio::test]
async fn a_gateway_whose_certificate_nobody_signed_gets_no_text() {
    let gateway = Gateway::start_self_signed();
    let url = format!("https://ann:hunter2@localhost:{}/", gateway.port);
    let result = webhook(&url, TextLimits::default()).send(&text()).await;
    assert_eq!(result, Err(TextError::Unavailable));
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn a_gateway_that_hangs_is_left() {
    let begun = Instant::now();
    let gateway = Gateway::start(Manner::Hangs);
    let url = format!("http://127.0.0.1:{}/", gateway.port);
    assert_eq!(
        webhook(&url, SHORT).send(&text()).await,
        Err(TextError::Unavailable)
    );
    // Its status is a verdict, whatever comes of the rest.
    let gateway = Gateway::start(Manner::HangsInTheBody(400));
    let texts = twilio(&gateway, "Clavis", SHORT);
    assert_eq!(texts.send(&text()).await, Err(TextError::Unexpected));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_answer_without_end_is_read_to_a_bound() {
    let gateway = Gateway::start(Manner::NeverEnds(500));
    let limits = TextLimits {
        total: Duration::from_mins(1),
        ..TextLimits::default()
    };
    let begun = Instant::now();
    let result = twilio(&gateway, "Clavis", limits).send(&text()).await;
    assert_eq!(result, Err(TextError::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn past_so_many_texts_on_their_way_one_more_is_refused_at_once() {
    let gateway = Gateway::start(Manner::Hangs);
    let limits = TextLimits {
        total: Duration::from_secs(3),
        ..SHORT
    };
    let texts = Arc::new(webhook(&format!("http://127.0.0.1:{}/", gateway.port), limits));
    let held: Vec<_> = (0..SHORT.at_once)
        .map(|_| {
            let texts = Arc::clone(&texts);
            tokio::spawn(async move { texts.send(&text()).await })
        })
        .collect();
    while gateway.requests().len() < SHORT.at_once {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    assert_eq!(texts.send(&text()).await, Err(TextError::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(gateway.requests().len(), SHORT.at_once);
    for text in held {
        assert_eq!(text.await.unwrap(), Err(TextError::Unavailable));
    }
    // Their places are free again.
    assert_eq!(texts.send(&text()).await, Err(TextError::Unavailable));
    assert_eq!(gateway.requests().len(), SHORT.at_once + 1);
}

#[tokio::test]
async fn twilio_gets_a_form_and_the_account_s_credentials() {
    let gateway = Gateway::start(Manner::Answers(
        201,
        r#"{"sid":"SM1","status":"queued"}"#.to_owned(),
    ));
    let texts = twilio(&gateway, "+15551234567", TextLimits::default());
    texts.send(&text()).await.unwrap();
    let request = &gateway.requests()[0];
    assert_eq!(
        request.line,
        "POST /2010-04-01/Accounts/AC0123/Messages.json HTTP/1.1"
    );
    assert_eq!(request.header("authorization"), Some(&*basic("AC0123:t0ken")));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let pairs: Vec<_> = url::form_urlencoded::parse(request.body.as_bytes())
        .into_owned()
        .collect();
    let expected = [("To", NUMBER), ("From", "+15551234567"), ("Body", TEXT)];
    assert_eq!(
        pairs,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[tokio::test]
async fn a_messaging_service_is_named_as_one() {
    let gateway = Gateway::start(Manner::Answers(201, "{}".to_owned()));
    let service = format!("MG{}", "0a".repeat(16));
    let texts = twilio(&gateway, &service, TextLimits::default());
    texts.send(&text()).await.unwrap();
    let body = &gateway.requests()[0].body;
    assert!(
        body.contains(&format!("MessagingServiceSid={service}")) && !body.contains("From="),
        "{body}"
    );
}

#[tokio::test]
async fn each_refusal_of_twilio_says_what_it_is_about() {
    for (status, code, expected) in [
        (400, 21_211, TextError::NotValid),
        (400, 21_614, TextError::NotValid),
        (400, 21_612, TextError::NotReachable),
        (403, 21_408, TextError::NotReachable),
        (400, 21_610, TextError::Unsubscribed),
        (400, 21_602, TextError::ContentInvalid),
        (400, 21_605, TextError::ContentInvalid),
        (400, 21_617, TextError::ContentInvalid),
        (400, 21_618, TextError::ContentInvalid),
        (401, 20_003, TextError::Unexpected),
        (400, 21_606, TextError::Unexpected),
        (429, 20_429, TextError::Unavailable),
        (503, 20_503, TextError::Unavailable),
    ] {
        let body = format!(r#"{{"code":{code},"message":"{NUMBER} no","status":{status}}}"#);
        let gateway = Gateway::start(Manner::Answers(status, body));
        let result = twilio(&gateway, "Clavis", TextLimits::default())
            .send(&text())
            .await;
        assert_eq!(result, Err(expected), "{code}");
    }
    let gateway = Gateway::start(Manner::Answers(400, "<html>".to_owned()));
    let result = twilio(&gateway, "Clavis", TextLimits::default())
        .send(&text())
        .await;
    assert_eq!(result, Err(TextError::Unexpected));
}

#[tokio::test]
async fn what_no_gateway_could_send_is_not_shown_to_one() {
    let gateway = Gateway::start(Manner::Answers(200, String::new()));
    let url = format!("http://127.0.0.1:{}/", gateway.port);
    for (to, words, expected) in [
        ("447418084106", TEXT, TextError::NotValid),
        (NUMBER, "", TextError::ContentInvalid),
    ] {
        let text = TextMessage {
            to: to.to_owned(),
            text: words.to_owned(),
        };
        let texts = webhook(&url, TextLimits::default());
        assert_eq!(texts.send(&text).await, Err(expected));
    }
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn nothing_of_a_text_or_of_the_credentials_is_shown_or_logged() {
    log::keep();
    let mut shown = format!("{:?}", text());
    let names_all = format!(r#"{{"code":21211,"message":"{NUMBER} {TEXT} t0ken"}}"#);
    for manner in [
        Manner::Answers(400, names_all.clone()),
        Manner::Answers(500, names_all),
        Manner::Redirects("http://ann:hunter2@127.0.0.1/s3cret".to_owned()),
        Manner::Closes,
        Manner::Babbles,
        Manner::Hangs,
    ] {
        let gateway = Gateway::start(manner);
        let url = format!("http://ann:hunter2@127.0.0.1:{}/s3cret?key=s3cret", gateway.port);
        let (webhook, twilio) = (webhook(&url, SHORT), twilio(&gateway, "Clavis", SHORT));
        write!(shown, "{webhook:?} {twilio:?}").unwrap();
        for texts in [&webhook as &dyn Texts, &twilio] {
            let error = texts.send(&text()).await.unwrap_err();
            write!(shown, "{error} {error:?}").unwrap();
        }
    }
    let logged = log::kept();
    assert!(
        logged.contains("21211") && logged.contains("the gateway does not answer"),
        "{logged}"
    );
    for secret in [
        NUMBER,
        "7418084106",
        "04217",
        "hunter2",
        "s3cret",
        "t0ken",
        "AC0123",
        &basic("ann:hunter2"),
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}
