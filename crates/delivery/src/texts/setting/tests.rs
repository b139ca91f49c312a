use super::*;

#[track_caller]
fn refused(url: &str, expected: TextUrlError) {
    assert_eq!(
        TextTransport::from_setting(Some(url)).map(drop),
        Err(expected),
        "{url}"
    );
}

#[track_caller]
fn webhook(url: &str) -> WebhookTarget {
    match TextTransport::from_setting(Some(url)) {
        Ok(TextTransport::Webhook(target)) => target,
        other => panic!("{url}: {other:?}"),
    }
}

#[track_caller]
fn twilio(url: &str) -> TwilioAccount {
    match TextTransport::from_setting(Some(url)) {
        Ok(TextTransport::Twilio(account)) => account,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn without_a_url_texts_are_files() {
    assert!(matches!(
        TextTransport::from_setting(None),
        Ok(TextTransport::Files)
    ));
}

#[test]
fn a_webhook_keeps_path_and_parameters_and_takes_its_credentials_out_of_the_url() {
    let target = webhook(" https://ann:p%3Aa%2Fs%25@sms.example.org:8443/send?key=k ");
    assert_eq!(target.url.as_str(), "https://sms.example.org:8443/send?key=k");
    let credentials = target.credentials.unwrap();
    assert_eq!(
        (&*credentials.user, credentials.password.expose()),
        ("ann", "p:a/s%")
    );
    let target = webhook("https://token@sms.example.org");
    assert_eq!(target.credentials.unwrap().password.expose(), "");
    assert!(webhook("http://sms-gateway:8080/").credentials.is_none());
}

#[test]
fn credentials_for_texts_leave_this_machine_under_tls_only() {
    for here in ["127.0.0.1", "127.1.2.3:8080", "[::1]:8080", "localhost"] {
        assert!(webhook(&format!("http://u:p@{here}/")).credentials.is_some());
        twilio(&format!("twilio://AC1:t@+15551234567?api=http://{here}"));
    }
    for elsewhere in ["sms.example.org", "10.0.0.1", "0.0.0.0", "localhost.example.org"] {
        refused(
            &format!("http://u:p@{elsewhere}/"),
            TextUrlError::PlainCredentials,
        );
        refused(
            &format!("twilio://AC1:t@+15551234567?api=http://{elsewhere}"),
            TextUrlError::PlainCredentials,
        );
    }
}

#[test]
fn a_twilio_url_names_account_token_and_sender() {
    let account = twilio("twilio://AC0123:t%40ken@+15551234567");
    assert_eq!(
        (&*account.sid, account.token.expose(), &account.from),
        ("AC0123", "t@ken", &TwilioSender::Name("+15551234567".to_owned()))
    );
    assert_eq!(
        account.messages_url(),
        "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json"
    );
    let account = twilio("twilio://AC0123:token@12345/?api=https://api.example.org/twilio/");
    assert_eq!(
        account.messages_url(),
        "https://api.example.org/twilio/2010-04-01/Accounts/AC0123/Messages.json"
    );
}

#[test]
fn a_sender_is_a_number_a_short_code_a_name_or_a_service() {
    let service = format!("MG{}", "0a".repeat(16));
    for (from, expected) in [
        ("+447418084106", TwilioSender::Name("+447418084106".to_owned())),
        ("%2B447418084106", TwilioSender::Name("+447418084106".to_owned())),
        ("123456", TwilioSender::Name("123456".to_owned())),
        ("Clavis", TwilioSender::Name("Clavis".to_owned())),
        ("My%20Co%202", TwilioSender::Name("My Co 2".to_owned())),
        (&service, TwilioSender::Service(service.clone())),
    ] {
        assert_eq!(twilio(&format!("twilio://AC1:t@{from}")).from, expected);
    }
    for from in [
        "+12",
        "447418084106",
        "12",
        "TwelveLetter",
        "a-b",
        "%0A",
        "%FF",
        "+4474180841%30%0A",
    ] {
        refused(&format!("twilio://AC1:t@{from}"), TextUrlError::Sender);
    }
}

#[test]
fn what_is_no_url_of_a_gateway_is_refused() {
    refused("", TextUrlError::NotAUrl);
    refused("sms.example.org", TextUrlError::NotAUrl);
    refused("smtp://sms.example.org", TextUrlError::Scheme);
    refused("file:///tmp", TextUrlError::Scheme);
    refused("https://", TextUrlError::NotAUrl);
    refused("https://sms.example.org:0/", TextUrlError::Port);
    refused("https://sms.example.org/#part", TextUrlError::Part);
    refused("https://:password@sms.example.org/", TextUrlError::Credentials);
    refused("https://u%3Av:p@sms.example.org/", TextUrlError::Credentials);
    refused("https://u:%00@sms.example.org/", TextUrlError::Credentials);
    refused("https://u:%FF@sms.example.org/", TextUrlError::Credentials);
    refused("twilio://+15551234567", TextUrlError::Account);
    refused("twilio://AC1@+15551234567", TextUrlError::Account);
    refused("twilio://AC1:@+15551234567", TextUrlError::Account);
    refused("twilio://AC%2F1:t@+15551234567", TextUrlError::Account);
    refused("twilio://AC1:t@+15551234567:80", TextUrlError::Port);
    refused("twilio://AC1:t@+15551234567/path", TextUrlError::Part);
    refused("twilio://AC1:t@+15551234567#part", TextUrlError::Part);
    refused("twilio://AC1:t@+15551234567?region=ie1", TextUrlError::Parameter);
    refused(
        "twilio://AC1:t@+15551234567?api=ftp://host",
        TextUrlError::Parameter,
    );
    refused(
        "twilio://AC1:t@+15551234567?api=https://u:p@host",
        TextUrlError::Parameter,
    );
    refused(
        "twilio://AC1:t@+15551234567?api=https://host&x=y",
        TextUrlError::Parameter,
    );
    refused(
        "twilio://AC1:t@+15551234567?api=https://host?x=y",
        TextUrlError::Parameter,
    );
}

#[test]
fn nothing_shows_a_secret() {
    for (url, secrets) in [
        (
            "https://ann:hunter2@sms.example.org/hook/s3cret?key=s3cret",
            ["ann", "hunter2", "s3cret"],
        ),
        (
            "twilio://AC0123:hunter2@+15551234567",
            ["AC0123", "hunter2", "twilio:"],
        ),
    ] {
        let shown = format!("{:?}", TextTransport::from_setting(Some(url)).unwrap());
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
    let error = TextTransport::from_setting(Some("ftp://ann:hunter2@host")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
