use serde_json::json;

use super::{
    CALLBACK, Client, Someone, Visitor, code, hidden_fields, register, scopes, sent_back, set_status, shop,
};
use crate::harness::{Answer, PASSWORD, Server, address, jwt, name};

fn log_in(server: &Server, query: &[(&str, &str)], account: &str, password: &str) -> Answer {
    server
        .post("/web/login")
        .query(query)
        .form(&[("account", account), ("password", password)])
        .send()
}

#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status(), 302, "{answer}");
    answer.header("location").expect("a redirect says where")
}

#[test]
fn a_log_in_page_knows_its_application() {
    let server = Server::start();
    let answer = server.get("/web/login").query(&[("state", "a&b")]).send();
    assert_eq!(leads_to(&answer), "/web/login?state=a%26b&app_id=pluto");
    let page = server
        .get("/web/login?app_id=pluto&state=%22%3E%3Cb%3E")
        .send()
        .expect(200);
    assert!(!page.text().contains("<b>"), "{page}");
    assert_eq!(page.header("cache-control").unwrap(), "no-store");
    assert_eq!(page.header("x-frame-options").unwrap(), "DENY");
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
}

#[test]
fn a_log_in_sets_a_cookie_that_no_script_and_no_other_site_gets() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let query = [("app_id", "pluto"), ("client_id", "x"), ("password", "leaked")];
    let answer = log_in(&server, &query[..2], &ann.address, PASSWORD);
    assert_eq!(leads_to(&answer), "/web/authorize?client_id=x&app_id=pluto");
    let cookie = answer.cookie("access_token");
    assert_eq!(cookie.attribute("path"), Some("/"));
    assert_eq!(cookie.attribute("samesite"), Some("Strict"));
    assert_eq!(cookie.attribute("max-age"), Some("3600"));
    assert!(cookie.attribute("httponly").is_some());
    assert!(
        cookie.attribute("secure").is_none(),
        "the public URL is not https"
    );
    let claims = jwt::payload(&cookie.value);
    assert_eq!(
        (&claims["sub"], &claims["iss"]),
        (&json!(ann.number), &json!("pluto"))
    );
    // The cookie is a bearer of the API as well, before any header.
    server
        .get("/v1/user/info")
        .cookie("access_token", &cookie.value)
        .header("authorization", "Bearer nonsense")
        .send()
        .expect(200);
    let by_name = log_in(&server, &[("appID", "pluto")], &ann.name, PASSWORD);
    assert_eq!(leads_to(&by_name), "/web/authorize?appID=pluto&app_id=pluto");

    let secure = Server::with(&[("CLAVIS_DIALECTS__PLUTO__COOKIE_SECURE", "true")]);
    let bob = Someone::new(&secure, "bob");
    let answer = log_in(&secure, &[("app_id", "pluto")], &bob.address, PASSWORD);
    assert!(answer.cookie("access_token").attribute("secure").is_some());
}

#[test]
fn a_log_in_that_fails_tells_nothing_of_who_has_an_account() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let pending = address("pending");
    server.pluto().register(&pending).expect(200);
    let query = [("app_id", "pluto")];
    let page = |account: &str, password: &str| {
        let answer = log_in(&server, &query, account, password).expect(403);
        assert!(
            answer.cookies().is_empty() && answer.text().contains("Error 3001"),
            "{answer}"
        );
        answer.text().replace(account, "")
    };
    let wrong = page(&ann.address, "wrong");
    for account in [&*address("nobody"), "nobody", "\"><b>", &pending, "a\u{202e}b"] {
        assert_eq!(
            page(account, "wrong").replace("&#34;&#62;&#60;b&#62;", ""),
            wrong,
            "{account}"
        );
    }
    assert_eq!(page(&pending, PASSWORD), wrong);
    let unknown = log_in(&server, &[("app_id", "nothing")], &ann.address, PASSWORD).expect(403);
    assert!(unknown.text().contains("Error 4005") && unknown.cookies().is_empty());
    for (account, password) in [("", "x"), ("x", "")] {
        log_in(&server, &query, account, password).expect(400);
    }
    log_in(&server, &[], &ann.address, PASSWORD).expect(400);
}

#[test]
fn a_log_in_leads_nowhere_else() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    for foreign in [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "/web//evil.test",
        "javascript:alert(1)",
        "/a\r\nset-cookie: x=y",
        "evil",
    ] {
        let query = [("app_id", "pluto"), ("login_redirect_uri", foreign)];
        let answer = log_in(&server, &query, &ann.address, PASSWORD);
        assert_eq!(leads_to(&answer), "/web/authorize?app_id=pluto", "{foreign}");
    }
    let query = [
        ("app_id", "pluto"),
        ("login_redirect_uri", "/web/mail?x=1"),
        ("state", "s"),
    ];
    let answer = log_in(&server, &query, &ann.address, PASSWORD);
    assert_eq!(leads_to(&answer), "/web/mail?x=1&state=s&app_id=pluto");
}

#[test]
fn a_form_of_another_site_logs_nobody_in() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let own = server.url("");
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "same-origin", 302),
        ("origin", "https://evil.test", 403),
        ("origin", "null", 403),
        ("origin", own.trim_end_matches('/'), 302),
    ] {
        let request = server.post("/web/login").query(&[("app_id", "pluto")]);
        let answer = request
            .form(&[("account", &ann.address), ("password", PASSWORD)])
            .header(name, value)
            .send();
        assert_eq!(answer.status().as_u16(), status, "{name}: {value}: {answer}");
        assert_eq!(answer.cookies().is_empty(), status == 403);
    }
}

#[test]
fn who_is_not_logged_in_is_led_to_the_log_in_and_back() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    Client::approved(&server, &root, "shop");
    let query = "client_id=shop&response_type=code&state=x%26y";
    let answer = server.get(&format!("/web/authorize?{query}")).send();
    let log_in = leads_to(&answer);
    assert_eq!(
        log_in,
        format!("/web/login?{query}&login_redirect_uri=%2Fweb%2Fauthorize")
    );
    // What is shown in a header is not somebody at a browser.
    let answer = server
        .get(&format!("/web/authorize?{query}"))
        .bearer(&ann.tokens.access)
        .send();
    assert_eq!(leads_to(&answer), log_in);
    let log_in = leads_to(&server.get(&log_in).send());
    assert_eq!(
        log_in,
        format!("/web/login?{query}&login_redirect_uri=%2Fweb%2Fauthorize&app_id=pluto")
    );
    let answer = server
        .post(&log_in)
        .form(&[("account", &ann.address), ("password", PASSWORD)])
        .send();
    let back = leads_to(&answer);
    assert_eq!(back, format!("/web/authorize?{query}&app_id=pluto"));
    let cookie = answer.cookie("access_token").value;
    let page = server
        .get(&back)
        .cookie("access_token", &cookie)
        .send()
        .expect(200);
    assert!(
        page.text().contains("shop.example") && page.text().contains("Allow"),
        "{page}"
    );
    let csp = page.header("content-security-policy").unwrap();
    assert!(
        csp.contains("form-action 'self' https://shop.example;") && csp.contains("frame-ancestors 'none'"),
        "{csp}"
    );
    assert_eq!(page.header("cache-control").unwrap(), "no-store");
    let elsewhere = server
        .get("/web/authorize?client_id=shop&app_id=other")
        .cookie("access_token", &cookie)
        .send();
    assert_eq!(leads_to(&elsewhere), "/web/authorize?client_id=shop&app_id=pluto");
    let posted = server
        .post("/web/authorize")
        .form(&[("client_id", "shop")])
        .send();
    assert_eq!(
        leads_to(&posted),
        "/web/login?client_id=shop&login_redirect_uri=%2Fweb%2Fauthorize"
    );
}

#[test]
fn nobody_is_sent_where_the_client_did_not_register() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    let client = Client::approved(&server, &root, "shop");
    register(
        &server,
        &ann.tokens.access,
        &json!({ "key": "pending", "secret": "s", "redirect_uri": CALLBACK }),
    )
    .expect(200);
    register(
        &server,
        &ann.tokens.access,
        &json!({ "key": "nowhere", "secret": "s" }),
    )
    .expect(200);
    set_status(&server, &root.tokens.access, "nowhere", "approved").expect(200);
    let visitor = Visitor::new(&server, &ann, "pluto");
    let page = |query: &[(&str, &str)], status: u16, expected: u16| {
        let answer = visitor.look(query).expect(status);
        assert!(answer.header("location").is_none());
        assert!(
            answer.text().contains(&format!("Error {expected}")),
            "{query:?}: {answer}"
        );
    };
    page(&[], 401, 5005);
    page(&[("client_id", "unknown")], 401, 5005);
    page(&[("client_id", "pending")], 403, 5008);
    page(&[("client_id", "nowhere")], 403, 5003);
    page(&[("client_id", "nowhere"), ("redirect_uri", CALLBACK)], 403, 5003);
    page(&[("client_id", "shop"), ("response_type", "id_token")], 400, 1001);
    for elsewhere in [
        "https://evil.test/",
        "https://shop.example/callback/",
        "https://shop.example/callback?x=1",
        "https://shop.example/callback#x",
        "https://shop.example/CALLBACK",
        "https://shop.example:443/callback",
        "https://shop.example@evil.test/callback",
        "https://shop.example/%63allback",
        "javascript:alert(1)",
    ] {
        page(&[("client_id", "shop"), ("redirect_uri", elsewhere)], 403, 5003);
        let posted = visitor.press("allow", &[("client_id", "shop")], &[("redirect_uri", elsewhere)]);
        assert!(posted.header("location").is_none(), "{elsewhere}: {posted}");
        assert!(posted.text().contains("Error 5003"), "{posted}");
    }
    drop(client);
}

#[test]
fn allowed_and_denied_are_told_with_the_state() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    Client::approved(&server, &root, "shop");
    let visitor = Visitor::new(&server, &ann, "pluto");
    let query = [("client_id", "shop"), ("response_type", "code"), ("state", "s 1")];
    let allowed = visitor.press("allow", &query, &[]).expect(302);
    assert!(leads_to(&allowed).starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(sent_back(&allowed, "state").as_deref(), Some("s 1"));
    for no in ["deny", "Allow", "x"] {
        let denied = visitor.press(no, &query, &[]).expect(302);
        assert_eq!(
            leads_to(&denied),
            format!("{CALLBACK}?error_code=1002&state=s+1"),
            "{no}"
        );
    }
    let told = |changed: &[(&str, &str)]| {
        let answer = visitor.press("allow", &query, changed);
        assert!(sent_back(&answer, "code").is_none());
        sent_back(&answer, "error_code")
    };
    assert_eq!(told(&[("app_id", "nothing")]).as_deref(), Some("4005"));
    assert_eq!(told(&[("app_id", "barong")]).as_deref(), Some("4005"));
    assert_eq!(told(&[("response_type", "id_token")]).as_deref(), Some("1001"));
    assert_eq!(
        told(&[("code_challenge", "x"), ("code_challenge_method", "plain")]).as_deref(),
        Some("1001")
    );
    for missing in ["client_id", "app_id", "response_type"] {
        let answer = visitor.press("allow", &query, &[(missing, "")]);
        assert!(
            answer.header("location").is_none() && answer.text().contains("Error 1001"),
            "{answer}"
        );
    }
}

#[test]
fn a_token_is_given_at_once_for_as_long_as_was_chosen() {
    let server = Server::start();
    let (root, ann) = (Someone::admin(&server), Someone::new(&server, "ann"));
    shop(&server, &root, &ann);
    Client::approved(&server, &root, "program");
    let visitor = Visitor::new(&server, &ann, "shop");
    let query = [
        ("client_id", "program"),
        ("response_type", "token"),
        ("state", "s"),
    ];
    let page = visitor.look(&query).expect(200).text();
    for seconds in ["3600", "86400", "604800"] {
        assert!(page.contains(&format!("<option value=\"{seconds}\">")), "{page}");
    }
    for (chosen, lives) in [
        ("", 3_600),
        ("86400", 86_400),
        ("604800", 604_800),
        ("9999999", 604_800),
    ] {
        let answer = visitor
            .press("allow", &query, &[("life_time", chosen)])
            .expect(302);
        assert!(
            leads_to(&answer).starts_with(&format!("{CALLBACK}#access_token=")),
            "{answer}"
        );
        assert_eq!(sent_back(&answer, "scopes").as_deref(), Some("shop.read"));
        assert_eq!(sent_back(&answer, "state").as_deref(), Some("s"));
        let token = sent_back(&answer, "access_token").unwrap();
        let claims = jwt::payload(&token);
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            lives
        );
        assert_eq!(scopes(&token), json!(["shop.read"]));
        server.pluto().info(ann.number, &token).expect(200);
        let own = server.get("/v1/oauth/client").bearer(&token).send();
        assert_eq!(code(&own), 3009);
    }
    let bad = visitor.press("allow", &query, &[("life_time", "long")]);
    assert_eq!(sent_back(&bad, "error_code").as_deref(), Some("1001"));
}

#[test]
fn only_the_page_itself_consents() {
    let server = Server::start();
    let (root, ann, eve) = (
        Someone::admin(&server),
        Someone::new(&server, "ann"),
        Someone::new(&server, "eve"),
    );
    Client::approved(&server, &root, "shop");
    Client::approved(&server, &root, "other");
    let visitor = Visitor::new(&server, &ann, "pluto");
    let page = visitor.look(&[("client_id", "shop")]).expect(200);
    let token = |page: &Answer| {
        let fields = hidden_fields(&page.text());
        let field = fields.into_iter().find(|(name, _)| name == "csrf_token");
        field.expect("the form has one").1
    };
    let (own, for_other) = (token(&page), token(&visitor.look(&[("client_id", "other")])));
    let eves = token(&Visitor::new(&server, &eve, "pluto").look(&[("client_id", "shop")]));
    let post = |csrf: &str, name: &str, value: &str| {
        let fields = [
            ("client_id", "shop"),
            ("app_id", "pluto"),
            ("response_type", "code"),
            ("decision", "allow"),
            ("csrf_token", csrf),
        ];
        let request = server.post("/web/authorize").form(&fields).header(name, value);
        visitor.with_cookie(request)
    };
    for wrong in ["", "x", &for_other, &eves] {
        let answer = post(wrong, "x-any", "x").expect(403);
        assert!(
            answer.header("location").is_none() && answer.text().contains("Error 9006"),
            "{answer}"
        );
    }
    post(&own, "origin", "https://evil.test").expect(403);
    post(&own, "sec-fetch-site", "cross-site").expect(403);
    assert!(sent_back(&post(&own, "sec-fetch-site", "same-origin"), "code").is_some());
}

#[test]
fn a_form_of_another_site_changes_nothing_by_the_cookie() {
    let server = Server::start();
    let root = Someone::admin(&server);
    let token = root.tokens.access.clone();
    let ask = |headers: &[(&str, &str)]| {
        let request = server
            .post("/v1/rbac/application/create")
            .cookie("access_token", &token);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        request.form(&[("app_id", &name("app"))]).send()
    };
    let public = server.url("");
    for headers in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://evil.example"),
        ],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ] {
        let refused = ask(headers);
        assert_eq!(
            (refused.status().as_u16(), code(&refused)),
            (403, 9006),
            "{headers:?}"
        );
    }
    let read = server.get("/v1/user/info").cookie("access_token", &token);
    read.header("Sec-Fetch-Site", "cross-site").send().expect(200);
    for headers in [
        &[][..],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Origin", public.trim_end_matches('/'))],
    ] {
        let answer = ask(headers);
        assert_ne!(code(&answer), 9006, "{headers:?}: {answer}");
    }
}

#[test]
fn a_parameter_twice_is_no_request_of_oauth() {
    let server = Server::start();
    let page = server.get("/web/authorize?client_id=a&client_id=b").send();
    assert!(page.text().contains("1001"), "{page}");
    let body = "grant_type=client_credentials&grant_type=password";
    let token = server
        .post("/v1/oauth/tokens")
        .raw_body(body, "application/x-www-form-urlencoded");
    assert_eq!(code(&token.send().expect(400)), 1001);
}
