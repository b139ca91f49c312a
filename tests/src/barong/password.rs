//! A forgotten password: the mail, and the new one.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, Server, address, jwt, within_a_second};

const CLASSIC: &str = "/api/v2/identity/users/password";
/// Where the coded profile speaks in [`both`].
const CODED: &str = "/api/v2/barong/identity/users/password";
const NEW: &str = "Tecohvi0";

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource")])
}

/// What both profiles say, one after the other.
fn said(server: &Server, path: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|base| {
        server
            .post(&format!("{base}{path}"))
            .json(body.clone())
            .send()
            .to_string()
    })
}

fn ask(server: &Server, address: &str) -> [String; 2] {
    said(server, "/generate_code", &json!({ "email": address }))
}

fn reset(server: &Server, token: &str, password: &str, again: &str) -> [String; 2] {
    let body = json!({ "reset_password_token": token, "password": password, "confirm_password": again });
    said(server, "/confirm_code", &body)
}

fn reset_once(server: &Server, token: &str, password: &str) -> Answer {
    let body = json!({ "reset_password_token": token, "password": password, "confirm_password": password });
    server.post(&format!("{CLASSIC}/confirm_code")).json(body).send()
}

/// The token of a fresh mail.
fn mailed(server: &Server, address: &str) -> String {
    let body = json!({ "email": address });
    server
        .post(&format!("{CLASSIC}/generate_code"))
        .json(body)
        .send()
        .expect(201);
    server.mail_to(address).query("token")
}

const BAD_TOKEN: [&str; 2] = [
    r#"403 {"error":"Failed to decode and verify JWT"}"#,
    r#"422 {"errors":["jwt.decode_and_verify.segments"]}"#,
];

#[test]
fn a_mailed_token_sets_a_new_password_and_ends_every_session() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let visit = server.barong().log_in(&ann);
    let body = json!({ "email": ann });
    let asked = server.post(&format!("{CLASSIC}/generate_code")).json(body).send();
    assert_snapshot!(asked, @"201 201");
    let mail = server.mail_to(&ann);
    assert_eq!(mail.subject, "[Barong] Reset your password");
    assert!(
        mail.link().starts_with(&server.url("/mail/reset?token=")),
        "{}",
        mail.link()
    );
    let token = mail.query("token");
    assert_eq!(jwt::payload(&token)["sub"], "reset");
    assert!(!server.barong().opens(&token), "it is no bearer token");

    assert_snapshot!(reset_once(&server, &token, NEW), @"201 201");
    let refused = || {
        server
            .barong()
            .knock(&visit.cookie, "/api/v2/peatio/x")
            .to_string()
    };
    assert!(within_a_second(
        || refused() == r#"401 {"errors":["authz.invalid_session"]}"#
    ));
    assert!(within_a_second(|| !server.pluto().opens(&visit.access)));
    server.barong().try_log_in(&ann, BARONG_PASSWORD).expect(401);
    server.barong().log_in_with(&ann, NEW);
    assert_eq!(
        reset_once(&server, &token, "Gol4aid1").to_string(),
        BAD_TOKEN[0],
        "it is good once"
    );
}

#[test]
fn who_has_an_account_is_told_where_the_contract_says_so() {
    let server = both();
    let (ann, nobody) = (address("ann"), address("nobody"));
    let unknown = [r#"404 {"error":"User doesn't exist"}"#, "201 201"];
    assert_eq!(ask(&server, &nobody), unknown);
    assert_eq!(ask(&server, "no address"), unknown);
    assert_eq!(ask(&server, ""), unknown);
    server.barong().register(&ann).expect(201);
    server.mail_to(&ann);
    mailed(&server, &ann.to_uppercase());
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();
    assert_eq!(ask(&server, &ann), unknown, "and so is who cannot be helped");
    server.cli(&["user", "set-state", "--email", &ann, "locked"]).ok();
    assert_eq!(ask(&server, &ann), unknown);
    assert!(server.unread_mail_to(&ann).is_none());
    assert_eq!(
        said(&server, "/generate_code", &json!({})),
        [
            r#"400 {"error":"email is missing"}"#,
            r#"422 {"errors":["identity.user.missing_email"]}"#,
        ]
    );
}

#[test]
fn so_many_mails_are_sent_in_an_hour() {
    let server = Server::with(&[
        ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource"),
        ("CLAVIS_LIMITS__MAILS_PER_ACCOUNT_PER_HOUR", "2"),
    ]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    mailed(&server, &ann);
    assert_eq!(
        ask(&server, &ann),
        [r#"429 {"error":"Too many requests"}"#, "201 201"]
    );
    assert!(server.unread_mail_to(&ann).is_none());
}

#[test]
fn the_passwords_are_compared_before_the_token_is_looked_at_and_judged_after() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let token = mailed(&server, &ann);
    assert_eq!(
        said(&server, "/confirm_code", &json!({})),
        [
            concat!(
                r#"400 {"error":"reset_password_token is missing, reset_password_token is empty, "#,
                r#"password is missing, password is empty, confirm_password is missing, confirm_password is empty"}"#
            ),
            concat!(
                r#"422 {"errors":["identity.user.missing_reset_password_token","identity.user.empty_reset_password_token","#,
                r#""identity.user.missing_password","identity.user.empty_password","#,
                r#""identity.user.missing_confirm_password","identity.user.empty_confirm_password"]}"#
            ),
        ]
    );
    assert_eq!(
        reset(&server, "nonsense", "one", "other"),
        [
            r#"422 {"error":"Passwords don't match"}"#,
            r#"422 {"errors":["identity.user.passwords_doesnt_match"]}"#,
        ]
    );
    assert_eq!(reset(&server, "nonsense", "weak", "weak"), BAD_TOKEN);
    assert_eq!(reset(&server, &jwt::tampered(&token, 2), NEW, NEW), BAD_TOKEN);
    assert_eq!(
        reset(&server, &token, "Simple", "Simple"),
        [
            r#"422 {"error":["Password does not meet the minimum requirements","Password is too weak"]}"#,
            r#"422 {"errors":["password.requirements","password.weak"]}"#,
        ]
    );
    reset_once(&server, &token, NEW).expect(201);
}

#[test]
fn only_the_newest_token_is_good() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let first = mailed(&server, &ann);
    let newest = mailed(&server, &ann);
    assert_eq!(
        reset(&server, &first, NEW, NEW),
        [
            r#"403 {"error":"Failed to decode and verify JWT"}"#,
            r#"422 {"errors":["identity.user.utilized_token"]}"#,
        ]
    );
    reset_once(&server, &newest, NEW).expect(201);
}

#[test]
fn a_confirmation_resets_nothing_and_a_reset_activates_nothing() {
    let server = both();
    let ann = address("ann");
    server.barong().register(&ann).expect(201);
    let confirmation = server.mail_to(&ann).query("token");
    assert_eq!(reset(&server, &confirmation, NEW, NEW), BAD_TOKEN);
    let token = mailed(&server, &ann);
    reset_once(&server, &token, NEW).expect(201);
    assert_snapshot!(
        server.barong().try_log_in(&ann, NEW),
        @r#"401 {"error":"Your account is not active"}"#
    );
    server.barong().confirm(&confirmation).expect(201);
    server.barong().log_in_with(&ann, NEW);
}

#[test]
fn the_mailed_link_leads_to_a_page_with_the_same_rules() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let body = json!({ "email": ann });
    server
        .post(&format!("{CLASSIC}/generate_code"))
        .json(body)
        .send()
        .expect(201);
    let mail = server.mail_to(&ann);
    let page = server.get(&mail.path()).send().expect(200).text();
    assert!(page.contains("name=\"token\""), "{page}");
    let token = mail.query("token");
    let post = |password: &str| {
        let fields = [
            ("token", token.as_str()),
            ("password", password),
            ("confirm", password),
        ];
        server.post("/mail/reset").form(&fields).send()
    };
    let refused = post("Simple").expect(400).text();
    assert!(
        refused.contains("Password does not meet the minimum requirements. Password is too weak."),
        "{refused}"
    );
    post(NEW).expect(200);
    server.barong().log_in_with(&ann, NEW);
    server.get(&mail.path()).send().expect(403);
}

#[test]
fn of_many_at_once_one_sets_the_password() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let token = mailed(&server, &ann);
    let set = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (server, token) = (&server, &token);
                scope.spawn(move || reset_once(server, token, &format!("Gol4aid1-{number}")).status() == 201)
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap());
        ended.filter(|set| *set).count()
    });
    assert_eq!(set, 1);
}
