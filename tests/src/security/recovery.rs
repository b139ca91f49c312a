//! Tickets: each good for one thing, one account and one time, and no step can be skipped.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, Server, address};

const NEW: &str = "a new password";

/// A ticket of each purpose for one account of Backend Plus, the address change to `new`.
struct Tickets {
    activate: String,
    reset: String,
    email: String,
}

fn tickets(server: &Server, ann: &str, new: &str) -> Tickets {
    server.backend_plus().register(ann).expect(204);
    let activate = server.mail_to(ann).query("ticket");
    server.backend_plus().activate(&activate).expect(204);
    let tokens = server.backend_plus().log_in(ann);
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": ann }))
        .send()
        .expect(204);
    let reset = server.mail_to(ann).header("X-Ticket").unwrap();
    let request = server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }));
    request.bearer(&tokens.access).send().expect(204);
    let email = server.mail_to(new).header("X-Ticket").unwrap();
    Tickets {
        activate,
        reset,
        email,
    }
}

#[test]
fn a_ticket_for_one_purpose_serves_no_other() {
    let server = Server::start();
    let (ann, new, pending) = (address("ann"), address("new"), address("pending"));
    let tickets = tickets(&server, &ann, &new);
    server.backend_plus().register(&pending).expect(204);
    let pending_ticket = server.mail_to(&pending).query("ticket");

    let reset = |ticket: &str| {
        let body = json!({ "ticket": ticket, "new_password": NEW });
        server.post("/auth/change-password/change").json(body).send()
    };
    let change = |ticket: &str| {
        server
            .post("/auth/change-email/change")
            .json(json!({ "ticket": ticket }))
            .send()
    };
    for ticket in [&tickets.activate, &tickets.email, &pending_ticket] {
        reset(ticket).expect(401);
    }
    for ticket in [&tickets.activate, &tickets.reset, &pending_ticket] {
        let answer = change(ticket);
        assert!([400, 401].contains(&answer.status().as_u16()), "{answer}");
    }
    for ticket in [&tickets.reset, &tickets.email] {
        server.backend_plus().activate(ticket).expect(401);
    }
    for path in ["/web/mail/verify/", "/web/password/reset/"] {
        for ticket in [&tickets.reset, &tickets.email, &pending_ticket] {
            server.get(&format!("{path}{ticket}")).send().expect(403);
        }
    }
    server.backend_plus().log_in(&ann);
    server.backend_plus().try_log_in(&pending, PASSWORD).expect(400);
    // None of it used them up.
    change(&tickets.email).expect(204);
    server.backend_plus().activate(&pending_ticket).expect(204);
}

#[test]
fn plutos_mail_tokens_serve_no_other_purpose_either() {
    let server = Server::start();
    let (ann, bob) = (address("ann"), address("bob"));
    server.pluto().register(&ann).expect(200);
    let verify = server.mail_to(&ann).query("token");
    server.pluto().sign_up(&bob);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": bob }))
        .send()
        .expect(200);
    let reset = server.mail_to(&bob).query("token");

    server
        .post(&format!("/web/password/reset/{verify}"))
        .form(&[("password", NEW)])
        .send()
        .expect(403);
    server
        .get(&format!("/web/password/reset/{verify}"))
        .send()
        .expect(403);
    server
        .get(&format!("/web/mail/verify/{reset}"))
        .send()
        .expect(403);
    server.pluto().try_log_in(&ann, NEW).expect(403);
    server
        .get(&format!("/web/mail/verify/{verify}"))
        .send()
        .expect(200);
    server.pluto().log_in(&ann);
}

#[test]
fn a_reset_ticket_works_once_and_dies_with_the_password_it_replaced() {
    let server = Server::start();
    let ann = address("ann");
    let first = tickets(&server, &ann, &address("new")).reset;
    let body = |password: &str| json!({ "ticket": first, "new_password": password });
    server
        .post("/auth/change-password/change")
        .json(body(NEW))
        .send()
        .expect(204);
    server
        .post("/auth/change-password/change")
        .json(body("another one"))
        .send()
        .expect(401);
    server.backend_plus().try_log_in(&ann, NEW).expect(200);

    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let waiting = server.mail_to(&ann).query("token");
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": ann }))
        .send()
        .expect(204);
    let ticket = server.mail_to(&ann).header("X-Ticket").unwrap();
    let spend = json!({ "ticket": ticket, "new_password": PASSWORD });
    server
        .post("/auth/change-password/change")
        .json(spend)
        .send()
        .expect(204);
    // A mail that was on its way when the password changed changes it no more.
    server
        .post(&format!("/web/password/reset/{waiting}"))
        .form(&[("password", "stolen")])
        .send()
        .expect(403);
    server.backend_plus().log_in(&ann);
}

#[test]
fn looking_at_a_mailed_link_changes_nothing() {
    let server = Server::start();
    let (ann, new, bob) = (address("ann"), address("new"), address("bob"));
    server.backend_plus().register(&ann).expect(204);
    let activate = server.mail_to(&ann);
    server.pluto().register(&bob).expect(200);
    let verify = server.mail_to(&bob);
    // A mail scanner follows links, twice, and asks for their heads.
    let scan = |path: &str| {
        for method in [Method::HEAD, Method::GET, Method::GET] {
            let answer = server
                .request(method, path)
                .header("accept", "text/html")
                .send()
                .expect(200);
            assert!(answer.header("set-cookie").is_none(), "{path}");
        }
    };
    scan(&activate.path());
    scan(&verify.path());
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(400);
    server.pluto().try_log_in(&bob, PASSWORD).expect(403);

    server
        .backend_plus()
        .activate(&activate.query("ticket"))
        .expect(204);
    let tokens = server.backend_plus().log_in(&ann);
    let request = server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }));
    request.bearer(&tokens.access).send().expect(204);
    scan(&server.mail_to(&new).path());
    server.backend_plus().log_in(&ann);
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": ann }))
        .send()
        .expect(204);
    scan(&server.mail_to(&ann).path());
    server.backend_plus().log_in(&ann);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let mail = server.mail_to(&ann);
    scan(&mail.path());
    scan(&format!("/web/password/reset/{}", mail.query("token")));
    server.backend_plus().log_in(&ann);
}

#[test]
fn the_button_of_a_mailed_page_does_what_the_page_says() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let mail = server.mail_to(&ann);
    let page = server.get(&mail.path()).send().expect(200).text();
    assert!(
        page.contains("<form") && page.to_lowercase().contains("method=\"post\""),
        "{page}"
    );
    server
        .post("/mail/activate")
        .form(&[("ticket", &mail.query("ticket"))])
        .send()
        .expect(200);
    server.backend_plus().log_in(&ann);
}

#[test]
fn an_empty_step_is_no_step() {
    let server = Server::start();
    let ann = address("ann");
    let reset = tickets(&server, &ann, &address("new")).reset;
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let token = server.mail_to(&ann).query("token");
    let web = format!("/web/password/reset/{token}");

    for body in [
        json!({ "ticket": reset }),
        json!({ "ticket": reset, "new_password": "" }),
        json!({ "new_password": NEW }),
    ] {
        let answer = server.post("/auth/change-password/change").json(body).send();
        assert!([400, 401].contains(&answer.status().as_u16()), "{answer}");
    }
    server.post(&web).send().expect(400);
    server.post(&web).form(&[("password", "")]).send().expect(400);
    server.post(&web).form(&[("password", "   ")]).send().expect(400);
    for path in ["/mail/activate", "/mail/verify", "/mail/reset", "/mail/email"] {
        for fields in [
            &[][..],
            &[("ticket", "")],
            &[("token", "")],
            &[("ticket", &reset)],
            &[("password", NEW)],
        ] {
            let answer = server.post(path).form(fields).send();
            assert!(answer.status().is_client_error(), "{path} {fields:?}: {answer}");
        }
    }
    server.backend_plus().log_in(&ann);
    // Nothing of it used the ticket up.
    server.post(&web).form(&[("password", NEW)]).send().expect(200);
    server.backend_plus().try_log_in(&ann, NEW).expect(200);
}

#[test]
fn a_reset_activates_nobody() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().register(&ann).expect(200);
    server.mail_to(&ann);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let token = server.mail_to(&ann).query("token");
    server
        .post(&format!("/web/password/reset/{token}"))
        .form(&[("password", NEW)])
        .send()
        .expect(200);
    assert_eq!(
        server.pluto().try_log_in(&ann, NEW).expect(403).at("/error/code"),
        "2003"
    );
    server.backend_plus().try_log_in(&ann, NEW).expect(400);
}

#[test]
fn an_address_change_cannot_take_an_address_that_was_taken_meanwhile() {
    let server = Server::start();
    let (ann, wanted) = (address("ann"), address("wanted"));
    let ticket = tickets(&server, &ann, &wanted).email;
    server.pluto().register(&wanted).expect(200);
    let answer = server
        .post("/auth/change-email/change")
        .json(json!({ "ticket": ticket }))
        .send();
    assert_eq!(
        answer.to_string(),
        r#"400 {"statusCode":400,"error":"Bad Request","message":"Cannot use this email."}"#
    );
    server.backend_plus().log_in(&ann);
}
