//! Guessing costs time, at every door that checks a password.

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Server, address};

const NO_LIMITS: (&str, &str) = ("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "0");

#[track_caller]
fn assert_throttled(answer: &Answer) {
    assert_eq!(answer.status(), 429, "{answer}");
    let seconds: u32 = answer
        .header("retry-after")
        .expect("it says when")
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let fits = [
        r#"429 {"statusCode":429,"error":"Too Many Requests","message":"Too many requests"}"#,
        r#"429 {"status":"error","error":{"code":9001,"message":"Too many requests"}}"#,
    ];
    assert!(fits.contains(&answer.to_string().as_str()), "{answer}");
}

#[test]
fn one_client_has_one_allowance_at_all_doors() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "4"), NO_LIMITS]);
    let nobody = address("nobody");
    for _ in 0..2 {
        server.backend_plus().try_log_in(&nobody, "guess").expect(400);
        server.pluto().try_log_in(&nobody, "guess").expect(403);
    }
    assert_throttled(&server.backend_plus().try_log_in(&nobody, "guess"));
    assert_throttled(&server.pluto().try_log_in(&nobody, "guess"));
    // What checks no password goes on.
    server.get("/auth/jwks").send().expect(200);
    server.backend_plus().register(&address("ann")).expect(204);
}

#[test]
fn a_forwarded_address_gives_no_new_allowance_unless_a_trusted_proxy_says_so() {
    let attempt = |server: &Server, client: &str| {
        let body = json!({ "email": "nobody@example.org", "password": "guess" });
        let request = server
            .post("/auth/login")
            .json(body)
            .header("x-forwarded-for", client);
        request
            .header("x-real-ip", client)
            .header("forwarded", &format!("for={client}"))
            .header("x-client-ip", client)
            .send()
    };
    let limit = ("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "2");
    let server = Server::with(&[limit]);
    attempt(&server, "192.0.2.1").expect(400);
    attempt(&server, "192.0.2.2").expect(400);
    assert_throttled(&attempt(&server, "192.0.2.3"));

    let server = Server::with(&[limit, ("CLAVIS_HTTP__TRUSTED_PROXIES", "127.0.0.1")]);
    for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        attempt(&server, client).expect(400);
    }
    assert_throttled(&attempt(&server, "192.0.2.1"));
    // What the client wrote in front of what the proxy added counts for nothing.
    assert_throttled(&attempt(&server, "198.51.100.9, 192.0.2.1"));
}

#[test]
fn every_path_that_checks_a_password_counts_its_failures() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let tokens = server.backend_plus().log_in(&ann);
    let change = |old: &str, path: &str| {
        let body = json!({ "old_password": old, "new_password": "a new password" });
        server.post(path).json(body).bearer(&tokens.access).send()
    };
    change("wrong", "/auth/change-password").expect(401);
    change("wrong", "/auth/change-password/change").expect(401);
    server.pluto().try_log_in(&ann, "wrong").expect(403);
    // Locked, and locked for all of them, the right password notwithstanding.
    change(PASSWORD, "/auth/change-password").expect(401);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
}

#[test]
fn a_right_password_forgives_the_wrong_ones_before_it() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "3")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    for _ in 0..3 {
        server.backend_plus().try_log_in(&ann, "wrong").expect(401);
        server.pluto().try_log_in(&ann, "wrong").expect(403);
        server.backend_plus().log_in(&ann);
    }
}

#[test]
fn guesses_made_at_once_are_counted_one_by_one() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "5")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    std::thread::scope(|scope| {
        for which in 0..20 {
            let (server, ann) = (&server, &ann);
            scope.spawn(move || match which % 2 {
                0 => server.backend_plus().try_log_in(ann, "wrong").expect(401),
                _ => server.pluto().try_log_in(ann, "wrong").expect(403),
            });
        }
    });
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
}

#[test]
fn mails_to_one_account_are_bounded() {
    let server = Server::with(&[("CLAVIS_LIMITS__MAILS_PER_ACCOUNT_PER_HOUR", "3")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    for _ in 0..6 {
        server
            .post("/auth/change-password/request")
            .json(json!({ "email": ann }))
            .send()
            .expect(204);
        server
            .post("/v1/password/reset/mail")
            .json(json!({ "mail": ann }))
            .send();
    }
    // Another address's mail, queued after all of these, is the sign that none of them is still on its way.
    server.backend_plus().sign_up(&address("bob"));
    let to_ann = server
        .mails()
        .iter()
        .filter(|mail| mail.to == [ann.clone()])
        .count();
    assert_eq!(to_ann, 3);
}

#[test]
fn accounts_and_mails_have_an_allowance_of_their_own() {
    let server = Server::with(&[("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "4")]);
    server.pluto().register(&address("ann")).expect(200);
    for path in ["/v1/register/verify/mail", "/v1/password/reset/mail"] {
        let body = json!({ "mail": address("nobody") });
        server.post(path).json(body).send().expect(403);
    }
    server.jauth().register("bea").expect(200);
    assert_throttled(&server.pluto().register(&address("carl")));
    let busy = server.jauth().register("dora").expect(429);
    assert_eq!(busy.at("/reason"), "Too many requests");
    // Who has an account logs in.
    server.jauth().log_in("bea");
}
