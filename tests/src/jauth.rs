//! jauth: every endpoint, every refusal, in the order that its clients know.

mod envelope;
mod events;
mod internal;
mod password;
mod paths;
mod race;
mod search;
mod sign_up;
mod states;
mod third_party;
mod token;
mod users;

use crate::harness::{Answer, Server};

/// The text of a refusal, which is its only identifier.
#[track_caller]
fn reason(answer: &Answer) -> String {
    assert!(answer.status().as_u16() >= 400, "no refusal: {answer}");
    answer.at("/reason")
}

/// The user object with what differs from run to run put in its place; each of these has the form it must have.
#[track_caller]
fn settled(answer: &Answer) -> String {
    let user = answer.json()["result"].clone();
    let id = user["id"].as_str().unwrap_or_else(|| panic!("no user: {answer}"));
    assert_is_id(id);
    let mut text = answer.to_string().replace(id, "ID");
    for (name, stand_in) in [("created_at", "CREATED"), ("modified_at", "MODIFIED")] {
        if let Some(time) = user[name].as_str() {
            assert_is_time(time);
            text = text.replace(
                &format!(r#""{name}":"{time}""#),
                &format!(r#""{name}":"{stand_in}""#),
            );
        }
    }
    text
}

/// As `0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59`.
#[track_caller]
fn assert_is_id(text: &str) {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(lengths == [8, 4, 4, 4, 12] && text.chars().all(is_hex), "{text}");
}

/// As `2020-10-01T18:30:05.123456+09:00`.
#[track_caller]
fn assert_is_time(text: &str) {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000+00:00", "{text}");
    assert!(text.ends_with("+09:00"), "{text}");
}

/// Sets an account's state from the command line.
#[track_caller]
fn set_state(server: &Server, id: &str, state: &str) {
    server.cli(&["user", "set-state", "--id", id, state]).ok();
}
