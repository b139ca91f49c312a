//! Links that log in, in place of a password.

use insta::assert_snapshot;
use serde_json::json;

use super::{NOBODYS_UUID, named, post, server_with, somebody_logged_in};
use crate::harness::{Answer, Mail, PASSWORD, Server, address};

const ON: (&str, &str) = ("MAGIC_LINK_ENABLED", "true");
const SUCCESS: (&str, &str) = ("REDIRECT_URL_SUCCESS", "https://app.example.org/in?a=b#top");
const BAD_LINK: &str =
    r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired token."}"#;

#[track_caller]
fn server() -> Server {
    server_with(&[ON, SUCCESS])
}

/// The mail after a registration without a password.
#[track_caller]
fn register(server: &Server) -> (String, Answer, Mail) {
    let ann = address("ann");
    let answer = post(server, "/auth/register", json!({ "email": ann })).expect(200);
    let mail = server.mail_to(&ann);
    (ann, answer, mail)
}

/// The token of the mail after a log-in without a password.
#[track_caller]
fn asked(server: &Server, address: &str) -> String {
    let asked = post(server, "/auth/login", json!({ "email": address }));
    assert_eq!(asked.to_string(), r#"200 {"magicLink":true}"#);
    server.mail_to(address).query("token")
}

#[track_caller]
fn follow(server: &Server, token: &str, action: &str) -> Answer {
    server
        .get("/auth/magic-link")
        .query(&[("token", token), ("action", action)])
        .send()
}

/// What a redirect hands over under this name.
#[track_caller]
fn handed_over(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status(), 302, "{answer}");
    let to = answer.header("location").unwrap();
    let start = format!("https://app.example.org/in?a=b&{name}=");
    let value = to.strip_prefix(&start).and_then(|rest| rest.strip_suffix("#top"));
    value.unwrap_or_else(|| panic!("no {name}: {to}")).to_owned()
}

#[test]
fn an_account_without_a_password_is_registered_and_awaits_its_link() {
    let server = server();
    let (ann, answer, mail) = register(&server);
    let user = json!({ "id": answer.at("/user/id"), "display_name": ann, "email": ann });
    assert_eq!(
        answer.json(),
        json!({ "jwt_token": null, "jwt_expires_in": null, "user": user })
    );
    assert!(answer.cookies().is_empty());
    assert_eq!(mail.subject, "Secure register link");
    let token = mail.header("X-Token").unwrap();
    assert_eq!(mail.link(), server.url(&format!("/mail/register?token={token}")));
    assert_eq!(mail.header("X-Ticket"), None);
    assert_snapshot!(
        post(&server, "/auth/login", json!({ "email": ann })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, PASSWORD),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#
    );
}

#[test]
fn the_link_of_a_registration_activates_and_logs_in_once() {
    let server = server();
    let (ann, answer, mail) = register(&server);
    let token = mail.query("token");
    assert_eq!(
        follow(&server, &token, "log-in").to_string(),
        BAD_LINK,
        "for another purpose"
    );
    let followed = follow(&server, &token, "register");
    let refresh = handed_over(&followed, "refresh_token");
    assert!(followed.cookies().is_empty());
    let session = server.backend_plus().refresh(&refresh).expect(200);
    assert_eq!(session.at("/user/id"), answer.at("/user/id"));
    assert_eq!(session.at("/user/email"), ann);
    assert_eq!(follow(&server, &token, "register").to_string(), BAD_LINK);
    // There is no password, so none is right.
    assert_snapshot!(
        server.backend_plus().try_log_in(&ann, PASSWORD),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
    );
}

#[test]
fn a_link_logs_in_once_and_for_a_short_time() {
    let server = server();
    let (ann, _) = somebody_logged_in(&server);
    let first = asked(&server, &ann);
    let second = asked(&server, &ann);
    assert_eq!(
        follow(&server, &first, "log-in").to_string(),
        BAD_LINK,
        "it was replaced"
    );
    assert_eq!(follow(&server, &second, "register").to_string(), BAD_LINK);
    let refresh = handed_over(&follow(&server, &second, "log-in"), "refresh_token");
    server.backend_plus().refresh(&refresh).expect(200);
    assert_eq!(follow(&server, &second, "log-in").to_string(), BAD_LINK);

    let third = asked(&server, &ann);
    let quarter = 15 * 60 * 1_000_000_u64;
    server.execute_sql(&format!("UPDATE tickets SET expires_at = expires_at - {quarter}"));
    assert_eq!(follow(&server, &third, "log-in").to_string(), BAD_LINK);
}

#[test]
fn a_request_without_consequences_leaves_the_link_as_it_was() {
    let server = server();
    let (ann, _) = somebody_logged_in(&server);
    let token = asked(&server, &ann);
    let head = |token: &str| {
        let request = server.request(reqwest::Method::HEAD, "/auth/magic-link");
        request.query(&[("token", token), ("action", "log-in")]).send()
    };
    head(&token).expect(302);
    head(NOBODYS_UUID).expect(401);
    handed_over(&follow(&server, &token, "log-in"), "refresh_token");
}

#[test]
fn a_mail_leads_to_a_page_whose_button_logs_in() {
    let server = server();
    let (ann, _) = somebody_logged_in(&server);
    post(&server, "/auth/login", json!({ "email": ann })).expect(200);
    let mail = server.mail_to(&ann);
    assert_eq!(mail.subject, "Secure log in link");
    let token = mail.query("token");
    for _ in 0..2 {
        let page = server.get(&mail.path()).send().expect(200);
        assert!(page.text().contains("Press the button to log in."), "{page}");
    }
    let press = || server.post("/mail/log-in").form(&[("token", &token)]).send();
    let page = press().expect(200).text();
    let start = "https://app.example.org/in?a=b&#38;refresh_token=";
    let (_, way_on) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no way on: {page}"));
    let token: String = way_on.chars().take(36).collect();
    server.backend_plus().refresh(&token).expect(200);
    assert!(page.contains("You are logged in"), "{page}");
    press().expect(403);
    // The page of the other kind takes tokens of its own kind only.
    let token = asked(&server, &ann);
    server
        .post("/mail/register")
        .form(&[("token", &token)])
        .send()
        .expect(403);
    handed_over(&follow(&server, &token, "log-in"), "refresh_token");
}

#[test]
fn the_page_of_a_registration_activates() {
    let server = server();
    let (_, _, mail) = register(&server);
    server.get(&mail.path()).send().expect(200);
    let token = mail.query("token");
    let press = server.post("/mail/register").form(&[("token", &token)]).send();
    assert!(press.expect(200).text().contains("refresh_token="));
}

#[test]
fn the_contracts_link_is_there_for_who_wants_it() {
    let mut settings = named(&[ON, SUCCESS]);
    settings.push(("CLAVIS_HTTP__MAIL_LINKS".to_owned(), "contract".to_owned()));
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = Server::with(&settings);
    let (_, _, mail) = register(&server);
    let token = mail.header("X-Token").unwrap();
    assert_eq!(
        mail.path(),
        format!("/auth/magic-link?token={token}&action=register")
    );
    handed_over(&server.get(&mail.path()).send(), "refresh_token");
}

#[test]
fn a_second_factor_is_asked_for_all_the_same() {
    let server = server();
    let (ann, tokens) = somebody_logged_in(&server);
    let app = server.backend_plus().enable_factor(&tokens.access);
    let followed = follow(&server, &asked(&server, &ann), "log-in");
    let ticket = handed_over(&followed, "mfa_ticket");
    assert!(followed.cookies().is_empty());
    let body = json!({ "code": app.code_at(0), "ticket": ticket, "cookie": false });
    post(&server, "/auth/mfa/totp", body).expect(200);

    let token = asked(&server, &ann);
    let page = server
        .post("/mail/log-in")
        .form(&[("token", &token)])
        .send()
        .expect(200);
    assert!(page.text().contains("mfa_ticket="), "{page}");
    assert!(!page.text().contains("refresh_token="), "{page}");
}

#[test]
fn where_the_factor_cannot_be_asked_for_a_link_is_refused() {
    let server = server_with(&[ON, SUCCESS, ("MFA_ENABLED", "false")]);
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let access = server.barong().log_in(&ann).access;
    server.barong().enable_factor(&access);
    assert_snapshot!(
        follow(&server, &asked(&server, &ann), "log-in"),
        @r#"403 {"statusCode":403,"error":"Forbidden","message":"Second factor required"}"#
    );
}

#[test]
fn a_link_ends_with_the_account_and_with_its_sessions() {
    let server = server();
    let (ann, tokens) = somebody_logged_in(&server);
    let first = asked(&server, &ann);
    let revoke = server.post("/auth/token/revoke").bearer(&tokens.access);
    revoke.send().expect(204);
    assert_eq!(follow(&server, &first, "log-in").to_string(), BAD_LINK);
    let second = asked(&server, &ann);
    server.cli(&["user", "set-state", "--email", &ann, "locked"]).ok();
    assert_eq!(follow(&server, &second, "log-in").to_string(), BAD_LINK);
    let (_, _, mail) = register(&server);
    let pending = mail.query("token");
    server
        .cli(&["user", "set-state", "--email", &mail.to[0], "banned"])
        .ok();
    assert_eq!(follow(&server, &pending, "register").to_string(), BAD_LINK);
}

#[test]
fn an_operator_who_activates_accounts_does_so_whatever_the_link() {
    let server = server_with(&[ON, SUCCESS, ("VERIFY_EMAILS", "false")]);
    let (ann, _, mail) = register(&server);
    let token = mail.query("token");
    assert_eq!(follow(&server, &token, "register").to_string(), BAD_LINK);
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    handed_over(&follow(&server, &token, "register"), "refresh_token");
}

#[test]
fn a_link_is_checked_in_the_words_of_the_contract() {
    let server = server();
    assert_snapshot!(
        server.get("/auth/magic-link").send(),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"token\" is required"}"#
    );
    assert_snapshot!(
        follow(&server, "x", "log-in"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"token\" must be a valid GUID"}"#
    );
    assert_snapshot!(
        follow(&server, NOBODYS_UUID, "delete"),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"action\" must be one of [log-in, register]"}"#
    );
    assert_eq!(follow(&server, NOBODYS_UUID, "log-in").to_string(), BAD_LINK);
    let sorry = server_with(&[
        ON,
        SUCCESS,
        ("REDIRECT_URL_ERROR", "https://app.example.org/sorry"),
    ]);
    let refused = follow(&sorry, NOBODYS_UUID, "log-in").expect(302);
    assert_eq!(
        refused.header("location").unwrap(),
        "https://app.example.org/sorry"
    );
}

#[test]
fn without_a_page_to_go_on_to_the_session_is_the_answer() {
    let server = server_with(&[ON]);
    let (_, answer, mail) = register(&server);
    let session = follow(&server, &mail.query("token"), "register").expect(200);
    assert_eq!(session.at("/user/id"), answer.at("/user/id"));
    server
        .backend_plus()
        .refresh(&session.at("/refresh_token"))
        .expect(200);
    let v2_7 = server_with(&[ON, ("PROFILE", "v2.7")]);
    follow(&v2_7, NOBODYS_UUID, "log-in").expect(500);
}

#[test]
fn a_log_in_without_a_password_tells_about_accounts_what_others_tell() {
    let server = server();
    let hiding = server_with(&[ON, SUCCESS, ("HIDE_UNKNOWN_ACCOUNTS", "true")]);
    let body = json!({ "email": address("nobody") });
    assert_snapshot!(
        post(&server, "/auth/login", body.clone()),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account does not exist."}"#
    );
    assert_snapshot!(post(&hiding, "/auth/login", body), @r#"200 {"magicLink":true}"#);
    let (ann, _) = somebody_logged_in(&server);
    server
        .post("/auth/login")
        .json(json!({ "email": ann, "x": 1 }))
        .send()
        .expect(400);
}

#[test]
fn without_mail_there_are_no_links() {
    let server = server_with(&[ON, SUCCESS, ("EMAILS_ENABLED", "false")]);
    let ann = address("ann");
    post(&server, "/auth/register", json!({ "email": ann })).expect(500);
    post(&server, "/auth/login", json!({ "email": ann })).expect(500);
}

#[test]
fn switched_off_a_password_is_needed() {
    let server = Server::start();
    let v2_7 = server_with(&[("PROFILE", "v2.7")]);
    for path in ["/auth/register", "/auth/login"] {
        assert_eq!(
            post(&server, path, json!({ "email": address("ann") })).to_string(),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"\"password\" is required"}"#
        );
    }
    follow(&server, NOBODYS_UUID, "log-in").expect(404);
    follow(&v2_7, NOBODYS_UUID, "log-in").expect(500);
}

#[test]
fn somebody_anonymous_becomes_somebody_by_a_link() {
    let server = server_with(&[ON, SUCCESS, ("ANONYMOUS_USERS_ENABLED", "true")]);
    let session = post(
        &server,
        "/auth/login",
        json!({ "anonymous": true, "cookie": false }),
    )
    .expect(200);
    let ann = address("ann");
    let register = server.post("/auth/register").json(json!({ "email": ann }));
    let answer = register.bearer(&session.at("/jwt_token")).send().expect(200);
    assert_eq!(answer.at("/user/id"), session.at("/user/id"));
    let token = server.mail_to(&ann).query("token");
    let refresh = handed_over(&follow(&server, &token, "register"), "refresh_token");
    let session = server.backend_plus().refresh(&refresh).expect(200);
    assert_eq!(session.at("/user/id"), answer.at("/user/id"));
    assert_eq!(session.at("/user/email"), ann);
}
