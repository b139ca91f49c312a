//! What was done to the caller's account: `/users/activity/{topic}`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, BARONG_PASSWORD, PASSWORD, Server, address};

const CLASSIC: &str = "/api/v2/resource";
const CODED: &str = "/api/v2/barong/resource";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
const PROGRAM: &str = "curl/8.10.1";
const NOTHING: &str = r#"422 {"error":"No activity recorded or wrong topic"}"#;

/// A server that speaks both profiles.
fn both() -> Server {
    Server::with(&[("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED)])
}

/// Somebody who is logged in, of which no activity tells.
struct Someone {
    address: String,
    access: String,
}

impl Someone {
    fn new(server: &Server) -> Self {
        let address = address("ann");
        server.barong().sign_up(&address);
        let access = server.barong().log_in(&address).access;
        Self { address, access }
    }

    fn activity(&self, server: &Server, mount: &str, topic: &str) -> Answer {
        let path = format!("{mount}/users/activity/{topic}");
        server.get(&path).bearer(&self.access).send()
    }

    /// Topic, action, result and data of each, the oldest first.
    fn shown(&self, server: &Server, topic: &str) -> Vec<String> {
        let activities = self.activity(server, CLASSIC, topic).expect(200).json();
        let activities = activities.as_array().unwrap().iter();
        let line = |activity: &Value| {
            let [topic, action, result] =
                ["topic", "action", "result"].map(|name| activity[name].as_str().unwrap());
            match activity["data"].as_str() {
                Some(data) => format!("{topic} {action} {result} {data}"),
                None => format!("{topic} {action} {result}"),
            }
        };
        activities.map(line).collect()
    }
}

fn log_in(server: &Server, address: &str, password: &str, user_agent: &str) -> Answer {
    let body = json!({ "email": address, "password": password });
    let request = server.post("/api/v2/identity/sessions").json(body);
    request.header("User-Agent", user_agent).send()
}

#[test]
fn an_activity_has_these_fields_in_this_order() {
    let server = both();
    let ann = Someone::new(&server);
    log_in(&server, &ann.address, BARONG_PASSWORD, BROWSER).expect(200);
    let classic = ann.activity(&server, CLASSIC, "session").expect(200);
    let me = server.barong().me(&ann.access);
    let (id, created_at) = (classic.at("/0/id"), classic.at("/0/created_at"));
    assert!(
        created_at.len() == 24 && created_at.ends_with('Z'),
        "milliseconds: {created_at}"
    );
    assert_eq!(
        classic.text(),
        format!(
            concat!(
                r#"[{{"id":{},"user_id":{},"user_ip":"127.0.0.1","user_agent":"{}","topic":"session","#,
                r#""action":"login","result":"succeed","data":null,"created_at":"{}"}}]"#
            ),
            id,
            me.at("/id"),
            BROWSER,
            created_at
        )
    );
    let coded = ann.activity(&server, CODED, "session").expect(200);
    assert_eq!(
        coded.text(),
        format!(
            concat!(
                r#"[{{"id":{},"category":"user","user_ip":"127.0.0.1","user_agent":"{}","topic":"session","#,
                r#""action":"login","result":"succeed","data":null,"created_at":"{}"}}]"#
            ),
            id, BROWSER, created_at
        )
    );
}

#[test]
fn nothing_is_a_refusal_and_so_is_a_topic_that_there_is_not() {
    let server = both();
    let ann = Someone::new(&server);
    for topic in ["all", "session", "password", "otp"] {
        assert_eq!(ann.activity(&server, CLASSIC, topic).to_string(), NOTHING);
        assert_eq!(
            ann.activity(&server, CODED, topic).to_string(),
            r#"422 {"errors":["resource.user.no_activity"]}"#
        );
    }
    for topic in ["labels", "ALL", "account", "a%20b", "%00"] {
        assert_eq!(ann.activity(&server, CLASSIC, topic).to_string(), NOTHING);
        assert_eq!(
            ann.activity(&server, CODED, topic).to_string(),
            r#"422 {"errors":["resource.user.wrong_topic"]}"#
        );
    }
    for path in ["/users/activity", "/users/activity/"] {
        assert_eq!(
            server.get(path).bearer(&ann.access).send().to_string(),
            r#"404 {"error":"Route is not found"}"#
        );
    }
    assert_snapshot!(server.get("/users/activity/all").send(), @r#"401 {"error":"Permission Denied"}"#);
    log_in(&server, &ann.address, BARONG_PASSWORD, BROWSER).expect(200);
    assert_eq!(
        ann.activity(&server, CLASSIC, "all?page=2").to_string(),
        NOTHING,
        "never an empty list"
    );
}

#[test]
fn strictly_as_2_0_8_the_status_is_500() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__STRICT_2_0_8", "true")]);
    let ann = Someone::new(&server);
    for topic in ["all", "nothing"] {
        assert_eq!(
            ann.activity(&server, CLASSIC, topic).to_string(),
            r#"500 {"error":"No activity recorded or wrong topic"}"#
        );
    }
}

#[test]
fn log_ins_through_every_door_are_shown_with_their_reasons() {
    let server = Server::start();
    let ann = Someone::new(&server);
    log_in(&server, &ann.address, "wrong", BROWSER).expect(401);
    log_in(&server, &ann.address, BARONG_PASSWORD, PROGRAM).expect(200);
    log_in(&server, &address("nobody"), "wrong", BROWSER).expect(401);
    let pluto = json!({ "account": ann.address, "password": BARONG_PASSWORD, "app_id": "pluto" });
    let pluto = server.post("/v1/login/account").json(pluto);
    pluto.header("User-Agent", BROWSER).send().expect(200);
    let plus = json!({ "email": ann.address, "password": "wrong" });
    let plus = server.post("/auth/login").json(plus);
    plus.header("User-Agent", PROGRAM).send().expect(401);
    server
        .cli(&["user", "set-state", "--email", &ann.address, "locked"])
        .ok();
    log_in(&server, &ann.address, BARONG_PASSWORD, BROWSER).expect(401);
    assert_eq!(
        ann.shown(&server, "session"),
        [
            r#"session login failed {"reason":"Invalid Email or Password"}"#,
            r#"session login succeed {"note":"Detected suspicious browser"}"#,
            "session login succeed",
            r#"session login failed {"reason":"Invalid Email or Password","note":"Detected suspicious browser"}"#,
            r#"session login failed {"reason":"Your account is not active"}"#,
        ]
    );
    assert_eq!(ann.shown(&server, "all").len(), 5);
}

#[test]
fn log_outs_are_shown() {
    let server = Server::start();
    let ann = Someone::new(&server);
    let visit = server.barong().log_in(&ann.address);
    let out = server.request(Method::DELETE, "/api/v2/identity/sessions");
    let out = out.cookie(crate::harness::BARONG_COOKIE, &visit.cookie);
    out.header("User-Agent", BROWSER).send().expect(200);
    assert_eq!(ann.shown(&server, "session"), ["session logout succeed"]);
}

#[test]
fn changes_of_the_password_are_shown() {
    let server = Server::start();
    let ann = Someone::new(&server);
    let change = |old: &str, new: &str| {
        let body = json!({ "old_password": old, "new_password": new, "confirm_password": new });
        let path = format!("{CLASSIC}/users/password");
        let request = server.request(Method::PUT, &path).json(body);
        request.bearer(&ann.access).header("User-Agent", BROWSER).send()
    };
    change("wrong", "Xwqe213PZCXwe").expect(400);
    change(BARONG_PASSWORD, BARONG_PASSWORD).expect(400);
    change(BARONG_PASSWORD, "Password1").expect(422);
    change(BARONG_PASSWORD, "Xwqe213PZCXwe").expect(201);
    let reset = server.post("/api/v2/identity/users/password/generate_code");
    let reset = reset.json(json!({ "email": ann.address }));
    reset.header("User-Agent", BROWSER).send().expect(201);
    let token = server.mail_to(&ann.address).query("token");
    for (password, status) in [("Password1", 422), ("Tecohvi0", 201)] {
        let body =
            json!({ "reset_password_token": token, "password": password, "confirm_password": password });
        let confirm = server
            .post("/api/v2/identity/users/password/confirm_code")
            .json(body);
        confirm.header("User-Agent", BROWSER).send().expect(status);
    }
    assert_eq!(
        ann.shown(&server, "password"),
        [
            r#"password password change failed {"reason":"Previous password is not correct"}"#,
            r#"password password change failed {"reason":"Password is too weak"}"#,
            "password password change succeed",
            "password request password reset succeed",
            r#"password password reset failed {"reason":"Password is too weak"}"#,
            "password password reset succeed",
        ]
    );
}

#[test]
fn what_was_done_with_the_second_factor_is_shown() {
    let server = Server::start();
    let ann = Someone::new(&server);
    let otp = |endpoint: &str, body: Value| {
        let path = format!("{CLASSIC}/otp/{endpoint}");
        let request = server.post(&path).json(body).bearer(&ann.access);
        request.header("User-Agent", BROWSER).send()
    };
    let log_in = |code: Option<&str>| {
        let body = json!({ "email": ann.address, "password": BARONG_PASSWORD, "otp_code": code });
        let request = server.post("/api/v2/identity/sessions").json(body);
        request.header("User-Agent", BROWSER).send()
    };
    let totp = crate::harness::Totp::scan(&otp("generate_qrcode", json!({})));
    otp("enable", json!({ "code": totp.old_code() })).expect(422);
    otp("enable", json!({ "code": totp.code() })).expect(201);
    otp("enable", json!({ "code": "000000" })).expect(400);
    otp("generate_qrcode", json!({})).expect(400);
    otp("verify", json!({ "code": totp.old_code() })).expect(422);
    otp("verify", json!({ "code": totp.same_code() })).expect(422);
    otp("verify", json!({})).expect(400);
    assert_eq!(
        ann.shown(&server, "otp"),
        [
            "otp request QR code for 2FA succeed",
            r#"otp enable 2FA failed {"reason":"OTP code is invalid"}"#,
            "otp enable 2FA succeed",
            r#"otp enable 2FA failed {"reason":"2FA has been already enabled for this account"}"#,
            r#"otp request QR code for 2FA failed {"reason":"2FA has been already enabled for this account"}"#,
            r#"otp verify 2FA code failed {"reason":"OTP code is invalid"}"#,
        ]
    );
    log_in(None).expect(403);
    log_in(Some(&totp.old_code())).expect(403);
    log_in(Some(&totp.code())).expect(200);
    assert_eq!(
        ann.shown(&server, "session"),
        [
            r#"session login::2fa failed {"reason":"The account has enabled 2FA but OTP code is missing"}"#,
            r#"session login::2fa failed {"reason":"OTP code is invalid"}"#,
            "session login::2fa succeed",
        ]
    );
}

#[test]
fn what_a_program_without_a_name_did_leaves_no_record() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    let access = server.pluto().log_in(&ann).access;
    server.pluto().try_log_in(&ann, "wrong").expect(403);
    log_in(&server, &ann, "wrong", "").expect(401);
    let all = server.get("/users/activity/all").bearer(&access);
    assert_eq!(all.send().to_string(), NOTHING);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
}

#[test]
fn each_sees_their_own_and_pages_through_it() {
    let server = both();
    let (ann, bob) = (Someone::new(&server), Someone::new(&server));
    for index in 0..5 {
        let password = if index % 2 == 0 { BARONG_PASSWORD } else { "wrong" };
        log_in(&server, &ann.address, password, BROWSER);
    }
    assert_eq!(bob.activity(&server, CLASSIC, "all").to_string(), NOTHING);
    let ids = |answer: &Answer| -> Vec<u64> {
        let activities = answer.json();
        let activities = activities.as_array().unwrap().iter();
        activities
            .map(|activity| activity["id"].as_u64().unwrap())
            .collect()
    };
    let headers = |answer: &Answer| {
        ["Page", "Per-Page", "Total", "Link"].map(|name| answer.header(name).unwrap_or_default())
    };
    let everything = ann.activity(&server, CLASSIC, "all");
    let oldest_first = ids(&everything);
    assert!(oldest_first.is_sorted() && oldest_first.len() == 5);
    assert_eq!(headers(&everything), ["1", "10000", "5", ""]);
    let coded = ann.activity(&server, CODED, "all");
    let newest_first: Vec<_> = oldest_first.iter().rev().copied().collect();
    assert_eq!(ids(&coded), newest_first);
    assert_eq!(headers(&coded), ["1", "100", "5", ""]);

    let second = ann.activity(&server, CODED, "all?page=2&limit=2");
    assert_eq!(ids(&second), newest_first[2..4]);
    let link = |page: u32, relation: &str| {
        let url = server.url(&format!("{CODED}/users/activity/all?page={page}&limit=2"));
        format!("<{url}>; rel=\"{relation}\"")
    };
    let links = [
        link(1, "first"),
        link(1, "prev"),
        link(3, "next"),
        link(3, "last"),
    ];
    assert_eq!(headers(&second), ["2", "2", "5", &links.join(", ")]);

    for (query, expected) in [
        (
            "page=x&limit=y",
            r#"422 {"errors":["non_integer_page","non_integer_limit"]}"#,
        ),
        (
            "page=0&limit=101",
            r#"422 {"errors":["non_positive_page","invalid_limit"]}"#,
        ),
        ("time_from=x", r#"422 {"errors":["invalid"]}"#),
        ("result=maybe", r#"422 {"errors":["invalid"]}"#),
        (
            "result=failed&time_to=1",
            r#"422 {"errors":["resource.user.no_activity"]}"#,
        ),
    ] {
        let answer = ann.activity(&server, CODED, &format!("all?{query}"));
        assert_eq!(answer.to_string(), expected, "{query}");
    }
    let count = |query: &str| {
        let answer = ann.activity(&server, CODED, &format!("session?{query}"));
        ids(&answer.expect(200)).len()
    };
    assert_eq!(count("result=succeed"), 3);
    assert_eq!(count("result=failed"), 2);
    assert_eq!(count("time_from=1&time_to=99999999999"), 5);
    // The classic profile knows no filters.
    ann.activity(&server, CLASSIC, "all?result=maybe&time_from=x")
        .expect(200);
}

#[test]
fn who_is_banned_reads_their_activity() {
    let server = Server::start();
    let ann = Someone::new(&server);
    log_in(&server, &ann.address, BARONG_PASSWORD, BROWSER).expect(200);
    server
        .cli(&["user", "set-state", "--email", &ann.address, "banned"])
        .ok();
    assert_eq!(ann.shown(&server, "all"), ["session login succeed"]);
}

#[test]
fn a_client_is_noted_in_whatever_alphabet_it_is_called() {
    let server = both();
    let ann = Someone::new(&server);
    log_in(&server, &ann.address, BARONG_PASSWORD, "Бровзер/1").expect(200);
    log_in(&server, &ann.address, BARONG_PASSWORD, &"я".repeat(600)).expect(200);
    let shown = ann.activity(&server, CLASSIC, "session").expect(200);
    assert_eq!(shown.at("/0/user_agent"), "Бровзер/1");
    assert_eq!(shown.at("/1/user_agent"), "я".repeat(256));
}

#[test]
fn parameters_may_stand_in_a_body_and_what_nobody_asked_for_counts_for_nothing() {
    let server = both();
    let ann = Someone::new(&server);
    for _ in 0..3 {
        log_in(&server, &ann.address, BARONG_PASSWORD, BROWSER).expect(200);
    }
    let ask = |mount: &str, query: &str| {
        let request = server.get(&format!("{mount}/users/activity/session{query}"));
        request.bearer(&ann.access)
    };
    let everything = ask(CLASSIC, "").send().expect(200);
    assert_eq!(everything.header("Per-Page").as_deref(), Some("10000"));
    assert_eq!(everything.header("Total").as_deref(), Some("3"));
    assert_eq!(everything.header("Link"), None);
    for page in [
        ask(CLASSIC, "").json(json!({ "page": 2, "limit": 2 })),
        ask(CLASSIC, "?limit=7").form(&[("page", "2"), ("limit", "2")]),
        ask(CLASSIC, "?page=2&limit=2&junk=1&junk[a]=2&%FF=%FF&x=%00").json(json!({ "y": "\u{0}" })),
        ask(CODED, "?page=2").json(json!({ "limit": 2 })),
    ] {
        let page = page.send().expect(200);
        assert_eq!(page.json().as_array().unwrap().len(), 1, "{page}");
        assert_eq!(page.header("Per-Page").as_deref(), Some("2"));
    }
    for odd in ["?limit=1&limit[a]=2", "?limit=%FF", "?limit=%00", "?limit[a]=%FF"] {
        assert_eq!(
            ask(CLASSIC, odd).send().to_string(),
            r#"400 {"error":"limit is invalid"}"#,
            "{odd}"
        );
        assert_eq!(
            ask(CODED, odd).send().to_string(),
            r#"422 {"errors":["non_integer_limit"]}"#,
            "{odd}"
        );
    }
    let odd = ask(CLASSIC, "?limit=%FF&junk=%FF").json(json!({ "page": { "a": "\u{0}" } }));
    assert_snapshot!(odd.send(), @r#"400 {"error":"page is invalid, limit is invalid"}"#);
    let broken = |mount: &str| ask(mount, "").raw_body("{", "application/json").send();
    assert_snapshot!(broken(CLASSIC), @r#"400 {"error":"Request body is not valid JSON"}"#);
    assert_snapshot!(broken(CODED), @r#"400 {"errors":["request.invalid_json"]}"#);
    let broken = |mount: &str| ask(mount, "").raw_body("x", "multipart/form-data").send();
    assert_snapshot!(broken(CODED), @r#"400 {"errors":["request.invalid_form"]}"#);
    let many = "&a=1".repeat(1001);
    assert_snapshot!(
        ask(CODED, &format!("?{many}")).send(),
        @r#"400 {"errors":["request.too_many_parameters"]}"#
    );
}
