use super::*;

#[track_caller]
fn check(url: &str, host: &str, port: u16, tls: TlsUse) {
    let server: SmtpServer = url.parse().unwrap();
    assert_eq!(
        (&*server.host, server.port, server.tls),
        (host, port, tls),
        "{url}"
    );
}

#[test]
fn ports_and_protection_follow_from_the_url() {
    check(
        "smtp://mail.example.org",
        "mail.example.org",
        25,
        TlsUse::Opportunistic,
    );
    check(
        "smtp://mail.example.org:2525/",
        "mail.example.org",
        2525,
        TlsUse::Opportunistic,
    );
    check(
        "smtp://MAIL.example.org?tls=required",
        "mail.example.org",
        587,
        TlsUse::Required,
    );
    check(
        "smtp://mail.example.org?tls=off",
        "mail.example.org",
        25,
        TlsUse::Off,
    );
    check(
        "smtps://u:p@mail.example.org",
        "mail.example.org",
        465,
        TlsUse::Implicit,
    );
    check("smtp://mail_relay", "mail_relay", 25, TlsUse::Opportunistic);
    check("smtp://127.0.0.1:1025", "127.0.0.1", 1025, TlsUse::Off);
    check("smtp://[::1]", "::1", 25, TlsUse::Off);
    check(
        "smtp://localhost?tls=required",
        "localhost",
        587,
        TlsUse::Required,
    );
}

#[test]
fn credentials_leave_this_machine_under_verified_tls_only() {
    check(
        "smtp://u:p@mail.example.org",
        "mail.example.org",
        587,
        TlsUse::Required,
    );
    check(
        "smtp://u:p@mail.example.org:25?tls=opportunistic",
        "mail.example.org",
        25,
        TlsUse::Required,
    );
    check(
        "smtp://u:p@localhost.example.org",
        "localhost.example.org",
        587,
        TlsUse::Required,
    );
    check("smtp://u:p@0.0.0.0", "0.0.0.0", 587, TlsUse::Required);
    check(
        "smtp://u:p@mail.example.org?tls=off",
        "mail.example.org",
        587,
        TlsUse::Off,
    );
    check("smtp://u:p@localhost", "localhost", 587, TlsUse::Off);
}

#[test]
fn user_and_password_are_percent_decoded() {
    let server: SmtpServer = "smtps://ann%40example.org:p%3Aa%2Fs%25%C3%A9@mail.example.org"
        .parse()
        .unwrap();
    let credentials = server.credentials.unwrap();
    assert_eq!(
        (&*credentials.user, credentials.password.expose()),
        ("ann@example.org", "p:a/s%é")
    );
}

#[test]
fn a_url_that_says_something_else_is_refused() {
    for (url, error) in [
        ("", MailUrlError::NotAUrl),
        ("mail.example.org", MailUrlError::NotAUrl),
        ("mail.example.org:25", MailUrlError::Scheme),
        ("http://mail.example.org", MailUrlError::Scheme),
        ("smtp://", MailUrlError::Host),
        ("smtp:mail", MailUrlError::Path),
        ("smtp://a%0d%0ab", MailUrlError::Host),
        ("smtp://mail.example.org:0", MailUrlError::Port),
        ("smtp://mail.example.org:99999", MailUrlError::NotAUrl),
        ("smtp://mail.example.org/inbox", MailUrlError::Path),
        ("smtp://mail.example.org#x", MailUrlError::Path),
        ("smtp://user@mail.example.org", MailUrlError::Credentials),
        ("smtp://:secret@mail.example.org", MailUrlError::Credentials),
        ("smtp://u:p%00@mail.example.org", MailUrlError::Credentials),
        ("smtp://u:%ff@mail.example.org", MailUrlError::Credentials),
        ("smtp://mail.example.org?tls=maybe", MailUrlError::Parameter),
        ("smtp://mail.example.org?ssl=required", MailUrlError::Parameter),
        (
            "smtp://mail.example.org?tls=off&tls=required",
            MailUrlError::Parameter,
        ),
        ("smtps://mail.example.org?tls=off", MailUrlError::Parameter),
    ] {
        assert_eq!(url.parse::<SmtpServer>().err(), Some(error), "{url}");
    }
}

#[test]
fn a_password_is_never_shown() {
    let server: SmtpServer = "smtp://ann:hunter2@mail.example.org".parse().unwrap();
    let shown = format!("{server:?} {server} {:?}", MailTransport::Smtp(server.clone()));
    assert!(!shown.contains("hunter2") && !shown.contains("ann"), "{shown}");
    assert!(matches!(
        MailTransport::from_setting(None),
        Ok(MailTransport::Files)
    ));
}
