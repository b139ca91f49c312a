//! The pages behind the contract's own links.

use crate::harness::{Answer, Server, address};

#[test]
fn a_link_of_the_contract_verifies_on_get_and_only_once() {
    let server = Server::with(&[("CLAVIS_HTTP__MAIL_LINKS", "contract")]);
    let ann = address("ann");
    server.pluto().register(&ann).expect(200);
    let path = server.mail_to(&ann).path();
    assert!(path.starts_with("/web/mail/verify/"), "{path}");
    let verified = server.get(&path).send().expect(200);
    assert!(verified.text().contains("Mail address verified"), "{verified}");
    server.pluto().log_in(&ann);
    let again = server.get(&path).send().expect(400);
    assert!(again.text().contains("Error 2004"), "{again}");
}

#[test]
fn a_link_that_is_none_is_refused_and_a_new_one_offered() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().register(&ann).expect(200);
    let token = server.mail_to(&ann).query("token");
    let cut = token.get(..token.len() - 4).unwrap();
    for bad in ["x", "!!!", cut, &token.to_lowercase(), "%00", "%ff"] {
        let refused = server.get(&format!("/web/mail/verify/{bad}")).send().expect(403);
        assert!(
            refused.text().contains("Error 3003") && refused.text().contains("<form"),
            "{bad}: {refused}"
        );
        server
            .get(&format!("/web/password/reset/{bad}"))
            .send()
            .expect(403);
    }
    let resent = server
        .post("/web/mail/verify")
        .form(&[("mail", &ann)])
        .send()
        .expect(200);
    assert!(resent.text().contains("Mail sent"), "{resent}");
    let token = server.mail_to(&ann).query("token");
    server
        .get(&format!("/web/mail/verify/{token}"))
        .send()
        .expect(200);
    for (mail, status, shown) in [
        ("", 400, "1001"),
        ("no", 400, "1001"),
        (&*address("no"), 403, "2002"),
        (&*ann, 400, "2004"),
    ] {
        let refused = server
            .post("/web/mail/verify")
            .form(&[("mail", mail)])
            .send()
            .expect(status);
        assert!(refused.text().contains(shown), "{refused}");
    }
}

#[test]
fn pages_speak_the_readers_language() {
    let server = Server::start();
    let page = |languages: &str| {
        server
            .get("/web/password/reset/x")
            .header("accept-language", languages)
            .send()
    };
    let language = |answer: &Answer| answer.header("content-language").unwrap();
    for (languages, expected) in [
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("ja,en;q=0.5", "en"),
        ("fr", "en"),
        ("en", "en"),
    ] {
        let answer = page(languages).expect(403);
        assert_eq!(language(&answer), expected, "{languages}");
        assert!(
            answer.text().contains(&format!("<html lang=\"{expected}\">")),
            "{answer}"
        );
    }
    assert!(page("zh").text().contains("链接无效"));
}

#[test]
fn pages_run_nothing_and_are_framed_by_nobody() {
    let server = Server::start();
    let page = server.get("/web/password/reset/x").send().expect(403);
    assert_eq!(
        page.header("content-security-policy").as_deref(),
        Some(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name).as_deref(), Some(value), "{name}");
    }
    assert!(
        !page.text().contains("<script") && !page.text().contains("style="),
        "{page}"
    );
    let style = server.get("/web/style.css").send().expect(200);
    assert_eq!(
        style.header("content-type").as_deref(),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn the_public_url_alone_shapes_links() {
    let server = Server::with(&[("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org/sso")]);
    let ann = address("ann");
    let body = serde_json::json!({ "mail": ann, "name": "ann", "password": "p" });
    let request = server
        .post("/v1/register")
        .header("x-forwarded-host", "evil.test")
        .header("host", "evil.test");
    request.json(body).send().expect(200);
    let link = server.mail_to(&ann).link();
    assert!(
        link.starts_with("https://id.example.org/sso/mail/verify?token="),
        "{link}"
    );
    let page = server.get("/web/mail/verify/x").send().expect(403);
    assert!(page.text().contains("href=\"/sso/web/style.css\""), "{page}");
}
