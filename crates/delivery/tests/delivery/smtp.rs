use std::time::Duration;

use clavis_delivery::{MailError, MailFault, Mailer as _, SmtpMailer, SmtpStep};
use mail_parser::MessageParser;

use crate::behaviour::{Behaviour, Trouble};
use crate::sink::Sink;
use crate::world::{ID, mail, mailer};

pub(crate) async fn send(mailer: &SmtpMailer) -> Result<(), MailError> {
    mailer.send(ID, &mail("ann@example.org")).await
}

#[tokio::test]
async fn a_mail_arrives_with_both_bodies_and_every_dot() {
    let mut sink = Sink::start(Behaviour::default());
    send(&mailer(&format!("smtp://localhost:{}", sink.port), None))
        .await
        .unwrap();
    let received = sink.mail().await;
    assert_eq!(
        (&*received.from, &*received.to),
        ("no-reply@id.example.org", "ann@example.org")
    );
    assert_eq!(sink.heard("EHLO id.example.org"), 1);
    let read = MessageParser::new().parse(received.content.as_bytes()).unwrap();
    assert_eq!(read.body_text(0).unwrap(), "Hello\r\n.\r\n..\r\nBye\r\n");
    assert_eq!(read.body_html(0).unwrap(), "<p>Hello</p>");
    assert_eq!(read.message_id(), Some(format!("{ID}@id.example.org").as_str()));
    assert!(read.date().is_some());
    assert!(received.content.contains("Content-Type: multipart/alternative"));
}

#[tokio::test]
async fn only_a_verdict_on_the_mail_itself_is_final() {
    use Trouble::{Close, Reply};
    let cases = [
        ("greeting", Reply("554 no service"), false),
        ("EHLO", Close, false),
        ("MAIL", Reply("553 5.1.8 sender rejected"), false),
        ("MAIL", Reply("421 4.3.2 shutting down"), false),
        ("RCPT", Reply("450 4.2.1 try later"), false),
        ("RCPT", Reply("550 5.1.1 <ann@example.org>: no such user"), true),
        ("RCPT", Reply("530 5.7.0 log in first"), false),
        ("RCPT", Close, false),
        ("DATA", Reply("250 what?"), false),
        ("DATA", Reply("554 5.6.0 no"), true),
        ("content", Reply("451 4.3.0 disk full"), false),
        ("content", Reply("554 5.7.1 looks like spam"), true),
        ("content", Reply("garbage"), false),
        ("content", Reply("354 out of step"), false),
        ("content", Close, false),
    ];
    for (at, trouble, is_final) in cases {
        let mut sink = Sink::start(Behaviour {
            troubles: vec![(at, trouble)],
            ..Behaviour::default()
        });
        let mailer = mailer(&format!("smtp://localhost:{}", sink.port), None);
        let error = send(&mailer).await.unwrap_err();
        assert_eq!(
            matches!(error, MailError::Permanent(_)),
            is_final,
            "{at}: {error}"
        );
        assert!(!error.to_string().contains("ann"), "{error}");
        // The next mail is not disturbed by what came before.
        send(&mailer).await.unwrap();
        assert_eq!(sink.mail().await.to, "ann@example.org");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_and_its_late_answers_with_it() {
    let steps = [
        ("greeting", SmtpStep::Connect),
        ("EHLO", SmtpStep::Connect),
        ("MAIL", SmtpStep::Mail),
        ("RCPT", SmtpStep::Recipient),
        ("DATA", SmtpStep::Data),
        ("content", SmtpStep::Content),
    ];
    for (at, step) in steps {
        let late = Trouble::Late(Duration::from_secs(1));
        let sink = Sink::start(Behaviour {
            troubles: vec![(at, late)],
            ..Behaviour::default()
        });
        let mailer = mailer(&format!("smtp://localhost:{}", sink.port), None);
        let mailer = mailer.with_step_timeout(Duration::from_millis(300));
        assert_eq!(
            send(&mailer).await,
            Err(MailError::Temporary(MailFault::TimedOut(step)))
        );
        send(&mailer.with_step_timeout(Duration::from_secs(20)))
            .await
            .unwrap();
        assert_eq!(sink.connections(), 2, "{at}");
    }
}

#[tokio::test]
async fn connections_are_used_again_while_they_are_in_step() {
    let mut sink = Sink::start(Behaviour {
        troubles: vec![
            ("RCPT", Trouble::Reply("550 5.1.1 no such user")),
            ("RSET", Trouble::Close),
        ],
        ..Behaviour::default()
    });
    let mailer = mailer(&format!("smtp://localhost:{}", sink.port), None);
    assert!(send(&mailer).await.is_err());
    send(&mailer).await.unwrap();
    send(&mailer).await.unwrap();
    assert_eq!(sink.connections(), 2, "the server hung up once");
    assert_eq!(sink.mails_so_far().len(), 2);
}

#[tokio::test]
async fn nothing_in_a_mail_adds_a_header_or_a_command() {
    let mut sink = Sink::start(Behaviour::default());
    let mut mail = mail("ann@example.org");
    mail.subject = "Hi\r\nBcc: eve@example.org\r\n\r\nbody".to_owned();
    mail.body.text = "a\r\n.\r\nMAIL FROM:<eve@example.org>\r\nb\n.\nQUIT\rc\r.\r\n".to_owned();
    mail.headers = vec![(
        "X-Ticket".to_owned(),
        "1\r\nCc: eve@example.org\r\n.\r\n".to_owned(),
    )];
    let mailer = mailer(&format!("smtp://localhost:{}", sink.port), None);
    mailer.send(ID, &mail).await.unwrap();
    let received = sink.mail().await;
    assert_eq!(
        (sink.heard("MAIL"), sink.heard("QUIT"), sink.heard("RCPT")),
        (1, 0, 1)
    );
    let read = MessageParser::new().parse(received.content.as_bytes()).unwrap();
    assert!(read.bcc().is_none() && read.cc().is_none());
    assert_eq!(read.subject(), Some("Hi  Bcc: eve@example.org    body"));
    assert!(
        read.body_text(0)
            .unwrap()
            .contains("\r\nMAIL FROM:<eve@example.org>\r\n")
    );
    mail.headers = vec![("Bcc".to_owned(), "eve@example.org".to_owned())];
    let bad = MailFault::BadHeader("Bcc".to_owned());
    assert_eq!(mailer.send(ID, &mail).await, Err(MailError::Permanent(bad)));
}

#[tokio::test]
async fn an_address_outside_ascii_needs_a_server_that_takes_it() {
    let mut sink = Sink::start(Behaviour {
        utf8: true,
        ..Behaviour::default()
    });
    let url = format!("smtp://localhost:{}", sink.port);
    mailer(&url, None)
        .send(ID, &mail("änn@bücher.example"))
        .await
        .unwrap();
    assert_eq!(sink.mail().await.to, "änn@xn--bcher-kva.example");
    let sink = Sink::start(Behaviour::default());
    let url = format!("smtp://localhost:{}", sink.port);
    let error = mailer(&url, None).send(ID, &mail("änn@example.org")).await;
    assert_eq!(error, Err(MailError::Permanent(MailFault::NotAscii)));
}
