//! What can be done once, by many at the same moment.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Server, Tokens, address, within_a_second};

/// The answers to the same thing done by so many at the same moment; each is told which one it is.
fn at_once(count: usize, act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let (start, act) = (&start, &act);
        let threads: Vec<_> = (0..count)
            .map(|which| {
                scope.spawn(move || {
                    start.wait();
                    act(which)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Which of them succeeded, when it is exactly one and all others were refused in the same way.
#[track_caller]
fn the_one(answers: &[Answer], success: u16, refusal: u16) -> usize {
    let mut won = Vec::new();
    for (which, answer) in answers.iter().enumerate() {
        match answer.status().as_u16() {
            status if status == success => won.push(which),
            status => assert_eq!(status, refusal, "{answer}"),
        }
    }
    assert_eq!(won.len(), 1, "{won:?} succeeded");
    won[0]
}

#[test]
fn fifty_refreshes_of_one_token_at_once_get_one_successor() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let token = server.backend_plus().log_in(&ann).refresh;

    let answers = at_once(50, |_| server.backend_plus().refresh(&token));
    let successors: HashSet<String> = answers
        .iter()
        .map(|answer| Tokens::of_backend_plus(answer).refresh)
        .collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    let successor = successors.into_iter().next().unwrap();
    assert_ne!(successor, token);
    server.backend_plus().refresh(&successor).expect(200);
}

#[test]
fn fifty_refreshes_of_one_token_at_once_without_a_window_succeed_once() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let token = server.pluto().log_in(&ann).refresh;

    let answers = at_once(50, |_| server.pluto().refresh(&token));
    let won = the_one(&answers, 200, 403);
    // Without a window a replay is refused and harms nobody.
    server
        .pluto()
        .refresh(&Tokens::of_pluto(&answers[won]).refresh)
        .expect(200);
}

#[test]
fn a_replay_after_the_window_is_refused_even_after_a_restart_and_ends_the_family() {
    let mut server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__REFRESH_REUSE_WINDOW_SECONDS", "1")]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (stolen, other) = (
        server.backend_plus().log_in(&ann),
        server.backend_plus().log_in(&ann),
    );
    let successor = Tokens::of_backend_plus(&server.backend_plus().refresh(&stolen.refresh));
    server.stop();
    // The window is real time: nothing in the interface could move the server's clock.
    thread::sleep(Duration::from_millis(1_200));
    server.restart();

    assert!(
        server.backend_plus().opens(&successor.access),
        "until somebody replays"
    );
    server.backend_plus().refresh(&stolen.refresh).expect(401);
    server.backend_plus().refresh(&successor.refresh).expect(401);
    assert!(within_a_second(|| !server
        .backend_plus()
        .opens(&successor.access)));
    server.backend_plus().refresh(&other.refresh).expect(200);
}

#[test]
fn twenty_activations_with_one_ticket_at_once_succeed_once() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let ticket = server.mail_to(&ann).query("ticket");

    the_one(
        &at_once(20, |_| server.backend_plus().activate(&ticket)),
        204,
        401,
    );
    server.backend_plus().activate(&ticket).expect(401);
    server.backend_plus().log_in(&ann);
}

#[test]
fn twenty_verifications_with_one_token_at_once_succeed_once() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().register(&ann).expect(200);
    let token = server.mail_to(&ann).query("token");

    let path = format!("/web/mail/verify/{token}");
    the_one(&at_once(20, |_| server.get(&path).send()), 200, 400);
    server.pluto().log_in(&ann);
}

#[test]
fn twenty_resets_with_one_ticket_at_once_set_one_password() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": ann }))
        .send()
        .expect(204);
    let ticket = server.mail_to(&ann).header("X-Ticket").unwrap();

    let answers = at_once(20, |which| {
        let body = json!({ "ticket": ticket, "new_password": format!("password number {which}") });
        server.post("/auth/change-password/change").json(body).send()
    });
    let won = the_one(&answers, 204, 401);
    server
        .backend_plus()
        .try_log_in(&ann, &format!("password number {won}"))
        .expect(200);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
}

#[test]
fn twenty_resets_with_one_token_at_once_set_one_password() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    server
        .post("/v1/password/reset/mail")
        .json(json!({ "mail": ann }))
        .send()
        .expect(200);
    let path = format!("/web/password/reset/{}", server.mail_to(&ann).query("token"));

    let answers = at_once(20, |which| {
        server
            .post(&path)
            .form(&[("password", &format!("password number {which}"))])
            .send()
    });
    let won = the_one(&answers, 200, 403);
    server
        .pluto()
        .try_log_in(&ann, &format!("password number {won}"))
        .expect(200);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
}

#[test]
fn an_address_is_changed_once_by_twenty_at_once() {
    let server = Server::start();
    let (old, new) = (address("old"), address("new"));
    server.backend_plus().sign_up(&old);
    let tokens = server.backend_plus().log_in(&old);
    let request = server
        .post("/auth/change-email/request")
        .json(json!({ "new_email": new }));
    request.bearer(&tokens.access).send().expect(204);
    let ticket = server.mail_to(&new).header("X-Ticket").unwrap();

    let answers = at_once(20, |_| {
        server
            .post("/auth/change-email/change")
            .json(json!({ "ticket": ticket }))
            .send()
    });
    let won: Vec<_> = answers.iter().filter(|answer| answer.status() == 204).collect();
    assert_eq!(won.len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| [204, 400, 401].contains(&answer.status().as_u16()))
    );
    server.backend_plus().log_in(&new);
    server.backend_plus().try_log_in(&old, PASSWORD).expect(400);
}
