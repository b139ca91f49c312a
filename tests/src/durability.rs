//! What was answered is kept, whatever happens next, and what can be done once is done once.

mod load;
mod once;

use std::time::Duration;

use crate::harness::{Server, SmtpSink, address, free_port};

#[test]
fn a_mail_that_could_not_be_sent_survives_sigkill_and_is_sent_when_the_mail_server_is_back() {
    let port = free_port();
    let url = format!("smtp://127.0.0.1:{port}");
    let mut server = Server::with(&[("CLAVIS_MAIL__URL", &url)]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    server.kill();
    // As if the pause before the next attempt, or the lease of an attempt that the kill cut off, were over.
    server.execute_sql("UPDATE outbox SET due_at = 0 WHERE due_at IS NOT NULL");
    let sink = SmtpSink::start(port);
    server.restart();

    let mail = sink.mail_to(&ann, Duration::from_secs(10));
    server.backend_plus().activate(&mail.query("ticket")).expect(204);
    server.backend_plus().log_in(&ann);
    assert_eq!(sink.count(), 1, "once");
}

#[test]
fn a_mail_goes_over_smtp_as_it_would_into_a_file() {
    let sink = SmtpSink::start(free_port());
    let server = Server::with(&[
        ("CLAVIS_MAIL__URL", &sink.url()),
        ("CLAVIS_MAIL__FROM", "Clavis <id@example.org>"),
    ]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let mail = sink.mail_to(&ann, Duration::from_secs(10));
    assert_eq!(
        (mail.from.as_str(), mail.subject.as_str()),
        ("id@example.org", "Confirm your email address")
    );
    server.backend_plus().activate(&mail.query("ticket")).expect(204);
    assert!(server.mails().is_empty(), "nothing in files");
}

#[test]
fn mails_queued_before_sigterm_are_delivered() {
    let mut server = Server::start();
    let addresses: Vec<String> = (0..20).map(|_| address("ann")).collect();
    for address in &addresses {
        server.backend_plus().register(address).expect(204);
    }
    server.stop();
    server.restart();
    for address in &addresses {
        server.mail_to(address);
    }
    assert_eq!(server.mails().len(), addresses.len(), "each once");
}
