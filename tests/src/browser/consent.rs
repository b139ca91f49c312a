//! Somebody comes from a program's site, logs in, lets it act, and is back: with cookies that browsers keep from
//! other sites, and under policies that browsers hold forms to.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use super::Browser;
use crate::harness::{PASSWORD, Server, address, name};

/// A program's own site, on a name that is another site to a browser. It shows this page to whoever asks.
fn site(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let _ = stream.read(&mut request);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    format!("http://localhost:{port}")
}

fn page(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Shop</title><style>body{{font:1rem/1.5 sans-serif;color:#111;background:#fff}}a,button{{display:inline-block;padding:1rem 2rem;font:inherit}}</style><link rel=\"icon\" href=\"data:,\"></head><body><main><h1>Shop</h1>{body}</main></body></html>"
    )
}

/// Ann, and a client that an administrator approved.
#[track_caller]
fn prepare(server: &Server, callback: &str) -> String {
    let (ann, root) = (address("ann"), address("root"));
    server.pluto().sign_up(&ann);
    let arguments = [
        "user",
        "create",
        "--email",
        &root,
        "--password",
        PASSWORD,
        "--name",
    ];
    let cli = server.cli(&[&arguments[..], &[&*name("root"), "--role", "admin", "--active"]].concat());
    cli.ok();
    let token = server.pluto().log_in(&root).access;
    server
        .post("/v1/oauth/client")
        .json(json!({ "key": "shop", "secret": "secret", "redirect_uri": callback }))
        .bearer(&token)
        .send()
        .expect(200);
    server
        .request(reqwest::Method::PUT, "/v1/oauth/client/status")
        .json(json!({ "key": "shop", "status": "approved" }))
        .bearer(&token)
        .send()
        .expect(200);
    ann
}

#[test]
fn somebody_comes_from_a_program_consents_and_is_back() {
    let server = Server::start();
    let authorize = server.url("/web/authorize?client_id=shop&response_type=code&state=s");
    let site = site(page(&format!("<p><a href=\"{authorize}\">Come in</a></p>")));
    let ann = prepare(&server, &format!("{site}/callback"));
    let browser = Browser::start();
    browser.go_to(&site);
    browser.follow("Come in");
    browser.shows(200, "Log in", "Password");
    browser.fill("Mail address or name", &ann);
    browser.fill("Password", "wrong");
    browser.press("Log in");
    browser.shows(403, "Log in", "Error 3001");
    browser.fill("Password", PASSWORD);
    browser.press("Log in");
    browser.shows(200, "A program asks to act for you", "localhost");
    assert_eq!(
        browser.evaluate("return document.cookie"),
        "",
        "no script sees it"
    );
    browser.press("Deny");
    let url = browser.done(browser.driver().current_url());
    assert!(url.as_str().starts_with(&site), "{url}");
    assert_eq!(url.query(), Some("error_code=1002&state=s"));

    // The browser keeps the cookie from who comes from elsewhere; the log-in brings them on all the same.
    browser.follow("Come in");
    browser.shows(200, "Log in", "Password");
    browser.fill("Mail address or name", &ann);
    browser.fill("Password", PASSWORD);
    browser.press("Log in");
    browser.press("Allow");
    let url = browser.done(browser.driver().current_url());
    let value = url
        .query_pairs()
        .find(|(name, _)| name == "code")
        .expect("a code")
        .1;
    assert!(
        url.as_str().starts_with(&site) && uuid::Uuid::try_parse(&value).is_ok(),
        "{url}"
    );

    // Who is logged in already and comes from here is asked at once.
    browser.go_to(&server.url("/web/authorize?client_id=shop&response_type=token&state=s"));
    browser.shows(200, "A program asks to act for you", "For how long");
    browser.press("Allow");
    let fragment = browser.evaluate("return location.hash");
    assert!(
        fragment
            .as_str()
            .is_some_and(|text| text.starts_with("#access_token=")),
        "{fragment}"
    );
}

#[test]
fn another_site_neither_consents_nor_logs_anybody_in() {
    let server = Server::start();
    let form = |path: &str, fields: &[(&str, &str)], button: &str| {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
            .collect();
        let fields = fields.concat();
        format!(
            "<form method=\"post\" action=\"{}\">{fields}<button>{button}</button></form>",
            server.url(path)
        )
    };
    let consent = [
        ("client_id", "shop"),
        ("app_id", "pluto"),
        ("response_type", "code"),
        ("decision", "allow"),
    ];
    let eve = address("eve");
    server.pluto().sign_up(&eve);
    let log_in = [("account", &*eve), ("password", PASSWORD)];
    let forms = [
        form("/web/authorize", &consent, "Win"),
        form("/web/login?app_id=pluto", &log_in, "Enter"),
    ]
    .concat();
    let site = site(page(&forms));
    let ann = prepare(&server, &format!("{site}/callback"));
    let browser = Browser::start();
    browser.go_to(&server.url("/web/login?app_id=pluto&client_id=shop"));
    browser.fill("Mail address or name", &ann);
    browser.fill("Password", PASSWORD);
    browser.press("Log in");
    browser.shows(200, "A program asks to act for you", "localhost");
    browser.go_to(&site);
    browser.press("Win");
    browser.shows(200, "Log in", "Password");
    browser.go_to(&site);
    browser.press("Enter");
    browser.shows(403, "Log in", "Error 9006");
}
