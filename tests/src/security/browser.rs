//! What a browser is told about a page, and what a page may not be used for.

use crate::harness::{PASSWORD, Server, address};

fn pages(server: &Server) -> Vec<String> {
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().register(&ann).expect(204);
    server.pluto().register(&bob).expect(200);
    let (activate, verify) = (server.mail_to(&ann), server.mail_to(&bob));
    server
        .post("/v1/password/reset/mail")
        .json(serde_json::json!({ "mail": bob }))
        .send()
        .expect(200);
    let reset = server.mail_to(&bob);
    vec![
        activate.path(),
        verify.path(),
        reset.path(),
        format!("/web/password/reset/{}", reset.query("token")),
        "/mail/activate?ticket=b2f6a0cc-3f1e-4d5a-9d6e-0a1b2c3d4e5f".to_owned(),
        "/mail/reset?token=nonsense".to_owned(),
        "/web/mail/verify/nonsense".to_owned(),
        "/web/nothing".to_owned(),
    ]
}

#[test]
fn no_page_can_be_framed_run_inline_script_be_cached_or_tell_its_address() {
    let server = Server::start();
    for path in pages(&server) {
        let page = server.get(&path).header("accept", "text/html").send();
        assert!(
            page.header("content-type").unwrap().starts_with("text/html"),
            "{path}: {page}"
        );
        let policy = page
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{path} has no policy"));
        let directive = |name: &str| {
            policy
                .split(';')
                .map(str::trim)
                .find(|part| part.starts_with(name))
                .map(str::to_owned)
        };
        assert_eq!(
            directive("frame-ancestors").as_deref(),
            Some("frame-ancestors 'none'"),
            "{path}"
        );
        let scripts = directive("script-src")
            .or_else(|| directive("default-src"))
            .unwrap();
        assert!(
            !scripts.contains("unsafe") && !scripts.contains('*'),
            "{path}: {scripts}"
        );
        assert!(
            directive("base-uri").is_some() && directive("form-action").is_some(),
            "{path}: {policy}"
        );
        assert_eq!(
            page.header("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{path}"
        );
        // The address of a page holds a ticket.
        assert_eq!(
            page.header("referrer-policy").as_deref(),
            Some("no-referrer"),
            "{path}"
        );
        assert!(
            page.header("cache-control")
                .is_some_and(|value| value.contains("no-store")),
            "{path}"
        );
        assert!(
            !page.text().contains("<script>") && !page.text().contains(" onclick="),
            "{path}: {page}"
        );
    }
}

#[test]
fn what_a_person_typed_is_shown_as_text() {
    let server = Server::start();
    for path in [
        "/mail/reset?token=",
        "/mail/activate?ticket=",
        "/web/mail/verify/",
        "/web/password/reset/",
    ] {
        let page = server
            .get(&format!("{path}%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
            .header("accept", "text/html")
            .send();
        assert!(!page.status().is_server_error(), "{path}: {page}");
        assert!(!page.text().contains("<script>alert"), "{path}: {page}");
    }
    let bob = address("bob");
    let name = format!("<img src=x onerror=alert({})>", crate::harness::unique());
    server.pluto().register_as(&bob, &name).expect(200);
    let mail = server.mail_to(&bob);
    assert!(!mail.html.contains("<img src=x"), "{}", mail.html);
    let page = server.get(&mail.path()).send().expect(200);
    assert!(!page.text().contains("<img src=x"), "{page}");
}

#[test]
fn session_cookies_are_for_the_server_alone_and_every_log_in_has_its_own() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    let log_in = |email: &str, cookie: Option<&str>| {
        let body = serde_json::json!({ "email": email, "password": PASSWORD });
        let request = server.post("/auth/login").json(body);
        match cookie {
            Some(cookie) => request.cookie("refresh_token", cookie).send().expect(200),
            None => request.send().expect(200),
        }
    };
    let first = log_in(&ann, None);
    for cookie in first.cookies() {
        assert!(cookie.attribute("httponly").is_some(), "{cookie:?}");
        assert_eq!(
            cookie.attribute("samesite").map(str::to_lowercase).as_deref(),
            Some("lax"),
            "{cookie:?}"
        );
        assert!(cookie.attribute("domain").is_none(), "{cookie:?}");
    }
    // Logging in again, as oneself or as somebody else, keeps nothing of the session before.
    let session = first.cookie("refresh_token").value;
    let others = [log_in(&ann, Some(&session)), log_in(&bob, Some(&session))];
    for other in &others {
        assert_ne!(other.cookie("refresh_token").value, session);
    }
    assert_ne!(
        others[0].cookie("refresh_token").value,
        others[1].cookie("refresh_token").value
    );
}

#[test]
fn cookies_are_secure_where_the_public_url_is() {
    let server = Server::with(&[("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let body = serde_json::json!({ "email": ann, "password": PASSWORD });
    let answer = server.post("/auth/login").json(body).send().expect(200);
    assert_eq!(answer.cookies().len(), 2);
    for cookie in answer.cookies() {
        assert!(cookie.attribute("secure").is_some(), "{cookie:?}");
    }
}
