//! What only a server can do: go away, come back, or never answer.

use std::net::TcpListener;
use std::time::Instant;

use super::*;

#[track_caller]
fn refused(url: &str) -> String {
    PostgresStore::open(&Secret::new(url))
        .err()
        .expect("it does not open")
        .to_string()
}

#[test]
fn a_server_that_is_not_there_is_said_without_its_password() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = refused(&format!("postgres://clavis:hunter2@{free}/clavis"));
    assert!(
        error.contains("cannot be used") && error.contains("refused"),
        "{error}"
    );
    assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let started = Instant::now();
    let error = refused(&format!("postgres://clavis@{address}/clavis?connect_timeout=2"));
    assert!(error.contains("timeout"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_the_url_says_itself_stays() {
    let url = Server::at(&Secret::new("postgres://db/clavis?connect_timeout=60")).url;
    assert!(
        url.expose().contains("?connect_timeout=60&tcp_user_timeout="),
        "{}",
        url.expose()
    );
    assert_eq!(url.expose().matches("connect_timeout").count(), 1);
}
