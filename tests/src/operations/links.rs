//! What a mailed link looks like is the operator's affair, never the client's.

use serde_json::json;
use url::Url;

use crate::harness::{BARONG_PASSWORD, Request, Server, address};

/// Every header that some server somewhere builds links from.
const SHAPERS: [(&str, &str); 9] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "444"),
    ("x-forwarded-prefix", "/evil.example"),
    ("forwarded", "host=evil.example;proto=https"),
    ("x-original-url", "http://evil.example/"),
    ("origin", "https://evil.example"),
    ("referer", "https://evil.example/"),
];

fn shaped(request: Request) -> Request {
    SHAPERS
        .iter()
        .fold(request, |request, (name, value)| request.header(name, value))
}

/// Registers and asks for a reset through every door, and checks every mail that comes of it.
#[track_caller]
fn check(server: &Server, base: &str) {
    let (ann, bob, carol) = (address("ann"), address("bob"), address("carol"));
    let mails = [
        (
            "/auth/register",
            json!({ "email": ann, "password": "a good password" }),
            &ann,
        ),
        (
            "/v1/register",
            json!({ "mail": bob, "name": bob, "password": "a good password" }),
            &bob,
        ),
        ("/v1/register/verify/mail", json!({ "mail": ann }), &ann),
        ("/v1/password/reset/mail", json!({ "mail": bob }), &bob),
        (
            "/api/v2/identity/users",
            json!({ "email": carol, "password": BARONG_PASSWORD }),
            &carol,
        ),
        (
            "/api/v2/identity/users/email/generate_code",
            json!({ "email": carol }),
            &carol,
        ),
        (
            "/api/v2/identity/users/password/generate_code",
            json!({ "email": carol }),
            &carol,
        ),
    ];
    for (path, body, to) in mails {
        let answer = shaped(server.post(path)).json(body).send();
        assert!(answer.status().is_success(), "{path}: {answer}");
        let mail = server.mail_to(to);
        assert!(
            mail.link().starts_with(&format!("{base}/mail/")),
            "{path}: {}",
            mail.link()
        );
        for text in [&mail.text, &mail.html, &mail.from] {
            assert!(!text.contains("evil.example"), "{path}: {text}");
        }
    }
}

#[test]
fn no_header_of_a_request_shapes_a_mailed_link() {
    let server = Server::start();
    let base = server.url("");
    check(&server, &base);
}

#[test]
fn not_even_behind_a_trusted_proxy() {
    let server = Server::with(&[
        ("CLAVIS_HTTP__TRUSTED_PROXIES", "127.0.0.1"),
        ("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org/sso"),
    ]);
    check(&server, "https://id.example.org/sso");
}

#[test]
fn a_page_works_below_the_path_of_the_public_url() {
    // A proxy takes the path away, so nothing on a page may begin with a slash of its own.
    let server = Server::with(&[("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org/sso")]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let link = server.mail_to(&ann).link();
    let page_url = Url::parse(&link).unwrap();
    let page = server
        .get(link.strip_prefix("https://id.example.org/sso").unwrap())
        .send()
        .expect(200)
        .text();
    let mut checked = Vec::new();
    for attribute in ["href=\"", "action=\""] {
        for (_, rest) in page
            .match_indices(attribute)
            .map(|(at, _)| page.split_at(at + attribute.len()))
        {
            let target = page_url.join(rest.split('"').next().unwrap()).unwrap();
            assert!(
                target.as_str().starts_with("https://id.example.org/sso/mail/"),
                "{target}"
            );
            checked.push(target.path().to_owned());
        }
    }
    checked.sort();
    assert_eq!(checked, ["/sso/mail/activate", "/sso/mail/style.css"]);
    server.get("/mail/style.css").send().expect(200);
}
