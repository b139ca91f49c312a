//! A forgotten password: the mail, the page behind its link, and what ends thereby.

use insta::assert_snapshot;
use serde_json::json;

use super::{Someone, code, set_state};
use crate::harness::{Answer, PASSWORD, Server, address};

const NEW_PASSWORD: &str = "another good one";

fn ask(server: &Server, address: &str) -> Answer {
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": address }))
        .send()
}

/// The path of a fresh reset link.
#[track_caller]
fn reset_path(server: &Server, address: &str) -> String {
    ask(server, address).expect(200);
    let mail = server.mail_to(address);
    assert_eq!(mail.subject, "[Pluto]Password Reset");
    format!("/web/password/reset/{}", mail.query("token"))
}

fn submit(server: &Server, path: &str, password: &str, again: &str) -> Answer {
    server
        .post(path)
        .form(&[("password", password), ("confirm", again)])
        .send()
}

#[test]
fn a_reset_is_mailed_to_known_addresses() {
    let server = Server::start();
    let ann = address("ann");
    assert_eq!(code(&server.post("/v1/password/reset/mail").send()), 1001);
    assert_eq!(code(&ask(&server, "no address")), 1001);
    assert_snapshot!(
        ask(&server, &ann),
        @r#"403 {"status":"error","error":{"code":2002,"message":"Mail does not exist"}}"#
    );
    server.pluto().register(&ann).expect(200);
    assert_snapshot!(ask(&server, &ann), @r#"200 {"status":"ok","body":null}"#);
    set_state(&server, &ann, "locked");
    assert_snapshot!(
        ask(&server, &ann),
        @r#"403 {"status":"error","error":{"code":1002,"message":"Permission Forbidden"}}"#
    );
}

#[test]
fn a_reset_replaces_the_password_and_ends_every_session() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    ann.info(&server);
    let path = reset_path(&server, &ann.address);
    for _ in 0..2 {
        let form = server.get(&path).send().expect(200);
        assert!(form.text().contains("Choose a new password"), "{form}");
    }
    submit(&server, &path, NEW_PASSWORD, NEW_PASSWORD).expect(200);
    assert_eq!(code(&server.pluto().info(ann.number, &ann.tokens.access)), 3009);
    assert_eq!(code(&server.pluto().refresh(&ann.tokens.refresh)), 3002);
    assert_eq!(code(&server.pluto().try_log_in(&ann.address, PASSWORD)), 3001);
    server.pluto().try_log_in(&ann.address, NEW_PASSWORD).expect(200);
}

#[test]
fn a_reset_link_works_once_and_its_siblings_never_after() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let (first, second) = (
        reset_path(&server, &ann.address),
        reset_path(&server, &ann.address),
    );
    let json = server
        .post(&first)
        .json(json!({ "password": NEW_PASSWORD }))
        .send();
    assert!(json.expect(200).text().contains("Password changed"));
    for path in [&first, &second] {
        for refused in [server.get(path).send(), submit(&server, path, "third", "third")] {
            assert_eq!(refused.status(), 403);
            assert!(refused.text().contains("Error 3003"), "{refused}");
        }
    }
    server.pluto().try_log_in(&ann.address, NEW_PASSWORD).expect(200);
}

#[test]
fn of_resets_at_once_one_succeeds() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let path = reset_path(&server, &ann.address);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (server, path) = (&server, &path);
                let password = format!("password {n}");
                scope.spawn(move || submit(server, path, &password, &password))
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|answer| answer.status() == 200).count(),
        1,
        "{answers:?}"
    );
    assert!(
        answers
            .iter()
            .all(|answer| [200, 403].contains(&answer.status().as_u16())),
        "{answers:?}"
    );
}

#[test]
fn a_bad_password_uses_nothing_up() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let path = reset_path(&server, &ann.address);
    let long = "p".repeat(4097);
    for (password, again) in [("", ""), ("  ", "  "), (NEW_PASSWORD, "other"), (&*long, &*long)] {
        let refused = submit(&server, &path, password, again).expect(400);
        assert!(refused.text().contains("<form"), "it asks again: {refused}");
    }
    server
        .post(&path)
        .json(json!({ "password": 5 }))
        .send()
        .expect(400);
    server.post(&path).send().expect(400);
    submit(&server, &path, NEW_PASSWORD, NEW_PASSWORD).expect(200);
}

#[test]
fn resetting_verifies_nobody() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().register(&ann).expect(200);
    server.mail_to(&ann);
    let path = reset_path(&server, &ann);
    submit(&server, &path, NEW_PASSWORD, NEW_PASSWORD).expect(200);
    assert_eq!(code(&server.pluto().try_log_in(&ann, NEW_PASSWORD)), 2003);
}

#[test]
fn our_own_page_takes_the_mailed_link() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    ask(&server, &ann.address).expect(200);
    let mail = server.mail_to(&ann.address);
    assert!(
        mail.link().starts_with(&server.url("/mail/reset?token=")),
        "{}",
        mail.link()
    );
    server.get(&mail.path()).send().expect(200);
    let fields = [
        ("token", &*mail.query("token")),
        ("password", NEW_PASSWORD),
        ("confirm", NEW_PASSWORD),
    ];
    server.post("/mail/reset").form(&fields).send().expect(200);
    server.pluto().try_log_in(&ann.address, NEW_PASSWORD).expect(200);
}
