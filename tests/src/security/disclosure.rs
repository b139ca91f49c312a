//! Who has an account is told only where a contract fixes it, and secrets are told to nobody.

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Server, address, within};

/// Everything of an answer that can differ, without what differs anyway.
fn visible(answer: &Answer) -> (String, Vec<(&'static str, Option<String>)>) {
    let names = [
        "content-type",
        "content-length",
        "set-cookie",
        "www-authenticate",
        "retry-after",
        "cache-control",
    ];
    (
        answer.to_string(),
        names.map(|name| (name, answer.header(name))).to_vec(),
    )
}

#[test]
fn a_request_for_a_reset_answers_the_same_for_everybody_at_backend_plus() {
    let server = Server::start();
    let (ann, pending) = (address("ann"), address("pending"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().register(&pending).expect(204);
    let ask = |email: &str| {
        visible(
            &server
                .post("/auth/change-password/request")
                .json(json!({ "email": email }))
                .send(),
        )
    };
    let known = ask(&ann);
    assert_eq!(known.0, "204");
    assert_eq!(known, ask(&address("nobody")));
    assert_eq!(known, ask(&pending));
}

#[test]
fn a_log_in_answers_the_same_for_everybody_when_the_operator_wants_it() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__HIDE_UNKNOWN_ACCOUNTS", "true")]);
    let (ann, pending, banned) = (address("ann"), address("pending"), address("banned"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&banned);
    server.backend_plus().register(&pending).expect(204);
    server
        .cli(&["user", "set-state", "--email", &banned, "banned"])
        .ok();
    let wrong = |email: &str| visible(&server.backend_plus().try_log_in(email, "wrong"));
    let known = wrong(&ann);
    assert!(known.0.starts_with("401 "), "{known:?}");
    for other in [&address("nobody"), &pending, &banned] {
        assert_eq!(known, wrong(other), "{other}");
    }
}

#[test]
fn a_page_of_a_ticket_that_is_not_there_says_nothing_about_anybody() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    for path in [
        "/mail/activate?ticket=",
        "/mail/reset?ticket=",
        "/mail/email?ticket=",
    ] {
        let page = server
            .get(&format!("{path}b2f6a0cc-3f1e-4d5a-9d6e-0a1b2c3d4e5f"))
            .send();
        assert!(!page.text().contains("@example.org"), "{path}: {page}");
    }
}

#[test]
fn a_refusal_names_no_account() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().sign_up(&bob);
    let tokens = server.backend_plus().log_in(&bob);
    let taken = json!({ "new_email": ann });
    for answer in [
        server.backend_plus().register(&ann),
        server.pluto().register(&ann),
        server
            .post("/auth/change-email/request")
            .json(taken)
            .bearer(&tokens.access)
            .send(),
    ] {
        assert!(
            answer.status().is_client_error() && !answer.text().contains(&ann),
            "{answer}"
        );
    }
}

#[test]
fn no_secret_reaches_the_log() {
    let server = Server::with(&[("CLAVIS_LOG__FILTER", "debug")]);
    let ann = address("ann");
    let password = "a password that nobody must read";
    let mut secrets = vec![
        password.to_owned(),
        std::fs::read_to_string(server.data_dir().join("master.key"))
            .unwrap()
            .trim()
            .to_owned(),
    ];
    server
        .post("/auth/register")
        .json(json!({ "email": ann, "password": password }))
        .send()
        .expect(204);
    let ticket = server.mail_to(&ann).query("ticket");
    server
        .get(&format!("/mail/activate?ticket={ticket}"))
        .send()
        .expect(200);
    server
        .get(&format!("/auth/activate?ticket={ticket}"))
        .send()
        .expect(200);
    let session = server.backend_plus().try_log_in(&ann, password).expect(200);
    let pluto = server.pluto().try_log_in(&ann, password).expect(200);
    server
        .backend_plus()
        .try_log_in(&ann, "a wrong password of somebody")
        .expect(401);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let reset = server.mail_to(&ann).query("token");
    server
        .get(&format!("/web/password/reset/{reset}"))
        .send()
        .expect(200);
    server
        .get("/v1/token/access/verify")
        .query(&[("token", &pluto.at("/body/access_token"))])
        .send()
        .expect(200);
    server
        .backend_plus()
        .refresh(&session.at("/refresh_token"))
        .expect(200);
    secrets.extend([ticket, reset, "a wrong password of somebody".to_owned()]);
    secrets.extend([session.at("/jwt_token"), session.at("/refresh_token")]);
    secrets.extend([pluto.at("/body/access_token"), pluto.at("/body/refresh_token")]);

    assert!(
        within(std::time::Duration::from_secs(5), || server
            .log()
            .contains("/auth/token/refresh")),
        "it logs"
    );
    let log = server.log();
    for secret in &secrets {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
    assert!(!log.contains(&ann), "the log tells an address");
}

#[test]
fn where_it_is_hidden_an_unknown_account_costs_the_work_of_a_wrong_password() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__HIDE_UNKNOWN_ACCOUNTS", "true")]);
    let (ann, pending) = (address("ann"), address("pending"));
    server.backend_plus().sign_up(&ann);
    server.backend_plus().register(&pending).expect(204);
    let hashes = || -> u64 {
        let metrics = server.get("/metrics").send().expect(200).text();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("clavis_password_hashes_total "));
        line.expect("hashes are counted").parse().unwrap()
    };
    let work = |address: &str| {
        let before = hashes();
        server.backend_plus().try_log_in(address, "wrong").expect(401);
        hashes() - before
    };
    assert_eq!([work(&ann), work(&address("nobody")), work(&pending)], [1, 1, 1]);
}

#[test]
fn no_secret_is_kept_readable() {
    let mut server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let ticket = server.mail_to(&ann).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    let (backend_plus, pluto) = (server.backend_plus().log_in(&ann), server.pluto().log_in(&ann));
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let reset = server.mail_to(&ann).query("token");
    server.stop();
    let stored = server.stored();
    let holds = |bytes: &[u8]| {
        let hex = hex::encode(bytes);
        [bytes, hex.as_bytes(), hex.to_uppercase().as_bytes()]
            .iter()
            .any(|form| stored.windows(form.len()).any(|window| window == *form))
    };
    assert!(holds(ann.as_bytes()), "it is looked for in the right place");
    let secrets = [
        PASSWORD,
        &ticket,
        &reset,
        &backend_plus.refresh,
        &pluto.refresh,
        "PRIVATE KEY",
    ];
    for secret in secrets {
        assert!(!holds(secret.as_bytes()), "{secret} is kept as it is");
    }
    for uuid in [&ticket, &backend_plus.refresh] {
        let uuid = uuid::Uuid::parse_str(uuid).unwrap();
        assert!(!holds(uuid.as_bytes()), "{uuid} is kept as bytes");
    }
    assert!(
        !holds(&hex::decode(&pluto.refresh).unwrap()),
        "{} is kept as bytes",
        pluto.refresh
    );
}
