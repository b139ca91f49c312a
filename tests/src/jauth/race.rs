use std::sync::Barrier;
use std::thread;

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Server};

const RACERS: usize = 50;

/// The answers to requests that were all sent at once.
fn at_once(request: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(RACERS);
    thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (start, request) = (&start, &request);
                scope.spawn(move || {
                    start.wait();
                    request(racer)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

/// One of the spellings of a name by the case of its letters.
fn spelling(racer: usize) -> String {
    let letters = "racername".chars().enumerate();
    let spelled = letters.map(|(place, c)| {
        if racer >> place & 1 == 1 {
            c.to_ascii_uppercase()
        } else {
            c
        }
    });
    spelled.collect()
}

#[test]
fn of_fifty_that_want_one_name_in_different_case_one_has_it() {
    let server = Server::start();
    let answers = at_once(|racer| server.jauth().register(&spelling(racer)));
    let made = answers.iter().filter(|answer| answer.status() == 200).count();
    let taken = answers.iter().filter(|answer| answer.status() == 409).count();
    assert_eq!((made, taken), (1, RACERS - 1), "{answers:?}");
    server.jauth().log_in("racername");
}

#[test]
fn fifty_refreshes_at_once_all_give_a_token() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let answers = at_once(|_| server.jauth().refresh(&ann.tokens.refresh));
    for answer in answers {
        assert!(
            server
                .jauth()
                .opens(&answer.expect(200).at("/result/access_token"))
        );
    }
}

#[test]
fn a_reset_that_is_shown_fifty_times_at_once_is_done_once() {
    const KEY: &str = "a key between servers";
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__INTERNAL_API_KEYS", KEY)]);
    let ann = server.jauth().newcomer("ann");
    let minted = server
        .post("/internal/token/password_reset")
        .header("x-server-key", KEY)
        .json(json!({ "user_id": ann.id }))
        .send();
    let token = minted.expect(200).at("/result/temp_token");
    let password = |racer: usize| format!("password of racer {racer}");
    let answers = at_once(|racer| {
        let body = json!({ "temp_token": token, "new_password": password(racer) });
        server.post("/users/email/self/password:reset").json(body).send()
    });
    let done: Vec<usize> = (0..RACERS)
        .filter(|&racer| answers[racer].status() == 200)
        .collect();
    assert_eq!(done.len(), 1, "{answers:?}");
    server
        .jauth()
        .try_log_in(&ann.account, &password(done[0]))
        .expect(200);
    server.jauth().try_log_in(&ann.account, PASSWORD).expect(403);
}
