use clavis_delivery::{MailError, MailFault, SmtpMailer, SmtpStep};

use crate::behaviour::{Behaviour, Tls};
use crate::sink::Sink;
use crate::smtp::send;
use crate::world::mailer;

const LOGIN: Option<(&str, &str, &str)> = Some(("LOGIN", "clavis", "hunter2"));
const PLAIN: Option<(&str, &str, &str)> = Some(("PLAIN LOGIN", "clavis", "hunter2"));

#[tokio::test]
async fn tls_protects_the_mail_and_the_credentials() {
    for (tls, scheme, query) in [
        (Tls::Offered, "smtp", "?tls=required"),
        (Tls::Implicit, "smtps", ""),
    ] {
        let mut sink = Sink::start(Behaviour {
            tls,
            auth: PLAIN,
            ..Behaviour::default()
        });
        let url = format!("{scheme}://clavis:hunter2@localhost:{}{query}", sink.port);
        send(&mailer(&url, Some(&sink.root_pem))).await.unwrap();
        let received = sink.mail().await;
        assert!(received.encrypted);
        assert_eq!(received.user.as_deref(), Some("clavis"));
        assert!(!sink.heard_in_clear("AUTH") && !sink.heard_in_clear("MAIL"));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_neither() {
    for (tls, scheme, query) in [
        (Tls::Offered, "smtp", "?tls=required"),
        (Tls::Implicit, "smtps", ""),
    ] {
        let sink = Sink::start(Behaviour {
            tls,
            auth: PLAIN,
            ..Behaviour::default()
        });
        let url = format!("{scheme}://clavis:hunter2@localhost:{}{query}", sink.port);
        let other = Sink::start(Behaviour::default());
        for roots in [None, Some(&*other.root_pem)] {
            let error = send(&mailer(&url, roots)).await.unwrap_err();
            assert!(
                matches!(error, MailError::Temporary(MailFault::Unreachable(_))),
                "{error}"
            );
        }
        assert_eq!(sink.heard("AUTH") + sink.heard("MAIL"), 0);
    }
}

#[tokio::test]
async fn without_credentials_any_tls_is_better_than_none() {
    // 0.0.0.0 leads here, and is not written like this machine.
    let mut sink = Sink::start(Behaviour {
        tls: Tls::Offered,
        ..Behaviour::default()
    });
    send(&mailer(&format!("smtp://0.0.0.0:{}", sink.port), None))
        .await
        .unwrap();
    assert!(sink.mail().await.encrypted);
    let mut sink = Sink::start(Behaviour::default());
    send(&mailer(&format!("smtp://0.0.0.0:{}", sink.port), None))
        .await
        .unwrap();
    assert!(!sink.mail().await.encrypted);
}

#[tokio::test]
async fn credentials_are_not_sent_in_clear_to_another_machine() {
    let mut sink = Sink::start(Behaviour {
        auth: PLAIN,
        ..Behaviour::default()
    });
    let url = |host: &str, query: &str| format!("smtp://clavis:hunter2@{host}:{}{query}", sink.port);
    let refused = [
        url("0.0.0.0", ""),
        url("0.0.0.0", "?tls=opportunistic"),
        url("localhost", "?tls=required"),
    ];
    let allowed = [url("0.0.0.0", "?tls=off"), url("localhost", "")];
    for url in refused {
        assert_eq!(
            send(&mailer(&url, None)).await,
            Err(MailError::Temporary(MailFault::NoStartTls))
        );
    }
    assert_eq!(sink.heard("AUTH") + sink.heard("MAIL"), 0);
    for url in allowed {
        send(&mailer(&url, None)).await.unwrap();
        assert_eq!(sink.mail().await.user.as_deref(), Some("clavis"));
    }
}

#[tokio::test]
async fn both_ways_to_log_in_work_and_wrong_credentials_are_the_operators_affair() {
    for auth in [PLAIN, LOGIN] {
        let mut sink = Sink::start(Behaviour {
            auth,
            ..Behaviour::default()
        });
        send(&mailer(
            &format!("smtp://clavis:hunter2@localhost:{}", sink.port),
            None,
        ))
        .await
        .unwrap();
        assert_eq!(sink.mail().await.user.as_deref(), Some("clavis"));
        let error = send(&mailer(
            &format!("smtp://clavis:hunter3@localhost:{}", sink.port),
            None,
        ))
        .await
        .unwrap_err();
        let (step, status) = (SmtpStep::Authenticate, Some("5.7.8".to_owned()));
        assert_eq!(
            error,
            MailError::Temporary(MailFault::Refused {
                step,
                code: 535,
                status
            })
        );
        assert!(!format!("{error} {error:?}").contains("hunter"));
    }
    let sink = Sink::start(Behaviour {
        auth: Some(("GSSAPI", "", "")),
        ..Behaviour::default()
    });
    let error = send(&mailer(
        &format!("smtp://clavis:hunter2@localhost:{}", sink.port),
        None,
    ))
    .await;
    assert_eq!(error, Err(MailError::Temporary(MailFault::NoAuthentication)));
}

#[test]
fn roots_must_be_certificates() {
    let server = || "smtps://mail.example.org".parse().unwrap();
    let make = |roots: &str| {
        let clock = std::sync::Arc::new(clavis_kernel::fake::FakeClock::default());
        SmtpMailer::new(server(), crate::world::sender(), Some(roots), clock).map(drop)
    };
    let one = crate::certificate::SelfSigned::new().pem();
    make(&format!("two of them\n{one}\n{one}")).unwrap();
    assert!(make("").is_err());
    assert!(make("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").is_err());
}
