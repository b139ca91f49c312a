//! How long a code is good, and for whom.

use std::sync::Barrier;
use std::thread;

use serde_json::json;

use super::*;

#[test]
fn a_wrong_code_is_not_found_and_a_used_one_no_better() {
    let server = both();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let code = code(&server, TO);
    for wrong in [another(&code), "1", "x", "000000"] {
        let body = json!({ "phone_number": NUMBER, "verification_code": wrong });
        assert_eq!(
            said(&server, "/verify", &access, &body),
            [WRONG, r#"404 {"errors":["resource.phone.verification_invalid"]}"#]
        );
        resend(&server, &access, NUMBER).expect(201);
    }
    let code = in_text(&server.text_to(TO));
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), VERIFIED);
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), TAKEN);
}

#[test]
fn a_fresh_code_is_sent_at_once_and_ends_the_one_before() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let first = code(&server, TO);
    assert_eq!(resend(&server, &access, NUMBER).to_string(), SENT);
    let second = code(&server, TO);
    // Posting it once more is no second phone.
    assert_eq!(add(&server, &access, NUMBER).to_string(), SENT);
    let third = code(&server, TO);
    for old in [&first, &second] {
        if *old != third {
            assert_eq!(verify(&server, &access, NUMBER, old).to_string(), WRONG);
        }
    }
    assert_eq!(
        list(&server, CLASSIC, &access).json().as_array().unwrap().len(),
        1
    );
    assert_eq!(verify(&server, &access, NUMBER, &third).to_string(), VERIFIED);
}

#[test]
fn five_wrong_tries_do_no_harm_and_many_end_the_code() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    let guess = |code: &str, times: usize| {
        for _ in 0..times {
            assert_eq!(verify(&server, &access, NUMBER, another(code)).to_string(), WRONG);
        }
    };
    add(&server, &access, NUMBER).expect(201);
    let ended = code(&server, TO);
    guess(&ended, 50);
    assert_eq!(verify(&server, &access, NUMBER, &ended).to_string(), WRONG);
    resend(&server, &access, NUMBER).expect(201);
    let fresh = code(&server, TO);
    guess(&fresh, 5);
    assert_eq!(verify(&server, &access, NUMBER, &fresh).to_string(), VERIFIED);
}

#[test]
fn a_code_ends_after_ten_minutes_and_not_before() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let code = code(&server, TO);
    let age = |seconds: u32| {
        server.execute_sql(&format!(
            "UPDATE phones SET code_sent_at = code_sent_at - {seconds}000000"
        ));
    };
    age(601);
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), WRONG);
    server.execute_sql("UPDATE phones SET code_sent_at = code_sent_at + 31000000");
    assert_eq!(verify(&server, &access, NUMBER, &code).to_string(), VERIFIED);
}

#[test]
fn of_two_who_verify_one_number_at_once_one_holds_it() {
    let server = Server::start();
    let visits = ["ann", "bob", "cid", "dan"].map(|who| {
        let access = server.barong().newcomer(who).access;
        add(&server, &access, NUMBER).expect(201);
        (access, code(&server, TO))
    });
    let start = Barrier::new(visits.len());
    let answers: Vec<String> = thread::scope(|scope| {
        let racers = visits.each_ref().map(|(access, code)| {
            let (server, start) = (&server, &start);
            scope.spawn(move || {
                start.wait();
                verify(server, access, NUMBER, code).to_string()
            })
        });
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let won = answers.iter().filter(|answer| *answer == VERIFIED).count();
    let lost = answers.iter().filter(|answer| *answer == TAKEN).count();
    assert_eq!((won, lost), (1, visits.len() - 1), "{answers:?}");
    for ((access, _), answer) in visits.iter().zip(&answers) {
        let level = if answer == VERIFIED { "2" } else { "1" };
        assert_eq!(server.barong().me(access).at("/level"), level);
    }
}

#[test]
fn one_code_shown_many_times_at_once_counts_once() {
    let server = Server::start();
    let access = server.barong().newcomer("ann").access;
    add(&server, &access, NUMBER).expect(201);
    let code = code(&server, TO);
    let start = Barrier::new(8);
    let won = thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    verify(&server, &access, NUMBER, &code).status() == 201
                })
            })
            .collect();
        racers
            .into_iter()
            .filter_map(|racer| racer.join().unwrap().then_some(()))
            .count()
    });
    assert_eq!(won, 1);
}
