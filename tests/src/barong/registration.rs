//! Registration, its mail and its confirmation.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, PASSWORD, Server, address, jwt, unique};

const CLASSIC: &str = "/api/v2/identity";
/// Addresses that nobody is given, though somebody may have such a one from elsewhere.
pub(super) const ODD_ADDRESSES: [&str; 10] = [
    "ada@localhost",
    ".ada@example.org",
    "ada.@example.org",
    "a..da@example.org",
    "äda@example.org",
    "ada@exämple.org",
    " ada@example.org",
    "ada@example.org ",
    "ada@example.org\n",
    "a\u{7f}da@example.org",
];
/// Where the coded profile speaks in [`both`].
const CODED: &str = "/api/v2/barong/identity";
const CODED_MOUNT: (&str, &str) = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource");

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[CODED_MOUNT])
}

fn post(server: &Server, base: &str, path: &str, body: Value) -> Answer {
    server.post(&format!("{base}{path}")).json(body).send()
}

/// What both profiles say, one after the other.
fn said(server: &Server, path: &str, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|base| post(server, base, path, body.clone()).to_string())
}

fn register(server: &Server, body: &Value) -> [String; 2] {
    said(server, "/users", body)
}

#[test]
fn an_account_is_registered_and_confirmed_by_mail() {
    let server = Server::start();
    let body = json!({ "email": "Ann@Example.org", "password": BARONG_PASSWORD });
    assert_snapshot!(post(&server, CLASSIC, "/users", body), @"201 201");
    assert_snapshot!(
        server.barong().try_log_in("ann@example.org", BARONG_PASSWORD),
        @r#"401 {"error":"Your account is not active"}"#
    );
    let mail = server.mail_to("ann@example.org");
    assert_eq!(mail.subject, "[Barong] Confirm your email address");
    assert!(
        mail.link().starts_with(&server.url("/mail/activate?token=")),
        "{}",
        mail.link()
    );
    assert!(mail.html.contains(&mail.link()), "{}", mail.html);

    let token = mail.query("token");
    let claims = jwt::payload(&token);
    assert_eq!(claims["sub"], "confirmation");
    assert_eq!(claims["email"], "Ann@Example.org");
    assert_eq!(claims["iss"], "barong");
    assert_eq!(claims["aud"], json!(["peatio", "barong"]));
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        6000
    );
    assert!(!server.barong().opens(&token), "it is no bearer token");

    assert_snapshot!(server.barong().confirm(&token), @"201 201");
    let access = server.barong().log_in("ann@example.org").access;
    let me = server.barong().me(&access).expect(200);
    assert_eq!(me.at("/email"), "Ann@Example.org");
    assert_eq!(
        (me.at("/state"), me.at("/level")),
        ("active".to_owned(), "1".to_owned())
    );
    assert_eq!(me.at("/uid"), claims["uid"].as_str().unwrap());
}

#[test]
fn the_coded_profile_answers_with_the_account() {
    let server = both();
    let ann = address("ann");
    let answer = post(
        &server,
        CODED,
        "/users",
        json!({ "email": ann, "password": BARONG_PASSWORD }),
    );
    let mut user = answer.expect(201).json();
    let uid = user["uid"].take();
    let uid = uid.as_str().unwrap();
    assert!(
        uid.len() == 12
            && uid.starts_with("ID")
            && uid
                .get(2..)
                .unwrap()
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)),
        "{uid}"
    );
    for (field, expected) in [
        ("email", json!(ann)),
        ("role", json!("member")),
        ("level", json!(0)),
        ("otp", json!(false)),
        ("state", json!("pending")),
        ("labels", json!([])),
        ("profiles", json!([])),
    ] {
        assert_eq!(user[field], expected, "{field}");
    }
    assert!(
        user.get("password").is_none() && user.get("csrf_token").is_none(),
        "{user}"
    );
}

#[test]
fn what_is_missing_or_blank_is_told_of_each_parameter() {
    let server = both();
    assert_eq!(
        register(&server, &json!({})),
        [
            r#"400 {"error":"email is missing, email is empty, password is missing, password is empty"}"#,
            concat!(
                r#"422 {"errors":["identity.user.missing_email","identity.user.empty_email","#,
                r#""identity.user.missing_password","identity.user.empty_password"]}"#
            ),
        ]
    );
    assert_eq!(
        register(&server, &json!({ "password": " ", "email": "" })),
        [
            r#"400 {"error":"email is empty, password is empty"}"#,
            r#"422 {"errors":["identity.user.empty_email","identity.user.empty_password"]}"#,
        ]
    );
    assert_eq!(
        register(&server, &json!({ "email": ["a"], "password": { "a": "b" } })),
        [
            r#"400 {"error":"email is invalid, password is invalid"}"#,
            r#"422 {"errors":["invalid","invalid"]}"#,
        ]
    );
}

#[test]
fn everything_wrong_with_address_and_password_is_told_at_once() {
    let server = both();
    assert_eq!(
        register(&server, &json!({ "email": "ann", "password": "password" })),
        [
            r#"422 {"error":["Email is invalid","Password does not meet the minimum requirements","Password is too weak"]}"#,
            r#"422 {"errors":["email.invalid","password.requirements","password.weak"]}"#,
        ]
    );
    for odd in ODD_ADDRESSES {
        assert_eq!(
            register(&server, &json!({ "email": odd, "password": BARONG_PASSWORD })),
            [
                r#"422 {"error":["Email is invalid"]}"#,
                r#"422 {"errors":["email.invalid"]}"#,
            ],
            "{odd:?}"
        );
    }
    let ann = address("ann");
    assert_eq!(
        register(&server, &json!({ "email": ann, "password": "Password1123" })),
        [
            r#"422 {"error":["Password is too weak"]}"#,
            r#"422 {"errors":["password.weak"]}"#,
        ]
    );
    assert_eq!(
        register(&server, &json!({ "email": ann, "password": PASSWORD })),
        [
            r#"422 {"error":["Password does not meet the minimum requirements"]}"#,
            r#"422 {"errors":["password.requirements"]}"#,
        ]
    );
    for password in [
        "Password1",
        "password1",
        "Qq123123",
        "QqQq123123",
        "X2qL32",
        "eoV0qu",
        "Simple",
    ] {
        let body = json!({ "email": address("ann"), "password": password });
        post(&server, CLASSIC, "/users", body).expect(422);
    }
    for password in [
        "Iequ4geiEWQw",
        "Xwqe213PZCXwe",
        "Kal31ewwqXrew",
        "Tecohvi0",
        "ZahSh8ei",
        "Gol4aid1",
    ] {
        let body = json!({ "email": address("ann"), "password": password });
        post(&server, CLASSIC, "/users", body).expect(201);
    }
    assert!(server.unread_mail_to(&ann).is_none());
}

#[test]
fn a_taken_address_is_told_whoever_holds_it_and_however_it_is_written() {
    let server = both();
    let (ann, bob) = (address("ann"), address("bob"));
    server.barong().register(&ann).expect(201);
    server.backend_plus().sign_up(&bob);
    for taken in [ann.to_uppercase(), bob] {
        assert_eq!(
            register(&server, &json!({ "email": taken, "password": BARONG_PASSWORD })),
            [
                r#"422 {"error":["Email has already been taken"]}"#,
                r#"422 {"errors":["email.taken"]}"#,
            ]
        );
        assert_eq!(
            register(&server, &json!({ "email": taken, "password": "Simple" })),
            [
                concat!(
                    r#"422 {"error":["Email has already been taken","#,
                    r#""Password does not meet the minimum requirements","Password is too weak"]}"#
                ),
                r#"422 {"errors":["email.taken","password.requirements","password.weak"]}"#,
            ]
        );
    }
}

#[test]
fn how_hard_a_password_is_to_guess_is_a_setting() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__PASSWORD_MIN_ENTROPY", "0")]);
    server
        .barong()
        .register_with(&address("ann"), "Password1123")
        .expect(201);
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__PASSWORD_MIN_ENTROPY", "100")]);
    let refused = server.barong().register(&address("ann"));
    assert_snapshot!(refused, @r#"422 {"error":["Password is too weak"]}"#);
}

#[test]
fn parameters_come_in_any_body_and_in_the_query() {
    let server = Server::start();
    let fields = |who: &str| [("email", address(who)), ("password", BARONG_PASSWORD.to_owned())];
    let as_pairs = |fields: &[(&'static str, String); 2]| fields.clone().map(|(name, value)| (name, value));
    let form = as_pairs(&fields("ann"));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server
        .post("/api/v2/identity/users")
        .form(&form)
        .send()
        .expect(201);
    let query = as_pairs(&fields("bob"));
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    server
        .post("/api/v2/identity/users/")
        .query(&query)
        .send()
        .expect(201);
    // What a captcha would have given is not looked at.
    let body = json!({
        "email": address("carol"), "password": BARONG_PASSWORD, "recaptcha_response": "x", "captcha_response": {},
        "lang": "de", "refid": "ID0000000000",
    });
    post(&server, CLASSIC, "/users", body).expect(201);
}

#[test]
fn a_further_mail_goes_to_pending_accounts_and_only_its_token_is_good() {
    let server = both();
    let ann = address("ann");
    let ask = |address: &str| {
        said(
            &server,
            "/users/email/generate_code",
            &json!({ "email": address }),
        )
    };
    let unknown = [
        r#"422 {"error":"User doesn't exist or has already been activated"}"#.to_owned(),
        "201 201".to_owned(),
    ];
    assert_eq!(ask(&ann), unknown);
    assert_eq!(ask("no address"), unknown);
    assert_eq!(ask(""), unknown);
    server.barong().register(&ann).expect(201);
    let first = server.mail_to(&ann).query("token");
    let body = json!({ "email": ann.to_uppercase() });
    assert_snapshot!(post(&server, CODED, "/users/email/generate_code", body), @"201 201");
    let newest = server.mail_to(&ann).query("token");
    assert_ne!(first, newest);
    assert_eq!(
        said(&server, "/users/email/confirm_code", &json!({ "token": first })),
        [
            r#"403 {"error":"Failed to decode and verify JWT"}"#,
            r#"422 {"errors":["identity.user.utilized_token"]}"#,
        ]
    );
    server.barong().confirm(&newest).expect(201);
    assert_eq!(ask(&ann), unknown, "it is active");
    assert_eq!(
        said(&server, "/users/email/generate_code", &json!({})),
        [
            r#"400 {"error":"email is missing"}"#,
            r#"422 {"errors":["identity.user.missing_email"]}"#,
        ]
    );
}

#[test]
fn so_many_mails_are_sent_in_an_hour() {
    let server = Server::with(&[CODED_MOUNT, ("CLAVIS_LIMITS__MAILS_PER_ACCOUNT_PER_HOUR", "1")]);
    let ann = address("ann");
    server.barong().register(&ann).expect(201);
    let ask = |base: &str| {
        post(
            &server,
            base,
            "/users/email/generate_code",
            json!({ "email": ann }),
        )
    };
    let refused = ask(CLASSIC);
    assert_snapshot!(refused, @r#"429 {"error":"Too many requests"}"#);
    assert_eq!(refused.header("retry-after").as_deref(), Some("3600"));
    assert_snapshot!(ask(CODED), @"201 201");
    server.mail_to(&ann);
    assert!(server.unread_mail_to(&ann).is_none());
}

#[test]
fn a_confirmation_is_good_once() {
    let server = both();
    let ann = address("ann");
    server.barong().register(&ann).expect(201);
    let token = server.mail_to(&ann).query("token");
    let confirm = |token: &str| said(&server, "/users/email/confirm_code", &json!({ "token": token }));
    let unreadable = [
        r#"403 {"error":"Failed to decode and verify JWT"}"#.to_owned(),
        r#"422 {"errors":["jwt.decode_and_verify.segments"]}"#.to_owned(),
    ];
    for bad in ["", "nonsense", "a.b.c"] {
        assert_eq!(confirm(bad), unreadable, "{bad}");
    }
    for part in 0..3 {
        assert_eq!(confirm(&jwt::tampered(&token, part)), unreadable, "part {part}");
    }
    assert_eq!(
        said(&server, "/users/email/confirm_code", &json!({})),
        [
            r#"400 {"error":"token is missing"}"#,
            r#"422 {"errors":["identity.user.missing_token"]}"#,
        ]
    );
    server.barong().confirm(&token).expect(201);
    assert_eq!(
        confirm(&token),
        [
            r#"422 {"error":"User doesn't exist or has already been activated"}"#,
            r#"422 {"errors":["identity.user.active_or_doesnt_exist"]}"#,
        ]
    );
}

#[test]
fn a_token_for_one_purpose_serves_no_other() {
    let server = both();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    post(
        &server,
        CLASSIC,
        "/users/password/generate_code",
        json!({ "email": ann }),
    )
    .expect(201);
    let reset = server.mail_to(&ann).query("token");
    assert_eq!(
        said(&server, "/users/email/confirm_code", &json!({ "token": reset })),
        [
            r#"403 {"error":"Failed to decode and verify JWT"}"#,
            r#"422 {"errors":["jwt.decode_and_verify.segments"]}"#,
        ]
    );
    let access = server.barong().log_in(&ann).access;
    assert_eq!(server.barong().confirm(&access).status(), 403);
}

#[test]
fn the_mailed_link_leads_to_a_page_whose_button_confirms() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().register(&ann).expect(201);
    let mail = server.mail_to(&ann);
    let page = server.get(&mail.path()).send().expect(200).text();
    assert!(
        page.contains("name=\"token\"") && page.contains(&mail.query("token")),
        "{page}"
    );
    assert_eq!(
        server.barong().try_log_in(&ann, BARONG_PASSWORD).status(),
        401,
        "looking changes nothing"
    );
    let token = mail.query("token");
    let done = server
        .post("/mail/activate")
        .form(&[("token", &token)])
        .send()
        .expect(200);
    assert!(done.text().contains("Your account is active"), "{done}");
    server.barong().log_in(&ann);
    server
        .post("/mail/activate")
        .form(&[("token", &token)])
        .send()
        .expect(409);
}

#[test]
fn hostile_bodies_are_refused_and_no_more() {
    let server = Server::start();
    let send = |body: Vec<u8>, content_type: &str| {
        let request = server.post("/api/v2/identity/users");
        request.raw_body(body, content_type).send()
    };
    assert_snapshot!(
        send(b"{\"email\":".to_vec(), "application/json"),
        @r#"400 {"error":"Request body is not valid JSON"}"#
    );
    assert_snapshot!(
        send(vec![b'a'; 1024 * 1024], "application/json"),
        @r#"413 {"error":"Request body is too large"}"#
    );
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(send(deep.into_bytes(), "application/json").status(), 400);
    let huge = format!("{}@example.org", "a".repeat(10_000));
    let body = json!({ "email": huge, "password": BARONG_PASSWORD });
    assert_snapshot!(post(&server, CLASSIC, "/users", body), @r#"422 {"error":["Email is invalid"]}"#);
    let nul = json!({ "email": format!("ann\u{0}{}@example.org", unique()), "password": BARONG_PASSWORD });
    assert_eq!(post(&server, CLASSIC, "/users", nul).status(), 400);
    let long = json!({ "email": address("ann"), "password": "Kal31ewwqXrew".repeat(100) });
    assert_snapshot!(
        post(&server, CLASSIC, "/users", long),
        @r#"422 {"error":["Password does not meet the minimum requirements"]}"#
    );
}
