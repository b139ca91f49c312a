//! `POST /v1/register` and `POST /v1/register/verify/mail`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Someone, code, set_state};
use crate::harness::{Answer, PASSWORD, Server, address, name};

fn register(server: &Server, body: Value) -> Answer {
    server.post("/v1/register").json(body).send()
}

fn resend(server: &Server, address: &str) -> Answer {
    server
        .post("/v1/register/verify/mail")
        .json(json!({ "mail": address }))
        .send()
}

#[test]
fn an_account_is_registered_and_verified_by_mail() {
    let server = Server::start();
    let body = json!({ "mail": "Ann@Example.org", "name": "ann", "password": PASSWORD });
    assert_snapshot!(
        register(&server, body),
        @r#"200 {"status":"ok","body":{"mail":"Ann@Example.org","verified":false}}"#
    );
    assert_eq!(
        code(&server.pluto().try_log_in("ann@example.org", PASSWORD)),
        2003
    );
    let mail = server.mail_to("ann@example.org");
    assert_eq!(mail.subject, "[Pluto]Mail Verification");
    assert!(mail.html.contains(&mail.link()), "{}", mail.html);
    assert!(
        mail.link().starts_with(&server.url("/mail/verify?token=")),
        "{}",
        mail.link()
    );
    server
        .get(&format!("/web/mail/verify/{}", mail.query("token")))
        .send()
        .expect(200);
    server.pluto().log_in("ann@example.org");
}

#[test]
fn what_is_missing_or_malformed_is_a_bad_request() {
    let server = Server::start();
    let good = json!({ "mail": address("ann"), "name": name("ann"), "password": PASSWORD });
    for (field, bad) in [
        ("mail", json!("")),
        ("mail", json!("   ")),
        ("mail", json!("ann")),
        ("mail", json!("ann@")),
        ("mail", json!("ann@-example.org")),
        ("mail", json!(format!("{}@example.org", "a".repeat(65)))),
        ("name", json!("")),
        ("name", json!(" \t")),
        ("name", json!("n".repeat(61))),
        ("name", json!("a\u{202e}b")),
        ("password", json!("")),
        ("password", json!("   ")),
        ("password", json!("p".repeat(4097))),
        ("password", Value::Null),
    ] {
        let mut body = good.clone();
        body[field] = bad.clone();
        let answer = register(&server, body);
        assert_eq!(
            (answer.status().as_u16(), code(&answer)),
            (400, 1001),
            "{field} {bad}: {answer}"
        );
    }
    let dotless = json!({ "mail": "ann@localhost", "name": "n".repeat(60), "password": "p" });
    register(&server, dotless).expect(200);
}

#[test]
fn a_taken_mail_is_told_before_a_taken_name_and_case_does_not_matter() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let upper = (ann.address.to_uppercase(), ann.name.to_uppercase());
    assert_snapshot!(
        register(&server, json!({ "mail": upper.0, "name": upper.1, "password": PASSWORD })),
        @r#"403 {"status":"error","error":{"code":2001,"message":"Mail is already been registered"}}"#
    );
    assert_snapshot!(
        register(&server, json!({ "mail": address("bob"), "name": upper.1, "password": PASSWORD })),
        @r#"403 {"status":"error","error":{"code":2006,"message":"User name already exists"}}"#
    );
    let pending = address("carol");
    server.pluto().register(&pending).expect(200);
    assert_eq!(
        code(&server.pluto().register(&pending)),
        2001,
        "a mail not verified yet is taken, too"
    );
}

#[test]
fn without_verification_an_account_is_verified_at_once_and_mailed_nothing() {
    let server = Server::with(&[("CLAVIS_DIALECTS__PLUTO__SKIP_REGISTER_VERIFY_MAIL", "true")]);
    let body = json!({ "mail": "ann@example.org", "name": "ann", "password": PASSWORD });
    assert_snapshot!(
        register(&server, body),
        @r#"200 {"status":"ok","body":{"mail":"ann@example.org","verified":true}}"#
    );
    server.pluto().log_in("ann");
    // The next mail is another's: there was none before it.
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": "ann@example.org" }))
        .send()
        .expect(200);
    assert_eq!(server.mail_to("ann@example.org").subject, "[Pluto]Password Reset");
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_further_verification_mail_is_sent_to_pending_accounts_only() {
    let server = Server::start();
    let ann = address("ann");
    assert_eq!(code(&server.post("/v1/register/verify/mail").send()), 1001);
    assert_eq!(code(&resend(&server, "no address")), 1001);
    assert_snapshot!(
        resend(&server, &ann),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    server.pluto().register(&ann).expect(200);
    let first = server.mail_to(&ann).query("token");
    assert_snapshot!(resend(&server, &ann.to_uppercase()), @r#"200 {"status":"ok","body":null}"#);
    let second = server.mail_to(&ann).query("token");
    assert_ne!(first, second);
    server
        .get(&format!("/web/mail/verify/{first}"))
        .send()
        .expect(200);
    assert_snapshot!(
        resend(&server, &ann),
        @r#"400 {"status":"error","error":{"code":2004,"message":"Mail is already verified"}}"#
    );
    set_state(&server, &ann, "locked");
    assert_snapshot!(
        resend(&server, &ann),
        @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
    );
}

#[test]
fn of_two_registrations_at_once_one_succeeds() {
    let server = Server::start();
    let ann = address("ann");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| server.pluto().register(&ann)))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let registered = answers.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(registered, 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status() != 200)
            .all(|answer| code(answer) == 2001)
    );
}
