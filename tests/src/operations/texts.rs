use crate::harness::{Server, SmsGateway, SmsManner, fails_to_start};

const NUMBER: &str = "+447418084106";

#[test]
fn a_gateway_that_cannot_be_used_is_refused_by_name_without_its_secrets() {
    for (url, expected) in [
        ("sms.example.org", "expected https://host/path"),
        ("smtp://sms.example.org", "begins with https://"),
        ("http://ann:hunter2@sms.example.org/", "go over https"),
        ("twilio://AChunter2@+15551234567", "SID and its token"),
        ("twilio://AC1:hunter2@nobody-s", "the sender"),
        ("twilio://AC1:hunter2@+15551234567?api=x", "the only parameter"),
    ] {
        let failure = fails_to_start(&[("CLAVIS_SMS__URL", url)]);
        for part in ["sms.url", expected] {
            assert!(failure.stderr.contains(part), "{url}: {}", failure.stderr);
        }
        assert!(!failure.stderr.contains("hunter2"), "{}", failure.stderr);
    }
    let failure = fails_to_start(&[("CLAVIS_SMS__URI", "https://sms.example.org")]);
    assert!(failure.stderr.contains("CLAVIS_SMS__URI"), "{}", failure.stderr);
}

#[test]
fn a_start_asks_nothing_of_the_gateway() {
    let gateway = SmsGateway::start();
    gateway.behave(SmsManner::Hangs);
    for url in [gateway.webhook_url(), gateway.twilio_url()] {
        let server = Server::with(&[("CLAVIS_SMS__URL", &url)]);
        server.get("/readyz").send().expect(200);
        assert!(!server.log().contains(SmsGateway::password()), "{}", server.log());
    }
    assert_eq!(gateway.offered(), 0);
}

#[test]
fn in_dev_mode_text_messages_are_read_beside_the_mails() {
    for mail in [None, Some(("CLAVIS_MAIL__URL", "smtp://127.0.0.1:1"))] {
        let settings: Vec<_> = [("CLAVIS_DEV", "true")].into_iter().chain(mail).collect();
        let server = Server::with(&settings);
        assert!(!page(&server).contains("Text messages"));
        write_text(&server, "20261121T101010123456Z-1", "Your <b>code</b>: 04217");
        write_text(&server, "20261121T101010123457Z-1", "Your code: 04218");
        let page = page(&server);
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"));
        assert!(at("04218") < at("04217"), "{page}");
        at(NUMBER);
        assert!(!page.contains("<b>code"), "{page}");
        assert_eq!(server.text_to(NUMBER), "Your code: 04218");
        assert_eq!(server.unread_text_to(NUMBER), None);
    }
    let settings = [
        ("CLAVIS_DEV", "true"),
        ("CLAVIS_MAIL__URL", "smtp://127.0.0.1:1"),
        ("CLAVIS_SMS__URL", "https://sms.example.org/"),
    ];
    Server::with(&settings).get("/dev/mailbox").send().expect(404);
}

#[track_caller]
fn page(server: &Server) -> String {
    server.get("/dev/mailbox").send().expect(200).text()
}

fn write_text(server: &Server, name: &str, text: &str) {
    let outbox = server.data_dir().join("outbox");
    std::fs::create_dir_all(&outbox).unwrap();
    std::fs::write(
        outbox.join(format!("{name}.txt")),
        format!("To: {NUMBER}\n\n{text}\n"),
    )
    .unwrap();
}
